"""The periods before on the boundaries of now: what stood on ground that was divided or joined, placed by its points.

A cube knows only the areas that a matter had. Where an area was divided since, or the area that is looked at took the
place of others, the facts of the old areas are taken one by one and each matter is placed where its point lies today.
What has no point cannot be placed; it stays with the old area, and the reader is told. So is one whose period holds
too many to be placed while a page waits.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from civicloop.figures import cubes, sql
from civicloop.figures.cubes import NOWHERE
from civicloop.figures.periods import Period
from civicloop.foundation import caches, clock
from civicloop.places import selectors as places
from civicloop.places.models import AreaVersion
from civicloop.places.picture import Picture
from civicloop.records import days

MOST = 50_000  # matters that are placed anew for one period; about a second
Sums = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Ground:
    """The area that is looked at and its parts, as they are now. `area_id` is 0 for the city, which has no column."""

    level: str
    area_id: int
    child: str  # the level of the parts
    parts: frozenset[int]


@dataclass(slots=True)
class Told:
    """Which areas of before were placed anew, and which could not be, or not whole."""

    placed: set[int] = field(default_factory=set)
    unplaced: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Old:
    """Areas of before: those in whose place the area itself stands, and those whose ground its parts hold a part of."""

    above: frozenset[int]
    below: frozenset[int]


def place(
    ground: Ground, period: Period, sums: Sums, whole: dict[str, int], *, measures: Collection[str], visible: int
) -> Told:
    """Let `sums` of the parts and `whole` tell of a past period what lay on the ground of now; both are changed."""
    told, old = Told(), _old(ground, period)
    if not old.above and not old.below:
        return told
    rows = _facts(ground, old, period, measures, visible)
    if rows is None:
        told.unplaced |= old.above | old.below
        return told
    picture = places.boundaries(clock.now())
    for lon, lat, top, part, measure, n in rows:
        inside = not ground.area_id or top == ground.area_id
        if lon is None or lat is None:
            told.unplaced.add(part if part in old.below else top)
            continue
        told.placed.add(part if part in old.below else top)
        into = _member(ground, picture, lon, lat)
        if into is not None:
            _add(sums.setdefault(into, {}), measure, n)
        if inside:
            _add(sums.setdefault(str(part or NOWHERE), {}), measure, -n)
        _add(whole, measure, n * ((into is not None) - inside))
    return told


def formed_of(ground: Ground, period: Period) -> frozenset[int]:
    """The areas in whose place the one that is looked at stands, if they ended since the period began."""
    return _old(ground, period).above


def _add(sums: dict[str, int], measure: str, n: int) -> None:
    sums[measure] = sums.get(measure, 0) + n


def _member(ground: Ground, picture: Picture, lon: float, lat: float) -> str | None:
    """The part that holds a point today; None where it lies outside the area that is looked at."""
    path = picture.areas_at(lon, lat)
    if ground.area_id and (ground.level not in path or path[ground.level].id != ground.area_id):
        return None
    return str(path[ground.child].id) if ground.child in path else NOWHERE


def _old(ground: Ground, period: Period) -> _Old:
    """The areas that ended since the period began and whose ground lies here now.

    A part that stands in the place of whole others is not among them: their sums are added (rules.merged).
    """
    picture = places.boundaries(clock.now())
    following = _following(picture.revision, picture.since)
    above = {old for old, to in following.items() if ground.area_id and ground.area_id in to}
    below = {old for old, to in following.items() if len(to) > 1 and ground.parts & {*to}}
    if not above and not below:
        return _Old(frozenset(), frozenset())
    since = days.bounds(period.since)[0]
    ended = AreaVersion.objects.filter(area_id__in=above | below, valid_to__gt=since)
    lately = frozenset(ended.values_list("area_id", flat=True))
    return _Old(lately & above, lately & below)


@lru_cache(maxsize=2)
def _following(_revision: int, _since: datetime) -> Mapping[int, tuple[int, ...]]:
    """What stands in the place of areas that have ended; the same until the areas change."""
    return places.successors(clock.now())


caches.register(_following.cache_clear)


def _facts(
    ground: Ground, old: _Old, period: Period, measures: Collection[str], visible: int
) -> list[tuple[float | None, float | None, int, int, str, int]] | None:
    """(point, area at the level of the whole, at that of the parts, measure, number); None where they are too many."""
    values: dict[str, Any] = cubes.apart(sorted(measures)) | {
        "since": days.bounds(period.since)[0], "until": days.bounds(period.until)[0], "visible": visible,
        "above": sorted(old.above), "below": sorted(old.below), "most": MOST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.of_areas(ground.level if ground.area_id else "", ground.child), values)
        rows = cursor.fetchall()
    matters = {row[0] for row in rows}
    return None if len(matters) > MOST else [row[1:] for row in rows]
