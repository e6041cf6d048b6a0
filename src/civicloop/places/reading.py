"""Files of areas as values: CSV with WKT, or GeoJSON. Every faulty row is named, and what was mended is said."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely

from civicloop.foundation import coordinates, names, spreadsheets
from civicloop.places.areas import ImportRefused, NewArea
from civicloop.places.models import LEVELS, OVERLAY
from civicloop.places.rules import mending
from civicloop.places.rules.mending import Mended, Unmendable

COLUMNS = ("code", "name", "name_en", "parent", "organ_kind", "synthetic", "scheme", "source", "wkt")
LONGEST_CELL = 100_000_000
PLAIN = ("wgs84", "cgcs2000")  # systems whose degrees are taken as they are
FAULTS = (shapely.errors.ShapelyError, AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass
class Found:
    """The areas of a file, the rows as they stand there, and what was mended, in words."""

    areas: list[NewArea] = field(default_factory=list)
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def areas(
    content: bytes, file: str, *, level: str, crs: str, layer: str | None = None,
    fields: Mapping[str, str] | None = None, language: str | None = None,
) -> Found:  # fmt: skip
    """The areas of a CSV or GeoJSON file; `level` is that of rows that name none, `fields` names other columns.

    Raises ImportRefused with every fault, ValueError and csv.Error where the file is of another form.
    """
    found, faults = Found(), []
    for number, row in enumerate(_rows(content, file), start=1):
        named = row | {ours: row[theirs] for ours, theirs in (fields or {}).items() if theirs in row}
        try:
            area, done = _area(named, level, crs, layer, file, language)
        except Unmendable as reason:
            faults.append(f"row {number}: {reason}")
            continue
        found.areas.append(area)
        found.rows.append(named)
        found.mended += [f"row {number}: {area.code}: {words}" for words in done]
    if faults:
        raise ImportRefused(faults)
    return found


def _rows(content: bytes, file: str) -> list[dict[str, Any]]:
    """Plain rows; `shape` makes the polygon of a row, None where it gives none."""
    text = spreadsheets.text_of(content)
    found: list[dict[str, Any]] = []
    if file.lower().endswith(".csv"):
        csv.field_size_limit(LONGEST_CELL)  # the boundary of a city is longer than the usual bound
        for cells in csv.DictReader(io.StringIO(text, newline="")):
            row: dict[str, Any] = {
                name.strip(): spreadsheets.plain(cell) for name, cell in cells.items() if name and isinstance(cell, str)
            }
            wkt = row.get("wkt")
            found.append(row | {"shape": _later(mending.of_wkt, wkt) if wkt else None})
        return found
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise ValueError("the file is neither CSV nor a GeoJSON FeatureCollection")
    for number, feature in enumerate(document.get("features") or [], start=1):
        if not isinstance(feature, dict):
            raise ImportRefused([f"row {number}: this is no feature of GeoJSON"])
        given, said = feature.get("geometry"), feature.get("properties") or {}
        own = {"code": feature["id"]} if "id" in feature else {}
        found.append({**own, **said, "shape": _later(mending.of_geojson, given) if given else None})
    return found


def _later(reading: Callable[[Any], Mended], given: Any) -> Callable[[], Mended]:
    return lambda: reading(given)


def _shape(row: Mapping[str, Any], code: str, crs: str) -> Mended:
    """The polygon of a row in WGS-84. Raises Unmendable."""
    try:
        mended: Mended = row["shape"]()
    except Unmendable as reason:
        raise Unmendable(f"the polygon of {code} cannot be used: {reason}") from None
    except FAULTS as reason:
        raise Unmendable(f"its geometry cannot be read: {reason}") from None
    if not _within(mended.polygon.bounds):
        raise Unmendable(f"{code} lies beyond every degree of longitude and latitude")
    if crs in PLAIN:
        return mended
    moved = shapely.transform(
        mended.polygon, lambda points: [coordinates.to_wgs84(float(x), float(y), crs) for x, y in points]
    )
    again = mending.of_shape(moved)
    return Mended(again.polygon, mended.done + again.done)


def _area(
    row: Mapping[str, Any], level: str, crs: str, layer: str | None, source: str, language: str | None
) -> tuple[NewArea, tuple[str, ...]]:
    code, name, own = _text(row, "code"), _text(row, "name"), _text(row, "level") or level
    mended = _shape(row, code, crs) if row["shape"] is not None else Mended(None)
    if not code or not name:
        raise Unmendable("code and name are required")
    if own not in (*LEVELS, OVERLAY):
        raise Unmendable(f"{own!r} is no level; write {', '.join((*LEVELS, OVERLAY))}")
    area = NewArea(
        code,
        own,
        names.given(name, _text(row, "name_en"), language),
        parent=_text(row, "parent"),
        polygon=mended.polygon,
        organ_kind=_text(row, "organ_kind"),
        synthetic=row.get("synthetic") in ("yes", True),
        layer=layer or (OVERLAY if own == OVERLAY else ""),
        scheme=_text(row, "scheme") or ("local" if own in ("grid", OVERLAY) else "gb"),
        source=_text(row, "source") or source,
    )
    return area, mended.done


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():  # programs that know no whole numbers write 7.0
        value = int(value)
    return "" if value is None or isinstance(value, bool) else str(value).strip()


def _within(bounds: tuple[float, float, float, float]) -> bool:
    """Whether a box lies on the Earth: degrees of longitude first, then of latitude."""
    west, south, east, north = bounds
    return west >= -180 and east <= 180 and south >= -90 and north <= 90
