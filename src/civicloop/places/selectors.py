"""Reads of the places room, in process: point → path of areas, areas by id and code.

The picture of all current areas is read once and compared with the layer revision every RECHECK seconds of real time;
it is read anew, too, when a change that was dated ahead comes into force. A reader keeps a whole picture while another
thread makes a new one. How it finds an area: places.picture.
"""

import math
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock

from django.db.models import Q

from civicloop.foundation import caches, clock, coordinates
from civicloop.places.models import LEVELS, AreaSuccession, AreaVersion, LayerChange, LayerRevision
from civicloop.places.picture import FIELDS, AreaRef, Picture, UnknownArea, read
from civicloop.places.rules import follow

__all__ = ["LEVELS", "AreaRef", "ImpossibleCoordinates", "Located", "Picture", "UnknownArea"]  # and what follows here
RECHECK = 10.0


class ImpossibleCoordinates(ValueError):
    """No place on Earth, or no coordinate system: `code` is crs_missing, crs_unknown, not_a_number or out_of_range."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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


_picture = Picture()
_lock = Lock()


@caches.register
def forget() -> None:
    """Read the areas anew at the next question."""
    global _picture
    _picture = Picture()
    _then.cache_clear()


def _current() -> Picture:
    global _picture
    picture, now = _picture, clock.now()
    in_force = picture.since <= now < picture.until
    if in_force and time.monotonic() - picture.checked < RECHECK:
        return picture
    with _lock:
        revision = layers_now()
        if revision != picture.revision or not in_force:
            picture = read(revision, now)
            picture.version = version_at(now)
        picture.checked = time.monotonic()
        _picture = picture
    return picture


def layers_now() -> int:
    """The number of the newest change of the areas, whether it holds already or not."""
    return LayerRevision.objects.filter(id=1).values_list("revision", flat=True).first() or 0


def version_at(moment: datetime) -> int:
    """The revision of the change that had come into force last at a moment."""
    begun = LayerChange.objects.filter(at__lte=moment).order_by("-at", "-revision").values_list("revision", flat=True)
    found = begun.first()
    if found is not None:
        return found
    first = LayerChange.objects.order_by("revision").values_list("revision", flat=True).first()
    return first - 1 if first is not None else layers_now()  # changes made before they were noted


def version_began(version: int) -> datetime | None:
    """When a version of the areas (a matter's `area_version`) came into force; None where that was never noted."""
    return LayerChange.objects.filter(revision=version).values_list("at", flat=True).first()


def boundaries(moment: datetime) -> Picture:
    """All areas as they held at a moment, past or to come, for many look-ups: `holder`, `areas_at`, `path`.

    Kept for the last moments that were asked. By it figures are shown on old or new boundaries: where a matter has a
    point, `areas_at(lon, lat)` places it anew; where it has none, `successors` of its area say where it belongs.
    """
    now = _current()
    lately = max(now.since, clock.now() - timedelta(seconds=RECHECK))  # who asks of now looked at the clock before
    return now if lately <= moment < now.until else _then(layers_now(), moment)


@lru_cache(maxsize=4)
def _then(revision: int, moment: datetime) -> Picture:
    return read(revision, moment, began=True)


def successors(moment: datetime) -> Mapping[int, tuple[int, ...]]:
    """area id → the areas that stand in its place at a moment, through every merge and split since; by id.

    An area that has not ended is not among the keys: it stands in its own place. Of a split there are several.
    """
    pairs = AreaSuccession.objects.filter(at__lte=moment, taken_back=False).values_list(
        "predecessor_id", "successor_id"
    )
    return follow.chains(pairs, boundaries(moment).by_id.__contains__)


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
    return _located(_current(), lon, lat)


def _located(picture: Picture, lon: float, lat: float) -> Located:
    found = picture.areas_at(lon, lat)
    reason = "" if found else "outside_every_area"
    return Located(found, lon, lat, reason, picture.version, picture.overlays_at(lon, lat))


def path(area_id: int) -> Mapping[str, AreaRef]:
    """level → area from the city down to this one. Raises UnknownArea."""
    return _current().path(area_id)


def area(area_id: int) -> AreaRef:
    """The current version of an area, the last one where it has ended. Raises UnknownArea."""
    return _current().area(area_id)


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
    return list(_current().of_level(level))


def overlays(layer: str = "") -> list[AreaRef]:
    """Every overlay, of one layer where it is named, by layer and code."""
    return [ref for ref in _current().overlays.areas if layer in ("", ref.layer)]


def root() -> AreaRef:
    """The city. Raises UnknownArea while nothing is loaded."""
    found = next(iter(_current().of_level(LEVELS[0])), None)
    if found is None:
        raise UnknownArea("root")
    return found


def revision() -> int:
    """The version of the areas that this process sees: the revision of the change that came into force last."""
    return _current().version


def versions_now(level: str) -> list[AreaVersion]:
    """The full rows of a level as they will stay, by layer and code, polygons included."""
    return list(AreaVersion.objects.filter(valid_to=None, area__level=level).order_by("layer", "code"))


def shapes(level: str) -> list[tuple[AreaRef, bytes]]:
    """The areas of a level (or the overlays) in force now with their polygons (WKB, WGS-84); reads the database."""
    now = clock.now()
    rows = AreaVersion.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now), area__level=level).exclude(polygon=None)
    newest = rows.order_by("area_id", "valid_from").distinct("area_id").values_list(*FIELDS, "polygon")
    found = [(AreaRef(*values), bytes(polygon)) for *values, polygon in newest]
    return sorted(found, key=lambda each: each[0].code)


def shapes_of(area_ids: Collection[int]) -> dict[int, bytes]:
    """The polygons (WKB, WGS-84) of some areas, as they are in force now."""
    now = clock.now()
    rows = AreaVersion.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now), area_id__in=area_ids)
    newest = rows.exclude(polygon=None).order_by("area_id", "valid_from").distinct("area_id")
    return {area_id: bytes(polygon or b"") for area_id, polygon in newest.values_list("area_id", "polygon")}


def locate_at(lon: float, lat: float, crs: str, moment: datetime) -> Located:
    """As `locate`, by the boundaries that held at `moment`."""
    now = locate(lon, lat, crs)
    return _located(boundaries(moment), now.lon, now.lat)
