"""高频诉求 and what comes back (复发): the same kind often in one community, and again at a place where it was closed.

Follows kinds and places, never persons. Bounded by area and period, read by the index of the area.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy

from civicloop.foundation import clock, ids
from civicloop.matters import nearby, selectors
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.records import settings

MOST = 200  # lines of a list
LOOKED_AT = 5000  # reports of an area, the newest, among which places are sought
SOLVED = "solved"
PLACE = "recurrence.metres"  # the setting of how far a place reaches
settings.define(
    "repeated.least", "int", 5, gettext_lazy("Reports of one kind in one community from which on they are listed"),
    low=2, high=1000,
)  # fmt: skip
settings.define(
    "recurrence.days", "int", 30, gettext_lazy("Days after closing in which the same there is a recurrence"),
    low=1, high=365,
)  # fmt: skip
settings.define(PLACE, "int", 50, gettext_lazy("Metres within which a place counts as the same"), low=5, high=500)


@dataclass(frozen=True, slots=True)
class Repeated:
    """One kind in one community: reports, the cases that they are (joined ones are one), how many are open."""

    community_id: int
    kind_id: int
    reports: int
    cases: int
    open: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: the newest report, and those that were solved at the place before, the last first."""

    row: Matter
    before: tuple[Matter, ...]

    @property
    def times(self) -> int:
        """The how-manieth time it is."""
        return len(self.before) + 1


def _since(days: int) -> UUID:
    return ids.first_of(clock.now() - timedelta(days=days))


def _in(area: tuple[str, int] | None) -> Q:
    return Q() if area is None else selectors.within(*area)


def repeated(actor: Actor, area: tuple[str, int] | None, days: int) -> list[Repeated]:
    """Kinds that a community has reported often in the last days, the most frequent first."""
    rows = Matter.objects.filter(selectors.visible(actor), _in(area), id__gte=_since(days))
    rows = rows.exclude(kind=None).exclude(community=None)
    grouped = rows.values("community_id", "kind_id").annotate(
        reports=Count("id"), cases=Count("id", filter=Q(lead_id=None) | Q(lead_id=F("id"))),
        open=Count("id", filter=Q(end="")),
    )  # fmt: skip
    found = grouped.filter(reports__gte=settings.get_int("repeated.least"))
    return [Repeated(**each) for each in found.order_by("-reports", "community_id", "kind_id")[:MOST]]


def behind(actor: Actor, community_id: int, kind_id: int, days: int) -> QuerySet[Matter]:
    """The reports behind a line of `repeated`, the newest first."""
    rows = Matter.objects.filter(
        selectors.visible(actor), community_id=community_id, kind_id=kind_id, id__gte=_since(days)
    )
    return rows.select_related(*selectors.SHOWN).order_by("-id")


def returned(actor: Actor, area: tuple[str, int] | None, days: int) -> list[Returned]:
    """Reports of the last days at places where the same kind was closed not long before, the most often first."""
    window = settings.get_int("recurrence.days")
    rows = Matter.objects.filter(
        selectors.visible(actor), selectors.ALONE, _in(area), id__gte=_since(days + 2 * window), lon__isnull=False
    ).exclude(kind=None)  # fmt: skip
    found = list(rows.select_related(*selectors.SHOWN).order_by("-id")[:LOOKED_AT])
    metres, first = settings.get_int(PLACE), clock.now() - timedelta(days=days)
    blocks: dict[tuple[int, int], list[Matter]] = {}
    for row in found:
        blocks.setdefault((row.kind_id or 0, nearby.block(row.lon or 0.0, row.lat or 0.0)), []).append(row)
    told: list[Returned] = []
    taken: set[UUID] = set()
    for row in found:  # the newest of a place stands for it
        if row.received_at < first or row.id in taken:
            continue
        before = _before(row, _around(row, blocks, metres), metres, window)
        if before:
            told.append(Returned(row, before))
            taken.update(each.id for each in before)
    return sorted(told, key=lambda each: (-each.times, -each.row.received_at.timestamp()))[:MOST]


def _around(row: Matter, blocks: Mapping[tuple[int, int], list[Matter]], metres: int) -> list[Matter]:
    """What may lie within so many metres of a row, of its kind."""
    assert row.lon is not None
    assert row.lat is not None
    return [
        each for block in nearby.blocks(row.lon, row.lat, metres) for each in blocks.get((row.kind_id or 0, block), [])
    ]


def _before(row: Matter, others: Sequence[Matter], metres: int, window: int) -> tuple[Matter, ...]:
    """Those that were solved at the same place within the window before `row` came in, and before those in turn."""
    since = row.received_at
    found: list[Matter] = []
    for other in sorted(others, key=lambda each: each.ended_at or each.received_at, reverse=True):
        if other.id == row.id or other.end != SOLVED or other.ended_at is None or other.kind_id != row.kind_id:
            continue
        if nearby.within(metres, row, other) and _soon_after(other.ended_at, since, window):
            found.append(other)
            since = min(since, other.received_at)
    return tuple(found)


def _soon_after(ended: datetime, received: datetime, window: int) -> bool:
    return timedelta(0) <= received - ended <= timedelta(days=window)


def of_matter(actor: Actor, row: Matter) -> Returned | None:
    """Whether a matter came back at its place, as its page says; None where it did not."""
    if row.lon is None or row.lat is None or row.kind_id is None or row.lead_id not in {None, row.id}:
        return None
    window, metres = settings.get_int("recurrence.days"), settings.get_int(PLACE)
    age = (clock.now() - row.received_at).days + 1
    away = nearby.near(row.lon, row.lat, metres, days=age + 3 * window)
    rows = Matter.objects.filter(
        selectors.visible(actor), selectors.ALONE, id__in=away, kind_id=row.kind_id, end=SOLVED
    )
    before = _before(row, list(rows), metres, window)
    return Returned(row, before) if before else None
