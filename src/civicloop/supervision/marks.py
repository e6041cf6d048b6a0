"""The sweeper of orders: fires the marks of their own ladder, each once, from any number of workers at once.

An overdue order gets its red mark and its higher level by the ladder's data. What a killed worker had claimed comes
when its lease ends; what was missed while everything was down fires once and says that it is late.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import DatabaseError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from civicloop.foundation import clock, hot
from civicloop.foundation.canonical import fingerprint
from civicloop.matters.marks import BY_LADDER, LATE
from civicloop.procedures.rules import ladders
from civicloop.procedures.rules.ladders import Mark
from civicloop.supervision import sql, timing, writing
from civicloop.supervision.choices import LEVELS, Doing
from civicloop.supervision.models import Order

BATCH = 200
LEASE = timedelta(seconds=15)
log = logging.getLogger("civicloop.worker")


def fire_due(batch: int = BATCH) -> int:
    """Fire at most `batch` of the marks that are due; returns how many fired. Nothing due costs one look."""
    now = clock.now()
    if hot.one(sql.ANY_MARK, {"now": now}) is None:
        return 0
    until = now + LEASE
    return sum(_try(order_id, until) for order_id in _claim({"now": now, "until": until, "batch": batch}))


def fire_of_order(order_id: UUID) -> int:
    """The same for the next mark of one order."""
    now = clock.now()
    until = now + LEASE
    claimed = hot.one(sql.CLAIM_MARK_OF_ORDER, {"id": order_id, "now": now, "until": until})
    return _try(order_id, until) if claimed else 0


def _claim(values: dict[str, object]) -> list[UUID]:
    """The orders that this worker may look at now; none when it met one that still writes after its lease has ended."""
    try:
        with transaction.atomic():
            hot.one(sql.CLAIM_ALONE, {})
            return sorted(row[0] for row in hot.all_rows(sql.CLAIM_MARKS, values))
    except OperationalError as reason:
        if not isinstance(reason.__cause__, DeadlockDetected):
            raise
        return []


def _try(order_id: UUID, until: datetime) -> int:
    """One order, alone in its transaction, so that one that cannot be written does not keep the others."""
    try:
        return _fire(order_id, until)
    except DatabaseError:
        log.exception("a mark of an order could not be written; it is tried again when its lease ends")
        return 0


@transaction.atomic
def _fire(order_id: UUID, until: datetime) -> int:
    now = clock.now()
    order = Order.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(id=order_id)
    if order.leased_until != until:
        return 0  # the lease has ended meanwhile, and somebody else is at it
    order.leased_until = None
    fired = timing.due_mark(order) if order.mark_at is not None and order.mark_at <= now else None
    if fired is not None:
        mark, at = fired
        _write(order, mark, at, now)
    order.save()
    return 1 if fired is not None else 0


def _write(order: Order, mark: Mark, at: datetime, now: datetime) -> None:
    """What a mark does to its order: the colour, the raw fact of being overdue, a higher level."""
    order.colour = max(order.colour, mark.colour)
    order.overdue = order.overdue or at >= order.due_at
    told: dict[str, object] = {
        "mark": mark.code, "names": dict(mark.names), "at": at.isoformat(), "late": now - at > LATE,
        "colour": ladders.COLOURS[mark.colour], "remind": list(mark.remind),
    }  # fmt: skip
    if mark.order and LEVELS.index(mark.order) > LEVELS.index(order.level):
        told |= {"former": order.level, "level": mark.order}
        order.level = mark.order
    act_id = uuid5(order.id, f"{mark.code}:{at.isoformat()}")
    writing.step(BY_LADDER, order, Doing.MARK, act_id, fingerprint({"mark": act_id}), "", **told)
