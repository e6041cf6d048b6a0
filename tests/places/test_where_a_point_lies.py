"""Points in and around the tiny city: inside, on an edge, outside, impossible; and new versions of areas."""

import pytest
import shapely

from civicloop.foundation import clock
from civicloop.places import actions, selectors
from civicloop.places.actions import ImportRefused
from civicloop.places.areas import NewArea
from civicloop.places.models import AreaVersion
from tests import world

pytestmark = pytest.mark.django_db


def codes(lon: float, lat: float, crs: str = "wgs84") -> list[str]:
    return [ref.code for ref in selectors.locate(lon, lat, crs).areas.values()]


def test_a_point_finds_its_path_of_all_levels() -> None:
    assert codes(*world.SPOT) == ["99", "990101", "990101001", "990101001001", "990101001001001"]


def test_a_point_on_an_edge_is_decided_the_same_way_every_time() -> None:
    assert {tuple(codes(*world.EDGE)) for _try in range(50)} == {
        ("99", "990101", "990101001", "990101001001", "990101001001001")
    }


def test_a_point_in_the_sea_has_no_areas_and_a_reason() -> None:
    found = selectors.locate(*world.SEA, "wgs84")
    assert (dict(found.areas), found.reason) == ({}, "outside_every_area")


@pytest.mark.parametrize(
    ("lon", "lat", "crs", "code"),
    [
        (117.0, 39.0, "", "crs_missing"),
        (117.0, 39.0, "utm", "crs_unknown"),
        (181.0, 39.0, "wgs84", "out_of_range"),
        (117.0, -91.0, "wgs84", "out_of_range"),
        (float("nan"), 39.0, "wgs84", "not_a_number"),
        (117.0, float("inf"), "wgs84", "not_a_number"),
    ],
)
def test_impossible_points_are_refused(lon: float, lat: float, crs: str, code: str) -> None:
    with pytest.raises(selectors.ImpossibleCoordinates) as refused:
        selectors.locate(lon, lat, crs)
    assert refused.value.code == code


def test_other_coordinate_systems_arrive_at_the_same_place() -> None:
    from civicloop.foundation import coordinates

    gcj = coordinates.wgs84_to_gcj02(*world.SPOT)
    assert codes(*gcj, "gcj02") == codes(*world.SPOT)
    assert codes(*coordinates.gcj02_to_bd09(*gcj), "bd09") == codes(*world.SPOT)
    assert codes(*world.SPOT, "cgcs2000") == codes(*world.SPOT)


def renamed(name: str, polygon: object = None) -> NewArea:
    square = shapely.box(117.0, 39.0, 117.05, 39.1)
    return NewArea(
        "990101001001001",
        "grid",
        {"zh-hans": name},
        "990101001001",
        polygon or square,
        "",
        True,
        "full_grid",
        "gb",
        "tests",
    )


def test_an_import_adds_a_version_and_never_overwrites() -> None:
    before = selectors.by_code("990101001001001")
    with clock.at(world.START):
        change = actions.take([renamed("和顺里东网格")], at=world.START)
        again = actions.take([renamed("和顺里东网格")], at=world.START)
    selectors.forget()
    assert (change.changed, again.unchanged) == (["990101001001001"], ["990101001001001"])
    assert selectors.by_code("990101001001001").id == before.id
    assert AreaVersion.objects.filter(area_id=before.id).count() == 2


@pytest.mark.parametrize(
    "bad",
    [
        NewArea("990101001001009", "grid", {"zh-hans": "甲"}, "no such parent"),
        NewArea("990101001001009", "grid", {"en": "A"}, "990101001001"),
        NewArea(
            "990101001001009",
            "grid",
            {"zh-hans": "甲"},
            "990101001001",
            shapely.from_wkt("POLYGON((0 0,1 1,0 1,1 0,0 0))"),
        ),
    ],
)
def test_a_bad_row_refuses_the_whole_file(bad: NewArea) -> None:
    before = AreaVersion.objects.count()
    with pytest.raises(ImportRefused):
        actions.take([renamed("别名"), bad], at=world.START)
    assert AreaVersion.objects.count() == before
