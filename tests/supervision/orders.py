"""Small steps with supervision orders for tests, as a person would take them."""

from typing import Any
from uuid import UUID

from civicloop.foundation import ids
from civicloop.supervision import actions
from civicloop.supervision.actions import Done, NewOrder
from civicloop.supervision.choices import Proof
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order
from tests import world
from tests.matters.test_the_ladder import MONDAY, handled

__all__ = ["MONDAY", "handled"]
WHY = Wanted(Proof.TEXT, "说明原因")


def wanted(*matters: UUID, **values: Any) -> NewOrder:
    """An order of the supervisor to the subdistrict's office."""
    given = {
        "id": ids.uuid7(), "level": "ordinary", "source": "inspection", "unit": "s1-office", "title": "井盖专项督查",
        "text": "限期补齐缺失井盖并说明原因。", "matters": matters, "demands": (WHY,),
    }  # fmt: skip
    return NewOrder(**(given | values))


def opened(*matters: UUID, by: str = "supervisor", **values: Any) -> Order:
    return actions.open_order(world.actor(by), wanted(*matters, **values)).order


def answer(order: Order, by: str = "receiver", said: dict[int, str] | None = None, **values: Any) -> Done:
    given = {
        "act_id": ids.uuid7(),
        "words": "已派人处理，今日完成。",
        "said": {1: "配件缺货"} if said is None else said,
    }
    return actions.answer(world.actor(by), order_id=order.id, **(given | values))


def review(order: Order, accepted: bool = True, by: str = "supervisor", **values: Any) -> Done:
    given = {"act_id": ids.uuid7(), "accepted": accepted, "reason": "" if accepted else "没有照片"}
    return actions.review(world.actor(by), order_id=order.id, **(given | values))


def fresh(order: Order) -> Order:
    return Order.objects.select_related("unit").get(id=order.id)
