"""What everybody may see of a photo: areas covered so that nothing of them is left, encoded anew. Bytes in, bytes out.

A covered area gets one colour, that of the picture around it. Blur and mosaic keep something of a face or a plate, from
which programs guess it again; here the result is the same whatever was in the area, and a test holds that.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageStat

from civicloop.evidence.choices import PUBLIC_SIDE, PUBLIC_SMALL_SIDE, QUALITY, THUMBNAIL_QUALITY

BLOCK = 16  # the shown photo was compressed in blocks of so many pixels, over which its contents are smeared,
BLEED = 2  # and decoding smooths colours a little beyond
AROUND = 24  # pixels beside an area that give it its colour
GREY = (128, 128, 128)


@dataclass(frozen=True)
class Box:
    """An area to cover, in pixels of the shown photo."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Covered:
    """The picture for everybody, and a small one of the same."""

    picture: bytes
    thumbnail: bytes


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a shown photo, from its header."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
        return picture.size


def cover(jpeg: bytes, boxes: Sequence[Box]) -> Covered:
    """The shown photo with the areas covered. Deterministic: the same photo and areas give the same bytes."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
        picture = covered(opened.convert("RGB"), boxes)
    picture.info.clear()
    picture.thumbnail((PUBLIC_SIDE, PUBLIC_SIDE), Image.Resampling.LANCZOS)
    small = picture.copy()
    small.thumbnail((PUBLIC_SMALL_SIDE, PUBLIC_SMALL_SIDE), Image.Resampling.BILINEAR)
    return Covered(_jpeg(picture, QUALITY), _jpeg(small, THUMBNAIL_QUALITY))


def covered(picture: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """A copy of the picture in which no pixel depends on what the areas held."""
    areas = [_whole_blocks(each, picture.size) for each in boxes]
    hidden = Image.new("L", picture.size, 0)
    for area in areas:
        hidden.paste(255, area)
    seen = ImageChops.invert(hidden)
    found = picture.copy()
    drawing = ImageDraw.Draw(found)
    for area in areas:
        left, top, right, bottom = area
        drawing.rectangle((left, top, right - 1, bottom - 1), fill=_colour_around(picture, seen, area))
    return found


def _whole_blocks(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The area of every block that the box touches, and what decoding smears beyond it, within the picture."""
    width, height = size
    return (
        max(0, box.left // BLOCK * BLOCK - BLEED), max(0, box.top // BLOCK * BLOCK - BLEED),
        min(width, -(-box.right // BLOCK) * BLOCK + BLEED), min(height, -(-box.bottom // BLOCK) * BLOCK + BLEED),
    )  # fmt: skip


def _colour_around(
    picture: Image.Image, seen: Image.Image, area: tuple[int, int, int, int]
) -> tuple[int, int, int]:  # fmt: skip
    """The mean colour of what stays visible beside an area; grey where nothing does."""
    left, top, right, bottom = area
    width, height = picture.size
    near = (max(0, left - AROUND), max(0, top - AROUND), min(width, right + AROUND), min(height, bottom + AROUND))
    mask = seen.crop(near)
    if mask.getbbox() is None:
        return GREY
    red, green, blue = (round(each) for each in ImageStat.Stat(picture.crop(near), mask).mean)
    return red, green, blue


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
