"""Boundaries of a whole real city: made by method, without gaps and overlaps, the same every time."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from civicloop.places import actions, cities
from civicloop.places.rules import tiling
from tests.conftest import LONG, ROOT

CITY = ROOT / "cities" / "tianjin"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def city() -> cities.City:
    return cities.read(CITY)


@pytest.fixture(scope="module")
def districts(city: cities.City) -> dict[str, Any]:
    return cities.district_polygons(city)


@pytest.fixture(scope="module")
def leaves(city: cities.City, districts: dict[str, Any]) -> list[tiling.Leaf]:
    """The grids of two districts, or of the whole city at full size."""
    chosen = sorted(districts) if LONG else ["120101", "120112"]
    found = actions.grid_lines(city, {code: districts[code] for code in chosen})
    assert found
    return found


def test_the_lists_have_the_published_sizes(city: cities.City) -> None:
    assert {level: len(lines) for level, lines in city.lists.items()} == {
        "district": 16, "subdistrict": 299, "community": 5617,
    }  # fmt: skip
    organs = [line.organ_kind for line in city.lists["subdistrict"]]
    assert organs.count("zone_or_farm") == 47


def test_the_city_has_about_21400_grids_each_in_one_community(city: cities.City) -> None:
    codes = [line.code for line in city.lists["community"]]
    numbers = tiling.spread(int(city.settings["grids"]["number"]), codes)
    assert sum(numbers.values()) == 21_408
    assert min(numbers.values()) >= 3


def test_grids_tile_their_districts_without_gaps_and_overlaps(
    leaves: list[tiling.Leaf], districts: dict[str, Any]
) -> None:
    shapes = [leaf.polygon for leaf in leaves]
    assert shapely.coverage_is_valid(shapes)
    ground = sum(districts[code].area for code in {leaf.code[:6] for leaf in leaves})
    assert sum(shape.area for shape in shapes) == pytest.approx(ground, rel=1e-6)
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    assert all(leaf.code.startswith(leaf.community) and len(leaf.code) == 15 for leaf in leaves)


def test_the_same_lists_give_the_same_grids(city: cities.City, districts: dict[str, Any]) -> None:
    one = {"120101": districts["120101"]}
    first, again = actions.grid_lines(city, one), actions.grid_lines(city, one)
    assert [shapely.to_wkb(leaf.polygon) for leaf in first] == [shapely.to_wkb(leaf.polygon) for leaf in again]


def landmarks() -> Iterator[Any]:
    with (HERE / "landmarks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield pytest.param(row, id=row["name"])


def metres_to(line: Any, point: shapely.Point) -> float:
    """How far a point is from a line: on the plane that touches the Earth at the point, true to a metre here."""
    east, north = 111_320 * math.cos(math.radians(point.y)), 111_132
    return float(
        shapely.transform(line, lambda at: (at - (point.x, point.y)) * (east, north)).distance(shapely.Point(0, 0))
    )


@pytest.mark.parametrize("landmark", list(landmarks()))
def test_well_known_places_are_found(landmark: dict[str, str], districts: dict[str, Any]) -> None:
    point = shapely.Point(float(landmark["lon"]), float(landmark["lat"]))
    hits = [code for code, polygon in districts.items() if polygon.intersects(point)]
    assert landmark["near_border"] or metres_to(districts[landmark["district"]].boundary, point) >= 500
    assert hits == [landmark["district"]]


def test_there_are_thirty_places_well_inside() -> None:
    rows = [each.values[0] for each in landmarks()]
    assert len([row for row in rows if not row["near_border"]]) >= 30
