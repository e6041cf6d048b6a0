"""The worker: rounds over what is due, and a heartbeat that readyz looks at."""

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from types import FrameType

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from civicloop.classifier import jobs as kinds
from civicloop.evidence import actions as evidence
from civicloop.evidence import boxes, film_rounds
from civicloop.evidence import selectors as files
from civicloop.figures import baselines, everybody, folding, workload
from civicloop.foundation import clock
from civicloop.matters import erasure, jobs, signals, watching
from civicloop.notices import jobs as notices
from civicloop.onemap import jobs as onemap
from civicloop.ops import loading, traces
from civicloop.ops.models import Heartbeat
from civicloop.people import anomalies, locks
from civicloop.places import proposals
from civicloop.receipts import jobs as roots
from civicloop.records import resealing, settings, tries
from civicloop.supervision import jobs as orders

PAUSE = 2.0
LAST = 5.0  # seconds that the work beside the rounds may still take when the worker is asked to end
LOOK_EVERY = 5  # rounds between two looks at the new photos
LEARN_EVERY = timedelta(days=1)
LEARNING = "learning"  # the heartbeat of the look for something to learn from
LOGS_EVERY = 150  # rounds between two looks through the logs, about five minutes
HOURLY = 1800  # rounds, about an hour
STORAGE_EVERY = timedelta(days=1)
STORAGE = "storage"  # the heartbeat of the look through the stored files
log = logging.getLogger("civicloop.worker")


def beat(name: str, **detail: object) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": clock.now(), "detail": detail})


def make_partitions() -> int:
    """Make the partitions ahead through the owner's function; the worker itself owns nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT civicloop_make_partitions(%s)", [settings.get_int("partitions.quarters_ahead")])
        return int(cursor.fetchone()[0])


def storage_is_due() -> bool:
    """Whether nobody has looked through the stored files for a day. The database knows; a restart changes nothing."""
    return not Heartbeat.objects.filter(name=STORAGE, at__gt=clock.now() - STORAGE_EVERY).exists()


def sweep_storage() -> None:
    """Remove stored files that no row refers to. A database without any row is rather the wrong one: nothing goes."""
    try:
        removed = evidence.sweep_orphans() if files.any_row() else 0
        beat(STORAGE, removed=removed)
    except (OSError, DatabaseError, InterfaceError):
        log.exception("the stored files could not be looked through; the next hour tries again")


class Beside:
    """Work beside the rounds, for it may take long: one at a time, with a connection of its own."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name, self.work = name, work
        self.thread: threading.Thread | None = None

    def begin(self, *, here: bool) -> None:
        """Begin it unless it goes on still; `here` does it at once and waits."""
        if here:
            self.work()
        elif self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self._whole, name=self.name, daemon=True)
            self.thread.start()

    def _whole(self) -> None:
        try:
            self.work()
        finally:
            connection.close()


def finish(beside: Iterable[Beside]) -> None:
    """Let what is under way beside the rounds finish; what takes long ends with the process, and is begun anew."""
    until = time.monotonic() + LAST
    for thread in [work.thread for work in beside] + notices.senders():
        if thread is not None:
            thread.join(max(0.0, until - time.monotonic()))


def learn() -> None:
    """Measure suggestions of kinds and learn anew, once a day; beside the rounds, for training takes a minute."""
    if Heartbeat.objects.filter(name=LEARNING, at__gt=clock.now() - LEARN_EVERY).exists():
        return
    try:
        beat(LEARNING, done=kinds.look())
    except (DatabaseError, InterfaceError):
        log.exception("nothing could be learnt; the next hour tries again")


def look_after_map() -> None:
    """The first counts of an older installation, and the map for everybody; both read many matters."""
    try:
        onemap.look_after()
    except (DatabaseError, InterfaceError):
        log.exception("the map could not be looked after; a later round tries again")


def publish_figures() -> None:
    """The figures of a month that is over, for everybody; reads many sums, once a month."""
    try:
        everybody.make_due()
    except (DatabaseError, InterfaceError):
        log.exception("the public figures could not be made; a later round tries again")


def look_at_films() -> None:
    """See whether films can be shown; each may take a minute."""
    try:
        film_rounds.look()
    except (OSError, DatabaseError, InterfaceError):
        log.exception("films could not be looked at; a later round tries again")


def run_for_ever(*, once: bool = False) -> None:
    """Rounds until a signal asks to end; a database that is away is waited for."""
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if not once:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
    number = 0
    sweeping, learning, films, mapping, publishing = beside = (
        Beside("storage", sweep_storage), Beside("learning", learn), Beside("films", look_at_films),
        Beside("map", look_after_map), Beside("public figures", publish_figures),
    )  # fmt: skip
    while True:
        try:
            with traces.span("worker round") as span:
                if number % HOURLY == 0:
                    make_partitions()
                    locks.forget_old()
                    tries.forget_old()
                    orders.forget_old()
                    notices.forget_old()
                    if not loading.wanted():
                        baselines.seal_due()
                        workload.count()
                    if storage_is_due():
                        sweeping.begin(here=once)
                # a replay tells the past: until it has ended, what falls due in it acts at its simulated moment, and
                # the days that it fills are not over
                onemap.round()
                done = 0 if loading.wanted() else jobs.sweep() + orders.sweep() + roots.round() + notices.round()
                if not loading.wanted():  # the replay folds at its own time
                    folding.round()
                if number % LOOK_EVERY == 0 and not loading.wanted():
                    signals.look()
                    done += watching.look()
                if not loading.wanted():
                    boxes.look()
                    if film_rounds.waiting():
                        films.begin(here=once)
                    done += erasure.carry_out() + resealing.carry_out() + proposals.announce()
                    if once:
                        notices.send_all()
                    else:
                        notices.start_senders()
                if number % LOGS_EVERY == 0 and not loading.wanted():
                    anomalies.look()
                    mapping.begin(here=once)
                    publishing.begin(here=once)
                    learning.begin(here=once)
                beat("worker", round=number, acts=done)
                if span is not None:
                    span.facts |= {"civicloop.acts": done, "civicloop.statements": span.statements}
        except (OperationalError, InterfaceError, DatabaseError):
            log.exception("a round failed; the next one tries again")
            with contextlib.suppress(DatabaseError, InterfaceError):
                connection.close()
            done = 0
        number += 1
        if once or stop.is_set() or (done == 0 and stop.wait(PAUSE)):
            finish(beside)
            return
        close_old_connections()
