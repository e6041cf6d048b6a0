"""`places` on the command line: load a city, import a layer, ask where a point lies."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import shapely
from django.conf import settings
from shapely.geometry import shape

from civicloop.foundation import clock, coordinates
from civicloop.places import actions, cities, selectors
from civicloop.places.actions import BELOW, ImportRefused, NewArea


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
@click.option("--level", required=True, type=click.Choice([*BELOW, "overlay"]))
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", required=True, type=click.Choice(coordinates.SYSTEMS))
@click.option("--layer", default=None, help="full_grid for grids; a name of your own for overlays")
@click.option("--effective", default=None, help="ISO date from which it holds (default: now)")
def import_(level: str, path: Path, crs: str, layer: str | None, effective: str | None) -> None:
    """CSV (code,name,name_en,parent,wkt) or GeoJSON in; new versions, never an overwrite."""
    try:
        rows = _rows(path)
        areas = [_area(number, row, level, crs, layer, path.name) for number, row in enumerate(rows, start=1)]
        at = clock.now()
        if effective:
            at = datetime.fromisoformat(effective).replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
        change = actions.take(areas, at=at)
    except (ImportRefused, ValueError) as reason:
        faults = reason.faults if isinstance(reason, ImportRefused) else [str(reason)]
        print(f"civicloop: nothing of {path.name} was taken:", *faults[:20], sep="\n  ", file=sys.stderr)
        sys.exit(1)
    _say(change)


def _rows(path: Path) -> list[dict[str, Any]]:
    """Plain rows of a CSV or GeoJSON file; `geometry` is a shapely geometry or None."""
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(csv.DictReader(file))
        return [{**row, "geometry": shapely.from_wkt(row["wkt"]) if row.get("wkt") else None} for row in found]
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("type") != "FeatureCollection":
        raise ValueError("the file is neither CSV nor a GeoJSON FeatureCollection")
    return [{**(f.get("properties") or {}), "geometry": shape(f["geometry"]) if f.get("geometry") else None}
            for f in document["features"]]  # fmt: skip


def _area(number: int, row: dict[str, Any], level: str, crs: str, layer: str | None, source: str) -> NewArea:
    code, name = str(row.get("code") or "").strip(), str(row.get("name") or "").strip()
    if not code or not name:
        raise ImportRefused([f"row {number}: code and name are required"])
    polygon = row["geometry"]
    if polygon is not None and crs not in ("wgs84", "cgcs2000"):
        polygon = shapely.transform(
            polygon, lambda points: [coordinates.to_wgs84(float(x), float(y), crs) for x, y in points]
        )
    names = {"zh-hans": name} | ({"en": str(row["name_en"])} if row.get("name_en") else {})
    return NewArea(
        code, level, names, str(row.get("parent") or ""), polygon, str(row.get("organ_kind") or ""), False,
        layer or ("full_grid" if level == "grid" else "overlay" if level == "overlay" else "admin"),
        "local" if level == "grid" else "gb", source,
    )  # fmt: skip


@places.command()
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--crs", required=True)
@click.option("--at", default=None, help="ISO moment; boundaries of that time")
@click.option("--json", "as_json", is_flag=True)
def locate(lon: float, lat: float, crs: str, at: str | None, as_json: bool) -> None:
    """The areas that hold a point, from the city down to the grid."""
    try:
        moment = datetime.fromisoformat(at) if at else None
        found = selectors.locate_at(lon, lat, crs, moment) if moment else selectors.locate(lon, lat, crs)
    except (selectors.ImpossibleCoordinates, ValueError) as reason:
        sys.exit(f"civicloop: impossible point: {reason}")
    answer: dict[str, Any] = {
        "areas": [
            {"level": level, "code": ref.code, "name": ref.names["zh-hans"], "synthetic": ref.synthetic}
            for level, ref in found.areas.items()
        ],
        "overlays": [], "crs_in": crs,
    }  # fmt: skip
    if found.reason:
        answer["reason"] = found.reason
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(
        "\n".join(f"{each['level']:<12} {each['code']:<16} {each['name']}" for each in answer["areas"]) or found.reason
    )


@places.command()
@click.option("--level", required=True)
def export(level: str) -> None:
    """The areas of a level as the CSV that `import` reads."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["code", "name", "name_en", "parent", "organ_kind", "wkt"])
    for row in selectors.versions_now(level):
        parent = selectors.area(row.parent_id).code if row.parent_id else ""
        wkt = shapely.to_wkt(shapely.from_wkb(bytes(row.polygon)), rounding_precision=7) if row.polygon else ""
        writer.writerow([row.code, row.names["zh-hans"], row.names.get("en", ""), parent, row.organ_kind, wkt])


def _say(change: actions.Change) -> None:
    print(f"{len(change.created)} new, {len(change.changed)} changed, {len(change.unchanged)} unchanged")
    for code in change.changed[:20]:
        print(f"  changed {code}")


COMMANDS: list[click.Command] = [places]
