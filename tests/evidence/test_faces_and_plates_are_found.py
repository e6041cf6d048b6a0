"""The worker finds faces and number plates in new photos; a photo it cannot look at stops nothing."""

import io
import subprocess
import sys
from datetime import timedelta

import pytest
from PIL import Image

from civicloop.evidence import actions, boxes, boxes_find, storage
from civicloop.evidence.models import Boxes, Evidence
from civicloop.foundation import clock, ids
from tests.conftest import LONG
from tests.evidence.boxes_set import Sample, faces, measure, photograph, plates
from tests.evidence.pictures import encoded


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):  # type: ignore[no-untyped-def]
    settings.DATA_DIR = tmp_path


def kept(upload: bytes, *, synthetic: bool = False) -> Evidence:
    prepared = actions.prepare(
        upload=upload, filename="a", stage="before", matter_id=ids.uuid7(), evidence_id=ids.uuid7(), actor_id=None,
        post_id=None, synthetic=synthetic,
    )  # fmt: skip
    return actions.store(prepared)[0]


def looked() -> int:
    with clock.at(clock.now() + timedelta(minutes=2)):
        return boxes.look()


def of(row: Evidence) -> Boxes:
    return boxes.of_matter(row.matter_id)[row.id]


def sizes(samples: list[Sample], *wanted: int) -> list[Sample]:
    return [each for each in samples if each.size in wanted]


def test_faces_are_found_at_the_sizes_that_are_promised() -> None:
    counts, alarms = measure(faces(1, 20) if LONG else sizes(faces(1, 2), 80, 120))
    print("\nfaces found of those drawn, by height:", counts, "boxes on nothing:", alarms)
    assert all(counts[size][0] == counts[size][1] for size in (80, 120))


def test_plates_of_each_colour_are_found_mostly() -> None:
    counts, alarms = measure(plates(1, 21) if LONG else sizes(plates(1, 3), 80, 240))
    print("\nplates found of those drawn, by width:", counts, "boxes on nothing:", alarms)
    found, there = (sum(each) for each in zip(*(counts[size] for size in (80, 240)), strict=True))
    assert 3 * found >= 2 * there


def test_an_empty_wall_has_no_boxes() -> None:
    assert boxes_find.find(encoded(Image.new("RGB", (640, 480), "#8a8a80"))) == []


def test_pictures_of_different_sizes_after_each_other_are_each_answered() -> None:
    face = encoded(photograph("astronaut"))
    found = [boxes_find.find(each) for each in (face, encoded(Image.new("RGB", (333, 217))), face)]
    assert [each.kind for each in found[0]] == ["face"]
    assert found[1] == []
    assert found[0] == found[2]


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError):
        boxes_find.find(b"no picture")


@pytest.mark.django_db
def test_a_new_photo_is_looked_at_once_with_boxes_in_its_own_pixels() -> None:
    row = kept(encoded(photograph("astronaut")))
    assert looked() == 1
    assert looked() == 0
    [(kind, left, top, right, bottom, score)] = of(row).boxes
    assert kind == "face"
    assert score > boxes_find.LEAST_SCORE
    assert left < 50
    assert top < 50
    assert right > 100
    assert bottom > 110
    width, height = Image.open(io.BytesIO(storage.default().get(row.derivative))).size
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@pytest.mark.django_db
def test_a_photo_that_cannot_be_looked_at_is_marked_and_the_next_one_comes() -> None:
    broken, whole = kept(encoded()), kept(encoded(photograph("camera")))
    storage.default().remove([broken.derivative], -60)
    assert looked() == 2
    assert of(broken).failed
    assert of(broken).boxes == []
    assert not of(whole).failed
    assert [each[0] for each in of(whole).boxes] == ["face"]
    assert looked() == 0


@pytest.mark.django_db
def test_a_round_is_bounded_and_the_next_one_goes_on() -> None:
    rows = [kept(encoded(Image.new("RGB", (64, 64), colour))) for colour in ("red", "white", "black")]
    assert [looked(), looked(), looked()] == [2, 1, 0]
    assert all(boxes.of_matter(row.matter_id) for row in rows)


@pytest.mark.django_db
def test_drawn_photos_of_a_demonstration_are_left_out() -> None:
    kept(encoded(), synthetic=True)
    assert looked() == 0
    assert not Boxes.objects.exists()


def test_a_process_that_serves_pages_never_loads_the_detector() -> None:
    program = (
        "import os, sys, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'civicloop.settings'); django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "import civicloop.ops.rounds; sys.exit('cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
