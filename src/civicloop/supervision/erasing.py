"""Texts of orders are destroyed with the texts of a matter that they push (matters.erasure), or after the same period.

The number, the unit, the moments and the history without its words stay.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from civicloop.foundation import clock
from civicloop.matters import erasure
from civicloop.matters.choices import ErasureRule
from civicloop.records import audit
from civicloop.supervision.models import Order, OrderDemand, OrderMatter, OrderStep


def erased(matter_id: UUID, rule: str) -> None:
    """The hook: a matter's personal data are being destroyed, in this transaction."""
    if rule == ErasureRule.TEXTS:
        for order_id in OrderMatter.objects.filter(matter_id=matter_id).values_list("order_id", flat=True):
            _blank(order_id, str(matter_id))


def by_period(now: datetime | None = None, batch: int = 50) -> int:
    """The texts of orders without a matter that ended as long ago as texts of matters are kept; how many."""
    before = erasure.due_before(ErasureRule.TEXTS, now or clock.now())
    pushed = OrderMatter.objects.filter(order_id=OuterRef("id"))
    rows = Order.objects.filter(ended_at__lt=before).exclude(text="").exclude(Exists(pushed)).order_by("id")
    ids = list(rows.values_list("id", flat=True)[:batch])
    for order_id in ids:
        with transaction.atomic():
            _blank(order_id, "period")
    return len(ids)


def _blank(order_id: UUID, why: str) -> None:
    order = Order.objects.select_for_update(no_key=True).get(id=order_id)
    order.title, order.text, order.paper = order.number, "", ""
    order.save(update_fields=["title", "text", "paper"])
    OrderDemand.objects.filter(order=order).update(said="", why="")
    OrderStep.objects.filter(order=order).update(text="", fingerprint=b"")
    audit.write(
        actor_id=None, post_id=None, actor_words="erasure", action="order.erase", object=order.number, outcome="done",
        detail={"why": why},
    )  # fmt: skip
