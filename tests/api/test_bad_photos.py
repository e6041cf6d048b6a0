"""Files that are not what their name says, or too much of it; the same photo sent twice."""

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from tests import world
from tests.api.calls import Caller, done, is_chinese, jpeg, refusal

pytestmark = pytest.mark.django_db


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "not a photo")
    return out.getvalue()


def sixty_megapixels() -> bytes:
    """A PNG whose header says 10,000 × 6,000; a decoder that believed it would need 180 MB."""

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 10_000, 6_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\x00" * 100)) + part(b"IEND", b"")
    )


FILES = {
    "a zip named .jpg": (archive, "archive"),
    "a photo of 60 megapixels": (sixty_megapixels, "too_many_pixels"),
    "half a photo": (lambda: jpeg()[:200], "damaged"),
    "a web page": (lambda: b"<svg onload=alert(1)>", "web_page"),
    "words": (lambda: "这不是照片".encode(), "not_a_photo"),
}


@pytest.mark.parametrize("what", FILES)
def test_what_is_no_photo_is_refused_with_a_reason_and_not_kept(what: str) -> None:
    make, code = FILES[what]
    reported = done(Caller().report(), 201)
    for language, chinese in (("zh-hans", True), ("en", False)):
        caller = Caller(code=reported["check_code"], language=language)
        body = refusal(caller.upload(reported["id"], "before", make(), "IMG_0001.jpg"), 422, code)
        assert body["field"] == "file"
        assert "IMG_0001.jpg" in body["detail"]
        assert is_chinese(body["detail"]) is chinese
    assert not Evidence.objects.exists()


def test_an_empty_file_an_unknown_stage_and_no_file_at_all_are_refused() -> None:
    reported = done(Caller().report(), 201)
    caller = Caller(code=reported["check_code"])
    refusal(caller.upload(reported["id"], "later"), 422, "unknown_stage")
    path = f"/api/v1/matters/{reported['id']}/evidence"
    empty = SimpleUploadedFile("a.jpg", b"", "image/jpeg")
    refusal(caller.client.post(path, {"file": empty, "stage": "before"}, headers=caller.headers), 422, "empty")
    refusal(caller.client.post(path, {"stage": "before"}, headers=caller.headers), 422, "malformed")
    assert not Evidence.objects.exists()


def test_the_same_photo_sent_twice_is_one_photo() -> None:
    reported, photo = done(Caller().report(), 201), str(ids.uuid7(world.START))
    caller = Caller(code=reported["check_code"])
    first = done(caller.upload(reported["id"], "before", id=photo), 201)
    assert done(caller.upload(reported["id"], "before", id=photo), 200) == first
    refusal(caller.upload(reported["id"], "before", jpeg(20), id=photo), 409, "id_reused")
    refusal(caller.upload(reported["id"], "after", id=photo), 409, "id_reused")
    assert Evidence.objects.filter(matter_id=reported["id"]).count() == 1


def test_nobody_uploads_to_a_matter_that_is_not_theirs() -> None:
    reported = done(Caller().report(), 201)
    refusal(Caller().upload(reported["id"], "before"), 401, "unauthenticated")
    refusal(Caller(code="AAAAAAAA").upload(reported["id"], "before"), 401, "unauthenticated")
    refusal(Caller("d2-clerk").upload(reported["id"], "before"), 404, "not_found")
    assert not Evidence.objects.exists()
