"""The areas of a city whose boundaries are drawn: in its lists, in files beside them, or not at all."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from civicloop.places import reading
from civicloop.places.areas import NewArea
from civicloop.places.cities import City, CityRefused, language_of, polygon_of
from civicloop.places.models import OVERLAY


def areas_of(city: City) -> list[NewArea]:
    """All levels, upper ones first, and the overlays. Raises CityRefused, ImportRefused."""
    settings = city.settings
    source, drawn = str(settings.get("areas", {}).get("source", "")), _boundaries(city)
    names = {str(language): str(text) for language, text in settings["names"].items()}
    found = [NewArea(city.code, "city", names, "", drawn.get(city.code), source=source)]
    for level in ("district", "subdistrict", "community"):
        for line in city.lists[level]:
            polygon = polygon_of(line.wkt, f"{level} {line.code}") if line.wkt else drawn.get(line.code)
            found.append(NewArea(line.code, level, line.names, line.parent, polygon, line.organ_kind, source=source))
    grids = settings.get("grids", {})
    if grids.get("file"):
        layer, given = str(grids.get("layer", "full_grid")), _file(city, grids)
        found += [replace(each, layer=layer, source=str(grids.get("source", each.source))) for each in given]
    missing = sorted(set(drawn) - {each.code for each in found})
    if missing:
        raise CityRefused(f"boundaries of areas that no list names: {', '.join(missing[:5])}")
    return found + overlays(city)


def overlays(city: City) -> list[NewArea]:
    """The overlays of the city's list."""
    about = str(city.settings.get("areas", {}).get("overlays_source", ""))
    return [
        NewArea(each.code, OVERLAY, each.names, "", each.polygon, "", True, each.layer, "local", about)
        for each in city.overlays
    ]


def _boundaries(city: City) -> dict[str, Any]:
    """code → polygon of the file that [boundaries] names."""
    given = city.settings.get("boundaries", {})
    return {each.code: each.polygon for each in _file(city, given)} if given.get("file") else {}


def _file(city: City, said: Mapping[str, Any]) -> list[NewArea]:
    path: Path = city.folder / str(said["file"])
    if not path.exists():
        raise CityRefused(f"{path}: there is no such file")
    fields = {str(ours): str(theirs) for ours, theirs in said.get("fields", {}).items()}
    crs = str(said.get("crs", "wgs84"))
    return reading.areas(
        path.read_bytes(), path.name, level="grid", crs=crs, fields=fields, language=language_of(city.settings)
    ).areas
