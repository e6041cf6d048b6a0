"""How a photo was made is read before it is removed: when, where, with which editor; odd data is none."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import translation
from PIL import Image

from civicloop.evidence import actions, exif, photos, words
from civicloop.evidence.models import Capture, Evidence, How
from civicloop.foundation import clock, ids
from tests.evidence.pictures import drawn, encoded

CAMERA, GPS = 0x8769, 0x8825


def phone(
    camera: dict[int, Any] | None = None, gps: dict[int, Any] | None = None, software: str = "", *,
    picture: Image.Image | None = None,
) -> bytes:  # fmt: skip
    """A JPEG with what a phone wrote beside the pixels."""
    made = Image.Exif()
    if software:
        made[0x0131] = software
    made.get_ifd(CAMERA).update(camera or {})
    made.get_ifd(GPS).update(gps or {})
    return encoded(picture or drawn(), exif=made)


SPOT = {1: "N", 2: (39.0, 3.0, 0.0), 3: "E", 4: (117.0, 1.0, 12.0), 31: 8.0}


def said(content: bytes) -> exif.Said:
    return photos.look(content).said


def test_the_time_with_the_surest_zone_counts() -> None:
    local = {0x9003: "2026:03:02 09:00:00"}
    by_satellite = {7: (1.0, 0.0, 30.0), 29: "2026:03:02"}
    assert said(phone(local)).taken == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert said(phone(local)).source == "local"
    assert said(phone(local, by_satellite)).taken == datetime(2026, 3, 2, 1, 0, 30, tzinfo=UTC)
    assert said(phone(local, by_satellite)).source == "gps"
    zoned = said(phone(local | {0x9011: "+08:00"}, by_satellite))
    assert (zoned.taken, zoned.source) == (datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8))), "offset")


def test_place_accuracy_and_editor_are_read() -> None:
    found = said(phone(gps=SPOT, software="Snapseed 2.0"))
    assert found.place == pytest.approx((117.02, 39.05))
    assert (found.accuracy, found.editor) == (8.0, "Snapseed")
    assert said(phone(gps=SPOT | {1: "S"})).place == pytest.approx((117.02, -39.05))
    assert said(phone(software="HarmonyOS 4.2 of Zhang San")).editor == ""


@pytest.mark.parametrize(
    ("camera", "gps"),
    [
        ({0x9003: "0000:00:00 00:00:00"}, {}),
        ({0x9003: "2026:13:45 99:00:00"}, {}),
        ({0x9003: "1970:01:01 00:00:00"}, {}),
        ({}, {7: (1.0, 0.0, 0.0)}),
        ({}, {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}),
        ({}, {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (117.0, 0.0, 0.0)}),
        ({}, {2: (39.0, 0.0, 0.0), 4: (117.0, 0.0, 0.0)}),
    ],
)
def test_what_is_impossible_is_unknown(camera: dict[int, Any], gps: dict[int, Any]) -> None:
    found = said(phone(camera, gps))
    assert (found.taken, found.place) == (None, None)


def test_nothing_of_it_is_in_what_is_shown() -> None:
    looked = photos.look(phone({0x9003: "2026:03:02 09:00:00"}, SPOT))
    for content in (looked.derivative, looked.thumbnail):
        assert exif.read(photos._reader(content, photos.JPEG)) == exif.Said()


def kept(tmp_path: Path, stage: str, how: str, content: bytes) -> Capture:
    matter, evidence = ids.uuid7(), ids.uuid7()
    with override_settings(DATA_DIR=tmp_path):
        prepared = actions.prepare(
            upload=content, filename="a.jpg", stage=stage, matter_id=matter, evidence_id=evidence, actor_id=None,
            post_id=None, how=how,
        )  # fmt: skip
        actions.store(prepared)
    assert Evidence.objects.filter(pk=(matter, evidence)).exists()
    return Capture.objects.get(pk=(matter, evidence))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stage", "how", "expected"),
    [("before", "camera", How.CAMERA), ("after", "album", How.ALBUM), ("other", "sent by a drone", How.UNKNOWN)],
)
def test_the_facts_are_kept_with_the_row(tmp_path: Path, stage: str, how: str, expected: How) -> None:
    row = kept(tmp_path, stage, how, phone({0x9003: "2026:03:02 09:00:00"}, SPOT))
    assert (row.how, row.taken_at, row.source) == (expected, datetime(2026, 3, 2, 1, tzinfo=UTC), "local")
    assert row.had_place
    # the place of a report's photo may be somebody's home: only that of an after-photo is compared with anything
    assert (row.lon is not None) == (stage == "after")


@pytest.mark.parametrize(
    ("how", "hours", "editor", "expected"),
    [
        ("album", -72, "", "来自相册 · 比上报早 3\xa0日拍摄"),
        ("camera", 0, "", "来自相机 · 与上报同时拍摄"),
        ("unknown", 5, "Snapseed", "比上报晚 5\xa0小时拍摄 · 由 Snapseed 保存"),
        ("unknown", None, "", ""),
    ],
)
def test_it_is_said_in_words(how: str, hours: int | None, editor: str, expected: str) -> None:
    now = clock.now()
    taken = None if hours is None else now + timedelta(hours=hours)
    with translation.override("zh-hans"):
        assert words.made(Capture(how=how, taken_at=taken, editor=editor), now) == expected
    assert words.made(None, now) == ""
