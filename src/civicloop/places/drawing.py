"""Areas drawn as SVG paths, in a sheet that fits a page; no script, no map server."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely

SIDE = 320.0  # of the drawing, in its own units


@dataclass(frozen=True)
class Sheet:
    """Paths with the middles of their labels; `width` and `height` of the sheet."""

    width: str
    height: str
    paths: Sequence[tuple[str, str, str, str]]  # code, path, x and y of its label


def sheet(shapes: Sequence[tuple[str, str, Any]], which: str) -> Sheet | None:
    """The shapes of one state, in a frame that holds both, so that two sheets can be compared. None without any."""
    if not shapes:
        return None
    west, south, east, north = (float(each) for each in shapely.total_bounds([shape for _c, _w, shape in shapes]))
    across = math.cos(math.radians((south + north) / 2))
    scale = SIDE / max((east - west) * across, north - south, 1e-9)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - west) * across * scale, (north - y) * scale

    paths = []
    for code, state, shape in shapes:
        if state == which:
            middle = at(*shapely.point_on_surface(shape).coords[0])
            paths.append((code, _path(shape, at), f"{middle[0]:.1f}", f"{middle[1]:.1f}"))
    return Sheet(f"{(east - west) * across * scale:.0f}", f"{(north - south) * scale:.0f}", paths)


def _path(shape: Any, at: Any) -> str:
    parts = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [f"{x:.1f},{y:.1f}" for x, y in (at(*corner) for corner in ring.coords)]
            parts.append("M" + "L".join(points) + "Z")
    return "".join(parts)
