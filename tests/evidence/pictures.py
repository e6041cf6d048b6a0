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


def paper(catalogue: bytes = b"", page: bytes = b"", padding: int = 0, pages: int = 1, more: bytes = b"") -> bytes:
    """A PDF of blank pages; `catalogue` and `page` stand in those dictionaries, `more` are objects from number 9."""
    kids = b" ".join(b"%d 0 R" % (100 + number) for number in range(pages))
    parts = [
        (1, b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue), (2, b"<</Type/Pages/Kids[%s]/Count 1>>" % kids),
        (3, b"<</Length %d>>stream\n%s\nendstream" % (padding, bytes(padding))),
        *((100 + number, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s>>" % page) for number in range(pages)),
        *((9 + number, each) for number, each in enumerate(filter(None, more.split(b"|")))),
    ]  # fmt: skip
    out, table = bytearray(b"%PDF-1.4\n"), bytearray()
    for number, body in parts:
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    at = len(out)
    return bytes(out + b"xref\n" + table + b"trailer<</Size 999/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % at)


PDF = paper()
