"""Reads of supervision, limited to what the reader may see.

An order is seen by the unit that it addresses; by the unit that opened it, and by an area role where the order lies in
its area, while the reader sees every matter that it pushes. Nobody sees one about a complaint about the own unit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import errors
from civicloop.matters import selectors as matters
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.supervision.choices import UNENDED, WAITING
from civicloop.supervision.models import Order, OrderMatter, OrderStep

PAGE, MOST = 50, 200
MOST_ON_PAGE = 20
SOON = timedelta(days=1)


def visible(actor: Actor) -> Q:
    """The condition for the orders that `actor` may see, in lists and alone."""
    bound = access.scope(actor)
    if bound.everything:
        return Q()
    if bound.nothing or not access.may(actor, "orders.view").allowed:
        return Q(pk__in=[])
    pushed = OrderMatter.objects.filter(order_id=OuterRef("id"))
    about = pushed.exclude(_some(matters.not_about(actor)))
    hidden = pushed.exclude(_some(matters.visible(actor)))
    addressed = Q(unit_id=bound.unit_id) & ~Q(Exists(about)) if bound.unit_id else Q(pk__in=[])
    near = Q(opened_unit_id=bound.unit_id) if bound.unit_id else Q(pk__in=[])
    if bound.level:
        near |= ~Q(pk=None) if bound.level == "city" else Q(**{f"{bound.level}_id": bound.area_id})
    return addressed | near & ~Q(Exists(hidden))


def _some(condition: Q) -> Q:
    """That the matter of a row fulfils the condition."""
    return Q(Exists(Matter.objects.filter(condition, id=OuterRef("matter_id"))))


@dataclass(frozen=True)
class Filters:
    """What a list may be narrowed by; every field is optional. `state`: one of State, or "unended"."""

    unit_id: int | None = None
    level: str = ""
    source: str = ""
    state: str = ""
    due: str = ""  # overdue, soon
    mine: bool = False  # addressed to the reader's unit


@dataclass(frozen=True)
class Page:
    """One page of a list, the newest first, and the key of the next one."""

    rows: list[Order]
    next: UUID | None


def orders(actor: Actor, filters: Filters, *, after: str = "", limit: int = PAGE) -> Page:
    """A page of the register (督办台账). Raises Refused for a key that is none."""
    size = max(1, min(limit, MOST))
    rows = _narrow(Order.objects.filter(visible(actor)), actor, filters)
    if after:
        try:
            rows = rows.filter(id__lt=UUID(after))
        except ValueError:
            raise errors.invalid("after", "no_key", _("This page key is not one that a list gave.")) from None
    found = list(rows.select_related("unit", "opened_unit").order_by("-id")[: size + 1])
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def _narrow(rows: QuerySet[Order], actor: Actor, filters: Filters) -> QuerySet[Order]:
    exact = {"unit_id": filters.unit_id, "level": filters.level, "source": filters.source}
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if filters.mine and actor.unit_id is not None:
        rows = rows.filter(unit_id=actor.unit_id)
    if filters.state == "unended":
        rows = rows.filter(state__in=UNENDED)
    elif filters.state:
        rows = rows.filter(state=filters.state)
    now = clock.now()
    if filters.due == "overdue":
        rows = rows.filter(state__in=WAITING, due_at__lt=now)
    elif filters.due == "soon":
        rows = rows.filter(state__in=WAITING, due_at__gte=now, due_at__lt=now + SOON)
    return rows


def seen_by(actor: Actor, order_id: UUID) -> Order:
    """One order. Raises Refused not_found, also for what the actor must not know of."""
    rows = Order.objects.filter(visible(actor), id=order_id).select_related("unit", "opened_unit")
    found = rows.first()
    if found is None:
        raise errors.Refused("not_found", 404, _("There is no such order, or you may not see it."))
    return found


def of_matter(actor: Actor, matter_id: UUID) -> list[Order]:
    """The orders that push a matter, the newest first."""
    pushed = OrderMatter.objects.filter(matter_id=matter_id).values("order_id")
    rows = Order.objects.filter(visible(actor), id__in=pushed).select_related("unit", "opened_unit")
    return list(rows.order_by("-id")[:MOST_ON_PAGE])


def to_unit(actor: Actor) -> list[Order]:
    """The orders that wait for an answer of the actor's unit, what is due first."""
    if actor.unit_id is None:
        return []
    rows = Order.objects.filter(visible(actor), unit_id=actor.unit_id, state__in=WAITING).select_related("unit")
    return list(rows.order_by("due_at", "id")[:MOST_ON_PAGE])


def matters_of(actor: Actor, order: Order) -> list[Matter]:
    """Those of the order's matters that the actor may see."""
    pushed = OrderMatter.objects.filter(order=order).values("matter_id")
    return list(Matter.objects.filter(matters.visible(actor), id__in=pushed).select_related("unit").order_by("id"))


def matter_ids(order: Order) -> list[UUID]:
    """All matters that an order pushes."""
    return list(OrderMatter.objects.filter(order=order).order_by("matter_id").values_list("matter_id", flat=True))


def steps(order: Order) -> list[OrderStep]:
    """The history of an order; only after `seen_by`."""
    return list(OrderStep.objects.filter(order=order).order_by("no"))


@dataclass(frozen=True)
class Cards:
    """The orders of a unit that have not ended, and the yellow and red marks on them. A unit's, never a person's."""

    unit_id: int
    names: Mapping[str, Any]
    open: int
    yellow: int
    red: int


def cards(actor: Actor, most: int = 20) -> list[Cards]:
    """The units with the most red marks among the orders that the actor sees."""
    rows = (
        Order.objects.filter(visible(actor), state__in=UNENDED)
        .values("unit_id", "unit__names")
        .annotate(open=Count("id"), yellow=Count("id", filter=Q(colour=1)), red=Count("id", filter=Q(colour=2)))
        .order_by("-red", "-yellow", "-open", "unit_id")[:most]
    )
    return [Cards(each["unit_id"], each["unit__names"], each["open"], each["yellow"], each["red"]) for each in rows]


def unended_causes(causes: Collection[str]) -> set[str]:
    """Those of some causes for which an order has not ended."""
    return set(Order.objects.filter(cause__in=causes, state__in=UNENDED).values_list("cause", flat=True))


def unended_of(cause: str) -> Order | None:
    """The order that has not ended for a cause."""
    return Order.objects.filter(cause=cause, state__in=UNENDED).select_related("unit").first()


def late(order: Order, now: datetime | None = None) -> bool:
    """Whether the deadline of an order that waits for its answer is over."""
    return order.state in WAITING and order.due_at < (now or clock.now())
