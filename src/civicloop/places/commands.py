"""`places` on the command line: load a city, import a layer, ask where a point lies."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import shapely
from django.conf import settings
from shapely.geometry import shape

from civicloop.foundation import clock, coordinates, moments, spreadsheets
from civicloop.places import actions, cities, selectors
from civicloop.places.actions import BELOW, ImportRefused, NewArea
from civicloop.places.models import LEVELS, OVERLAY

COLUMNS = ("code", "name", "name_en", "parent", "organ_kind", "synthetic", "scheme", "source", "wkt")
LONGEST_CELL = 100_000_000


@click.group()
def places() -> None:
    """Areas, grids and boundaries."""


@places.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def load(folder: Path) -> None:
    """All areas of a city's folder; repeating it changes nothing."""
    try:
        change = actions.load_city(
            folder=folder, progress=lambda part, share: click.echo(f"{share:4.0%} {part}", err=True)
        )
    except (cities.CityRefused, ImportRefused) as reason:
        sys.exit(f"civicloop: {reason}")
    _say(change)


@places.command("import")
@click.option("--level", required=True, type=click.Choice([*BELOW, OVERLAY]))
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", required=True, type=click.Choice(coordinates.SYSTEMS))
@click.option("--layer", default=None, help="full_grid for grids; for overlays a name such as police or court")
@click.option("--effective", default=None, help="date or moment from which it holds (default: now)")
@click.option("--json", "as_json", is_flag=True, help="one JSON document that says what changed")
def import_(level: str, path: Path, crs: str, layer: str | None, effective: str | None, as_json: bool) -> None:
    """CSV (code, name and what `export` writes beside) or GeoJSON in; new versions, never an overwrite."""
    try:
        at = moments.read(effective, settings.TIME_ZONE) if effective else clock.now()
    except ValueError:
        sys.exit(f"civicloop: --effective: {effective!r} is no date or moment; write 2026-07-01")
    try:
        rows = _rows(path)
        areas = [_area(number, row, level, crs, layer, path.name) for number, row in enumerate(rows, start=1)]
        change = actions.take(areas, at=at)
    except (ImportRefused, ValueError, csv.Error) as reason:
        faults = reason.faults if isinstance(reason, ImportRefused) else [str(reason)]
        print(f"civicloop: nothing of {path.name} was taken:", *faults[:20], sep="\n  ", file=sys.stderr)
        sys.exit(1)
    if as_json:
        print(json.dumps({"created": change.created, "changed": change.changed, "unchanged": len(change.unchanged)}))
        return
    _say(change)


def _rows(path: Path) -> list[dict[str, Any]]:
    """Plain rows of a CSV or GeoJSON file; `geometry` is a shapely geometry or None."""
    text = spreadsheets.text_of(path.read_bytes())
    found: list[dict[str, Any]] = []
    if path.suffix.lower() == ".csv":
        csv.field_size_limit(LONGEST_CELL)  # the boundary of a city is longer than the usual bound
        for number, cells in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=1):
            row: dict[str, Any] = {
                name: spreadsheets.plain(cell) for name, cell in cells.items() if name and isinstance(cell, str)
            }
            found.append(row | {"geometry": _shaped(number, row.get("wkt"), shapely.from_wkt)})
        return found
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise ValueError("the file is neither CSV nor a GeoJSON FeatureCollection")
    for number, feature in enumerate(document.get("features") or [], start=1):
        if not isinstance(feature, dict):
            raise ImportRefused([f"row {number}: this is no feature of GeoJSON"])
        found.append({**(feature.get("properties") or {}), "geometry": _shaped(number, feature.get("geometry"), shape)})
    return found


def _shaped(number: int, given: Any, reading: Callable[[Any], Any]) -> Any:
    """The geometry of a row, or None where it gives none."""
    try:
        return reading(given) if given else None
    except (shapely.errors.ShapelyError, AttributeError, KeyError, TypeError, ValueError) as reason:
        raise ImportRefused([f"row {number}: its geometry cannot be read: {reason}"]) from None


