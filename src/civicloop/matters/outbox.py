"""The outbox: what acts leave to be told. Rooms above take its rows; a row is taken once.

Taking is a conditional UPDATE in the taker's own transaction, with everything that the taker makes of the rows: a taker
that is killed has taken nothing. Takers wait for one another, as sweepers do (sql.CLAIM_ALONE).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import clock
from civicloop.matters import sql

Key = tuple[UUID, int, int]


@dataclass(frozen=True, slots=True)
class Message:
    """One row: what happened (`topic`), its facts as they were then, and when."""

    matter_id: UUID
    seq: int
    no: int
    topic: str
    body: dict[str, Any]
    at: datetime

    @property
    def key(self) -> Key:
        return (self.matter_id, self.seq, self.no)


def waiting() -> bool:
    """Whether any row waits; one look at an index."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OUTBOX_WAITING)
        return cursor.fetchone() is not None


def take(batch: int, leave: Collection[Key] = ()) -> list[Message]:
    """Take up to `batch` rows, the oldest first, except those to `leave`. Call it in a transaction.

    A second taker waits until that has ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.TAKE_ALONE)
        values: dict[str, Any] = {"batch": batch, "now": clock.now()}
        for place, name in enumerate(("left_ids", "left_seqs", "left_nos")):
            values[name] = [key[place] for key in leave]
        cursor.execute(sql.TAKE_OUTBOX, values)
        rows = cursor.fetchall()
    found = [Message(matter, seq, no, topic, json.loads(body), at) for matter, seq, no, topic, body, at in rows]
    return sorted(found, key=lambda each: (each.at, each.matter_id, each.seq, each.no))


def take_old(before: datetime, batch: int) -> int:
    """Take what is older than `before` without telling anybody; returns how many. Call it in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(sql.TAKE_ALONE)
        cursor.execute(sql.TAKE_OLD_OUTBOX, {"batch": batch, "now": clock.now(), "before": before})
        return int(cursor.rowcount)
