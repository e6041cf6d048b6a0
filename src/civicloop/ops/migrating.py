"""Bringing the schema up to date while people work: short waits for locks, tried again, nothing half done."""

import logging
import time

from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from civicloop.evidence import sql as evidence
from civicloop.foundation import partitions
from civicloop.matters import sql as matters
from civicloop.ops.grants import sync_grants
from civicloop.records import settings
from civicloop.records import sql as records

ONE_AT_A_TIME = 745201  # the advisory lock of everything that changes the schema
LOCK_WAIT = "4s"  # whoever waits for a table's lock stops everybody behind it: rather give way and come again
LONGEST = "30min"  # of one statement
TRIES, PAUSE, TURN = 15, 2.0, 0.2
LOCK_NOT_AVAILABLE, CANCELLED = "55P03", "57014"
log = logging.getLogger("civicloop.migrate")


class Busy(Exception):
    """The schema could not be brought up to date now; the words say why. What was done is whole."""


def bring_up_to_date(application: str) -> None:
    """Migrations, partitions ahead, the rights of the role `application`. Run as the owner.

    Each migration is one transaction, or can be run again from where it was cut off. One that does not get its lock
    within LOCK_WAIT is taken back and tried again, TRIES times. Raises Busy when that was not enough, or when a
    statement took longer than LONGEST.
    """
    _take_turns()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_WAIT])
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [LONGEST])
    try:
        for left in reversed(range(TRIES)):
            try:
                _all(application)
                return
            except OperationalError as error:
                _give_way(error, left)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET statement_timeout")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _take_turns() -> None:
    """Two processes that start together migrate one after the other.

    The other one asks again and again: a statement that waits is one that an index made concurrently would wait for.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
            if cursor.fetchone()[0]:
                return
        time.sleep(TURN)


def _all(application: str) -> None:
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    ahead = settings.get_int("partitions.quarters_ahead")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(partitions.FUNCTION)
        cursor.execute("SELECT civicloop_make_partitions(%s)", [ahead])
        cursor.execute(f'GRANT EXECUTE ON FUNCTION civicloop_make_partitions(integer) TO "{application}"')
        for function, signature in (
            (matters.ERASE_FUNCTION, matters.ERASE_SIGNATURE),
            (matters.SUPERSEDE_FUNCTION, matters.SUPERSEDE_SIGNATURE),
            (records.RESEAL_FUNCTION, records.RESEAL_SIGNATURE),
            (evidence.RESEAL_FUNCTION, evidence.RESEAL_SIGNATURE),
        ):
            cursor.execute(function)
            cursor.execute(f'GRANT EXECUTE ON FUNCTION {signature} TO "{application}"')
    with transaction.atomic():  # in between the role would have no rights, and people work
        sync_grants(application)


def _give_way(error: OperationalError, left: int) -> None:
    state = getattr(error.__cause__, "sqlstate", None)
    if state == CANCELLED:
        raise Busy(f"a statement of a migration took longer than {LONGEST} and was taken back") from error
    if state != LOCK_NOT_AVAILABLE:
        raise error
    if not left:
        words = "somebody holds a table that a migration changes; what was done is whole. See who: "
        raise Busy(words + "SELECT * FROM pg_stat_activity ORDER BY xact_start") from error
    log.warning("a migration gave way to somebody who holds its table; trying again, %d times at most", left)
    time.sleep(PAUSE)
