"""The overlays that a city's folder names are loaded with its areas, marked as approximate; bad ones are refused."""

from pathlib import Path

import pytest

from civicloop.places import cities
from tests.conftest import ROOT

SAMPLE = ROOT / "cities" / "tianjin"
HEAD = "layer,code,name,name_en,wkt\n"
SQUARE = '"POLYGON ((0 0, 1 0, 1 1, 0 0))"'


def overlays(tmp_path: Path, line: str) -> list[cities.Overlay]:
    path = tmp_path / "overlays.csv"
    path.write_text(HEAD + line, encoding="utf-8")
    return cities.overlays_of(path)


def test_the_sample_city_has_compounds_and_roads_of_each_class() -> None:
    found = cities.read(SAMPLE).overlays
    assert {each.layer for each in found} == {"property", "road_city", "road_district", "road_subdistrict"}
    assert all(each.polygon.is_valid and not each.polygon.is_empty for each in found)
    assert all("示意" in each.names["zh-hans"] for each in found)
    assert "synthetic" in cities.read(SAMPLE).settings["areas"]["overlays_source"]
    assert len({(each.layer, each.code) for each in found}) == len(found)


def test_a_line_is_read(tmp_path: Path) -> None:
    (found,) = overlays(tmp_path, f"river,R1,海河,Haihe,{SQUARE}\n")
    assert (found.layer, found.code, found.names) == ("river", "R1", {"zh-hans": "海河", "en": "Haihe"})


@pytest.mark.parametrize(
    ("line", "words"),
    [(",R1,海河,,POINT (0 0)\n", "row 2: layer, code and name"), ("river,R1,海河,,CIRCLE\n", "row 2: wkt")],
)
def test_a_bad_line_is_refused_with_its_row(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(cities.CityRefused, match=words):
        overlays(tmp_path, line)
