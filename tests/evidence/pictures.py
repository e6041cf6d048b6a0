"""Drawn pictures for the tests of this room: no photograph of anything."""

import io
import random
from typing import Any

from PIL import Image, ImageDraw


def drawn(width: int = 480, height: int = 360, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Coloured shapes, the same for the same seed."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), "#7a8a99")
    pen = ImageDraw.Draw(picture)
    for _shape in range(24):
        left, top = chance.randrange(width), chance.randrange(height)
        box = (left, top, left + chance.randrange(8, width // 2), top + chance.randrange(8, height // 2))
        pen.ellipse(box, fill=tuple(chance.randrange(256) for _part in range(3)))
    return picture if mode == "RGB" else picture.convert(mode)


def encoded(picture: Image.Image | None = None, form: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file of that format."""
    out = io.BytesIO()
    (picture or drawn()).save(out, form, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    """The picture in a file, decoded."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def from_a_phone(orientation: int = 1, **size: int) -> bytes:
    """A JPEG with what phones write beside the pixels: owner, device, place, turn, a comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "PhoneMaker"
    exif[0x013B] = "Zhang San"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (39.0, 5.0, 12.5)
    return encoded(drawn(**size), exif=exif, comment=b"taken at home", quality=90)


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
