"""What suggests an order: the same thing reported again and again at one place, and urgings that changed nothing.

A suggestion is a query, not a row: it is there while its cause is, and goes when an order pushes it. One press opens
the order; whoever presses second gets the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import CombinedExpression
from django.db.models.fields import BigIntegerField
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import owners, reading, urging
from civicloop.matters import selectors as matters
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.records import settings
from civicloop.supervision import actions, selectors
from civicloop.supervision.actions import MOST_MATTERS, Done, NewOrder
from civicloop.supervision.choices import Level, Proof, Source
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order

MOST = 20
PLACE_BITS = 12  # cells of zoom 24 (about 2 m) whose last 12 bits are left out: about 120 m in the middle latitudes
SLACK = timedelta(days=30)  # a phone without a network may have made a matter's id so long before it arrived

settings.define(
    "supervision.repeated_days", "int", 7, gettext_lazy("Days in which reports of one kind and place are counted"),
    low=1, high=90,
)  # fmt: skip
settings.define(
    "supervision.repeated_times", "int", 3, gettext_lazy("Reports of one kind and place that suggest an order"),
    low=2, high=100,
)  # fmt: skip
settings.define(
    "supervision.urgings", "int", 3, gettext_lazy("Urgings of one matter that suggest an order"), low=1, high=50,
)  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """A cause for an order, and to whom it would go."""

    cause: str
    source: str
    unit: Unit
    kind_names: Mapping[str, str]
    times: int
    days: int
    matters: tuple[UUID, ...]

    @property
    def title(self) -> str:
        """The words of the list, and the title of the order."""
        language = get_language() or "zh-hans"
        kind = shown(self.kind_names, language) or _("Kind not known")
        if self.source == Source.REPEATED:
            words = _("%(kind)s: reported %(times)s times at one place within %(days)s days")
            return words % {"kind": kind, "times": self.times, "days": self.days}
        return _("%(kind)s: urged %(times)s times without effect") % {"kind": kind, "times": self.times}


def all_for(actor: Actor) -> list[Suggestion]:
    """What the actor could open now, the most repeated first; nothing for whoever may open no order."""
    if not access.may(actor, "orders.open").allowed or access.scope(actor).nothing:
        return []
    return [*repeated(actor), *unheeded(actor)]


def _inside(actor: Actor) -> QuerySet[Matter]:
    """The matters of the actor's area: the index by place leads, what access says narrows."""
    rows = Matter.objects.filter(matters.visible(actor))
    return rows if actor.level in ("city", "") else rows.filter(**{f"{actor.level}_id": actor.area_id})


def repeated(actor: Actor) -> list[Suggestion]:
    """Groups of reports of one kind within about 120 m; what was counted for a former order does not count again.

    Confidential matters are left out: a group would tell of them.
    """
    days, least, now = settings.get_int("supervision.repeated_days"), settings.get_int(_TIMES), clock.now()
    since = now - timedelta(days=days)
    place = CombinedExpression(F("cell"), ">>", _bits(), output_field=BigIntegerField())
    rows = (
        _inside(actor)
        .filter(received_at__gte=since, id__gte=_floor(since - SLACK), confidentiality=0, complained_of=[])
        .exclude(Q(kind=None) | Q(cell=None))
        .values("kind_id", place=place)
        .annotate(
            times=Count("id"), found=ArrayAgg("id", order_by="id"), at=ArrayAgg("received_at", order_by="id")
        )
        .filter(times__gte=least)
        .order_by("-times", "kind_id")[: MOST * 2]
    )  # fmt: skip
    groups = {f"repeated:{each['kind_id']}:{each['place']}": each for each in rows}
    pushed, former = selectors.unended_causes(groups), _former(groups)
    found = []
    for cause, group in groups.items():
        opened = former.get(cause)
        fresh = [key for key, at in zip(group["found"], group["at"], strict=True) if opened is None or at > opened]
        if cause not in pushed and len(fresh) >= least:
            found.append(_suggestion(cause, Source.REPEATED, group["kind_id"], fresh, len(fresh), days))
    return found[:MOST]


