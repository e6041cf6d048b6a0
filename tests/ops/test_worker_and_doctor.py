"""What the worker does beside the loop, and what the doctor says: files without a row, partitions ahead, keys."""

import os
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from civicloop.evidence import actions as evidence
from civicloop.evidence import signals, storage
from civicloop.evidence.models import Rule, Signal
from civicloop.foundation import clock, ids
from civicloop.ops import checkup, rounds
from civicloop.ops.models import Heartbeat
from civicloop.people import locks
from civicloop.people.models import SignInLock
from civicloop.records import actions as records
from tests.evidence.pictures import drawn, encoded

DAY = 86_400


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path):
        yield


def stored(*, row: bool) -> evidence.Prepared:
    """A photo whose contents are stored, with or without the row that refers to them."""
    prepared = evidence.prepare(
        upload=encoded(drawn(seed=1 + row)), filename="a.jpg", stage="other", matter_id=ids.uuid7(),
        evidence_id=ids.uuid7(), actor_id=None, post_id=None,
    )  # fmt: skip
    if row:
        evidence.store(prepared)
    return prepared


def there(prepared: evidence.Prepared) -> list[bool]:
    place = storage.default()
    row = prepared.row
    return [place.path(name).exists() for name in (row.sealed_original, row.derivative, row.thumbnail)]


def age(folder: Path, seconds: int = DAY + 60) -> None:
    """All stored files were put that long ago."""
    for path in (folder / "evidence").rglob("*"):
        if path.is_file():
            at = path.stat().st_mtime - seconds
            os.utime(path, (at, at))


def test_the_worker_clears_files_without_a_row_once_a_day(committing: str, tmp_path: Path) -> None:
    kept, lost = stored(row=True), stored(row=False)
    age(tmp_path)
    now = clock.now()
    with clock.at(now):
        rounds.run_for_ever(once=True)
    assert (there(kept), there(lost)) == ([True] * 3, [False] * 3)
    assert Heartbeat.objects.get(name="storage").detail == {"removed": 3}
    later = stored(row=False)
    age(tmp_path)
    for hours, left in ((23, True), (25, False)):
        with clock.at(now + timedelta(hours=hours)):
            rounds.run_for_ever(once=True)
        assert there(later) == [left] * 3
    assert there(kept) == [True] * 3


def test_a_database_without_any_evidence_clears_nothing(committing: str, tmp_path: Path) -> None:
    """An empty table beside a full store is rather the wrong database than a store of lost files."""
    lost = stored(row=False)
    age(tmp_path)
    rounds.run_for_ever(once=True)
    assert there(lost) == [True] * 3


def test_a_worker_that_stays_clears_beside_its_rounds_and_ends_when_asked(
    committing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = stored(row=True), stored(row=False)
    age(tmp_path)
    handlers = {}
    monkeypatch.setattr(rounds.signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(rounds, "PAUSE", 0.05)
    monkeypatch.setattr(rounds, "LAST", 60)
    asked = threading.Event()
    monkeypatch.setattr(rounds.kinds, "look", lambda: asked.wait(60) * 7)  # goes on until the worker shall end

    def work() -> None:
        try:
            rounds.run_for_ever()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _try in range(600):
            if any(there(lost)) or not Heartbeat.objects.filter(name="storage").exists():
                threading.Event().wait(0.05)
        assert Heartbeat.objects.filter(name="worker").exists()
        assert (there(kept), there(lost)) == ([True] * 3, [False] * 3)
    finally:
        for leave in set(handlers.values()):
            leave(15, None)
        threading.Timer(0.5, asked.set).start()
        worker.join(90)
    assert not worker.is_alive()
    assert Heartbeat.objects.get(name=rounds.LEARNING).detail == {"done": 7}  # what was under way has been finished


def test_a_store_that_cannot_be_read_does_not_stop_the_worker(
    committing: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored(row=True)
    folder = tmp_path / "evidence"
    folder.rename(tmp_path / "away")
    folder.write_text("in the way")
    rounds.run_for_ever(once=True)
    assert "could not be looked through" in caplog.text
    assert Heartbeat.objects.filter(name="worker").exists()
    assert not Heartbeat.objects.filter(name="storage").exists()  # the next hour tries again


def test_the_setting_says_how_many_quarters_the_worker_prepares(committing: str) -> None:
    def parts() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^records_sealedvalue_[0-9]{4}q[1-4]$'")
            return int(cursor.fetchone()[0])

    before = parts()
    rounds.run_for_ever(once=True)
    assert parts() == before == 6  # the last quarter, this one, and four ahead
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code="partitions.quarters_ahead", value=9)
    rounds.run_for_ever(once=True)
    assert parts() == 11


def test_the_doctor_says_what_is_wrong_with_the_keys(committing: str, tmp_path: Path) -> None:
    name = "keys and cipher of sealed data"
    assert dict(checkup.examine())[name] == ""
    path = tmp_path / "keys" / "sealing.key"
    path.write_text("not a key")
    assert dict(checkup.examine())[name] == f"{path} is damaged: put back the kept copy"


def test_the_doctor_says_when_the_stored_files_were_looked_through_last(committing: str) -> None:
    now = clock.now()
    for days, said in ((2, False), (4, True)):
        Heartbeat.objects.update_or_create(name="storage", defaults={"at": now - timedelta(days=days)})
        assert bool(dict(checkup.examine())["stored files"]) is said


def test_the_command_prints_the_examination_of_the_keys(tmp_path: Path, committing: str) -> None:
    import subprocess

    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "lookup.key").write_text("not a key")
    done = subprocess.run(
        [sys.executable, "-m", "civicloop.ops.cli", "doctor"], capture_output=True, text=True,
        env=os.environ | {"DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert f"BAD  keys and cipher of sealed data: {keys / 'lookup.key'} is damaged" in done.stdout


def test_a_round_looks_at_new_photos_and_forgets_old_tries(committing: str) -> None:
    for _matter in range(2):
        stored(row=True)
    locks.begin("somebody")
    SignInLock.objects.update(last_at=clock.now() - timedelta(days=2))
    with clock.at(clock.now() + 2 * signals.LAG):
        rounds.run_for_ever(once=True)
    assert Signal.objects.get().rule == Rule.SAME
    assert not SignInLock.objects.exists()
