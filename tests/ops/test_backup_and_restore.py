"""A backup made while people work comes back whole and proved, or not at all."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import ProgrammingError, connection
from django.test import override_settings

from civicloop import settings
from civicloop.evidence.models import Evidence
from civicloop.evidence.selectors import read_object
from civicloop.figures import ledger
from civicloop.foundation import clock, ids
from civicloop.matters import actions, proof
from civicloop.matters.models import Entry, Fact, Matter
from civicloop.ops import backup, checkup, restoring
from civicloop.ops.backup_file import Trouble, make_key, read_key
from civicloop.records import sealing
from civicloop.records.models import AuditEntry, SealedValue
from tests import conftest, world
from tests.api.calls import jpeg
from tests.conftest import size
from tests.matters import loop


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path / "here"):
        yield


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "backup.key"
    make_key(path)
    return path


@pytest.fixture
def empty(database_server: Any) -> Iterator[str]:
    """A database in which nothing is yet, as `db start` makes it."""
    name = f"r_{os.getpid()}_{time.monotonic_ns()}"
    conftest._administer(database_server, "CREATE DATABASE {}", name)
    with psycopg.connect(database_server.addresses(name).superuser, autocommit=True) as plain:
        plain.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        plain.execute("ALTER SCHEMA public OWNER TO civicloop_owner")
    yield name
    connection.close()
    conftest._drop(database_server, name)


@pytest.fixture
def run(database_server: Any, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in the data folder `there` or `here`, on the database of that name."""

    def command(database: str, folder: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        both = database_server.addresses(database)
        environment = os.environ | {
            "DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner, "DATA_DIR": str(tmp_path / folder),
        }  # fmt: skip
        arguments = [sys.executable, "-m", "civicloop.ops.cli", *map(str, words)]
        return subprocess.run(arguments, env=environment, capture_output=True, text=True)

    return command


def tables(server: Any, database: str) -> int:
    with psycopg.connect(server.addresses(database).owner) as plain:
        row = plain.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return int(row[0]) if row else 0


def as_owner(server: Any, database: str) -> None:
    """This process goes on as the owner of that database, as `restore` does."""
    connection.close()
    connection.settings_dict.update(settings.database(server.addresses(database).owner))


def add_photo(matter: UUID, shade: int = 100) -> UUID:
    actor, photo = world.actor("grid"), ids.uuid7()
    prepared = actions.take_upload(
        actor, upload=jpeg(shade), filename="a.jpg", stage="other", matter_id=matter, evidence_id=photo
    )
    actions.add_evidence(actor, prepared)
    return photo


def report_and_file() -> UUID:
    matter = loop.report(reporter={"name": "王小明", "phone": "13800001234"})
    loop.act("clerk", matter, "file", condition=loop.condition())
    return matter


def test_everything_comes_back_and_is_proved(
    committing: str, empty: str, key: Path, run: Any, database_server: Any, tmp_path: Path
) -> None:
    with clock.at(world.START):
        matter = report_and_file()
        photo = add_photo(matter)
    file = tmp_path / "all.backup"
    made = run(committing, "here", "backup", file, "--key", key, "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert (facts["tables"]["matters_matter"], facts["files"], facts["missing"]) == (1, 3, [])
    assert {"sealing.key", "lookup.key", str(key)} <= set(facts["keep_apart"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert AuditEntry.objects.filter(action="ops.backup", object="all.backup").count() == 1
    content = file.read_bytes()
    assert "井盖缺失".encode() not in content
    assert b"matters_matter" not in content
    shown, _type = read_object(matter, photo, "derivative")
    entries = list(Entry.objects.order_by("matter_id", "seq").values_list("matter_id", "seq", "hash"))

    shutil.copytree(tmp_path / "here" / "keys", tmp_path / "there" / "keys")
    back = run(empty, "there", "restore", file, "--key", key, "--json")
    assert back.returncode == 0, back.stderr
    proved = json.loads(back.stdout)
    assert (proved["ok"], proved["matters"], proved["files"], proved["put_back"]) == (True, 1, 3, [])

    conftest._point_at(database_server, empty)
    with override_settings(DATA_DIR=tmp_path / "there"):
        assert list(Entry.objects.order_by("matter_id", "seq").values_list("matter_id", "seq", "hash")) == entries
        assert read_object(matter, photo, "derivative")[0] == shown
        sealed = SealedValue.objects.get(matter_id=matter, field="reporter_phone")
        opened = sealing.open_value(
            actor_id=None, actor_words="tests", post_id=None, purpose="proof", matter_id=matter, no=sealed.no
        )
        assert opened == "13800001234"
        with clock.at(world.START):
            loop.act("clerk", matter, "dispatch")
            another = loop.report()
        assert proof.verify(matter) == proof.verify(another) == []
        numbers = list(Matter.objects.values_list("number", flat=True))
        assert len(set(numbers)) == 2
        assert Evidence.objects.get().id == photo
        assert dict(checkup.examine())["role of the application"] == ""
        with pytest.raises(ProgrammingError, match="permission denied"):
            Entry.objects.update(action="x")


class Worker(threading.Thread):
    """Somebody who works on, and notes what was acknowledged with the time before it was sent and after its answer."""

    def __init__(self, number: int) -> None:
        super().__init__(daemon=True)
        self.number, self.done = number, threading.Event()
        self.said: list[tuple[UUID, int, float, float]] = []  # matter or photo, seq (0 for a photo), sent, answered
        self.trouble: Exception | None = None

    def run(self) -> None:
        try:
            while not self.done.is_set():
                sent = time.monotonic()
                matter = loop.report(reporter={"name": "王小明", "phone": "13800001234"})
                sent = self._said(matter, 1, sent)
                filed = loop.act("clerk", matter, "file", condition=loop.condition())
                sent = self._said(matter, filed.seq, sent)
                self._said(add_photo(matter, (self.number * 60 + len(self.said)) % 200), 0, sent)
        except Exception as trouble:
            self.trouble = trouble
        finally:
            connection.close()

    def _said(self, what: UUID, seq: int, sent: float) -> float:
        answered = time.monotonic()
        self.said.append((what, seq, sent, answered))
        return answered


FACTS = ("matter_id", "seq", "no", "name", "delta", "unit_id", "kind_id", "channel", "detail")


def counters() -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    """Every delta that figures are folded from, and their sums by name."""
    rows = list(Fact.objects.order_by("matter_id", "seq", "no").values_list(*FACTS))
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[3]] = sums.get(row[3], 0) + row[4]
    return rows, sums


def test_a_backup_made_while_people_report_and_act_is_one_moment(
    committing: str, empty: str, key: Path, run: Any, database_server: Any, tmp_path: Path
) -> None:
    people = [Worker(number) for number in range(3)]
    for each in people:
        each.start()

    def enough(more: int, than: int = 0) -> None:
        while sum(len(each.said) for each in people) < than + more and not any(each.trouble for each in people):
            time.sleep(0.02)

    try:
        enough(size(18, 300))
        begun = time.monotonic()
        known = sum(len(each.said) for each in people)

        def wait_for_more(words: str) -> None:
            # between the tables, so that each of them would show another moment, were it not one snapshot
            if words in {"matters_matter", "evidence_evidence", "matters_entry", "matters_fact"}:
                enough(size(6, 60), sum(len(each.said) for each in people))

        file, _manifest, _kept = backup.make(tmp_path, read_key(key), wait_for_more)
    finally:
        for each in people:
            each.done.set()
        for each in people:
            each.join()
    assert [each.trouble for each in people] == [None] * 3
    facts_here, _sums = counters()
    back = run(empty, "there", "restore", file, "--key", key, "--json")
    assert back.returncode == 0, back.stdout + back.stderr
    proved = json.loads(back.stdout)
    assert proved["wrong"] == []
    assert "sealing.key" in proved["put_back"]

    conftest._point_at(database_server, empty)
    last = dict(Matter.objects.values_list("id", "seq"))
    last |= dict.fromkeys(Evidence.objects.values_list("id", flat=True), 0)
    said = [each for person in people for each in person.said]
    there = [each for each in said if each[1] <= last.get(each[0], -1)]
    missing = [each for each in said if each[1] > last.get(each[0], -1)]
    assert len(there) >= known  # whatever was acknowledged before it began
    assert all(answered > begun for _matter, _seq, _sent, answered in missing)
    assert missing  # one moment, not the last one
    # everything that is there was sent before anything that is missing was answered: a moment lies between
    assert max(sent for _m, _s, sent, _a in there) <= min(answered for _m, _s, _sent, answered in missing)
    # nothing half: whole timelines, photos with their entries, counters with theirs
    assert all(each.seq == each.entries.count() for each in Matter.objects.all())
    assert Entry.objects.filter(action="evidence").count() == Evidence.objects.count()
    assert SealedValue.objects.filter(field="reporter_phone").count() == Matter.objects.count() == proved["matters"]
    restored, sums = counters()
    assert restored == [each for each in facts_here if each[1] <= last.get(each[0], -1)]
    assert (sums["reported"], sums["entered"] - sums["left"]) == (proved["matters"], proved["matters"])
    entered = Counter(Entry.objects.values_list("action", flat=True))
    assert (sums["reported"], sums["filed"]) == (entered["report"], entered["file"])
    assert ledger.check().ok  # what was not folded then is still to be folded, and nothing twice


def flipped(content: bytes) -> bytes:
    place = len(content) * 2 // 3
    return content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]


def without_last_piece(content: bytes) -> bytes:
    """Cut exactly between two pieces, where nothing but the mark of the last one tells."""
    from civicloop.ops.backup_file import HEADER

    at, last = HEADER, HEADER
    while at < len(content):
        last = at
        at += 4 + int.from_bytes(content[at : at + 4], "big")
    return content[:last]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flipped, "damaged"),
        (lambda content: content[:-100], "cut off"),
        (without_last_piece, "cut off"),
        (lambda content: content + b"x", "added to the end"),
        (lambda content: b"something else", "no backup"),
    ],
)
def test_a_damaged_backup_leaves_the_database_empty(
    committing: str, empty: str, key: Path, database_server: Any, tmp_path: Path, damage: Any, said: str
) -> None:
    loop.report()
    file, _manifest, _kept = backup.make(tmp_path / "all.backup", read_key(key))
    file.write_bytes(damage(file.read_bytes()))
    as_owner(database_server, empty)
    with pytest.raises(Trouble, match=said):
        restoring.restore(file, read_key(key), "civicloop_app")
    assert tables(database_server, empty) == 0


