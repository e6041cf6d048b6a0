"""The rows of a write: an order's number, its step, its audit entry. Always inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import clock, ids, locality
from civicloop.matters import timeline
from civicloop.people.access import Actor
from civicloop.records import audit
from civicloop.supervision import announcing, demands, sql
from civicloop.supervision.choices import Doing, Met
from civicloop.supervision.models import Order, OrderDemand, OrderMatter, OrderStep


def next_number() -> str:
    """`D` and a number as those of matters: day, counter, check sign; gaps are allowed."""
    day = clock.now().astimezone(locality.zone()).strftime("%Y%m%d")
    with connection.cursor() as cursor:
        cursor.execute(sql.NEXT_NUMBER)
        counted = f"{cursor.fetchone()[0] % 10_000_000:07d}"
    return f"D{day}-{counted}-{ids.SIGNS[int(day + counted) % 31]}"


def create(
    actor: Actor, order: Order, matter_ids: Sequence[UUID], wanted: Sequence[OrderDemand], request: bytes,
    **detail: Any,
) -> None:  # fmt: skip
    """Write a new order with its matters, its demands (those that something answers are answered) and first step."""
    order.save(force_insert=True)
    OrderMatter.objects.bulk_create([OrderMatter(order=order, matter_id=each) for each in matter_ids])
    for row in wanted:
        row.order = order
    demands.answer_themselves(wanted, Met.EXISTING)
    OrderDemand.objects.bulk_create(wanted)
    order.version = 0
    there = sum(1 for row in wanted if row.met)
    more = {"matters": len(matter_ids), "demands": len(wanted), "there": there, "level": order.level, **detail}
    step(actor, order, Doing.OPENED, order.id, request, "", source=order.source, limit=order.limit, **more)
    order.save(update_fields=["version"])


def step(
    actor: Actor, order: Order, doing: Doing, act_id: UUID | None, request: bytes, text: str, **detail: Any
) -> OrderStep:
    """Add a line to the history and one to the audit log, and tell who has to know; the caller saves the order."""
    order.version += 1
    if actor.stands_in_from is not None:
        detail[timeline.STANDS_IN_FROM] = actor.stands_in_from
    made = OrderStep.objects.create(
        order=order, no=order.version, doing=doing, at=clock.now(), account_id=actor.account_id,
        post_id=actor.post_id, unit_id=actor.unit_id, role=actor.role, act_id=act_id,
        fingerprint=timeline.salted(request), text=text, detail=detail,
    )  # fmt: skip
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=f"order.{doing.value}",
        object=order.number, outcome="done", detail={"unit": order.unit.code, "state": order.state, **detail},
    )  # fmt: skip
    announcing.announce(order, made)
    return made


def keep_demands(rows: Iterable[OrderDemand]) -> None:
    """Write down what answers these demands now."""
    for row in rows:
        row.save(update_fields=["met", "met_at", "evidence_id", "seq", "said"])


def fingerprint_of(order: Order, act_id: UUID) -> bytes | None:
    """What was sent with an act of this order; None when there was none. Empty once it has been erased."""
    kept = OrderStep.objects.filter(order=order, act_id=act_id).values_list("fingerprint", flat=True).first()
    return None if kept is None else timeline.request_of(bytes(kept))[0]


def same(order: Order, act_id: UUID, request: bytes) -> bool:
    """Whether the order was opened by the same request."""
    return fingerprint_of(order, act_id) == request
