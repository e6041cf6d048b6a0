"""What is taken as a photo, what is refused in which words, and that nothing beside the pixels survives."""

import contextlib
import io
import random
import struct
import zipfile
import zlib

import pytest
from django.utils import translation
from PIL import Image

from civicloop.evidence import choices, photos
from civicloop.evidence.errors import EvidenceRefused
from tests.conftest import size
from tests.evidence.pictures import PDF, drawn, encoded, from_a_phone, opened, paper


def refusal(content: bytes, name: str = "现场.jpg") -> EvidenceRefused:
    with pytest.raises(EvidenceRefused) as caught:
        photos.look(content, name)
    return caught.value


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("photo.jpg", encoded())
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; its pixels are a few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photos_of_phones_are_taken(form: str) -> None:
    found = photos.look(encoded(drawn(2400, 1800), form))
    assert found.media_type == f"image/{form.lower()}"
    assert (found.width, found.height) == (2400, 1800)
    assert opened(found.derivative).size == (1600, 1200)
    assert opened(found.thumbnail).size == (320, 240)
    assert opened(found.derivative).format == opened(found.thumbnail).format == "JPEG"


def test_small_photos_are_not_enlarged() -> None:
    found = photos.look(encoded(drawn(480, 360)))
    assert opened(found.derivative).size == (480, 360)
    assert opened(photos.look(encoded(drawn(200, 100))).thumbnail).size == (200, 100)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "CMYK"])
def test_unusual_colours_are_taken(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    picture = Image.new("I;16", (60, 40), 30_000) if mode == "I;16" else drawn(60, 40, mode=mode)
    assert opened(photos.look(encoded(picture, form)).derivative).mode == "RGB"


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    shown = opened(photos.look(encoded(Image.new("I;16", (60, 40), 30_000), "PNG")).derivative)
    assert abs(shown.getpixel((30, 20))[0] - 117) <= 2


def test_what_is_transparent_becomes_white() -> None:
    shown = opened(photos.look(encoded(Image.new("RGBA", (60, 40), (0, 0, 0, 0)), "PNG")).derivative)
    assert shown.getpixel((30, 20)) == (255, 255, 255)


def test_nothing_that_a_phone_wrote_is_in_what_is_shown() -> None:
    upload = from_a_phone()
    assert b"Zhang San" in upload
    found = photos.look(upload)
    for content in (found.derivative, found.thumbnail):
        assert not opened(content).getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(opened(content).info)
        for trace in (b"Exif", b"Zhang San", b"PhoneMaker", b"taken at home"):
            assert trace not in content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(orientation: int) -> None:
    upright = drawn(320, 240)
    found = photos.look(from_a_phone(orientation, width=320, height=240))
    turned = orientation >= 5
    assert (found.width, found.height) == ((240, 320) if turned else (320, 240))
    shown = opened(found.derivative)
    assert shown.size == (found.width, found.height)
    expected = upright.transpose(photos._TURNS[orientation]) if orientation > 1 else upright
    assert photos.distance(photos.dhash(shown), photos.dhash(expected)) <= 4


def test_a_zip_named_jpg_is_refused() -> None:
    assert refusal(archive()).code == "archive"


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"\xef\xbb\xbf  <html>",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"\n\n<svg></svg>",
        "<html>".encode("utf-16"),
    ],
)
def test_web_pages_and_drawings_are_refused(content: bytes) -> None:
    assert refusal(content).code == "web_page"


@pytest.mark.parametrize(
    "content", [b"hello", b"GIF89a" + bytes(40), bytes(2000), b"\x7fELF" + bytes(90), "😀".encode()]
)
def test_anything_else_is_refused(content: bytes) -> None:
    assert refusal(content).code == "not_a_photo"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"").code == "empty"


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix", b"avif"])
def test_heic_is_refused_in_words_that_say_what_to_do(brand: bytes) -> None:
    content = b"\x00\x00\x00\x18ftyp" + brand + bytes(300)
    with translation.override("zh-hans"):
        said = refusal(content)
    assert said.code == "heic"
    assert "兼容性最佳" in str(said)
    with translation.override("en"):
        assert "most compatible" in str(refusal(content))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_photo_that_broke_off_is_refused(form: str, share: float) -> None:
    whole = encoded(drawn(800, 600), form)
    assert refusal(whole[: int(len(whole) * share)]).code == "damaged"


def test_a_photo_of_sixty_megapixels_is_refused_before_it_is_decoded() -> None:
    said = refusal(png_of(10_000, 6_000))
    assert said.code == "too_many_pixels"
    assert "10000 × 6000" in str(said)
    assert refusal(png_of(60_000, 60_000)).code == "too_many_pixels"


def test_a_real_jpeg_of_sixty_megapixels_is_refused() -> None:
    assert refusal(encoded(Image.new("L", (10_000, 6_000)))).code == "too_many_pixels"


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_beyond_the_bound_is_refused(lossless: bool) -> None:
    whole = bytearray(encoded(drawn(60, 40), "WEBP", lossless=lossless))
    if lossless:
        whole[21:25] = ((9_999) | (5_999 << 14)).to_bytes(4, "little")
    else:
        whole[26:30] = struct.pack("<HH", 10_000, 6_000)
    assert refusal(bytes(whole)).code == "too_many_pixels"


