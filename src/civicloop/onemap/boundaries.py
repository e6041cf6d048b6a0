"""Boundaries as tiles: areas of four levels and grids, overlays. Everybody may see them; nothing of matters is in them.

Polygons are projected once per revision of the layers and kept in the process, as are the bytes of each tile.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy
import shapely

from civicloop.foundation import caches, mvt
from civicloop.foundation.names import shown
from civicloop.places import selectors as places
from civicloop.places.models import OVERLAY
from civicloop.places.selectors import AreaRef

# from which zoom on a level is drawn
FROM_ZOOM: Mapping[str, int] = {"district": 0, "subdistrict": 9, "community": 11, "grid": 13}
EDGE = 64  # units of the tile beyond its edge, so that no outline is drawn along it
COARSE = 2.0  # units of the tile within which a line is straightened
KEPT = 4096  # tiles


@dataclass
class _Level:
    refs: Sequence[AreaRef]
    polygons: Any  # projected: shares of the world, y downwards
    names_at: Any
    tree: shapely.STRtree


@dataclass
class _Kept:
    revision: int = -1
    levels: dict[str, _Level] = field(default_factory=dict)
    tiles: "OrderedDict[tuple[str, int, int, int, str], bytes]" = field(default_factory=OrderedDict)


_kept = _Kept()
_lock = Lock()


@caches.register
def forget() -> None:
    """Read the boundaries anew at the next question."""
    global _kept
    _kept = _Kept()


def projected(points: Any) -> Any:
    """Web Mercator as shares of the world: 0 … 1 from the west and from the north."""
    lon, lat = points[:, 0], numpy.radians(numpy.clip(points[:, 1], -85.05, 85.05))
    return numpy.column_stack([lon / 360.0 + 0.5, 0.5 - numpy.arctanh(numpy.sin(lat)) / (2 * numpy.pi)])


def _level(kept: _Kept, level: str) -> _Level:
    with _lock:
        found = kept.levels.get(level)
        if found is None:
            rows = places.shapes(level)
            polygons = shapely.from_wkb(numpy.array([polygon for _ref, polygon in rows], dtype=object))
            polygons = shapely.transform(shapely.make_valid(polygons), projected)
            found = _Level([ref for ref, _polygon in rows], polygons, shapely.point_on_surface(polygons),
                           shapely.STRtree(polygons))  # fmt: skip
            kept.levels[level] = found
    return found


def tile(layer: str, zoom: int, x: int, y: int, language: str) -> bytes:
    """The tile of `areas` or `overlays` with its names in a language."""
    global _kept
    kept, revision = _kept, places.revision()
    if kept.revision != revision:
        kept = _kept = _Kept(revision)
    key = (layer, zoom, x, y, language)
    found = kept.tiles.get(key)
    if found is None:
        found = _made(kept, [OVERLAY] if layer == "overlays" else levels_at(zoom), zoom, x, y, language)
        with _lock:
            kept.tiles[key] = found
            while len(kept.tiles) > KEPT:
                kept.tiles.popitem(last=False)
    return found


def levels_at(zoom: int) -> list[str]:
    """The levels that are drawn at a zoom."""
    return [level for level, since in FROM_ZOOM.items() if zoom >= since]


def _made(kept: _Kept, levels: Sequence[str], zoom: int, x: int, y: int, language: str) -> bytes:
    """The tile: a layer of polygons, and one of points at which their names stand."""
    outlines, names = mvt.Layer("areas", mvt.POLYGON), mvt.Layer("names", mvt.POINT)
    scale = mvt.EXTENT * (1 << zoom)
    west, north, edge, side = x / (1 << zoom), y / (1 << zoom), EDGE / scale, 1 / (1 << zoom)
    window = (west - edge, north - edge, west + side + edge, north + side + edge)

    def placed(points: Any) -> Any:
        return (points - (west, north)) * scale

    for name in levels:
        level = _level(kept, name)
        for number in sorted(level.tree.query(shapely.box(*window)).tolist()):
            ref = level.refs[number]
            said = {"level": ref.layer if name == OVERLAY else name, "code": ref.code,
                    "name": shown(ref.names, language)}  # fmt: skip
            cut = shapely.transform(shapely.clip_by_rect(level.polygons[number], *window), placed)
            rings = list(_rings(shapely.simplify(cut, COARSE)))
            if rings:
                outlines.add(mvt.polygon(rings), said, ref.id)
            at = level.names_at[number]
            if west <= at.x < west + side and north <= at.y < north + side:
                names.add(mvt.point(int((at.x - west) * scale), int((at.y - north) * scale)), said, ref.id)
    return mvt.tile(outlines, names)


def _rings(shape: Any) -> Iterator[list[tuple[int, int]]]:
    """Whole-number rings, outer ones clockwise on the screen; what is smaller than a unit falls away."""
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        oriented = shapely.geometry.polygon.orient(part)
        for number, ring in enumerate((oriented.exterior, *oriented.interiors)):
            whole = numpy.rint(shapely.get_coordinates(ring)).astype(int)
            kept = [whole[0], *(b for a, b in itertools.pairwise(whole) if (a != b).any())]
            if len(kept) > 1 and (kept[0] == kept[-1]).all():
                kept.pop()
            if len(kept) >= 3:
                yield [(int(px), int(py)) for px, py in kept]
            elif number == 0:
                break  # holes of a ring that has vanished go with it


def bounds(area_id: int) -> tuple[float, float, float, float] | None:
    """West, south, east, north of an area in degrees; of everything below it where it has no boundary of its own."""
    polygons = places.shapes_of([area_id]) or places.shapes_of([each.id for each in places.children(area_id)])
    if not polygons:
        return None
    found = shapely.total_bounds(shapely.from_wkb(numpy.array(list(polygons.values()), dtype=object)))
    west, south, east, north = (float(value) for value in found)
    return west, south, east, north
