"""What new boundaries would change for matters, posts, rules and figures. Reads only.

Numbers are over all open matters, since boundaries count for all; which matters they are is shown only as far as the
reader may see them. A matter with a point is placed anew by it; one without follows its area to the only one that takes
its place, and stays where it is when there are several.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from civicloop.catalogue import routing
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.models import DutyItem, Responsibility
from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter
from civicloop.people import access, desks
from civicloop.people.models import Post
from civicloop.people.selectors import valid
from civicloop.places.picture import AreaRef, Picture

MOST = 20_000  # open matters that are asked
YEAR = timedelta(days=365)
FIELDS = (
    "id", "kind_id", "condition_id", "district_id", "subdistrict_id", "community_id", "grid_id", "lon", "lat",
    "answers", "unit_id",
)  # fmt: skip
Path = Mapping[str, int]


@dataclass(frozen=True)
class Boundaries:
    """Two states of the areas: `touched` are the areas that are new, other or gone between them, `ended` those gone.

    `followers` says which areas stand in the place of an ended one; ids below zero are of areas that are only planned.
    """

    before: Picture
    after: Picture
    touched: frozenset[int]
    ended: frozenset[int]
    followers: Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Moved:
    """An open matter that would lie elsewhere; units are those that the rules name there, before and after."""

    matter_id: UUID
    old: Path
    new: Path
    unit_before: int
    unit_after: int


@dataclass(frozen=True)
class Preview:
    """`asked` open matters lie in touched areas (`cut`: only so many were asked); `unclear` follow several areas."""

    asked: int
    cut: bool
    moved: Sequence[Moved]
    unclear: int
    posts: Sequence[Post]
    rules: int
    duty_items: int
    of_a_year: Sequence[tuple[AreaRef, int]]

    @property
    def ways(self) -> list[tuple[int | None, int | None, int]]:
        """(deepest area before, after, matters), the most first."""
        return _counted((_deepest(each.old), _deepest(each.new)) for each in self.moved)

    @property
    def hands(self) -> list[tuple[int, int, int]]:
        """(unit before, unit after, matters) of those that another unit would answer for, the most first."""
        return _counted((m.unit_before, m.unit_after) for m in self.moved if m.unit_before != m.unit_after)


def _counted(pairs: Iterator[tuple[Any, Any]]) -> list[tuple[Any, Any, int]]:
    counted = Counter(pairs)
    return [(*pair, number) for pair, number in sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))]


def _deepest(path: Path) -> int | None:
    return next((path[level] for level in reversed(access.LEVELS) if level in path), None)


def within(boundaries: Boundaries) -> set[int]:
    """The touched areas that exist, with everything that lay below them before."""
    found, waiting = set[int](), [each for each in boundaries.touched if each > 0]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [ref.id for ref in boundaries.before.children.get(each, ())]
    return found


def open_in(areas: set[int]) -> Q:
    """Open matters that lie in one of these areas."""
    by_level = {level: Q(**{f"{level}_id__in": areas}) for level in access.LEVELS[1:]}
    found = Q(pk__in=[])
    for each in by_level.values():
        found |= each
    return Q(end="") & found


def place(boundaries: Boundaries, old: Path, point: tuple[float, float] | None) -> Path | None:
    """Where a matter lies by the new boundaries; None when that cannot be told."""
    if point is not None:
        return plain(boundaries.after.areas_at(*point))
    deepest = _deepest(old)
    if deepest is None:
        return old
    if deepest in boundaries.ended:
        following = boundaries.followers.get(deepest, ())
        if len(following) != 1:
            return None
        deepest = following[0]
    return plain(boundaries.after.path(deepest))


def plain(path: Mapping[str, AreaRef]) -> Path:
    """level → area id as matters keep it: without the city."""
    return {level: ref.id for level, ref in path.items() if level != access.LEVELS[0]}


def preview(boundaries: Boundaries) -> Preview:
    """What changes hands."""
    areas, now = within(boundaries), clock.now()
    rows = Matter.objects.filter(open_in(areas)).order_by("-id").values_list(*FIELDS)
    found = list(rows[: MOST + 1])
    moved, unclear = [], 0
    for row in found[:MOST]:
        each = _moved(row, boundaries)
        if each is None:
            unclear += 1
        elif each.old != each.new:
            moved.append(each)
    posts = Post.objects.filter(valid(), area_id__in=areas).select_related("unit").annotate(held=Count("holdings"))
    to_come = Q(valid_to=None) | Q(valid_to__gt=now)
    return Preview(
        min(len(found), MOST), len(found) > MOST, moved, unclear, list(posts.order_by("code")[:500]),
        Responsibility.objects.filter(to_come, area_id__in=areas).count(),
        DutyItem.objects.filter(to_come, area_id__in=areas).count(),
        _of_a_year(boundaries, areas),
    )  # fmt: skip


def _moved(row: Sequence[Any], boundaries: Boundaries) -> Moved | None:
    matter_id, kind_id, condition_id, *area_ids, lon, lat, answers, unit_id = row
    old = {level: area for level, area in zip(access.LEVELS[1:], area_ids, strict=True) if area is not None}
    point = (lon, lat) if lon is not None and lat is not None else None
    new = place(boundaries, old, point)
    if new is None:
        return None
    if new == old:
        return Moved(matter_id, old, new, unit_id, unit_id)
    number = catalogue.condition(condition_id).no if condition_id is not None else 0
    overlays = [(ref.layer, ref.id) for ref in boundaries.before.overlays_at(*point)] if point is not None else []

    def asked(path: Path) -> int:
        decided = catalogue.picture().decide(
            routing.case(kind_id, _with_city(path, boundaries), condition_no=number, overlays=overlays, answers=answers)
        )
        return decided.unit_id or desks.duty_desk(path)

    return Moved(matter_id, old, new, asked(old), asked(new))


def _with_city(path: Path, boundaries: Boundaries) -> Path:
    city = next((ref.id for ref in boundaries.before.by_id.values() if ref.level == access.LEVELS[0]), None)
    return {"city": city, **path} if city is not None and path else path


def _of_a_year(boundaries: Boundaries, areas: set[int]) -> list[tuple[AreaRef, int]]:
    """How many matters of the last year the touched areas' figures hold, by area, the most first."""
    since = ids.first_of(clock.now() - YEAR)
    found: Counter[int] = Counter()
    for level in access.LEVELS[1:]:
        mine = [each for each in areas & {*boundaries.touched} if _level(boundaries, each) == level]
        if mine:
            rows = Matter.objects.filter(id__gte=since, **{f"{level}_id__in": mine}).values(f"{level}_id")
            found.update({row[f"{level}_id"]: row["n"] for row in rows.annotate(n=Count("id"))})
    return [(boundaries.before.area(area), number) for area, number in found.most_common(200)]


def _level(boundaries: Boundaries, area_id: int) -> str:
    ref = boundaries.before.by_id.get(area_id)
    return ref.level if ref is not None else ""