def test_an_extended_webp_beyond_the_bound_is_refused() -> None:
    whole = bytearray(encoded(drawn(60, 40, mode="RGBA"), "WEBP", exif=b"Exif\x00\x00II*\x00\x08" + bytes(9)))
    assert whole[12:16] == b"VP8X"
    whole[24:30] = (9_999).to_bytes(3, "little") + (5_999).to_bytes(3, "little")
    assert refusal(bytes(whole)).code == "too_many_pixels"


def test_a_photo_at_the_bound_is_taken() -> None:
    found = photos.look(encoded(Image.new("L", (10_000, 5_000), 90)))
    assert opened(found.derivative).size == (1600, 800)


def passes_over(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until it has `count` scans; each is a few bytes long."""
    whole = encoded(Image.new("RGB", (640, 480), (90, 120, 30)), progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (count - photos.scans(whole, 1000)) + b"\xff\xd9"


def test_a_jpeg_that_would_keep_the_decoder_busy_is_refused() -> None:
    assert photos.look(passes_over(choices.MOST_SCANS)).width == 640
    assert refusal(passes_over(choices.MOST_SCANS + 1)).code == "not_a_photo"
    assert refusal(passes_over(choices.MOST_SCANS + 1)[:-2] + b"\xff\xff\xff\xd9").code == "not_a_photo"
    for between in (b"\xff\xff", b"\x00\x00", b"\xff\x01", b"\xff\xd0"):
        hidden = passes_over(choices.MOST_SCANS + 1).replace(b"\xff\xda", between + b"\xff\xda")
        assert refusal(hidden).code == "not_a_photo"


def test_scans_are_counted_of_the_image_alone() -> None:
    baseline, progressive = encoded(), encoded(progressive=True)
    assert photos.scans(baseline, 100) == 1
    assert photos.scans(progressive, 100) == 10
    assert photos.scans(progressive, 4) == 5
    preview = encoded(exif=b"Exif\x00\x00" + progressive)
    assert photos.scans(preview, 100) == 1


@pytest.mark.parametrize("filler", [b"\xff\x01", b"\xff\xe5\x00\x02"])
def test_counting_cannot_be_kept_busy_either(filler: bytes) -> None:
    assert refusal(b"\xff\xd8" + filler * 6_000 + encoded()[2:]).code == "not_a_photo"
    assert photos.scans(b"\xff\xd8" + bytes(choices.MOST_PHOTO_BYTES), 100) == 0


def test_a_moving_photo_with_its_film_behind_it_is_taken() -> None:
    film = random.Random(3).randbytes(2_000) + b"\xff\xda\x00\x02" * 500
    assert photos.look(encoded() + film).width == 480


def test_a_photo_of_more_than_fifteen_megabytes_is_refused() -> None:
    padded = encoded() + bytes(choices.MOST_PHOTO_BYTES)
    assert refusal(padded).code == "too_large"


def test_a_pdf_may_be_larger_than_a_photo() -> None:
    assert photos.look(paper(padding=16 * choices.MEGABYTE)) == photos.Looked(photos.PDF)
    assert refusal(paper(padding=20 * choices.MEGABYTE)).code == "too_large"


def test_a_pdf_without_its_end_is_refused() -> None:
    assert photos.look(PDF).media_type == "application/pdf"
    assert refusal(PDF[:-8]).code == "damaged"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_hostile_metadata_do_not_keep_a_sound_photo_out() -> None:
    assert photos.look(encoded(exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(40))).width == 480


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_changed_bytes_give_a_photo_or_a_refusal_and_nothing_else() -> None:
    chance = random.Random(7)
    wholes = [encoded(drawn(120, 90), form) for form in ("JPEG", "PNG", "WEBP")]
    for _round in range(size(150, 3000)):
        content = bytearray(chance.choice(wholes))
        for _change in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        with contextlib.suppress(EvidenceRefused):
            assert photos.look(bytes(content)).thumbnail


def test_the_bound_of_pixels_is_said_as_people_say_it() -> None:
    with translation.override("zh-hans"):
        assert "现场.jpg 为 10000 × 6000 像素，超过 5000 万像素的上限。" in str(refusal(png_of(10_000, 6_000)))
    with translation.override("en"):
        assert "at most 50 million are taken" in str(refusal(png_of(10_000, 6_000)))


def test_refusals_say_what_was_kept_in_the_person_s_language() -> None:
    with translation.override("zh-hans"):
        assert str(refusal(b"")) == (
            "现场.jpg 是空文件。该文件未保存；已填写的内容和此前上传的文件仍然保留。"
            "请拍照，或选择 JPEG、PNG、WebP 图片或 PDF 文件。"
        )
    with translation.override("en"):
        assert "It was not kept; your text and the earlier files are" in str(refusal(archive()))


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "C:\\a\\b.jpg", "100%(x)s.jpg", "<b>.jpg", "长" * 300, "\u202egpj.exe"]
)
def test_any_file_name_can_be_spoken_of(name: str) -> None:
    assert "/" not in str(refusal(b"", name)).split("JPEG")[0]
    assert len(str(refusal(b"", name))) < 300


def test_the_same_scene_recompressed_is_recognised_and_another_is_not() -> None:
    first = photos.look(encoded(drawn(800, 600), quality=95))
    again = photos.look(encoded(drawn(800, 600).resize((400, 300)), quality=40))
    other = photos.look(encoded(drawn(800, 600, seed=2)))
    assert first.dhash is not None
    assert again.dhash is not None
    assert other.dhash is not None
    assert photos.distance(first.dhash, again.dhash) <= 6
    assert photos.distance(first.dhash, other.dhash) > 12
    assert -(1 << 63) <= other.dhash < 1 << 63
