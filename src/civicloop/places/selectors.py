"""Reads of the places room, in process: point → path of areas, areas by id and code.

The picture of all current areas is read once and compared with the layer revision every RECHECK seconds of real time;
a reader keeps a whole picture while another thread makes a new one. Only grids are tested for a point; the levels above
follow from their parents.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import numpy
import shapely

from civicloop.foundation import caches, coordinates
from civicloop.places.models import LEVELS, AreaVersion, LayerRevision

RECHECK = 10.0


class ImpossibleCoordinates(ValueError):
    """No place on Earth, or no coordinate system: `code` is crs_missing, crs_unknown, not_a_number or out_of_range."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownArea(LookupError):
    """There is no such area."""


@dataclass(frozen=True, slots=True)
class AreaRef:
    """An area as other rooms see it; `synthetic` means that its boundary is approximate, made by method."""

    id: int
    level: str
    code: str
    names: Mapping[str, str]
    synthetic: bool
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies: level → area (empty outside every area, with the reason), its WGS-84 value, the revision."""

    areas: Mapping[str, AreaRef]
    lon: float
    lat: float
    reason: str
    revision: int


@dataclass
class _Picture:
    revision: int = -1
    checked: float = float("-inf")
    by_id: dict[int, AreaRef] = field(default_factory=dict)
    by_code: dict[str, AreaRef] = field(default_factory=dict)
    children: dict[int, list[AreaRef]] = field(default_factory=dict)
    paths: dict[int, Mapping[str, AreaRef]] = field(default_factory=dict)
    grids: list[AreaRef] = field(default_factory=list)
    tree: shapely.STRtree | None = None


_picture = _Picture()
_lock = Lock()


@caches.register
def forget() -> None:
    """Read the areas anew at the next question."""
    global _picture
    _picture = _Picture()


def _current() -> _Picture:
    global _picture
    picture = _picture
    if time.monotonic() - picture.checked < RECHECK:
        return picture
    with _lock:
        revision = LayerRevision.objects.filter(id=1).values_list("revision", flat=True).first() or 0
        if revision != picture.revision:
            picture = _read(revision)
        picture.checked = time.monotonic()
        _picture = picture
    return picture


def _read(revision: int) -> _Picture:
    fresh = _Picture(revision)
    fields = ("area_id", "area__level", "code", "names", "synthetic", "parent_id", "polygon")
    shapes: list[tuple[AreaRef, bytes]] = []
    for identifier, level, code, names, synthetic, parent, polygon in (
        AreaVersion.objects.filter(valid_to=None).order_by("code").values_list(*fields)
    ):
        ref = AreaRef(identifier, level, code, names, synthetic, parent)
        fresh.by_id[identifier] = fresh.by_code[code] = ref
        if parent is not None:
            fresh.children.setdefault(parent, []).append(ref)
        if level == "grid" and polygon is not None:
            shapes.append((ref, bytes(polygon)))
    fresh.grids = [ref for ref, _shape in shapes]
    if shapes:
        fresh.tree = shapely.STRtree(shapely.from_wkb(numpy.array([shape for _ref, shape in shapes], dtype=object)))
    return fresh


def _path(picture: _Picture, identifier: int) -> Mapping[str, AreaRef]:
    found = picture.paths.get(identifier)
    if found is None:
        steps = []
        ref: AreaRef | None = picture.by_id.get(identifier)
        if ref is None:
            raise UnknownArea(identifier)
        while ref is not None:
            steps.append(ref)
            ref = picture.by_id.get(ref.parent_id) if ref.parent_id is not None else None
        found = picture.paths[identifier] = {step.level: step for step in reversed(steps)}
    return found


def locate(lon: float, lat: float, crs: str) -> Located:
    """The areas that hold a point given in `crs` (wgs84, cgcs2000, gcj02, bd09).

    On an edge the grid with the lowest code is taken, every time. Outside every grid `areas` is empty and `reason`
    says outside_every_area. Raises ImpossibleCoordinates.
    """
    if not crs:
        raise ImpossibleCoordinates("crs_missing")
    if crs not in coordinates.SYSTEMS:
        raise ImpossibleCoordinates("crs_unknown")
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise ImpossibleCoordinates("not_a_number")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ImpossibleCoordinates("out_of_range")
    lon, lat = coordinates.to_wgs84(lon, lat, crs)
    picture = _current()
    if picture.tree is not None:
        hits = picture.tree.query(shapely.Point(lon, lat), predicate="intersects")
        if len(hits):
            # grids are in the order of their codes
            return Located(_path(picture, picture.grids[int(hits.min())].id), lon, lat, "", picture.revision)
    return Located({}, lon, lat, "outside_every_area", picture.revision)


def path(area_id: int) -> Mapping[str, AreaRef]:
    """level → area from the city down to this one. Raises UnknownArea."""
    return _path(_current(), area_id)


def area(area_id: int) -> AreaRef:
    """The current version of an area. Raises UnknownArea."""
    found = _current().by_id.get(area_id)
    if found is None:
        raise UnknownArea(area_id)
    return found


def by_code(code: str) -> AreaRef:
    """The area that has this code now. Raises UnknownArea."""
    found = _current().by_code.get(code)
    if found is None:
        raise UnknownArea(code)
    return found


def children(area_id: int) -> list[AreaRef]:
    """The areas directly below, by code."""
    return list(_current().children.get(area_id, ()))


def areas(level: str) -> list[AreaRef]:
    """Every area of a level, by code."""
    return [ref for ref in _current().by_code.values() if ref.level == level]


def root() -> AreaRef:
    """The city. Raises UnknownArea while nothing is loaded."""
    found = next(iter(areas(LEVELS[0])), None)
    if found is None:
        raise UnknownArea("root")
    return found


def revision() -> int:
    """The revision of the layers that this process sees."""
    return _current().revision


def versions_now(level: str) -> list[AreaVersion]:
    """The full current rows of a level, by code, polygons included."""
    return list(AreaVersion.objects.filter(valid_to=None, area__level=level).order_by("code"))


def locate_at(lon: float, lat: float, crs: str, moment: datetime) -> Located:
    """As `locate`, by the boundaries that held at `moment`; reads the database, meant for look-ups by hand."""
    now = locate(lon, lat, crs)
    in_force = AreaVersion.objects.filter(valid_from__lte=moment).exclude(valid_to__lte=moment)
    near = in_force.filter(
        area__level="grid", west__lte=now.lon, east__gte=now.lon, south__lte=now.lat, north__gte=now.lat
    ).order_by("code")
    point = shapely.Point(now.lon, now.lat)
    row = next((each for each in near if shapely.from_wkb(bytes(each.polygon or b"")).intersects(point)), None)
    found: dict[str, AreaRef] = {}
    while row is not None:
        level = row.area.level
        found[level] = AreaRef(row.area_id, level, row.code, row.names, row.synthetic, row.parent_id)
        row = in_force.filter(area_id=row.parent_id).first() if row.parent_id else None
    areas_then = {level: found[level] for level in LEVELS if level in found}
    return Located(areas_then, now.lon, now.lat, "" if areas_then else "outside_every_area", now.revision)