def test_a_restore_that_breaks_off_leaves_the_database_empty(
    committing: str, empty: str, key: Path, database_server: Any, tmp_path: Path
) -> None:
    loop.report()
    file, _manifest, _kept = backup.make(tmp_path / "all.backup", read_key(key))
    as_owner(database_server, empty)

    def full(words: str) -> None:
        if words == "comparing matters_matter":
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        restoring.restore(file, read_key(key), "civicloop_app", full)
    assert tables(database_server, empty) == 0


def test_another_key_opens_nothing(
    committing: str, empty: str, key: Path, run: Any, database_server: Any, tmp_path: Path
) -> None:
    file, _manifest, _kept = backup.make(tmp_path / "all.backup", read_key(key))
    other = tmp_path / "other.key"
    make_key(other)
    back = run(empty, "there", "restore", file, "--key", other)
    assert back.returncode == 1
    assert "not the key" in back.stderr
    assert tables(database_server, empty) == 0


def test_a_database_that_holds_something_is_left_alone(committing: str, key: Path, run: Any, tmp_path: Path) -> None:
    file, _manifest, _kept = backup.make(tmp_path / "all.backup", read_key(key))
    matter = loop.report()
    back = run(committing, "here", "restore", file, "--key", key)
    assert back.returncode == 1
    assert "not empty" in back.stderr
    assert Matter.objects.get().id == matter


