"""Who is told of an order, by the room of notices: the unit addressed, whoever opened it, superiors as its ladder says.

Only the number, the level and the moment leave; the page asks people.access again. Nobody of a unit is told of an order
about a complaint against it, and superiors whom the matters are not open to are not told either.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import override

from civicloop.matters.complaints import below
from civicloop.matters.models import Matter
from civicloop.notices import actions as notices
from civicloop.notices.actions import To, Urgency
from civicloop.notices.recipients import Directory
from civicloop.people import access
from civicloop.people.choices import Role
from civicloop.supervision.choices import Doing, Level, State
from civicloop.supervision.models import Order, OrderMatter, OrderStep
from civicloop.supervision.permission import areas_of

TEMPLATES = {
    Doing.OPENED: "order_opened", Doing.SEND_BACK: "order_sent_back", Doing.RAISE: "order_raised",
    Doing.MARK: "order_mark", Doing.ANSWER: "order_answered", Doing.WRITE_OFF: "order_ended",
    Doing.WITHDRAW: "order_ended",
}  # fmt: skip
ABOVE = {"superior": Role.SUPERVISOR, "leader": Role.LEADER}


def announce(order: Order, step: OrderStep) -> int:
    """Tell of a line of the history, in its transaction; how many notices are new. The same line tells nobody twice."""
    template = TEMPLATES.get(Doing(step.doing))
    to = _recipients(order, step) if template else []
    if template is None or not to:
        return 0
    data: dict[str, Any] = {"order": order.number, "level": _both(Level(order.level).label)}
    data |= {"due": order.due_at.isoformat()} if step.doing != Doing.ANSWER else {}
    if step.doing in (Doing.MARK, Doing.ANSWER):
        data["unit"] = order.unit.names
    if step.doing == Doing.MARK:
        data["mark"] = step.detail["names"]
    if step.doing in (Doing.WRITE_OFF, Doing.WITHDRAW):
        data["what"] = _both(State(order.state).label)
        del data["due"]
    urgency = Urgency.URGENT if order.level == Level.SUMMONS and step.doing == Doing.OPENED else None
    return notices.tell(
        key=f"order:{order.id}:{step.no}", topic=template, to=to, data=data, link=f"/orders/{order.id}",
        urgency=urgency, cause_at=step.at,
    )  # fmt: skip


def _both(label: str | Promise) -> dict[str, str]:
    found = {}
    for language in ("zh-hans", "en"):
        with override(language):
            found[language] = str(label)
    return found


def _recipients(order: Order, step: OrderStep) -> list[To]:
    pushed = Matter.objects.filter(id__in=OrderMatter.objects.filter(order=order).values("matter_id"))
    secret = list(pushed.exclude(Q(confidentiality=0) & Q(complained_of=[])).values_list("complained_of", flat=True))
    unit = To(unit=order.unit_id, roles=access.DUTIES["orders.answer"])
    mine = [] if any(order.unit_id in below(set(units)) for units in secret) else [unit]
    opener = [To(post=order.opened_post)] if order.opened_post is not None else []
    if step.doing == Doing.ANSWER:
        return opener or ([] if secret else _above(order, ("superior",)))
    if step.doing != Doing.MARK:
        return mine
    wanted = tuple(step.detail.get("remind", ()))
    found = mine if "unit" in wanted else []
    return [*found, *(opener if secret else _above(order, wanted))]


def _above(order: Order, wanted: tuple[str, ...]) -> list[To]:
    """The supervisors and leaders of the deepest area that has some."""
    directory, areas = Directory(), areas_of(order)
    roles: Mapping[str, Role] = {name: role for name, role in ABOVE.items() if name in wanted}
    return [To(post=post.post_id) for role in roles.values() for post in directory.above(areas, role)]
