"""What suggests an order: the same thing reported again and again at one place, and urgings that changed nothing.

A suggestion is a query, not a row: it is there while its cause is, and goes when an order pushes it. One press opens
the order; whoever presses second gets the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, ids, morton
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
from civicloop.supervision.choices import UNENDED, Level, Proof, Source
from civicloop.supervision.demands import Wanted
from civicloop.supervision.gathering import Group, Point, Report, gather, near
from civicloop.supervision.models import Order

MOST = 20
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
    "supervision.repeated_metres", "int", 120, gettext_lazy("Metres within which reports count as at one place"),
    low=10, high=2000,
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
    metres: int = 0

    @property
    def title(self) -> str:
        """The words of the list, and the title of the order."""
        language = get_language() or "zh-hans"
        kind = shown(self.kind_names, language) or _("Kind not known")
        if self.source == Source.REPEATED:
            words = _("%(kind)s: reported %(times)s times within %(metres)s metres and %(days)s days")
            return words % {"kind": kind, "times": self.times, "metres": self.metres, "days": self.days}
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
    """Reports of one kind that lie so near together; what was counted for a former order does not count again.

    Confidential matters are left out: a group would tell of them.
    """
    days, metres = settings.get_int("supervision.repeated_days"), settings.get_int(_METRES)
    since, least = clock.now() - timedelta(days=days), settings.get_int("supervision.repeated_times")
    rows = (
        _inside(actor)
        .filter(received_at__gte=since, id__gte=ids.first_of(since - SLACK), confidentiality=0, complained_of=[])
        .exclude(Q(kind=None) | Q(lon=None) | Q(lat=None))
        .values_list("kind_id", "id", "received_at", "lon", "lat")
    )
    of_kind: dict[int, list[Report]] = {}
    for kind, key, at, lon, lat in rows:
        of_kind.setdefault(kind, []).append(Report(key, at, (lon or 0.0, lat or 0.0)))
    pushed = _pushed(since)
    found = []
    for kind, reports in of_kind.items():
        if len(reports) < least:
            continue
        fresh = [each for each in reports if not any(order.covers(each, metres) for order in pushed.get(kind, ()))]
        found += [(kind, group) for group in gather(fresh, metres, least)]
    found.sort(key=lambda each: (-len(each[1].reports), each[0], each[1].middle.id))
    return [_of_group(kind, group, days, metres) for kind, group in found[:MOST]]


@dataclass(frozen=True)
class _Pushed:
    """An order for repeated reports at a place: what it covers does not suggest another."""

    point: Point
    opened_at: datetime
    ended: bool

    def covers(self, report: Report, metres: float) -> bool:
        return (not self.ended or report.at <= self.opened_at) and near(self.point, report.point, metres)


def _pushed(since: datetime) -> dict[int, list[_Pushed]]:
    """The orders by kind that have not ended, and those opened since."""
    rows = Order.objects.filter(Q(state__in=UNENDED) | Q(opened_at__gte=since), source=Source.REPEATED)
    found: dict[int, list[_Pushed]] = {}
    for cause, opened_at, state in rows.values_list("cause", "opened_at", "state"):
        kind, point = _place_of(cause)
        found.setdefault(kind, []).append(_Pushed(point, opened_at, state not in UNENDED))
    return found


def _cause_of(kind: int, point: Point) -> str:
    """The kind and the middle of the group, to about two metres."""
    return f"{REPEATED}{kind}:{morton.cell(*point)}"


def _place_of(cause: str) -> tuple[int, Point]:
    kind, _colon, cell = cause.removeprefix(REPEATED).partition(":")
    return int(kind), morton.centre(int(cell))


def _same(wanted: str, cause: str) -> bool:
    """Whether two causes are one: a group's middle may move a little when one more is reported."""
    if wanted == cause or not (wanted.startswith(REPEATED) and cause.startswith(REPEATED)):
        return wanted == cause
    try:
        (kind, point), (other_kind, other) = _place_of(wanted), _place_of(cause)
    except ValueError:
        return False
    return kind == other_kind and near(point, other, settings.get_int(_METRES))


def _of_group(kind: int, group: Group, days: int, metres: int) -> Suggestion:
    found = [each.id for each in group.reports]
    cause = _cause_of(kind, group.middle.point)
    return _suggestion(cause, Source.REPEATED, kind, found, len(found), days, metres=metres)


_METRES = "supervision.repeated_metres"
REPEATED = "repeated:"  # a cause begins so


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
    unit_id: int | None = None, metres: int = 0,
) -> Suggestion:  # fmt: skip
    """`unit_id` None: the unit that answers for the kind at the place."""
    if unit_id is None:
        newest = reading.read(found[-1])
        assert newest is not None
        case = owners.case_of(newest, clock.now(), kind_id=kind_id, condition_id=None)
        unit_id = owners.answer(case).unit_id
    names = catalogue.kind(kind_id).names if kind_id is not None else {}
    unit = Unit.objects.get(id=unit_id)
    return Suggestion(cause, source.value, unit, names, times, days, tuple(found[-MOST_MATTERS:]), metres)


def numbers(suggested: Sequence[Suggestion], most: int) -> dict[UUID, str]:
    """The numbers of the first matters of each suggestion, which the reader may see."""
    ids_ = [key for each in suggested for key in each.matters[:most]]
    return dict(Matter.objects.filter(id__in=ids_).values_list("id", "number"))


def take(actor: Actor, *, cause: str, act_id: UUID) -> Done:
    """Open the order that is suggested. Whoever comes second gets the same order (200). Raises Refused: not_found, and
    as open_order."""
    # a zero byte is in no cause, and the database takes none
    before = _before(cause) if "\0" not in cause else None
    if before is not None:
        return Done(200, selectors.seen_by(actor, before.id))
    suggested = all_for(actor)
    exact = (each for each in suggested if each.cause == cause)
    found = next(exact, None) or next((each for each in suggested if _same(cause, each.cause)), None)
    if found is None:
        raise Refused("not_found", 404, _("This is suggested no more."))
    why = _("The cause and what will last are asked for, so that it is not reported again.")
    wanted = NewOrder(
        id=act_id, level=Level.ORDINARY, source=found.source, unit=found.unit.id, title=found.title[:120],
        text=_("Say what the cause is, what has been done, and what will last."), matters=found.matters,
        demands=(Wanted(Proof.TEXT, why), Wanted(Proof.HANDLED, why)), cause=found.cause,
        origin={"times": found.times, "days": found.days, "metres": found.metres},
    )  # fmt: skip
    return actions.open_order(actor, wanted)


def _before(cause: str) -> Order | None:
    """The order that has not ended for a cause, or for the same kind at the same place."""
    found = selectors.unended_of(cause) if cause else None
    if found is not None or not cause.startswith(REPEATED):
        return found
    rows = Order.objects.filter(source=Source.REPEATED, state__in=UNENDED).select_related("unit").order_by("id")
    return next((each for each in rows if _same(cause, each.cause)), None)
