"""The declared cubes: which sums are kept. Each line becomes part of the statements that fold, read and check.

A scope is what its members lie in: 0 for the city, else the id of an area. What has no area at a level counts under
member 0, so that the parts always sum up to the whole. Measures are the names of facts with their details; one count
holds all measures of its member in a day or month.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from civicloop.matters.counting import FACTS

DAY, MONTH = "d", "m"
LEVELS = ("city", "district", "subdistrict", "community", "grid")

_AREA = {level: f"coalesce(f.{level}_id, 0)" for level in LEVELS[1:]}
NOWHERE = "0"  # the member of what has no area, class or kind
FLOW = ("entered", "left")
# what the cubes hold: what indicators may name, and the flow through the stages; other events stay facts alone
HELD = (*(each.name for each in FACTS.values() if each.opens), *FLOW)


@dataclass(frozen=True, slots=True)
class Line:
    """One cube at one grain within one kind of scope; `scope`, `member` and `only` are SQL over a fact `f`."""

    cube: str
    grain: str
    scope: str
    member: str
    only: str = ""


def _by_month(cube: str, member: str, scopes: tuple[str, ...]) -> tuple[Line, ...]:
    return tuple(
        Line(cube, MONTH, scope_of(level), member, "" if level == "city" else f"f.{level}_id IS NOT NULL")
        for level in scopes
    )


def scope_of(level: str) -> str:
    """The SQL of the scope of a level: of the areas at it, or of everything."""
    return "0" if level in {"", "city"} else _AREA[level]


LINES: tuple[Line, ...] = (
    Line("city", DAY, "0", "0"),
    Line("city", MONTH, "0", "0"),
    Line("district", DAY, "0", _AREA["district"]),
    Line("district", MONTH, "0", _AREA["district"]),
    Line("subdistrict", DAY, _AREA["district"], _AREA["subdistrict"]),
    Line("subdistrict", MONTH, _AREA["district"], _AREA["subdistrict"]),
    Line("community", MONTH, _AREA["subdistrict"], _AREA["community"]),
    Line("grid", MONTH, _AREA["community"], _AREA["grid"]),
    # units by district alone, and under 0 what lies in none: the city is the sum over all of them
    Line("unit", DAY, _AREA["district"], "f.unit_id"),
    Line("unit", MONTH, _AREA["district"], "f.unit_id"),
    *_by_month("unit", "f.unit_id", ("subdistrict",)),
    *_by_month("class", "coalesce(k.kind_class_id, 0)", ("city", "district", "subdistrict")),
    *_by_month("kind", "coalesce(f.kind_id, 0)", ("city", "district")),
    *_by_month("channel", "f.channel", ("city", "district", "subdistrict")),
)
HOUR_LINES: tuple[Line, ...] = (
    Line("city", "h", "0", "0"),
    Line("district", "h", "0", _AREA["district"]),
    Line("subdistrict", "h", _AREA["district"], _AREA["subdistrict"]),
    Line("community", "h", _AREA["subdistrict"], _AREA["community"]),
)


def apart(measures: Iterable[str]) -> dict[str, list[str]]:
    """The values `names` and `details` of a statement that takes measures apart, place by place."""
    pairs = [measure.partition(":") for measure in measures]
    return {"names": [name for name, _colon, _detail in pairs], "details": [detail for _name, _colon, detail in pairs]}


def parted(cube: str, level: str) -> bool:
    """Whether the cube holds this level by its parts only."""
    return cube == "unit" and level in {"", "city"}


def deepest(path: Mapping[str, int]) -> tuple[str, int]:
    """(level, area) at which a path of areas by level ends; ("city", 0) where it is empty."""
    return next(((level, path[level]) for level in reversed(LEVELS) if level in path), ("city", 0))


def child_of(level: str) -> str:
    """The level below; "" below grids."""
    place = LEVELS.index(level) + 1
    return LEVELS[place] if place < len(LEVELS) else ""
