"""A film comes in like a photo, is checked by the worker, and is shown to the staff alone, whole or in pieces."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from civicloop.evidence import actions as storing
from civicloop.evidence import film_rounds, selectors, storage
from civicloop.evidence.models import Evidence, Film, PublicPhoto
from civicloop.foundation import clock, ids
from civicloop.matters import erasure, proof, public_photos, uploads
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry
from civicloop.people.models import Account
from civicloop.records import actions as records
from civicloop.site.acting import SESSION_CODES
from tests import world
from tests.evidence.films_made import DEVICE, PLACE, VOICE, Made, film, numbers, unit
from tests.evidence.pictures import opened
from tests.matters import loop

pytestmark = pytest.mark.django_db
CONTENT = film()


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        yield


def added(matter: UUID, content: bytes = CONTENT, user: str = "grid", stage: str = "after") -> UUID:
    actor, evidence = world.actor(user), ids.uuid7(clock.now())
    prepared = uploads.take_upload(
        actor, upload=content, filename="a.mp4", stage=stage, matter_id=matter, evidence_id=evidence
    )
    uploads.add_evidence(actor, prepared)
    return evidence


def signed_in(user: str) -> Client:
    browser = Client()
    browser.force_login(Account.objects.get(username=user))
    return browser


def looked(rounds: int = 1) -> list[str]:
    for _round in range(rounds):
        film_rounds.look()
    return list(Film.objects.order_by("made_at").values_list("state", flat=True))


def test_a_film_is_kept_sealed_shown_clean_and_enters_the_timeline() -> None:
    matter = loop.report()
    evidence = added(matter)
    row, kept = Evidence.objects.get(), Film.objects.get()
    assert (row.media_type, row.width, row.height, row.derivative) == ("video/mp4", 64, 48, "")
    assert (kept.milliseconds, kept.had_sound, kept.state) == (1000, True, "waiting")
    shown = storage.default().get(kept.content)
    for said in (PLACE, DEVICE, VOICE):
        assert said not in shown
    entry = Entry.objects.filter(matter_id=matter).latest("seq")
    assert (entry.action, hashlib.sha256(CONTENT).hexdigest().encode() in bytes(entry.body)) == ("evidence", True)
    assert proof.verify(matter) == []
    original, media_type = selectors.open_original(
        actor_id=1, actor_words="t", post_id=None, purpose="test", matter_id=matter, evidence_id=evidence
    )
    assert (original, media_type) == (CONTENT, "video/mp4")


def test_the_worker_looks_and_keeps_a_still() -> None:
    matter = loop.report()
    evidence = added(matter)
    page = f"/matters/{matter}/films/{evidence}"
    browser = signed_in("clerk")
    assert browser.get(page).status_code == 404
    assert browser.get(f"{page}.mp4").status_code == 404
    assert "正在检查" in browser.get(f"/matters/{matter}").content.decode()
    assert looked() == ["fine"]
    assert looked() == ["fine"]
    assert f'src="{page}.mp4"' in browser.get(page).content.decode()
    shown = browser.get(f"/matters/{matter}").content.decode()
    assert f'href="{page}"' in shown
    assert "视频，1 秒 · 不含声音" in shown
    still = opened(browser.get(f"{page}/thumbnail.jpg").content)
    assert still.size == (64, 48)
    assert browser.get(f"{page}/still.jpg")["Content-Type"] == "image/jpeg"
    assert browser.get(f"{page}/content.jpg").status_code == 200  # any other word is the still


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("", 200, 0, None), ("bytes=0-9", 206, 0, 9), ("bytes=100-", 206, 100, None), ("bytes=-5", 206, -5, None),
        ("bytes=0-99999999", 206, 0, None), ("bytes=99999999-", 416, 0, 0), ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 416, 0, 0), ("bytes=0-1,4-5", 200, 0, None), ("apples", 200, 0, None),
    ],
)  # fmt: skip
def test_players_get_the_pieces_that_they_ask_for(asked: str, status: int, first: int, last: int | None) -> None:
    from civicloop.site.film_pages import ranged

    content = bytes(range(256)) * 4
    answer = ranged(asked, content, "video/mp4")
    assert answer.status_code == status
    assert answer["Accept-Ranges"] == "bytes"
    if status == 416:
        assert answer["Content-Range"] == "bytes */1024"
        return
    end = 1023 if last is None else last
    start = first if first >= 0 else 1024 + first
    assert answer.content == content[start : end + 1]
    if status == 206:
        assert answer["Content-Range"] == f"bytes {start}-{end}/1024"


def test_only_staff_who_see_the_matter_are_shown_it() -> None:
    matter = loop.report()
    evidence = added(matter)
    looked()
    path = f"/matters/{matter}/films/{evidence}.mp4"
    answer = signed_in("clerk").get(path, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (206, b"ftyp", "video/mp4")
    assert "private" in answer["Cache-Control"]
    for user in ("receiver", "d2-clerk"):
        assert signed_in(user).get(path).status_code == 404
    reporter = Client()
    session = reporter.session
    session[SESSION_CODES] = [str(matter)]
    session.save()
    assert reporter.get(path).status_code == 302  # to the sign-in
    assert "films" not in reporter.get(f"/status/{matter}").content.decode()
    assert Client().get(path).status_code == 302


def test_a_film_is_never_for_the_public() -> None:
    matter = loop.report("grid")
    evidence = added(matter, stage="before")
    looked()
    with pytest.raises(Refused):
        public_photos.publishing.photo_of(world.actor("checker"), matter, evidence)
    assert signed_in("checker").get(f"/publishing/{matter}/{evidence}").status_code == 404
    assert not PublicPhoto.objects.exists()


class Noise(Made):
    """A film whose pictures are none, in whole units."""

    def samples(self) -> list[bytes]:
        noise = unit(5, b"\xff" * 40)
        return [numbers(len(noise)) + noise for _number in range(self.pictures)]


def test_pictures_that_cannot_be_shown_are_said_and_the_next_film_comes() -> None:
    other = loop.report()
    evidence = added(other, Noise().film())
    with clock.at(clock.now() + timedelta(minutes=1)):
        added(loop.report())
        assert looked(2) == ["failed", "fine"]
        browser = signed_in("clerk")
        assert browser.get(f"/matters/{other}/films/{evidence}.mp4").status_code == 404
        assert "无法播放" in browser.get(f"/matters/{other}").content.decode()


@pytest.mark.parametrize("end", ["killed", "slow", "talks", "size"])
def test_a_decoder_that_comes_to_a_bad_end_harms_nothing(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    added(loop.report())
    real = subprocess.run

    def bad(words: list[str], **values: Any) -> Any:
        values["timeout"] = 20
        program = {
            "killed": f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", "slow": "import time; time.sleep(60)",
            "talks": "print('no')", "size": 'print(\'{"seen": 3, "width": 999, "height": 9}\')',
        }[end]  # fmt: skip
        if end == "slow":
            values["timeout"] = 0.2
        return real([sys.executable, "-c", program], **values)

    monkeypatch.setattr(film_rounds.subprocess, "run", bad)
    assert looked(film_rounds.TRIES + 1) == ["failed"]
    assert not os.path.exists("core")


def test_a_store_that_is_away_leaves_the_film_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    added(loop.report())

    class Away:
        def get(self, name: str) -> bytes:
            raise storage.Away(name)

    with monkeypatch.context() as patched:
        patched.setattr(film_rounds.storage, "default", Away)
        assert looked(film_rounds.TRIES + 2) == ["waiting"]
    assert looked() == ["fine"]


def test_the_looking_process_has_no_keys_and_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    seen: dict[str, Any] = {}

    def caught(words: list[str], **values: Any) -> Any:
        seen.update(values)
        return subprocess.CompletedProcess(words, 1, b"", b"")

    monkeypatch.setattr(film_rounds.subprocess, "run", caught)
    added(loop.report())
    assert looked() == ["failed"]
    assert set(seen["env"]) <= {"PATH", "LANG", "PYTHONPATH", "OPENCV_LOG_LEVEL"}


def test_sent_by_a_form_twice_it_is_one_and_refusals_are_said() -> None:
    matter = loop.report()
    browser = signed_in("clerk")

    def send(content: bytes, **values: str) -> str:
        sent = {
            "film": SimpleUploadedFile("现场.mov", content),
            "stage": "after",
            "next": f"/matters/{matter}",
        } | values
        answer = browser.post(f"/matters/{matter}/films", sent, follow=True)
        return str(answer.content.decode())

    assert "视频已收到" in send(CONTENT)
    send(CONTENT)
    assert Film.objects.count() == 1
    assert "损坏" in send(CONTENT[:-9])
    assert "请先选择视频" in send(CONTENT, stage="never")
    assert signed_in("receiver").post(f"/matters/{matter}/films", {}).status_code == 404
    assert Evidence.objects.count() == 1


def test_the_bounds_are_settings() -> None:
    for code, value in (("evidence.film_seconds", 1), ("evidence.film_megabytes", 1)):
        records.set_setting(actor_id=None, post_id=None, actor_words="t", code=code, value=value)
    matter = loop.report()
    with pytest.raises(Refused) as refused:
        added(matter, film(pictures=11))
    assert refused.value.code == "film_too_long"
    with pytest.raises(Refused) as refused:
        added(matter, CONTENT + bytes(1 << 20))
    assert refused.value.code == "film_too_large"
    assert not Evidence.objects.exists()


def test_a_large_upload_is_read_no_further_than_its_kind_may_have() -> None:
    class Endless:
        def __init__(self, start: bytes) -> None:
            self.start, self.asked = start, 0

        def read(self, size: int) -> bytes:
            found, self.start = (self.start + bytes(max(0, size - len(self.start))))[:size], b""
            self.asked += size
            return found

    for start, most in ((b"\xff\xd8\xff", 20 << 20), (CONTENT[:32], 60 << 20)):
        file = Endless(start)
        assert len(storing.read_upload(file)) == file.asked == most + 1


def test_erasure_by_schedule_takes_the_film_and_the_sweeper_its_objects() -> None:
    matter = loop.report()
    added(matter)
    looked()
    row = Film.objects.get()
    names = {row.content, row.still, row.thumbnail}
    assert selectors.referenced(names) == names
    loop.act("clerk", matter, "decline", not_filed_reason="not_found", reason="不属于受理范围")
    with clock.at(world.START + timedelta(days=366 * 11)):
        made = erasure.propose(world.actor("security"), rule="texts")
        erasure.decide(world.actor("audit"), list_id=made.id, yes=True, reason="")
        assert erasure.carry_out() == 1
    assert not Film.objects.exists()
    storing.sweep_orphans(seconds=-5)
    for name in names:
        with pytest.raises(storage.Missing):
            storage.default().get(name)
