"""The map without scripts: the areas below one area as a drawing, darker where more lies, each a link further down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import shapely

from civicloop.onemap import boundaries
from civicloop.places import selectors as places
from civicloop.places.selectors import AreaRef

SIDE = 640.0  # units of the longer side
FINE = 0.8  # units within which a line is straightened


@dataclass(frozen=True, slots=True)
class Shape:
    """One area of the drawing: its path, and where its name stands."""

    ref: AreaRef
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of them, and the size of the drawing."""

    shapes: Sequence[Shape]
    width: float
    height: float


def drawn(areas: Sequence[AreaRef]) -> Drawing | None:
    """The drawing of some areas; None where none has a boundary."""
    polygons = places.shapes_of([each.id for each in areas])
    drawn_ones = [each for each in areas if each.id in polygons]
    if not drawn_ones:
        return None
    shapes: Any = shapely.transform(
        shapely.make_valid(shapely.from_wkb(numpy.array([polygons[each.id] for each in drawn_ones], dtype=object))),
        boundaries.projected,
    )
    west, north, east, south = shapely.total_bounds(shapes)
    scale = SIDE / max(east - west, south - north, 1e-12)
    shapes = shapely.simplify(shapely.transform(shapes, lambda points: (points - (west, north)) * scale), FINE)
    found = [
        Shape(ref, _path(shape), round(at.x, 1), round(at.y, 1))
        for ref, shape, at in zip(drawn_ones, shapes, shapely.point_on_surface(shapes), strict=True)
    ]
    return Drawing(found, round((east - west) * scale, 1), round((south - north) * scale, 1))


def _path(shape: Any) -> str:
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type == "Polygon":
            for ring in (polygon.exterior, *polygon.interiors):
                parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z")
    return "".join(parts)
