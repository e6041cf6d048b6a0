"""What other rules would have done: matters of a past period asked by the rules as they are and as they would be.

Reads only. Numbers are over all matters but confidential ones, since a rule counts for all; which matters they are is
shown only as far as the reader may see them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import routing
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.component_selectors import NOBODY, Parties
from civicloop.catalogue.rules.answering import Rule
from civicloop.catalogue.rules.deciding import Picture
from civicloop.foundation import ids
from civicloop.matters import selectors
from civicloop.matters.models import Matter
from civicloop.people import access, desks
from civicloop.people.access import Actor
from civicloop.places import selectors as places

MOST = 20_000  # matters that are asked; the newest of a longer list
BATCH = 2_000
SLACK = timedelta(days=30)  # a phone without a network may have made a matter's id so long before it arrived
FIELDS = (
    "id", "kind_id", "condition_id", "district_id", "subdistrict_id", "community_id", "grid_id", "lon", "lat",
    "answers", "component_id", "received_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """A matter that would have gone elsewhere."""

    matter_id: UUID
    before: int
    after: int


@dataclass(frozen=True)
class Result:
    """`total` matters of the period, of which `asked` could be touched (`cut`: only the newest were asked)."""

    total: int
    asked: int
    cut: bool
    moved: Sequence[Moved]

    @property
    def ways(self) -> list[tuple[int, int, int]]:
        """(unit before, unit after, matters), the most first."""
        counted = Counter((each.before, each.after) for each in self.moved)
        return [(*pair, number) for pair, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def run(before: Picture, after: Picture, *, as_of: datetime, since: datetime, until: datetime) -> Result:
    """Ask both for every matter received from `since` to `until`, by the rules that are in force at `as_of`.

    Hour and day are those of the receipt; kind, condition, place, component, its owner and answers those of now.
    """
    lowest = ids.first_of(since - SLACK)
    period = Matter.objects.filter(id__gte=lowest, received_at__gte=since, received_at__lt=until, confidentiality=0)
    changed = changes(before, after)
    touched = period.filter(_touched(changed)).order_by("-id") if changed else period.none()
    rows = list(touched.values_list(*FIELDS)[: MOST + 1])
    owned: dict[int, Parties] = {}
    if before.rules.by_party or after.rules.by_party:
        pointed = {row[FIELDS.index("component_id")] for row in rows} - {None}
        owned = register.parties_of(pointed)
    moved = [found for row in rows[:MOST] if (found := _moved(row, before, after, as_of, owned)) is not None]
    return Result(period.count(), min(len(rows), MOST), len(rows) > MOST, moved)


def changes(before: Picture, after: Picture) -> list[Rule]:
    """The lines that only one of both holds."""
    old, new = set(before.rules.lines), set(after.rules.lines)
    return [rule for rule in (*before.rules.lines, *after.rules.lines) if (rule in old) != (rule in new)]


def _touched(changed: Sequence[Rule]) -> Q:
    """Matters about which a changed line could say anything: by kind and area, which have indexes."""
    found = Q(pk__in=[])
    by_area: dict[tuple[str, int], list[Rule]] = {}
    for rule in changed:
        by_area.setdefault((rule.level, rule.area_id), []).append(rule)
    of_class: dict[int, list[int]] = {}
    for view in catalogue.kinds(family="matter"):
        of_class.setdefault(view.class_id, []).append(view.id)
    for (level, area_id), rules in by_area.items():
        place = selectors.within(level, area_id)
        if any(rule.scope == "any" for rule in rules):
            found |= place & ~Q(pk=None)
            continue
        kinds = {rule.target for rule in rules if rule.scope in {"kind", "condition"}}
        kinds |= {kind for rule in rules if rule.scope == "class" for kind in of_class.get(rule.target, ())}
        found |= place & Q(kind_id__in=sorted(kinds))
    return found


def _moved(
    row: Sequence[Any], before: Picture, after: Picture, as_of: datetime, owned: Mapping[int, Parties]
) -> Moved | None:
    """Whether the matter of a row (FIELDS) would have gone elsewhere."""
    matter_id, kind_id, condition_id, *area_ids, lon, lat, answers, component, received_at = row
    path = {level: area for level, area in zip(access.LEVELS[1:], area_ids, strict=True) if area is not None}
    overlays: tuple[tuple[str, int], ...] = ()
    if lon is not None and lat is not None and (before.rules.by_layer or after.rules.by_layer):
        overlays = routing.overlays_of(places.locate(lon, lat, "wgs84"))
    known = after if after.rules.by_days else before
    asked = routing.case(
        kind_id, path, received_at, overlays=overlays, answers=answers, as_of=as_of, known=known,
        condition_no=catalogue.condition(condition_id).no if condition_id is not None else 0,
        component_id=component, parties=owned.get(component, NOBODY),
    )  # fmt: skip
    first, second = before.decide(asked).unit_id, after.decide(asked).unit_id
    if first == second:
        return None
    duty = desks.duty_desk(path)
    first, second = first or duty, second or duty
    return Moved(matter_id, first, second) if first != second else None


def seen_of(actor: Actor, moved: Sequence[Moved], *, start: int = 0, limit: int = 50) -> tuple[list[Matter], int]:
    """(a page of the matters that would have moved and that the actor may see, how many of them there are)."""
    visible: list[UUID] = []
    if access.may(actor, "matters.list").allowed:
        for some in _batches([each.matter_id for each in moved]):
            rows = Matter.objects.filter(selectors.visible(actor), id__in=some)
            visible += rows.values_list("id", flat=True)
    visible.sort(reverse=True)
    page = Matter.objects.filter(id__in=visible[start : start + limit]).select_related(*selectors.SHOWN)
    return sorted(page, key=lambda row: row.id, reverse=True), len(visible)


def _batches(found: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]
