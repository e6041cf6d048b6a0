"""Sets of irregular polygons as other bodies' files hold them: made by a seed, different for each.

Neighbours share edges; there are lakes and islands, slivers, several parts, rings that touch themselves or hold a point
twice, both directions, parts and neighbours that overlap a little. A few rings cross themselves.
"""

import itertools
import math
import random
from typing import Any

import shapely
import shapely.affinity

WEST, SOUTH = -74.2, 40.5  # far from where other systems of coordinates are shifted
Ring = list[tuple[float, float]]


def collection(seed: int, number: int = 260) -> dict[str, Any]:
    """A GeoJSON FeatureCollection of about `number` polygons."""
    random_ = random.Random(seed)
    cells = _tiling(random_, number)
    features = []
    for place, cell in enumerate(cells):
        geometry = _written(random_, cell)
        code = f"{random_.choice('ABC')}{chr(97 + place % 26)}-{place:03}/{seed % 7}"
        features.append(
            {"type": "Feature", "properties": {"code": code, "name": f"Zone {place}"}, "geometry": geometry}
        )
    random_.shuffle(features)
    return {"type": "FeatureCollection", "features": features}


def _tiling(random_: random.Random, number: int) -> list[Any]:
    """Irregular cells with shared edges, some with holes, some of several parts, slivers between some of them."""
    points = [(WEST + random_.random() * 0.6, SOUTH + random_.gauss(0.2, 0.1)) for _ in range(number * 8 // 5)]
    outline = _blob(random_, WEST + 0.3, SOUTH + 0.2, 0.28)
    raw = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points)))
    # ragged edges: every shared edge is bent at the same middle, so that neighbours stay neighbours
    bent: dict[tuple[Any, Any], tuple[float, float]] = {}
    cells = [_bent(random_, cell, bent) for cell in raw]
    cells = [part for cell in cells for part in [shapely.make_valid(cell).intersection(outline)] if part.area > 1e-9]
    cells = [_flat(cell) for cell in cells]
    for place in random_.sample(range(len(cells)), len(cells) // 8):  # a lake, or an island that is another area
        middle = shapely.point_on_surface(cells[place])
        room = middle.distance(cells[place].boundary)
        hole = _blob(random_, middle.x, middle.y, room * 0.5)
        if hole.is_valid and cells[place].contains(hole):
            cells[place] = cells[place].difference(hole)
            if random_.random() < 0.5:
                cells.append(hole)
    for place in random_.sample(range(len(cells)), len(cells) // 10):  # a sliver cut off along one side
        west, south, east, north = cells[place].bounds
        cut = shapely.box(west, south, west + (east - west) * 0.002, north)
        thin = _flat(cells[place].intersection(cut))
        rest = _flat(cells[place].difference(cut))
        if thin.area > 0 and rest.area > 0:
            cells[place] = rest
            cells.append(thin)
    for place in random_.sample(range(len(cells)), len(cells) // 12):  # a neighbour's edge is a little overdrawn
        cells[place] = _flat(cells[place].buffer(random_.uniform(1e-6, 2e-5), join_style="mitre"))
    for _ in range(len(cells) // 15):  # several parts
        first, second = random_.sample(range(len(cells)), 2)
        cells[first] = _flat(shapely.union_all([cells[first], cells[second]]))
        cells.pop(second)
    return [cell for cell in cells if not cell.is_empty]


def _flat(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    return shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0] if parts else shapely.Polygon()


def _blob(random_: random.Random, x: float, y: float, radius: float) -> Any:
    corners = random_.randint(7, 40)
    around = [radius * random_.uniform(0.6, 1.0) for _ in range(corners)]
    return shapely.Polygon(
        [
            (x + far * math.cos(2 * math.pi * at / corners), y + far * math.sin(2 * math.pi * at / corners))
            for at, far in enumerate(around)
        ]
    )


def _bent(random_: random.Random, cell: Any, bent: dict[tuple[Any, Any], tuple[float, float]]) -> Any:
    ring, found = list(cell.exterior.coords), []
    for first, second in itertools.pairwise(ring):
        key = (min(first, second), max(first, second))
        if key not in bent:
            long = math.dist(first, second)
            bent[key] = tuple((a + b) / 2 + random_.uniform(-0.15, 0.15) * long for a, b in zip(*key, strict=True))  # type: ignore[assignment]
        found += [first, bent[key]]
    return shapely.Polygon(found)


def _written(random_: random.Random, cell: Any) -> dict[str, Any]:
    """The geometry as a careless program writes it."""
    parts = [_rings(random_, part) for part in shapely.get_parts(cell)]
    if random_.random() < 0.06:
        parts.append(_overlapping(random_, parts[0][0]))
    if len(parts) == 1 and random_.random() < 0.9:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _rings(random_: random.Random, part: Any) -> list[Ring]:
    rings = [list(part.exterior.coords), *(list(hole.coords) for hole in part.interiors)]
    if random_.random() < 0.1:
        rings[0] = _touching(random_, part)
    if random_.random() < 0.05:
        rings[0] = _crossing(rings[0])
    rings = [ring[::-1] if random_.random() < 0.5 else ring for ring in rings]
    if random_.random() < 0.3:  # points twice, and three times
        rings = [[point for point in ring for _ in range(random_.choice((1, 1, 1, 2, 3)))] for ring in rings]
    if random_.random() < 0.1:  # a ring without ground
        rings.append([rings[0][0], rings[0][1], rings[0][0]])
    if random_.random() < 0.1:
        rings = [[(*point, 12.5) for point in ring] for ring in rings]  # type: ignore[misc]
    if random_.random() < 0.1:
        rings[0] = rings[0][:-1]  # not closed
    return rings


def _touching(random_: random.Random, part: Any) -> Ring:
    """A ring that walks into its own ground and back to the same corner: a hole that touches the edge."""
    ring = list(part.exterior.coords)
    inner = shapely.point_on_surface(part)
    for place in random_.sample(range(len(ring) - 1), min(6, len(ring) - 1)):
        corner = ring[place]
        way = [(corner[0] + (inner.x - corner[0]) * share, corner[1] + (inner.y - corner[1]) * share)
               for share in (0.3, 0.5)]  # fmt: skip
        aside = (way[0][0] + (way[1][1] - way[0][1]) * 0.4, way[0][1] - (way[1][0] - way[0][0]) * 0.4)
        hole = shapely.Polygon([corner, way[1], aside])
        if part.contains(hole) and hole.touches(shapely.Point(corner)):
            return [*ring[: place + 1], way[1], aside, *ring[place:]]
    return ring


def _crossing(ring: Ring) -> Ring:
    """Two corners in the wrong order."""
    return [ring[0], ring[2], ring[1], *ring[3:]] if len(ring) > 5 else ring


def _overlapping(random_: random.Random, ring: Ring) -> list[Ring]:
    """A second part that lies half over the first."""
    shape = shapely.affinity.translate(shapely.Polygon([point[:2] for point in ring]), random_.uniform(0, 0.002), 0)
    return [list(shape.exterior.coords)]
