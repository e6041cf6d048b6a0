"""What is covered in a photo for everybody cannot be guessed from it: the result does not depend on what was there."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from civicloop.evidence.covering import BLEED, BLOCK, Box, cover, covered, size_of
from civicloop.evidence.publishing import BoxesRefused, checked
from tests.evidence.boxes_set import photograph
from tests.evidence.pictures import encoded

SIDE = 160


def noise(seed: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def boxes() -> st.SearchStrategy[Box]:
    def box(left: int, top: int, width: int, height: int) -> Box:
        return Box(left, top, min(SIDE, left + width), min(SIDE, top + height))

    return st.builds(box, st.integers(0, SIDE - 4), st.integers(0, SIDE - 4), st.integers(4, 90), st.integers(4, 90))


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes(), min_size=1, max_size=5), st.integers(0, 1000))
def test_pixels_in_the_boxes_change_nothing(areas: list[Box], seed: int) -> None:
    picture, other = noise(1), noise(1)
    for area in areas:
        other.paste(noise(seed, (area.right - area.left, area.bottom - area.top)), (area.left, area.top))
    assert covered(picture, areas).tobytes() == covered(other, areas).tobytes()


def test_a_face_and_none_give_the_same_public_photo_even_after_compression() -> None:
    """What JPEG smears beyond the box is covered too, so the very bytes are the same."""
    face = photograph("astronaut").resize((320, 320))
    box = Box(96, 16, 208, 144)
    other = face.copy()
    other.paste(noise(7, (112, 128)), (96, 16))
    shown = [encoded(each, quality=82) for each in (face, other)]
    assert shown[0] != shown[1]
    assert cover(shown[0], [box]) == cover(shown[1], [box])


def test_what_is_not_covered_stays_and_the_photo_is_small_enough() -> None:
    picture = encoded(noise(3).resize((1600, 1200)), quality=82)
    made = cover(picture, [Box(0, 0, 40, 40)])
    assert size_of(made.picture) == (1280, 960)
    assert size_of(made.thumbnail) == (480, 360)
    whole, part = (Image.open(io.BytesIO(each)) for each in (cover(picture, []).picture, made.picture))
    far = (200, 200, 1280, 960)
    assert ImageChops.difference(whole.crop(far), part.crop(far)).getbbox() is None
    assert len(set(part.crop((0, 0, 24, 24)).convert("L").tobytes())) <= 3  # one colour, but for compression


def test_a_picture_that_is_covered_whole_is_grey() -> None:
    found = covered(noise(4), [Box(0, 0, SIDE, SIDE)])
    assert found.getcolors() == [(SIDE * SIDE, (128, 128, 128))]


def test_whole_blocks_are_covered() -> None:
    left = covered(Image.new("RGB", (SIDE, SIDE), "white"), [])
    left.paste("black", (40, 40, 60, 60))
    found = covered(left, [Box(45, 45, 50, 50)])
    assert found.getpixel((32 - BLEED, 50)) == found.getpixel((47 + BLEED, 33))
    assert 45 // BLOCK * BLOCK == 32


@pytest.mark.parametrize(
    "box", [Box(-1, 0, 20, 20), Box(0, 0, 161, 20), Box(0, 0, 20, 200), Box(10, 10, 12, 40), Box(40, 10, 10, 40)]
)
def test_boxes_that_are_none_are_refused(box: Box) -> None:
    with pytest.raises(BoxesRefused):
        checked([box], (SIDE, SIDE))
    with pytest.raises(BoxesRefused):
        checked([Box(0, 0, 10, 10)] * 101, (SIDE, SIDE))
