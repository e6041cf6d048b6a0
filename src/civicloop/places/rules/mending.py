"""Polygons as files bring them, made usable: what can be mended is mended and said, what cannot is refused. Pure.

Files of other bodies hold rings that touch or cross themselves, parts that overlap, points twice, rings in either
direction, heights, stray lines. All of these keep the ground that they enclose; nothing is simplified or snapped.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import shapely

SURFACES = ("Polygon", "MultiPolygon")
CORNERS = 3  # of a ring that encloses ground


class Unmendable(ValueError):
    """No polygon can be made of it; the text says why."""


@dataclass(frozen=True)
class Mended:
    """A valid polygon or multipolygon, and what was done to have it (empty where nothing was)."""

    polygon: Any
    done: tuple[str, ...] = ()


def of_geojson(given: Mapping[str, Any]) -> Mended:
    """The polygon of a GeoJSON geometry, rings without ground left out. Raises Unmendable, and what shapely raises."""
    kind = given.get("type")
    if kind not in SURFACES:
        return of_shape(shapely.geometry.shape(given))
    parts = given["coordinates"] if kind == "MultiPolygon" else [given["coordinates"]]
    if not all(math.isfinite(number) for rings in parts for ring in rings for point in ring for number in point):
        raise Unmendable("it holds a coordinate that is no number")
    found, left_out = [], 0
    for rings in parts:
        sound = [ring for ring in rings if _corners(ring) >= CORNERS]
        left_out += len(rings) - len(sound)
        if rings and _corners(rings[0]) >= CORNERS:
            found.append(shapely.Polygon(sound[0], sound[1:]))
    if not found:
        raise Unmendable("no ring of it encloses any ground")
    first = found[0] if len(found) == 1 else shapely.multipolygons(found)
    said = (f"left out {left_out} rings without ground",) if left_out else ()
    mended = of_shape(first)
    return Mended(mended.polygon, said + mended.done)


def of_wkt(text: str) -> Mended:
    """The polygon of a WKT text; a ring that is not closed is closed. Raises Unmendable, and what shapely raises."""
    try:
        return of_shape(shapely.from_wkt(text))
    except shapely.errors.GEOSException as reason:
        if "closed" not in str(reason):
            raise
    mended = of_shape(shapely.from_wkt(text, on_invalid="fix"))
    return Mended(mended.polygon, ("closed a ring", *mended.done))


def _corners(ring: Sequence[Sequence[float]]) -> int:
    return len({(point[0], point[1]) for point in ring})


def of_shape(shape: Any) -> Mended:
    """A valid polygon of a geometry. Raises Unmendable."""
    done = []
    if shape.has_z:
        shape = shapely.force_2d(shape)
        done.append("left out the heights")
    if not numpy.isfinite(shapely.get_coordinates(shape)).all():
        raise Unmendable("it holds a coordinate that is no number")
    if shape.geom_type == "GeometryCollection" and not shape.is_empty:
        shape = _surfaces(shape)
        done.append("kept only what is a polygon")
    if shape.is_empty:
        raise Unmendable("it is empty")
    if shape.geom_type not in SURFACES:
        raise Unmendable(f"it is a {shape.geom_type}, not a polygon")
    if shape.is_valid:
        return Mended(shape, tuple(done))
    reason = shapely.is_valid_reason(shape)
    sound = shapely.union_all([_ground(part) for part in shapely.get_parts(shape)])
    if sound.is_empty or not sound.is_valid or not sound.area:
        raise Unmendable(f"it is not valid and no ground is left when it is mended: {reason}")
    return Mended(sound, (*done, f"mended: {reason}"))


def _ground(part: Any) -> Any:
    """What a polygon encloses, as a ray counts it: the ground of its outer ring without that of any inner one.

    A ring that crosses itself encloses what a ray from outside enters; parts and holes that overlap are joined first.
    """
    outer = _surfaces(shapely.make_valid(shapely.Polygon(part.exterior)))
    holes = [_surfaces(shapely.make_valid(shapely.Polygon(ring))) for ring in part.interiors]
    return _surfaces(shapely.difference(outer, shapely.union_all(holes))) if holes else outer


def _surfaces(shape: Any) -> Any:
    """The polygons of a geometry, as one."""
    parts = shapely.get_parts(shape)
    parts = shapely.get_parts(parts[shapely.get_type_id(parts) != 7])  # collections inside collections are left out
    flat = [part for part in parts if part.geom_type == "Polygon"]
    return flat[0] if len(flat) == 1 else shapely.union_all(flat) if flat else shapely.Polygon()