_TIMES = "supervision.repeated_times"


def _bits() -> Any:
    from django.db.models import Value

    return Value(PLACE_BITS)


def _floor(moment: Any) -> UUID:
    """The smallest UUIDv7 of a moment."""
    return UUID(int=ids.uuid7(moment).int >> 80 << 80 | 0x7 << 76 | 0b10 << 62)


def _former(causes: Mapping[str, object]) -> dict[str, Any]:
    """When the latest order of each cause was opened."""
    rows = Order.objects.filter(cause__in=list(causes)).order_by("id")
    return dict(rows.values_list("cause", "opened_at"))


def unheeded(actor: Actor) -> list[Suggestion]:
    """Open matters that were urged again and again."""
    least = settings.get_int("supervision.urgings")
    urged = Entry.objects.filter(matter_id=OuterRef("id"), action=urging.ACTION).order_by().values("matter_id")
    rows = (
        _inside(actor)
        .filter(end="")
        .annotate(times=Subquery(urged.annotate(n=Count("seq")).values("n")))
        .filter(times__gte=least)
        .order_by("-times", "id")
        .values_list("id", "kind_id", "unit_id", "times")[: MOST * 2]
    )
    causes = {f"urging:{each[0]}": each for each in rows}
    pushed, former = selectors.unended_causes(causes), _former(causes)
    found = []
    for cause, (matter_id, kind_id, unit_id, times) in causes.items():
        since = former.get(cause)
        fresh = times if since is None else sum(1 for each in urging.of_matter(matter_id) if each.at > since)
        if cause not in pushed and fresh >= least:
            found.append(_suggestion(cause, Source.URGING, kind_id, [matter_id], fresh, 0, unit_id))
    return found[:MOST]


def _suggestion(
    cause: str, source: Source, kind_id: int | None, found: Sequence[UUID], times: int, days: int,
    unit_id: int | None = None,
) -> Suggestion:  # fmt: skip
    """`unit_id` None: the unit that answers for the kind at the place."""
    if unit_id is None:
        newest = reading.read(found[-1])
        assert newest is not None
        case = owners.case_of(newest, clock.now(), kind_id=kind_id, condition_id=None)
        unit_id = owners.answer(case).unit_id
    names = catalogue.kind(kind_id).names if kind_id is not None else {}
    unit = Unit.objects.get(id=unit_id)
    return Suggestion(cause, source.value, unit, names, times, days, tuple(found[-MOST_MATTERS:]))


def numbers(suggested: Sequence[Suggestion], most: int) -> dict[UUID, str]:
    """The numbers of the first matters of each suggestion, which the reader may see."""
    ids_ = [key for each in suggested for key in each.matters[:most]]
    return dict(Matter.objects.filter(id__in=ids_).values_list("id", "number"))


def take(actor: Actor, *, cause: str, act_id: UUID) -> Done:
    """Open the order that is suggested. Whoever comes second gets the same order (200). Raises Refused: not_found, and
    as open_order."""
    before = selectors.unended_of(cause) if cause else None
    if before is not None:
        return Done(200, selectors.seen_by(actor, before.id))
    found = next((each for each in all_for(actor) if each.cause == cause), None)
    if found is None:
        raise Refused("not_found", 404, _("This is suggested no more."))
    why = _("The cause and what will last are asked for, so that it is not reported again.")
    wanted = NewOrder(
        id=act_id, level=Level.ORDINARY, source=found.source, unit=found.unit.id, title=found.title[:120],
        text=_("Say what the cause is, what has been done, and what will last."), matters=found.matters,
        demands=(Wanted(Proof.TEXT, why), Wanted(Proof.HANDLED, why)), cause=cause,
        origin={"times": found.times, "days": found.days},
    )  # fmt: skip
    return actions.open_order(actor, wanted)
