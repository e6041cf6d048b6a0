"""Moving facts into the cubes: by the worker, and by a replay at its simulated time.

A fact is folded once because the row that says it is not folded goes with it, in one statement. What another
transaction has not committed yet is not there to be taken: it comes with a later round, whatever its number. Folders
wait for one another; a rebuild keeps them waiting until it has made its generation.
"""

import logging
from datetime import date, timedelta

from django.db import connection, transaction

from civicloop.figures import sql
from civicloop.figures.cubes import GRID_DAYS
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
        cursor.execute(sql.FOLD, {"batch": batch})
        entries = int(cursor.fetchone()[0])
        if entries:
            cursor.execute(sql.FORGET_EMPTY)
            Folding.objects.filter(id=1).update(folded_at=clock.now())
    return entries


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


def oldest_of_grids() -> date:
    """The first day of which the stages of grids are kept by day."""
    return today() - timedelta(days=GRID_DAYS)


def forget_old() -> None:
    """Drop the daily stages of grids that are older than they are kept."""
    with connection.cursor() as cursor:
        cursor.execute(sql.FORGET_GRIDS, {"today": today()})
