"""The areas in force at a moment, held in memory: which of them hold a point, which lie above and below.

Of the areas with a polygon those are asked first that have none with a polygon below them: grids where there are any,
else communities and so on, since a level may be empty. A point in none of these, but inside an area above, belongs to
the deepest such area. The levels above follow from parents. Overlays stand beside: they do not tile and lie in no path.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy
import shapely
from django.db.models import F, Max, Min, Q

from civicloop.places.models import LEVELS, OVERLAY, AreaVersion

ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
DEPTH = {level: number for number, level in enumerate(LEVELS)}
FIELDS = ("area_id", "area__level", "code", "names", "synthetic", "parent_id", "layer")


class UnknownArea(LookupError):
    """There is no such area."""


@dataclass(frozen=True, slots=True)
class AreaRef:
    """An area as other rooms see it; `synthetic` means that its boundary is approximate, made by method."""

    id: int
    level: str
    code: str
    names: Mapping[str, str]
    synthetic: bool
    parent_id: int | None
    layer: str = "admin"


Shaped = tuple[AreaRef, bytes]


@dataclass
class Shapes:
    """Areas in the order in which they are taken, and a tree that answers with places in this order."""

    areas: list[AreaRef] = field(default_factory=list)
    tree: shapely.STRtree | None = None

    @classmethod
    def of(cls, shapes: Sequence[Shaped]) -> "Shapes":
        """From areas with their WKB."""
        if not shapes:
            return cls()
        polygons = shapely.from_wkb(numpy.array([polygon for _ref, polygon in shapes], dtype=object))
        return cls([ref for ref, _polygon in shapes], shapely.STRtree(polygons))

    def holding(self, point: Any) -> list[int]:
        """Numbers of the areas that hold a point, edges included, in order."""
        return sorted(self.tree.query(point, predicate="intersects").tolist()) if self.tree is not None else []

    def first(self, point: Any) -> AreaRef | None:
        """The first area that holds a point."""
        if self.tree is None:
            return None
        hits = self.tree.query(point, predicate="intersects")
        return self.areas[int(hits.min())] if len(hits) else None


@dataclass
class Picture:
    """All areas in force from `since` until `until`, as they were when `revision` changes had been made."""

    revision: int = -1
    since: datetime = ALWAYS[0]
    until: datetime = ALWAYS[1]
    checked: float = float("-inf")
    version: int = 0
    by_id: dict[int, AreaRef] = field(default_factory=dict)
    by_code: dict[str, AreaRef] = field(default_factory=dict)
    children: dict[int, list[AreaRef]] = field(default_factory=dict)
    paths: dict[int, Mapping[str, AreaRef]] = field(default_factory=dict)
    levels: dict[str, list[AreaRef]] = field(default_factory=dict)
    past: dict[int, AreaRef | None] = field(default_factory=dict)
    deepest: Shapes = field(default_factory=Shapes)
    above: Shapes = field(default_factory=Shapes)
    overlays: Shapes = field(default_factory=Shapes)

    def area(self, identifier: int) -> AreaRef:
        """The area, as it was last where it has ended. Raises UnknownArea."""
        found = self.by_id.get(identifier)
        if found is None:
            if identifier not in self.past:
                self.past[identifier] = last_of(identifier)
            found = self.past[identifier]
        if found is None:
            raise UnknownArea(identifier)
        return found

    def of_level(self, level: str) -> list[AreaRef]:
        """Every area of a level, by code."""
        if level not in self.levels:
            self.levels[level] = [ref for ref in self.by_code.values() if ref.level == level]
        return self.levels[level]

    def path(self, identifier: int) -> Mapping[str, AreaRef]:
        """level → area from the city down to this one. Raises UnknownArea."""
        found = self.paths.get(identifier)
        if found is None:
            steps: list[AreaRef] = []
            ref: AreaRef | None = self.area(identifier)
            while ref is not None:
                steps.append(ref)
                ref = self.area(ref.parent_id) if ref.parent_id is not None else None
            found = self.paths[identifier] = {step.level: step for step in reversed(steps)}
        return found

    def holder(self, lon: float, lat: float) -> AreaRef | None:
        """The deepest area that holds a point; on an edge the one with the lowest code, every time."""
        point = shapely.Point(lon, lat)
        return self.deepest.first(point) or self.above.first(point)

    def areas_at(self, lon: float, lat: float) -> Mapping[str, AreaRef]:
        """level → area at a point; empty outside every area."""
        found = self.holder(lon, lat)
        return self.path(found.id) if found is not None else {}

    def overlays_at(self, lon: float, lat: float) -> tuple[AreaRef, ...]:
        """Every overlay that holds a point, by layer and code."""
        if self.overlays.tree is None:
            return ()
        point = shapely.Point(lon, lat)
        return tuple(self.overlays.areas[number] for number in self.overlays.holding(point))


def fill(picture: Picture, rows: Iterable[Shaped | tuple[AreaRef, bytes | None]]) -> Picture:
    """Put areas into an empty picture."""
    shapes: list[Shaped] = []
    overlays: list[Shaped] = []
    for ref, polygon in sorted(rows, key=lambda row: row[0].code):
        if ref.level == OVERLAY:
            overlays += [(ref, polygon)] if polygon is not None else []
            continue
        picture.by_id[ref.id] = picture.by_code[ref.code] = ref
        if ref.parent_id is not None:
            picture.children.setdefault(ref.parent_id, []).append(ref)
        if polygon is not None and ref.level != LEVELS[0]:
            shapes.append((ref, polygon))
    parents: set[int] = set()
    for ref, _polygon in shapes:  # every area that has a polygon somewhere below it
        above = ref.parent_id
        while above is not None and above not in parents:
            parents.add(above)
            above = picture.by_id[above].parent_id if above in picture.by_id else None
    picture.deepest = Shapes.of([each for each in shapes if each[0].id not in parents])
    rest = [each for each in shapes if each[0].id in parents]
    picture.above = Shapes.of(sorted(rest, key=lambda each: (-DEPTH[each[0].level], each[0].code)))
    picture.overlays = Shapes.of(sorted(overlays, key=lambda each: (each[0].layer, each[0].code)))
    return picture


def read(revision: int, now: datetime, *, began: bool = False) -> Picture:
    """The areas in force at a moment, of each the version that holds.

    A clock that is moved back behind the first version (a replay) finds that version too, unless that one was planned
    ahead when it was written: a planned area begins when it begins. With `began` only what had begun is there.
    """
    fresh = Picture(revision)
    planned = Q(valid_from__gt=F("area__created_at"))
    # a version that ends where it begins was planned and taken back
    real = AreaVersion.objects.exclude(valid_to=F("valid_from"))
    ends = real.aggregate(
        since=Max("valid_to", filter=Q(valid_to__lte=now)), until=Min("valid_to", filter=Q(valid_to__gt=now)),
        begun=Max("valid_from", filter=planned & Q(valid_from__lte=now)),
        begins=Min("valid_from", filter=planned & Q(valid_from__gt=now)),
    )  # fmt: skip
    fresh.since = max(each for each in (ends["since"], ends["begun"], fresh.since) if each)
    fresh.until = min(each for each in (ends["until"], ends["begins"], fresh.until) if each)
    open_ = real.filter(Q(valid_to=None) | Q(valid_to__gt=now)).exclude(
        (Q() if began else planned) & Q(valid_from__gt=now)
    )
    rows = open_.order_by("area_id", "valid_from").distinct("area_id").values_list(*FIELDS, "polygon")
    return fill(fresh, ((AreaRef(*row[:-1]), None if row[-1] is None else bytes(row[-1])) for row in rows))


def last_of(identifier: int) -> AreaRef | None:
    """An area as it was last; None where it has never been."""
    row = AreaVersion.objects.filter(area_id=identifier).exclude(valid_to=F("valid_from"))
    found = row.order_by("-valid_from").values_list(*FIELDS).first()
    return AreaRef(*found) if found else None
