"""Moving facts into the cubes: by the worker, and by a replay at its simulated time.

A fact is folded once because the row that says it is not folded goes with it, in one statement. What another
transaction has not committed yet is not there to be taken: it comes with a later round, whatever its number. Folders
wait for one another; a rebuild keeps them waiting until it has made its generation.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction

from civicloop.figures import sql
from civicloop.figures.models import Folding
from civicloop.foundation import clock, locality
from civicloop.matters import counting
from civicloop.records import days
from civicloop.records import settings as options

BATCH = 2_000  # entries
ROUND = 20_000
log = logging.getLogger("civicloop.figures")


def state() -> Folding:
    """Where the folding stands."""
    return Folding.objects.get(id=1)


def day_differs() -> bool:
    """Whether the statistic day was changed since the cubes were made: then they need a rebuild."""
    found = state()
    now = (locality.zone_name(), options.get_str("figures.day_start"))
    return found.days_folded and (found.zone, found.day_start) != now


def rules_differ() -> bool:
    """Whether facts have followed from other rules since the cubes were made: then they need a rebuild, too."""
    found = state()
    return found.days_folded and found.rules != counting.RULES


def today() -> date:
    """The statistic day of now, by which the cubes in force were made."""
    return days.day_of(clock.now())


def fold(batch: int = BATCH) -> int:
    """Fold a batch of entries; how many were folded. 0 also while a rebuild goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.FOLD_ALONE)
        found = state()
        if found.making is not None:
            return 0
        if not found.days_folded:
            Folding.objects.filter(id=1).update(
                zone=locality.zone_name(),
                day_start=options.get_str("figures.day_start"),
                days_folded=True,
                rules=counting.RULES,
            )
        entries, _facts, _counts = count(sql.fold, {"batch": batch})
        if entries:
            cursor.execute(sql.FORGET_EMPTY)
            Folding.objects.filter(id=1).update(folded_at=clock.now())
    return entries


def count(statement: Callable[[int], str], values: Mapping[str, Any]) -> list[int]:
    """Run what adds to counts (sql.fold, sql.count_span) within a transaction; the numbers that it answers.

    Measures that came for the first time are given their place, and it is done again.
    """
    while True:
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute(sql.MEASURES)
            many = len(cursor.fetchall())
            cursor.execute(statement(many), values)
            *numbers, missing = cursor.fetchone()
            if not missing:
                return [int(each) for each in numbers]
            transaction.set_rollback(True)
        with connection.cursor() as cursor:
            cursor.execute(sql.NEW_MEASURES, {"names": sorted(missing)})


def waiting() -> bool:
    """Whether any entry waits; one look at an index."""
    with connection.cursor() as cursor:
        cursor.execute(sql.WAITING)
        return cursor.fetchone() is not None


def round(most: int = ROUND) -> int:
    """The worker's round: fold what waits, at most so many entries. Costs one look when nothing does."""
    if not waiting():
        return 0
    done = 0
    while done < most and (entries := fold()):
        done += entries
    return done
