"""What a change of boundaries leaves uncovered, covers twice, or leaves outside the area that it belongs to. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

DEGREE = 111_320.0  # metres of a degree of latitude
LEAST = 25.0  # square metres: below is the width of a line on somebody's map


@dataclass(frozen=True, slots=True)
class Flaw:
    """`what` is gap (nobody's ground that was an area's), overlap (two areas), or outside (not within its parent).

    Codes name the areas: of a gap those that had the ground, of an overlap both, else the area and its parent.
    """

    what: str
    codes: tuple[str, ...]
    square_metres: int


def metres(shape: Any) -> float:
    """The ground of a shape in square metres, true to a per cent within a city."""
    if shape.is_empty:
        return 0.0
    return float(shape.area) * DEGREE**2 * math.cos(math.radians(shape.centroid.y))


def flaws(
    before: Mapping[str, Any], after: Mapping[str, Any], changed: frozenset[str], parents: Mapping[str, tuple[str, Any]]
) -> list[Flaw]:
    """The flaws that a change makes, the largest first.

    `before` and `after` are the areas that are asked for points, by code; `changed` those that are new, other or gone;
    `parents` gives code and polygon of the area above, where it has one.
    """
    found = _overlaps(after, changed) + _gaps(before, after, changed)
    for code in sorted(changed & set(after)):
        if code in parents:
            above, ground = parents[code]
            out = metres(shapely.difference(after[code], ground))
            if out >= LEAST:
                found.append(Flaw("outside", (code, above), round(out)))
    return sorted(found, key=lambda flaw: (-flaw.square_metres, flaw.what, flaw.codes))


def _overlaps(after: Mapping[str, Any], changed: frozenset[str]) -> list[Flaw]:
    codes = sorted(after)
    tree = shapely.STRtree([after[code] for code in codes])
    found = {}
    for code in sorted(changed & set(after)):
        for hit in tree.query(after[code], predicate="intersects").tolist():
            pair = tuple(sorted((code, codes[hit])))
            if codes[hit] != code and pair not in found:
                found[pair] = metres(shapely.intersection(after[code], after[codes[hit]]))
    return [Flaw("overlap", pair, round(size)) for pair, size in found.items() if size >= LEAST]


def _gaps(before: Mapping[str, Any], after: Mapping[str, Any], changed: frozenset[str]) -> list[Flaw]:
    codes = sorted(after)
    tree = shapely.STRtree([after[code] for code in codes])
    found = []
    for code in sorted(changed & set(before)):
        near = [after[codes[hit]] for hit in tree.query(before[code], predicate="intersects").tolist()]
        size = metres(shapely.difference(before[code], shapely.union_all(near))) if near else metres(before[code])
        if size >= LEAST:
            found.append(Flaw("gap", (code,), round(size)))
    return found
