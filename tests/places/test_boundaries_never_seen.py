"""Boundaries that nobody has cleaned: taken in with a word on what was mended, and points found as by hand."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from civicloop.places import selectors
from civicloop.places.commands import places
from civicloop.places.models import AreaVersion
from tests.conftest import size
from tests.places import unseen

pytestmark = pytest.mark.django_db
POINTS = size(2_000, 10_000)


def run(*words: object) -> Any:
    return CliRunner().invoke(places, [str(word) for word in words])


def imported(path: Path, level: str, **options: str) -> dict[str, Any]:
    answer = run("import", "--level", level, "--file", path, "--crs", "wgs84", "--json",
                 *[word for name, value in options.items() for word in (f"--{name}", value)])  # fmt: skip
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def by_hand(collection: dict[str, Any]) -> list[tuple[str, Any]]:
    """(code, polygon of a part), just as shapely reads the file, in the order of the codes."""
    found = []
    for feature in collection["features"]:
        geometry = feature["geometry"]
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        for rings in parts:
            flat = [[point[:2] for point in ring] for ring in rings if len({tuple(point[:2]) for point in ring}) > 2]
            found.append((feature["properties"]["code"], shapely.Polygon(flat[0], flat[1:])))
    return sorted(found, key=lambda each: each[0])


def points(shapes: list[tuple[str, Any]], number: int, seed: int) -> list[tuple[float, float]]:
    """All over the box, and exactly on corners, which neighbours share."""
    random_ = random.Random(seed)
    polygons = [polygon for _code, polygon in shapes]
    west, south, east, north = shapely.total_bounds(polygons)
    found = [(random_.uniform(west, east), random_.uniform(south, north)) for _ in range(number * 9 // 10)]
    corners = shapely.get_coordinates(polygons)
    return found + [tuple(corners[random_.randrange(len(corners))]) for _ in range(number - len(found))]


@pytest.mark.parametrize(("seed", "level"), [
    *((seed, ("grid", "community", "district", "subdistrict")[seed % 4]) for seed in range(size(8, 40)))
])  # fmt: skip
def test_every_point_lies_where_it_lies_by_hand(tmp_path: Path, seed: int, level: str) -> None:
    collection = unseen.collection(seed)
    path = tmp_path / "unseen.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    said = imported(path, level)
    assert len(said["created"]) == len(collection["features"]) > 200
    assert said["mended"]  # and it says so
    selectors.forget()
    shapes = by_hand(collection)
    tree = shapely.STRtree([polygon for _code, polygon in shapes])
    wrong = []
    for lon, lat in points(shapes, POINTS, seed):
        point = shapely.Point(lon, lat)
        hits = tree.query(point, predicate="intersects")
        expected = shapes[int(hits.min())][0] if len(hits) else None
        found = selectors.locate(lon, lat, "wgs84")
        own = found.areas[level].code if level in found.areas else None
        if own != expected:
            near = [shapes[hit][0] for hit in tree.query(point, predicate="dwithin", distance=1e-10)]
            if own not in near:  # a corner lies on an edge but for the last digits of its numbers, or does not
                wrong.append((lon, lat, own, expected))
        assert bool(found.areas) == (found.reason == "")
    assert not wrong


def test_a_point_on_a_shared_edge_is_decided_the_same_way_every_time(tmp_path: Path) -> None:
    collection = unseen.collection(77)
    path = tmp_path / "unseen.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    imported(path, "grid")
    shapes = by_hand(collection)
    edges = points(shapes, 200, 5)[-20:]
    first = [selectors.locate(*edge, "wgs84").areas for edge in edges]
    random.Random(1).shuffle(collection["features"])
    path.write_text(json.dumps(collection), encoding="utf-8")
    assert imported(path, "grid")["changed"] == []
    selectors.forget()
    assert [selectors.locate(*edge, "wgs84").areas for edge in edges] == first


def test_the_same_set_as_wkt_in_csv_gives_the_same_areas(tmp_path: Path) -> None:
    collection = unseen.collection(5, number=60)
    path = tmp_path / "unseen.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    imported(path, "grid")
    rows = csv.DictWriter(text := io.StringIO(), ["code", "name", "source", "wkt"])
    rows.writeheader()
    for feature in collection["features"]:
        try:
            wkt = shapely.to_wkt(shapely.geometry.shape(feature["geometry"]), rounding_precision=-1)
        except (ValueError, shapely.errors.ShapelyError):
            continue  # a ring of two points has no WKT in this library
        rows.writerow({**feature["properties"], "source": "unseen.geojson", "wkt": wkt})
    other = tmp_path / "unseen.csv"
    other.write_text(text.getvalue(), encoding="utf-8")
    said = imported(other, "grid")
    assert said["unchanged"] + len(said["changed"]) == text.getvalue().count("Zone") > 40
    for code in said["changed"]:
        now, before = AreaVersion.objects.filter(code=code).order_by("-valid_from", "-id")[:2]
        assert shapely.from_wkb(bytes(now.polygon or b"")).equals(shapely.from_wkb(bytes(before.polygon or b"")))


def test_a_row_that_cannot_be_mended_is_named_with_all_others_and_nothing_is_taken(tmp_path: Path) -> None:
    collection = unseen.collection(9, number=30)
    lines = [[-74.0, 40.0], [-73.0, 41.0], [-72.0, 42.0], [-74.0, 40.0]]
    bad = [
        {"type": "Polygon", "coordinates": [lines]},
        {"type": "Polygon", "coordinates": [[[-74.0, 40.7], [-74.0, 40.7], [-74.0, 40.7]]]},
        {"type": "LineString", "coordinates": lines},
        {"type": "Polygon", "coordinates": [[[-74.0, 40.7], [float("nan"), 40.8], [-73.8, 40.9]]]},
        {"type": "Polygon", "coordinates": "nowhere"},
        {"type": "Polygon", "coordinates": [[[-74.0, 140.7], [-73.9, 140.8], [-73.8, 140.7]]]},
    ]
    start = len(collection["features"])
    for number, geometry in enumerate(bad):
        said = {"code": f"bad {number}", "name": "Bad"}
        collection["features"].append({"type": "Feature", "properties": said, "geometry": geometry})
    path = tmp_path / "unseen.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    before = AreaVersion.objects.count()
    answer = run("import", "--level", "grid", "--file", path, "--crs", "wgs84")
    assert answer.exit_code == 1
    for number in range(len(bad)):
        assert f"row {start + number + 1}: " in answer.output
    assert answer.output.count("row ") == len(bad)
    assert AreaVersion.objects.count() == before


def test_columns_of_other_names_and_numbers_as_codes_are_taken(tmp_path: Path) -> None:
    collection = unseen.collection(3, number=30)
    for number, feature in enumerate(collection["features"]):
        feature["properties"] = {"zone_id": float(number), "label": f"Zone {number}"}
    path = tmp_path / "unseen.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    answer = run(
        "import", "--level", "community", "--file", path, "--crs", "wgs84", "--json", "--field", "code=zone_id",
        "--field", "name=label",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert "7" in json.loads(answer.stdout)["created"]
