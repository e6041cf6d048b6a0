"""Reads of the places room, in process: point → path of areas, areas by id and code.

The picture of all current areas is read once and compared with the layer revision every RECHECK seconds of real time;
it is read anew, too, when a change that was dated ahead comes into force. A reader keeps a whole picture while another
thread makes a new one. Only grids are tested for a point; the levels above follow from their parents. Overlays (areas
of the police, of a court …) stand beside: they do not tile and have no part in paths.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

import numpy
import shapely
from django.db.models import Max, Min, Q, QuerySet

from civicloop.foundation import caches, clock, coordinates
from civicloop.places.models import LEVELS, OVERLAY, AreaVersion, LayerRevision

RECHECK = 10.0
ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


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
    layer: str = "admin"


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies: level → area (empty outside every area, with the reason), its WGS-84 value, the revision.

    `overlays` are all those that hold the point, by layer and code.
    """

    areas: Mapping[str, AreaRef]
    lon: float
    lat: float
    reason: str
    revision: int
    overlays: tuple[AreaRef, ...] = ()


@dataclass
class _Picture:
    revision: int = -1
    since: datetime = ALWAYS[0]
    until: datetime = ALWAYS[1]
    checked: float = float("-inf")
    by_id: dict[int, AreaRef] = field(default_factory=dict)
    by_code: dict[str, AreaRef] = field(default_factory=dict)
    children: dict[int, list[AreaRef]] = field(default_factory=dict)
    paths: dict[int, Mapping[str, AreaRef]] = field(default_factory=dict)
    grids: list[AreaRef] = field(default_factory=list)
    tree: shapely.STRtree | None = None
    overlays: list[AreaRef] = field(default_factory=list)
    overlay_tree: shapely.STRtree | None = None


_picture = _Picture()
_lock = Lock()


@caches.register
def forget() -> None:
    """Read the areas anew at the next question."""
    global _picture
    _picture = _Picture()


def _current() -> _Picture:
    global _picture
    picture, now = _picture, clock.now()
    in_force = picture.since <= now < picture.until
    if in_force and time.monotonic() - picture.checked < RECHECK:
        return picture
    with _lock:
        revision = LayerRevision.objects.filter(id=1).values_list("revision", flat=True).first() or 0
        if revision != picture.revision or not in_force:
            picture = _read(revision, now)
        picture.checked = time.monotonic()
        _picture = picture
    return picture


def _read(revision: int, now: datetime) -> _Picture:
    """The areas in force: of each the version that has not ended and began first.

    A clock that is moved back behind the first version (a replay) finds that version too.
    """
    fresh = _Picture(revision)
    ends = AreaVersion.objects.exclude(valid_to=None).aggregate(
        since=Max("valid_to", filter=Q(valid_to__lte=now)), until=Min("valid_to", filter=Q(valid_to__gt=now))
    )
    fresh.since, fresh.until = ends["since"] or fresh.since, ends["until"] or fresh.until
    fields = ("area_id", "area__level", "code", "names", "synthetic", "parent_id", "layer", "polygon")
    versions = AreaVersion.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now)).order_by("area_id", "valid_from")
    rows = versions.distinct("area_id").values_list(*fields)
    shapes: list[tuple[AreaRef, bytes]] = []
    overlays: list[tuple[AreaRef, bytes]] = []
    for *values, polygon in sorted(rows, key=lambda row: row[2]):
        ref = AreaRef(*values)
        if ref.level == OVERLAY:
            overlays += [(ref, bytes(polygon))] if polygon is not None else []
            continue
        fresh.by_id[ref.id] = fresh.by_code[ref.code] = ref
        if ref.parent_id is not None:
            fresh.children.setdefault(ref.parent_id, []).append(ref)
        if ref.level == "grid" and polygon is not None:
            shapes.append((ref, bytes(polygon)))
    fresh.grids, fresh.tree = _tree(shapes)
    fresh.overlays, fresh.overlay_tree = _tree(sorted(overlays, key=lambda each: (each[0].layer, each[0].code)))
    return fresh


def _tree(shapes: Sequence[tuple[AreaRef, bytes]]) -> tuple[list[AreaRef], shapely.STRtree | None]:
    """Areas in their order, and a tree that answers with places in this order; None without areas."""
    if not shapes:
        return [], None
    polygons = shapely.from_wkb(numpy.array([polygon for _ref, polygon in shapes], dtype=object))
    return [ref for ref, _polygon in shapes], shapely.STRtree(polygons)


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
    says outside_every_area. Every overlay that holds the point, its edge included, is named.
    Raises ImpossibleCoordinates.
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
    picture, point = _current(), shapely.Point(lon, lat)
    overlays: tuple[AreaRef, ...] = ()
    if picture.overlay_tree is not None:
        numbers = sorted(picture.overlay_tree.query(point, predicate="intersects").tolist())
        overlays = tuple(picture.overlays[number] for number in numbers)
    if picture.tree is not None:
        hits = picture.tree.query(point, predicate="intersects")
        if len(hits):
            # grids are in the order of their codes
            path_ = _path(picture, picture.grids[int(hits.min())].id)
            return Located(path_, lon, lat, "", picture.revision, overlays)
    return Located({}, lon, lat, "outside_every_area", picture.revision, overlays)


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


def overlays(layer: str = "") -> list[AreaRef]:
    """Every overlay, of one layer where it is named, by layer and code."""
    return [ref for ref in _current().overlays if layer in ("", ref.layer)]


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
    """The full rows of a level as they will stay, by layer and code, polygons included."""
    return list(AreaVersion.objects.filter(valid_to=None, area__level=level).order_by("layer", "code"))


def locate_at(lon: float, lat: float, crs: str, moment: datetime) -> Located:
    """As `locate`, by the boundaries that held at `moment`; reads the database, meant for look-ups by hand."""
    now = locate(lon, lat, crs)
    in_force = AreaVersion.objects.filter(valid_from__lte=moment).exclude(valid_to__lte=moment)
    near = in_force.filter(west__lte=now.lon, east__gte=now.lon, south__lte=now.lat, north__gte=now.lat)
    point = shapely.Point(now.lon, now.lat)

    def holding(rows: QuerySet[AreaVersion]) -> list[AreaVersion]:
        ordered = rows.select_related("area").order_by("layer", "code")
        return [each for each in ordered if shapely.from_wkb(bytes(each.polygon or b"")).intersects(point)]

    row = next(iter(holding(near.filter(area__level="grid"))), None)
    overlays = tuple(_ref(each) for each in holding(near.filter(area__level=OVERLAY)))
    found: dict[str, AreaRef] = {}
    while row is not None:
        found[row.area.level] = _ref(row)
        row = in_force.filter(area_id=row.parent_id).first() if row.parent_id else None
    areas_then = {level: found[level] for level in LEVELS if level in found}
    reason = "" if areas_then else "outside_every_area"
    return Located(areas_then, now.lon, now.lat, reason, now.revision, overlays)


def _ref(row: AreaVersion) -> AreaRef:
    return AreaRef(row.area_id, row.area.level, row.code, row.names, row.synthetic, row.parent_id, row.layer)