def _area(number: int, row: dict[str, Any], level: str, crs: str, layer: str | None, source: str) -> NewArea:
    code, name = str(row.get("code") or "").strip(), str(row.get("name") or "").strip()
    if not code or not name:
        raise ImportRefused([f"row {number}: code and name are required"])
    polygon = row["geometry"]
    if polygon is not None and not (_within(polygon.bounds) or polygon.is_empty):
        raise ImportRefused([f"row {number}: {code} lies beyond every degree of longitude and latitude"])
    if polygon is not None and crs not in ("wgs84", "cgcs2000"):
        polygon = shapely.transform(
            polygon, lambda points: [coordinates.to_wgs84(float(x), float(y), crs) for x, y in points]
        )
    names = {"zh-hans": name} | ({"en": str(row["name_en"])} if row.get("name_en") else {})
    return NewArea(
        code,
        level,
        names,
        parent=str(row.get("parent") or "").strip(),
        polygon=polygon,
        organ_kind=str(row.get("organ_kind") or ""),
        synthetic=row.get("synthetic") in ("yes", True),
        layer=layer or ("full_grid" if level == "grid" else OVERLAY if level == OVERLAY else "admin"),
        scheme=str(row.get("scheme") or ("local" if level in ("grid", OVERLAY) else "gb")),
        source=str(row.get("source") or source),
    )


def _within(bounds: tuple[float, float, float, float]) -> bool:
    """Whether a box lies on the Earth: degrees of longitude first, then of latitude."""
    west, south, east, north = bounds
    return west >= -180 and east <= 180 and south >= -90 and north <= 90


@places.command()
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--crs", required=True)
@click.option("--at", default=None, help="date or moment; boundaries of that time")
@click.option("--json", "as_json", is_flag=True)
def locate(lon: float, lat: float, crs: str, at: str | None, as_json: bool) -> None:
    """The areas that hold a point, from the city down to the grid."""
    try:
        moment = moments.read(at, settings.TIME_ZONE) if at else None
        found = selectors.locate_at(lon, lat, crs, moment) if moment else selectors.locate(lon, lat, crs)
    except (selectors.ImpossibleCoordinates, ValueError) as reason:
        sys.exit(f"civicloop: impossible point: {reason}")
    answer: dict[str, Any] = {
        "areas": [
            {"level": level, "code": ref.code, "name": ref.names["zh-hans"], "synthetic": ref.synthetic}
            for level, ref in found.areas.items()
        ],
        "overlays": [
            {"level": ref.level, "layer": ref.layer, "code": ref.code, "name": ref.names["zh-hans"],
             "synthetic": ref.synthetic}
            for ref in found.overlays
        ],
        "crs_in": crs,
    }  # fmt: skip
    if found.reason:
        answer["reason"] = found.reason
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["areas"]:
        print(f"{each['level']:<12} {each['code']:<16} {each['name']}")
    if found.reason:
        print(found.reason)
    for each in answer["overlays"]:
        print(f"{each['layer']:<12} {each['code']:<16} {each['name']}")


@places.command()
@click.option("--level", required=True, type=click.Choice([*LEVELS, OVERLAY]))
@click.option("--layer", default=None, help="only this layer; needed for overlays when there are several")
def export(level: str, layer: str | None) -> None:
    """The areas of a level as the CSV that `import` reads."""
    versions = [row for row in selectors.versions_now(level) if layer in (None, row.layer)]
    layers = sorted({row.layer for row in versions})
    if level == OVERLAY and len(layers) > 1:
        sys.exit(f"civicloop: say which overlays with --layer: {', '.join(layers)}")
    rows = []
    for row in versions:
        parent = selectors.area(row.parent_id).code if row.parent_id else ""
        wkt = shapely.to_wkt(shapely.from_wkb(bytes(row.polygon)), rounding_precision=-1) if row.polygon else ""
        names, synthetic = (row.names["zh-hans"], row.names.get("en", "")), "yes" if row.synthetic else "no"
        rows.append((row.code, *names, parent, row.organ_kind, synthetic, row.scheme, row.source, wkt))
    click.echo(spreadsheets.written(COLUMNS, rows), nl=False)


def _say(change: actions.Change) -> None:
    print(f"{len(change.created)} new, {len(change.changed)} changed, {len(change.unchanged)} unchanged")
    for code in change.changed[:20]:
        print(f"  changed {code}")


COMMANDS: list[click.Command] = [places]
