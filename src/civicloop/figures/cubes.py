"""The declared cubes: which sums are kept. Each line becomes part of the statements that fold, read and check.

A scope is what its members lie in: 0 for the city, else the id of an area. What has no area at a level counts under
member 0, so that the parts always sum up to the whole. Measures are the names of facts with their details.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DAY, MONTH = "d", "m"
GRID_DAYS = 90  # for how many days the stages of grids are kept by day
LEVELS = ("city", "district", "subdistrict", "community", "grid")

_AREA = {level: f"coalesce(f.{level}_id, 0)" for level in LEVELS[1:]}
_STAGES = "f.name IN ('entered', 'left')"


@dataclass(frozen=True, slots=True)
class Line:
    """One cube at one grain within one kind of scope; `scope`, `member` and `only` are SQL over a fact `f`."""

    cube: str
    grain: str
    scope: str
    member: str
    only: str = ""
    whole: bool = True  # whether it holds every measure


def _within(cube: str, member: str, scopes: tuple[str, ...], grains: str) -> tuple[Line, ...]:
    return tuple(
        Line(cube, grain, "0" if level == "city" else _AREA[level], member, "" if level == "city" else _inside(level))
        for level in scopes
        for grain in grains
    )


def _inside(level: str) -> str:
    return f"f.{level}_id IS NOT NULL"


LINES: tuple[Line, ...] = (
    Line("city", DAY, "0", "0"),
    Line("city", MONTH, "0", "0"),
    Line("district", DAY, "0", _AREA["district"]),
    Line("district", MONTH, "0", _AREA["district"]),
    Line("subdistrict", DAY, _AREA["district"], _AREA["subdistrict"]),
    Line("subdistrict", MONTH, _AREA["district"], _AREA["subdistrict"]),
    Line("community", MONTH, _AREA["subdistrict"], _AREA["community"]),
    Line("grid", MONTH, _AREA["community"], _AREA["grid"]),
    Line("grid", DAY, _AREA["community"], _AREA["grid"], _STAGES, whole=False),
    *_within("unit", "f.unit_id", ("city", "district"), "dm"),
    *_within("unit", "f.unit_id", ("subdistrict",), "m"),
    *_within("class", "coalesce(k.kind_class_id, 0)", ("city", "district", "subdistrict"), "m"),
    *_within("kind", "coalesce(f.kind_id, 0)", ("city", "district"), "m"),
    *_within("channel", "f.channel", ("city", "district", "subdistrict"), "m"),
)
HOUR_LINES: tuple[Line, ...] = (
    Line("city", "h", "0", "0"),
    Line("district", "h", "0", _AREA["district"]),
    Line("subdistrict", "h", _AREA["district"], _AREA["subdistrict"]),
    Line("community", "h", _AREA["subdistrict"], _AREA["community"]),
)


def scope_of(level: str) -> str:
    """The SQL of the scope of a level: of the areas at it, or of everything."""
    return "0" if level in {"", "city"} else _AREA[level]


def deepest(path: Mapping[str, int]) -> tuple[str, int]:
    """(level, area) at which a path of areas by level ends; ("city", 0) where it is empty."""
    return next(((level, path[level]) for level in reversed(LEVELS) if level in path), ("city", 0))


def child_of(level: str) -> str:
    """The level below; "" below grids."""
    place = LEVELS.index(level) + 1
    return LEVELS[place] if place < len(LEVELS) else ""