def test_a_photo_that_was_lost_before_is_named_by_backup_and_restore(
    committing: str, empty: str, key: Path, run: Any, tmp_path: Path
) -> None:
    matter = loop.report()
    photo = add_photo(matter)
    lost = Evidence.objects.get(matter_id=matter, id=photo).thumbnail
    next((tmp_path / "here").rglob(lost)).unlink()
    file = tmp_path / "all.backup"
    made = run(committing, "here", "backup", file, "--key", key)
    assert made.returncode == 1
    assert lost in made.stdout
    back = run(empty, "there", "restore", file, "--key", key)
    assert back.returncode == 1
    assert f"file {lost} is missing or damaged (it was so when the backup was made)" in back.stdout


def test_a_backup_overwrites_nothing_and_leaves_nothing_half(committing: str, key: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.backup"
    file.write_text("an earlier one")
    with pytest.raises(Trouble, match="there already"):
        backup.make(file, read_key(key))
    assert file.read_text() == "an earlier one"
    folder = tmp_path / "out"
    folder.mkdir()

    def full(_words: str) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        backup.make(folder, read_key(key), full)
    assert list(folder.iterdir()) == []
    assert backup.last_made() is None


def test_a_key_that_others_may_read_is_refused(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Trouble, match="there already"):
        make_key(key)
    key.chmod(0o640)
    with pytest.raises(Trouble, match="others may read"):
        read_key(key)


def test_the_doctor_says_how_old_and_how_large_the_last_backup_is(committing: str, key: Path, tmp_path: Path) -> None:
    assert dict(checkup.examine())["last backup (none yet, see civicloop backup TO --key FILE)"] == ""
    with clock.at(world.START):
        file, _manifest, _kept = backup.make(tmp_path / "all.backup", read_key(key))
    size = f"{file.stat().st_size / 1024**2:.1f} MiB"
    for hours, age, missed in ((5, "5 hours", False), (48, "2 days", False), (96, "4 days", True)):
        with clock.at(world.START + timedelta(hours=hours)):
            said = dict(checkup.examine())[f"last backup (2026-03-02 01:00 UTC, {age} ago, {size})"]
            assert bool(said) is missed


@pytest.mark.parametrize(("name", "does"), [("sealing.key", "sealed"), ("lookup.key", "looked up")])
def test_the_doctor_says_which_key_file_does_not_fit_what_was_restored(
    committing: str, tmp_path: Path, name: str, does: str
) -> None:
    loop.report(reporter={"name": "王小明", "phone": "13800001234"})
    examination, path = "keys and cipher of sealed data", tmp_path / "here" / "keys" / name
    assert dict(checkup.examine())[examination] == ""
    kept = path.read_bytes()
    path.unlink()
    assert f"{path} is missing and values are {does}" in dict(checkup.examine())[examination]
    assert not path.exists()  # looking makes no key that would hide the loss
    path.write_text("5" * 64)
    assert f"{path} is not the key with which the kept values" in dict(checkup.examine())[examination]
    path.write_bytes(kept)
    assert dict(checkup.examine())[examination] == ""


def test_making_a_key_needs_no_database(tmp_path: Path) -> None:
    path = tmp_path / "new.key"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    done = subprocess.run(
        [sys.executable, "-m", "civicloop.ops.cli", "backup", "--make-key", str(path)], capture_output=True, text=True,
        env=environment | {"DATA_DIR": str(tmp_path / "there")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read_key(path)) == 32
    assert not (tmp_path / "there" / "postgres").exists()
