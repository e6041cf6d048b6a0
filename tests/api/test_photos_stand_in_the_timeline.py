"""A photo or file leaves one entry in the timeline: hashed, chained, in words; and nothing where it was not stored."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from civicloop.matters import proof
from civicloop.matters.models import Matter
from tests import world
from tests.api.calls import Caller, condition, done, is_chinese, jpeg, refusal
from tests.evidence.pictures import PDF


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def reported() -> Any:
    """A reported matter with its check code."""
    return done(Caller().report(), 201)


def lines(matter: str, **caller: Any) -> list[Any]:
    found: list[Any] = done(Caller("clerk", **caller).get(f"/matters/{matter}/timeline"), 200)
    return found


@pytest.mark.django_db
def test_a_photo_leaves_one_entry_that_holds_its_digest_and_moves_nothing(reported: Any) -> None:
    matter, photo = reported["id"], str(ids.uuid7(world.START))
    before = done(Caller("clerk").get(f"/matters/{matter}"), 200)
    done(Caller(code=reported["check_code"]).upload(matter, "before", id=photo), 201)
    line = lines(matter)[-1]
    assert (line["seq"], line["action"], line["result"], line["role"]) == (2, "evidence", "before", "reporter")
    assert line["texts"] == {}
    assert line["evidence"] == {
        "evidence": photo, "digest": f"sha256:{hashlib.sha256(jpeg()).hexdigest()}", "stage": "before",
        "bytes": len(jpeg()), "media_type": "image/jpeg", "synthetic": False,
    }  # fmt: skip
    after = done(Caller("clerk").get(f"/matters/{matter}"), 200)
    assert after["seq"] == before["seq"] + 1
    assert {**after, "seq": 1} == before
    done(Caller("clerk").act(matter, "file", if_match='"1"', condition=condition()), 201)
    assert proof.verify(matter) == []


@pytest.mark.django_db
def test_the_entry_is_said_in_both_languages(reported: Any) -> None:
    matter = reported["id"]
    done(Caller("grid").upload(matter, "other"), 201)
    done(Caller("grid").upload(matter, "after", PDF, "report.pdf"), 201)
    assert [line["words"] for line in lines(matter, language="en")] == [
        "Reported", "Photo added · Other", "File added · After handling",
    ]  # fmt: skip
    assert all(is_chinese(line["words"]) for line in lines(matter, language="zh-hans"))


@pytest.mark.django_db
def test_the_same_photo_sent_again_leaves_no_second_entry(reported: Any) -> None:
    matter, photo, grid = reported["id"], str(ids.uuid7(world.START)), Caller("grid")
    done(grid.upload(matter, "before", id=photo), 201)
    done(grid.upload(matter, "before", id=photo), 200)
    refusal(grid.upload(matter, "after", id=photo), 409, "id_reused")
    refusal(grid.upload(matter, "before", b"no photo"), 422, "not_a_photo")
    assert [line["action"] for line in lines(matter)] == ["report", "evidence"]
    assert Matter.objects.get(id=matter).seq == 2


@contextmanager
def files_of_at_most(most: int) -> Iterator[None]:
    """The kernel refuses to write more than so many bytes into a file, as it does on a disk whose room is used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "chinese"), [("zh-hans", True), ("en", False)])
def test_a_storage_without_room_says_so_and_keeps_nothing(
    reported: Any, tmp_path: Path, language: str, chinese: bool
) -> None:
    matter, photo = reported["id"], str(ids.uuid7(world.START))
    caller = Caller("grid", language=language)
    done(caller.upload(matter, "other", jpeg(20)), 201)  # the keys exist
    kept = {path for path in (tmp_path / "evidence").rglob("*") if path.is_file()}
    with files_of_at_most(100):
        answer = caller.upload(matter, "before", id=photo)
    body = refusal(answer, 507, "storage_full")
    assert answer["Retry-After"] == "60"
    assert is_chinese(body["detail"]) is chinese
    assert {path for path in (tmp_path / "evidence").rglob("*") if path.is_file()} == kept
    assert Evidence.objects.filter(matter_id=matter).count() == 1
    assert len(lines(matter)) == Matter.objects.get(id=matter).seq == 2
    done(caller.upload(matter, "before", id=photo), 201)  # the same again, when there is room
    assert len(lines(matter)) == 3


@pytest.mark.django_db
def test_a_storage_with_a_fault_says_so_and_keeps_nothing(reported: Any, tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    matter = reported["id"]
    body = refusal(Caller("grid").upload(matter, "before"), 503, "not_stored")
    assert is_chinese(body["detail"])
    assert not Evidence.objects.exists()
    assert len(lines(matter)) == 1


@pytest.mark.django_db
def test_a_key_that_is_damaged_says_so_and_keeps_nothing(reported: Any, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(exist_ok=True)
    (tmp_path / "keys" / "sealing.key").write_text("not a key")
    refusal(Caller("grid").upload(reported["id"], "before"), 503, "not_stored")
    assert len(lines(reported["id"])) == 1


def test_a_database_that_breaks_off_is_answered_in_words_and_the_photo_may_be_sent_again(committing: str) -> None:
    reported, photo, grid = done(Caller().report(), 201), str(ids.uuid7(world.START)), Caller("grid")
    done(grid.upload(reported["id"], "other", jpeg(20)), 201)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        broken = cursor.fetchone()[0]
    break_off(broken)
    refusal(grid.upload(reported["id"], "before", id=photo), 503, "database_away")
    connection.close()
    done(grid.upload(reported["id"], "before", id=photo), 201)
    assert len(lines(reported["id"])) == 3


def break_off(backend: int) -> None:
    """End a connection from the database's side, over another one."""
    import os

    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
