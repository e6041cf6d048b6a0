"""The worker: rounds over what is due, and a heartbeat that readyz looks at."""

import contextlib
import logging
import signal
import threading
from types import FrameType

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from civicloop.foundation import clock
from civicloop.matters import jobs
from civicloop.ops import loading
from civicloop.ops.models import Heartbeat

PAUSE = 2.0
PARTITIONS_EVERY = 1800  # rounds, about an hour
log = logging.getLogger("civicloop.worker")


def beat(name: str, **detail: object) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": clock.now(), "detail": detail})


def make_partitions(quarters: int = 4) -> int:
    """Make the partitions ahead through the owner's function; the worker itself owns nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT civicloop_make_partitions(%s)", [quarters])
        return int(cursor.fetchone()[0])


def run_for_ever(*, once: bool = False) -> None:
    """Rounds until a signal asks to end; a database that is away is waited for."""
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if not once:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
    number = 0
    while True:
        try:
            if number % PARTITIONS_EVERY == 0:
                make_partitions()
            # a replay tells the past: until it has ended, what falls due in it acts at its simulated moment
            done = 0 if loading.wanted() else jobs.sweep()
            beat("worker", round=number, acts=done)
        except (OperationalError, InterfaceError, DatabaseError):
            log.exception("a round failed; the next one tries again")
            with contextlib.suppress(DatabaseError, InterfaceError):
                connection.close()
            done = 0
        number += 1
        if once or stop.is_set() or (done == 0 and stop.wait(PAUSE)):
            return
        close_old_connections()
