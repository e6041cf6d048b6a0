"""Approximate boundaries below the district, made by a fixed method where no open ones exist.

Method: a polygon is cut again and again, across its longer side, at a whole micro-degree, so that both parts have their
share of the area; the parts are the subdistricts, then the communities, then the grids, in the order of their codes.
All cuts of a city are then noded together, so that neighbours share every vertex: the result is a coverage without
gaps and overlaps. The same input gives the same output; there is no random number in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import shapely

GRID = 1e-6  # degrees, about 0.1 m: every vertex lies on this lattice
ROUNDS = 40
CLOSE = 0.002  # of the share of area that a cut must meet


def cut(polygon: Any, share: float) -> tuple[Any, Any]:
    """Two parts of `polygon`, the first (western or southern) with about `share` of its area (0 < share < 1)."""
    west, south, east, north = polygon.bounds
    # a degree of longitude is shorter than one of latitude; at 39° by the factor 0.777
    across = (east - west) * 0.777 >= north - south
    low, high = (west, east) if across else (south, north)
    wanted, area = share * polygon.area, polygon.area
    below, above, guess = 0.0, area, low + (high - low) * share
    for _round in range(ROUNDS):
        guess = round(guess / GRID) * GRID
        first = _part(polygon, west, south, guess if across else east, north if across else guess)
        found = first.area
        if abs(found - wanted) <= CLOSE * area or high - low <= 2 * GRID:
            break
        if found < wanted:
            low, below = guess, found
        else:
            high, above = guess, found
        slope = (wanted - below) / (above - below) if above > below else 0.5
        guess = low + (high - low) * min(0.98, max(0.02, slope))
    return first, _part(polygon, guess if across else west, south if across else guess, east, north)


def _part(polygon: Any, west: float, south: float, east: float, north: float) -> Any:
    part = shapely.intersection(polygon, shapely.box(west, south, east, north))
    if part.geom_type == "GeometryCollection":
        part = shapely.union_all([each for each in part.geoms if each.geom_type in {"Polygon", "MultiPolygon"}])
    return part


def divide(polygon: Any, weights: Sequence[float]) -> Iterator[Any]:
    """One part for each weight, in order, each with about its share of the area."""
    if len(weights) == 1:
        yield polygon
        return
    middle = len(weights) // 2
    first, second = cut(polygon, sum(weights[:middle]) / sum(weights))
    yield from divide(first, weights[:middle])
    yield from divide(second, weights[middle:])


@dataclass(frozen=True)
class Leaf:
    """A grid to be: its code and the codes above it."""

    code: str
    community: str
    polygon: Any


def leaves(district: Any, communities: dict[str, list[str]], grids: dict[str, int]) -> list[Leaf]:
    """The grids of one district before noding. `communities`: subdistrict → its communities in the order of codes;
    `grids`: community → how many grids it gets (numbered from 001)."""
    found = []
    # a subdistrict without communities (a zone, a farm) still has its ground
    weights = [float(max(1, sum(grids[c] for c in below))) for below in communities.values()]
    parts = divide(district, weights)
    for (_subdistrict, below), part in zip(communities.items(), parts, strict=True):
        if not below:
            continue
        pieces = divide(part, [float(grids[c]) for c in below])
        for community, piece in zip(below, pieces, strict=True):
            cells = divide(piece, [1.0] * grids[community])
            for number, cell in enumerate(cells, start=1):
                found.append(Leaf(f"{community}{number:03d}", community, cell))
    return found


def noded(shapes: Sequence[Any]) -> list[Any]:
    """The same shapes with every vertex of every neighbour on their edges: a valid coverage.

    Raises ValueError when a shape has lost all its ground (it was smaller than the lattice).
    """
    array = numpy.array(shapes, dtype=object)
    lines = shapely.union_all(shapely.boundary(array), grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    tree = shapely.STRtree(array)
    inside, owner = tree.query(shapely.point_on_surface(faces), predicate="within")
    pieces: dict[int, list[Any]] = {}
    seen: set[int] = set()
    for face, shape in sorted(zip(inside.tolist(), owner.tolist(), strict=True)):
        if face not in seen:
            seen.add(face)
            pieces.setdefault(shape, []).append(faces[face])
    missing = [number for number in range(len(shapes)) if number not in pieces]
    if missing:
        raise ValueError(f"shapes without ground: {missing[:5]}")
    # faces of one shape touch along whole edges, so their union is exact
    return [
        pieces[number][0] if len(pieces[number]) == 1 else shapely.coverage_union_all(pieces[number])
        for number in range(len(shapes))
    ]


def spread(total: int, codes: Sequence[str]) -> dict[str, int]:
    """How many of `total` grids each community gets: evenly, the remainder spread along the order of codes."""
    each = total / len(codes)
    return {code: max(1, int((number + 1) * each) - int(number * each)) for number, code in enumerate(codes)}
