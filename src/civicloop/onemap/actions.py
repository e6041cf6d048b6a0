"""The writes of the map: folding what acts have changed into the counts, making the counts anew, the public picture.

All are the worker's; none of them is a decision about a matter. Whoever folds does so alone; a folder that is killed
has folded nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from civicloop.foundation import clock, ids, locality
from civicloop.matters.choices import PUBLIC_PROCEDURES
from civicloop.onemap import sql
from civicloop.onemap.models import FoldState
from civicloop.onemap.rules import public
from civicloop.procedures import selectors as procedures

BATCH = 20_000
MOST_ROUNDS = 50  # batches in one call: whoever is behind goes on in the next round


def fold(batch: int = BATCH) -> int:
    """Move changes into the counts until nothing is left or the call has done enough; returns how many."""
    done = 0
    for _round in range(MOST_ROUNDS):
        moved = _fold_once(batch)
        done += moved
        if moved < batch:
            break
    return done


def _fold_once(batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.ANYTHING)
        if cursor.fetchone() is None:
            return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ALONE)
        cursor.execute(sql.FOLD, {"batch": batch})
        (moved,) = cursor.fetchone()
        if moved:
            for statement in sql.TIDY:
                cursor.execute(statement)
            _changed()
    return int(moved)


def _changed(**values: datetime) -> None:
    state, _made = FoldState.objects.get_or_create(id=1)
    FoldState.objects.filter(id=1).update(revision=state.revision + 1, **values)


def rebuild() -> int:
    """Make all counts anew from the matters; returns how many counts there are. Readers see the old ones meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ALONE)
        for statement in sql.CLEAR:
            cursor.execute(statement)
        cursor.execute(sql.REBUILD, {"zone": locality.zone_name()})
        (made,) = cursor.fetchone()
        _changed(built_at=clock.now())
    return int(made)


def build_if_new() -> bool:
    """Make the counts of an installation that is older than its map; once."""
    if FoldState.objects.filter(id=1).exclude(built_at=None).exists():
        return False
    rebuild()
    return True


def differences() -> int:
    """How many counts differ from what the matters say; 0 is right. Reads everything: for the check."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ALL_DIFFERENCES, {"zone": locality.zone_name()})
        return int(cursor.fetchone()[0])


def show_public() -> None:
    """Make the picture for everybody anew: as it stood a day ago."""
    until = clock.now() - public.DELAY
    since = until - public.SPAN
    values: dict[str, Any] = {
        "until": until, "since": since, "first_id": ids.first_of(since - timedelta(days=1)), "least": public.LEAST,
        "shift": public.SHIFT, "procedures": procedures.version_ids(PUBLIC_PROCEDURES),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ALONE)
        for statement in sql.PUBLIC_CLEAR:
            cursor.execute(statement)
        for statement in (sql.PUBLIC_CELLS, sql.PUBLIC_AREAS):
            cursor.execute(statement, values)
        state, _made = FoldState.objects.get_or_create(id=1)
        FoldState.objects.filter(id=state.id).update(public_at=clock.now())
