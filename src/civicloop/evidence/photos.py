"""Photos and PDF files checked by decoding, and what is shown of a photo. Calculation on bytes; no database, no files.

The derivative is encoded anew from the pixels alone, so nothing that a phone wrote beside them (place, device, owner,
thumbnail) survives in it. Pillow's own bomb guard works on `Image.open` with a process-wide limit; here each format's
reader is taken directly and the size is compared before a single pixel is decoded.
"""

import io
import re
import struct
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from civicloop.evidence import documents, exif
from civicloop.evidence.choices import (
    DERIVATIVE_SIDE,
    MOST_FILE_BYTES,
    MOST_PHOTO_BYTES,
    MOST_PIXELS,
    MOST_SCANS,
    QUALITY,
    THUMBNAIL_QUALITY,
    THUMBNAIL_SIDE,
)  # fmt: skip
from civicloop.evidence.errors import EvidenceRefused, refused

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")
_FILMS = (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01")  # WebM and Matroska, MPEG, Flash
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Measured at the most pixels: a baseline JPEG takes some 200 MB while it is decoded, a PNG with transparency 700, a
# lossless WebP 850. So few large ones are decoded at a time in one process.
_LARGE = 12_000_000
_AT_A_TIME = {JPEG: BoundedSemaphore(2), PNG: (_heavy := BoundedSemaphore(1)), WEBP: _heavy}
# the next marker of a JPEG, within the entropy-coded data of a scan too: no stuffed zero, no fill byte, no restart
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_SCAN, _END, _BARE = 0xDA, 0xD9, {0x01, 0xD8}
_MOST_MARKERS = 5000  # photos have some dozens; more are counted as too many scans


@dataclass(frozen=True)
class Looked:
    """What was found in an upload. Sizes are those of the upright original; a PDF has no pictures."""

    media_type: str
    derivative: bytes = b""
    thumbnail: bytes = b""
    width: int | None = None
    height: int | None = None
    dhash: int | None = None
    said: exif.Said = field(default_factory=exif.Said)


def media_type_of(content: bytes) -> str:
    """The media type by the first bytes; else a refusal code: heic, video, archive, web_page or not_a_photo."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"%PDF-"):
        return PDF
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "heic"
    if content[4:8] in (b"ftyp", b"moov", b"mdat") or content.startswith(_FILMS):
        return "video"
    if content.startswith(_ARCHIVES):
        return "archive"
    if content[:512].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<"):
        return "web_page"
    return "not_a_photo"


def look(content: bytes, name: str = "") -> Looked:
    """Check an upload and make what is shown of it. Raises EvidenceRefused; `name` is only for its words."""
    if not content:
        raise refused("empty", name)
    kind = media_type_of(content)
    if len(content) > (MOST_FILE_BYTES if kind == PDF else MOST_PHOTO_BYTES):
        raise refused("too_large", name)
    if "/" not in kind:
        raise refused(kind, name)
    if kind == PDF and not _pdf_is_whole(content):
        raise refused("damaged", name)
    try:
        if kind == PDF:
            documents.check(content, name)
            return Looked(PDF)
        if kind == JPEG and scans(content, MOST_SCANS) > MOST_SCANS:
            raise refused("not_a_photo", name)
        width, height = _size(content, kind)
        if width * height > MOST_PIXELS:
            raise refused("too_many_pixels", name, width=width, height=height)
        if width * height < _LARGE:
            return _shown(content, kind)
        with _AT_A_TIME[kind]:
            return _shown(content, kind)
    except EvidenceRefused:
        raise
    except Exception as reason:  # decoders meet hostile bytes and raise whatever they stumbled over
        raise refused("damaged", name) from reason


def _pdf_is_whole(content: bytes) -> bool:
    """A PDF ends with its trailer (ISO 32000-1, 7.5.5); a broken upload does not."""
    tail = content[-2048:]
    return b"startxref" in tail and b"%%EOF" in tail


def scans(content: bytes, most: int) -> int:
    """How many scans the first image of a JPEG has (ISO/IEC 10918-1, annex B), counted no further than `most` + 1.

    A progressive photo has about ten. Each costs a pass over the whole picture and may be a few bytes long, so that a
    made file of many would keep a decoder busy for hours. What a phone appends after the image is not looked at.
    """
    found, markers, at = 0, 0, 2
    while found <= most and (ahead := _MARKER.search(content, at)) is not None:
        marker, at, markers = content[ahead.start() + 1], ahead.end(), markers + 1
        if marker == _END:
            break
        if markers > _MOST_MARKERS:
            return most + 1
        if marker not in _BARE:
            at += max(2, int.from_bytes(content[at : at + 2], "big"))
            found += marker == _SCAN
    return found


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """Width and height from the header alone. WebP's decoder reserves the whole canvas at once, so it is not asked."""
    if kind != WEBP:
        return _reader(content, kind).size
    chunk = content[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if chunk == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no WebP header")


def _reader(content: bytes, kind: str) -> Image.Image:
    stream = io.BytesIO(content)
    if kind == JPEG:
        return JpegImagePlugin.JpegImageFile(stream)
    return PngImagePlugin.PngImageFile(stream) if kind == PNG else WebPImagePlugin.WebPImageFile(stream)


def _shown(content: bytes, kind: str) -> Looked:
    picture = _reader(content, kind)
    width, height = picture.size
    turn = _TURNS.get(_orientation(picture))
    if kind == JPEG:
        picture.draft("RGB", (DERIVATIVE_SIDE, DERIVATIVE_SIDE))  # decode at 1/2, 1/4 or 1/8 where that is enough
    picture.load()
    said = exif.read(picture)
    flat = _plain(picture)
    flat.info.clear()  # what stood beside the pixels ends here
    flat.thumbnail((DERIVATIVE_SIDE, DERIVATIVE_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        flat = flat.transpose(turn)
        if turn in (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]):
            width, height = height, width
    small = flat.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Looked(kind, _jpeg(flat, QUALITY), _jpeg(small, THUMBNAIL_QUALITY), width, height, dhash(small), said)


def _orientation(picture: Image.Image) -> int:
    """EXIF's turn, 1 when there is none or it cannot be read."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # hostile EXIF must not keep a sound photo out
        return 1


def _plain(picture: Image.Image) -> Image.Image:
    """Opaque RGB; what is transparent becomes white; 16-bit grey is scaled, not cut off."""
    if picture.mode == "RGB":
        return picture
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        ground = Image.new("RGB", whole.size, "white")
        ground.paste(whole, mask=whole.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def dhash(picture: Image.Image) -> int:
    """A 64-bit perceptual hash as a signed number: of 9 × 8 greys, whether each is brighter than its right neighbour.

    Scaled, recompressed and slightly brightened copies differ in few bits; see `distance`.
    """
    greys = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (greys[row * 9 + column] > greys[row * 9 + column + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def distance(first: int, second: int) -> int:
    """In how many of 64 bits two perceptual hashes differ; below about 10 means probably the same picture."""
    return ((first ^ second) & (1 << 64) - 1).bit_count()
