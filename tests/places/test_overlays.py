"""Areas of other bodies (police, courts): imported by layer, found beside the path, not in it."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result
from django.test import Client

from civicloop.foundation import clock, coordinates
from civicloop.places import selectors
from civicloop.places.commands import places
from civicloop.places.models import AreaVersion
from tests import world

pytestmark = pytest.mark.django_db


def box(west: float, south: float, east: float, north: float) -> str:
    return str(shapely.to_wkt(shapely.box(west, south, east, north), rounding_precision=7))


EAST = {"code": "p-east", "name": "东风派出所", "wkt": box(117.01, 39.02, 117.08, 39.08)}
WEST = {"code": "p-west", "name": "和顺派出所", "wkt": box(117, 39, 117.03, 39.1)}
SEA = {"code": "p-sea", "name": "海上派出所", "wkt": box(118, 38, 119, 39)}


def run(*words: object) -> Result:
    return CliRunner().invoke(places, [str(word) for word in words])


def file(folder: Path, *rows: dict[str, str], name: str = "police.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=["code", "name", "name_en", "parent", "wkt"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken(path: Path, *words: object, layer: str = "police", crs: str = "wgs84") -> dict[str, Any]:
    answer = run("import", "--level", "overlay", "--layer", layer, "--file", path, "--crs", crs, "--json", *words)
    assert answer.exit_code == 0, answer.output
    selectors.forget()
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def refused(path: Path, *words: object, layer: str = "police") -> str:
    before = AreaVersion.objects.count()
    answer = run("import", "--level", "overlay", "--layer", layer, "--file", path, "--crs", "wgs84", *words)
    assert answer.exit_code == 1, answer.output
    assert AreaVersion.objects.count() == before
    return answer.stderr


def located(point: tuple[float, float], *words: object) -> dict[str, Any]:
    answer = run("locate", *point, "--crs", "wgs84", "--json", *words)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def codes(point: tuple[float, float], *words: object) -> list[tuple[str, str]]:
    return [(each["layer"], each["code"]) for each in located(point, *words)["overlays"]]


def test_a_point_has_the_overlays_that_hold_it_beside_its_path(tmp_path: Path) -> None:
    before = located(world.SPOT)
    assert before["overlays"] == []
    assert taken(file(tmp_path, EAST, WEST, SEA)) == {
        "created": ["p-east", "p-west", "p-sea"], "changed": [], "unchanged": 0,
    }  # fmt: skip
    taken(file(tmp_path, WEST | {"name": "样例法院"}), layer="court")
    after = located(world.SPOT)
    assert after["areas"] == before["areas"]
    assert after["overlays"] == [
        {"level": "overlay", "layer": "court", "code": "p-west", "name": "样例法院", "synthetic": False},
        {"level": "overlay", "layer": "police", "code": "p-east", "name": "东风派出所", "synthetic": False},
        {"level": "overlay", "layer": "police", "code": "p-west", "name": "和顺派出所", "synthetic": False},
    ]
    assert codes((117.07, 39.05)) == [("police", "p-east")]
    assert codes((117.15, 39.05)) == []
    assert "police       p-east           东风派出所" in run("locate", *world.SPOT, "--crs", "wgs84").stdout


def test_outside_every_grid_an_overlay_is_named_all_the_same(tmp_path: Path) -> None:
    taken(file(tmp_path, SEA))
    found = located(world.SEA)
    assert (found["areas"], found["reason"]) == ([], "outside_every_area")
    assert codes(world.SEA) == [("police", "p-sea")]


def test_the_api_names_overlays_too(tmp_path: Path) -> None:
    taken(file(tmp_path, EAST | {"name_en": "Dongfeng precinct"}))
    answer = Client().get(
        f"/api/v1/places/locate?lon={world.SPOT[0]}&lat={world.SPOT[1]}&crs=wgs84", headers={"Accept-Language": "en"}
    )
    assert answer.json()["overlays"] == [
        {"level": "overlay", "layer": "police", "code": "p-east", "name": "Dongfeng precinct", "synthetic": False}
    ]


def test_overlays_are_no_part_of_the_areas(tmp_path: Path) -> None:
    before = {level: selectors.areas(level) for level in selectors.LEVELS}
    below = selectors.children(selectors.by_code("990101").id)
    taken(file(tmp_path, EAST | {"code": "990101", "parent": "990101"}))
    assert {level: selectors.areas(level) for level in selectors.LEVELS} == before
    assert selectors.children(selectors.by_code("990101").id) == below
    assert selectors.by_code("990101").level == "district"
    assert codes(world.SPOT) == [("police", "990101")]


def test_an_import_again_changes_nothing_and_a_changed_one_adds_a_version(tmp_path: Path) -> None:
    with clock.at(world.START):
        taken(file(tmp_path, EAST, WEST))
        assert taken(file(tmp_path, EAST, WEST)) == {"created": [], "changed": [], "unchanged": 2}
    moved = EAST | {"wkt": box(117.1, 39.02, 117.18, 39.08)}
    with clock.at(world.START + timedelta(days=1)):
        assert taken(file(tmp_path, moved, WEST)) == {"created": [], "changed": ["p-east"], "unchanged": 1}
        assert codes(world.SPOT) == [("police", "p-west")]
        assert codes((117.15, 39.05)) == [("police", "p-east")]
        assert codes(world.SPOT, "--at", "2026-03-02T12:00") == [("police", "p-east"), ("police", "p-west")]
        assert codes(world.SPOT, "--at", "2026-03-01") == []
    assert AreaVersion.objects.filter(code="p-east").count() == 2


def test_a_change_dated_ahead_comes_into_force_on_its_day(tmp_path: Path) -> None:
    moved = EAST | {"wkt": SEA["wkt"]}
    with clock.at(world.START):
        taken(file(tmp_path, EAST))
        taken(file(tmp_path, moved), "--effective", "2026-04-01")
        assert codes(world.SPOT) == [("police", "p-east")]
        assert "changes on 2026-03-31T16:00:00+00:00 already" in refused(file(tmp_path, WEST | {"code": "p-east"}))
    with clock.at(world.START + timedelta(days=40)):
        assert codes(world.SPOT) == []
        assert codes(world.SEA) == [("police", "p-east")]
    with clock.at(world.START):
        assert codes(world.SPOT) == [("police", "p-east")]


def test_geojson_and_other_coordinates_arrive_at_the_same_place(tmp_path: Path) -> None:
    around = [coordinates.wgs84_to_gcj02(x, y) for x, y in shapely.from_wkt(EAST["wkt"]).exterior.coords]
    feature = {
        "type": "Feature", "properties": {"code": "p-east", "name": "东风派出所"},
        "geometry": {"type": "Polygon", "coordinates": [around]},
    }  # fmt: skip
    path = tmp_path / "police.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    taken(path, crs="gcj02")
    assert codes(world.SPOT) == [("police", "p-east")]
    assert codes((117.0805, 39.05)) == []
    assert codes((117.0795, 39.05)) == [("police", "p-east")]


def test_an_export_of_one_layer_is_taken_in_again(tmp_path: Path) -> None:
    taken(file(tmp_path, EAST, WEST | {"name_en": "=1+1"}))
    taken(file(tmp_path, SEA), layer="court")
    assert "say which overlays with --layer: court, police" in run("export", "--level", "overlay").output
    out = run("export", "--level", "overlay", "--layer", "police")
    assert "'=1+1" in out.stdout
    path = tmp_path / "police.csv"
    path.write_text(out.stdout, encoding="utf-8")
    assert taken(path)["unchanged"] == 2


def test_a_boundary_may_have_very_many_corners(tmp_path: Path) -> None:
    ragged = shapely.Point(117.02, 39.05).buffer(0.01, quad_segs=2000)
    taken(file(tmp_path, EAST | {"wkt": shapely.to_wkt(ragged, rounding_precision=-1)}))
    assert codes(world.SPOT) == [("police", "p-east")]


@pytest.mark.parametrize("level", ["district", "subdistrict", "community", "grid"])
def test_an_export_of_a_level_taken_in_again_changes_nothing(tmp_path: Path, level: str) -> None:
    path = tmp_path / f"{level}.csv"
    path.write_text(run("export", "--level", level).stdout, encoding="utf-8")
    answer = run("import", "--level", level, "--file", path, "--crs", "wgs84", "--json")
    assert json.loads(answer.stdout) == {
        "created": [], "changed": [], "unchanged": sum(each[0] == level for each in world.AREAS.values()),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"wkt": ""}, "row 2: p-bad has no polygon"),
        ({"wkt": "POINT(117 39)"}, "row 2: the polygon of p-bad cannot be used: it is a Point, not a polygon"),
        (
            {"wkt": "POLYGON((0 0,1 1,2 2,0 0))"},
            "row 2: the polygon of p-bad cannot be used: it is not valid and no ground",
        ),
        ({"wkt": "POLYGON((39 117,39 118,40 118,39 117))"}, "row 2: p-bad lies beyond every degree"),
        ({"wkt": "POLYGON((117 39"}, "row 2: its geometry cannot be read"),
        ({"name": ""}, "row 2: code and name are required"),
        ({"parent": "nowhere"}, "row 2: p-bad has no parent 'nowhere'"),
        ({"code": "p-east"}, "row 2: p-east stands in the file twice"),
        ({"code": "p" * 21}, "at most 20 characters for a code"),
    ],
)
def test_a_bad_row_refuses_the_whole_file(tmp_path: Path, wrong: dict[str, str], words: str) -> None:
    assert words in refused(file(tmp_path, EAST, {**WEST, "code": "p-bad", **wrong}))


def test_an_overlay_cannot_take_the_layer_of_the_grids(tmp_path: Path) -> None:
    for layer in ("full_grid", "admin"):
        assert f"{layer} is a layer of the grids and areas" in refused(file(tmp_path, EAST), layer=layer)


def test_files_of_another_form_and_dates_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "police.json"
    for text, words in (
        ("[]", "neither CSV nor a GeoJSON"), ("{", "nothing of police.json was taken"),
        ('{"type": "FeatureCollection", "features": [1]}', "row 1: this is no feature"),
        ('{"type": "FeatureCollection", "features": [{"geometry": {"type": "Blob"}}]}', "row 1: its geometry"),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        assert words in refused(path)
    answer = run(
        "import", "--level", "overlay", "--file", file(tmp_path, EAST), "--crs", "wgs84", "--effective", "soon"
    )
    assert (answer.exit_code, "'soon' is no date or moment" in answer.output) == (1, True)
