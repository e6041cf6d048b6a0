"""What a camera wrote beside the pixels, as far as plausibility needs it: when, where, how exactly, and which editor.

Read from the upload before everything of it is left out of what is shown. Pure calculation; whatever is odd is unknown.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from PIL import Image

Source = Literal["", "offset", "gps", "local"]
_EXIF, _GPS, _SOFTWARE = 0x8769, 0x8825, 0x0131
_ORIGINAL, _OFFSET = 0x9003, 0x9011
_LATITUDE, _LONGITUDE, _TIME, _DAY, _ERROR = (1, 2), (3, 4), 7, 29, 31
_OLDEST = 1990
# names of programs that change pictures; of anything else that stands there nothing is kept
EDITORS = (
    "Photoshop", "Lightroom", "GIMP", "Snapseed", "PicsArt", "VSCO", "Pixelmator", "Affinity", "ImageMagick", "Canva",
    "ACDSee", "Paint.NET", "Facetune", "Meitu", "美图", "醒图", "轻颜",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What the file says of itself. With `source` "local" the camera wrote no zone: `taken` is then its wall clock."""

    taken: datetime | None = None
    source: Source = ""
    place: tuple[float, float] | None = None
    accuracy: float | None = None
    editor: str = ""


def read(picture: Image.Image) -> Said:
    """What stands in a picture's EXIF; nothing when it cannot be read."""
    try:
        whole = picture.getexif()
        camera, gps = whole.get_ifd(_EXIF), whole.get_ifd(_GPS)
        software = str(whole.get(_SOFTWARE, ""))
        taken, source = _taken(camera, gps)
        editor = next((name for name in EDITORS if name.casefold() in software.casefold()), "")
        return Said(taken, source, _place(gps), _accuracy(gps), editor)
    except Exception:  # hostile EXIF must not keep a sound photo out
        return Said()


def _taken(camera: Mapping[int, Any], gps: Mapping[int, Any]) -> tuple[datetime | None, Source]:
    """The moment with the surest zone: written with its offset, by satellite, else the camera's own clock."""
    original = _moment(camera.get(_ORIGINAL))
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", str(camera.get(_OFFSET, "")).strip("\0 "))
    if original and offset:
        sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        return original.replace(tzinfo=timezone(away)), "offset"
    parts = _numbers(gps.get(_TIME), 3)
    if parts and (day := _moment(f"{gps.get(_DAY, '')} 00:00:00")):
        return day + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2]), "gps"
    return (original, "local") if original else (None, "")


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if _OLDEST <= found.year < 2100 else None


def _place(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    """(lon, lat); None for nothing, for the impossible and for the nought that some cameras write."""
    latitude, longitude = (_degrees(gps, *tags) for tags in (_LATITUDE, _LONGITUDE))
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return None if latitude == longitude == 0 else (longitude, latitude)


def _degrees(gps: Mapping[int, Any], side: int, value: int) -> float | None:
    parts = _numbers(gps.get(value), 3)
    sign = {"N": 1, "E": 1, "S": -1, "W": -1}.get(str(gps.get(side, "")).strip("\0 ").upper())
    return None if parts is None or sign is None else sign * (parts[0] + parts[1] / 60 + parts[2] / 3600)


def _accuracy(gps: Mapping[int, Any]) -> float | None:
    found = _numbers((gps.get(_ERROR),), 1)
    return found[0] if found and found[0] > 0 else None


def _numbers(value: object, count: int) -> list[float] | None:
    if not isinstance(value, tuple) or len(value) != count:
        return None
    try:
        numbers = [float(each) for each in value]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return numbers if all(math.isfinite(each) and each >= 0 for each in numbers) else None
