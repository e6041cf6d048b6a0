"""The keys of sealed data are changed while people work: what was sealed opens all the time, and follows in batches."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from django.db import OperationalError, ProgrammingError, connection, connections, transaction
from django.test import override_settings

from civicloop.evidence import actions as evidence
from civicloop.evidence import selectors as files
from civicloop.evidence import storage
from civicloop.evidence.models import Evidence
from civicloop.foundation import ciphers, clock, ids
from civicloop.ops import checkup, restoring
from civicloop.people import factors
from civicloop.people.models import Account, SecondFactor
from civicloop.records import keyring, resealing, sealing
from civicloop.records.commands import keys
from civicloop.records.models import AuditEntry, KeyChange, ReadEntry, Resealing, SealedValue
from civicloop.settings import database
from tests.evidence.pictures import drawn, encoded

pytestmark = pytest.mark.both_servers
PHONE = "13800000000"
LATER = resealing.GRACE + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path):
        yield


def sealed(number: int = 1, phone: str = PHONE) -> list[UUID]:
    """Matters, each with a sealed phone number."""
    matters = [ids.uuid7() for _each in range(number)]
    for matter in matters:
        row = sealing.seal(matter, 1, "reporter_phone", phone)
        SealedValue.objects.create(
            matter_id=matter, no=1, field=row.field, envelope=row.envelope, lookup=row.lookup,
            retention=row.retention, created_at=clock.now(),
        )  # fmt: skip
    return matters


def photo() -> Evidence:
    prepared = evidence.prepare(
        upload=encoded(drawn(seed=3)), filename="a.jpg", stage="other", matter_id=ids.uuid7(), evidence_id=ids.uuid7(),
        actor_id=None, post_id=None,
    )  # fmt: skip
    return evidence.store(prepared)[0]


def factor() -> tuple[SecondFactor, str]:
    """A code app in use, with the key that is sealed for it."""
    account = Account.objects.first()
    assert account is not None
    return factors.begin_app(account, name="手机")


def opened(matter: UUID) -> str:
    return sealing.open_value(actor_id=7, actor_words="回访员", post_id=70, purpose="回访", matter_id=matter, no=1)


def original(row: Evidence) -> bytes:
    return files.open_original(
        actor_id=7, actor_words="核查员", post_id=70, purpose="核对", matter_id=row.matter_id, evidence_id=row.id
    )[0]


def found(phone: str = PHONE) -> set[UUID]:
    return set(SealedValue.objects.filter(lookup__in=sealing.look_ups(phone)).values_list("matter_id", flat=True))


@contextmanager
def owner() -> Iterator[None]:
    """This process speaks to the database as its owner, as `civicloop keys rotate` does."""
    before = dict(connections["default"].settings_dict)
    connections["default"].close()
    connections["default"].settings_dict.update(database(os.environ["DATABASE_OWNER_URL"]))
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"].settings_dict.update(before)


def changed() -> KeyChange:
    with owner():
        return resealing.change()


def to_the_end() -> int:
    """The worker's rounds after the grace is over; how many things were re-sealed."""
    total = 0
    with clock.at(clock.now() + LATER):
        for _round in range(60):
            total += resealing.carry_out()
    return total


def some_rounds() -> None:
    for _place in resealing.places():
        resealing.carry_out()


def lines(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_everything_follows_a_new_key_and_opens_all_the_while(committing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "VALUES", 4)
    before = sealed(9)
    picture, (app, secret) = photo(), factor()
    content = original(picture)
    reads = ReadEntry.objects.count()
    old = keyring.current().id
    row = changed()
    assert (row.sealing_before, keyring.current().id) == (old, row.sealing)
    assert old != row.sealing
    during = sealed(2)
    for _round in range(12):
        resealing.carry_out()
        assert sealing.masked(before[0], [1]) == sealing.masked(during[0], [1]) == {1: "138****0000"}
        assert found() == {*before, *during}
        assert factors._key(SecondFactor.objects.get(pk=app.pk)) == secret
    assert ReadEntry.objects.count() == reads  # nothing left the store, so nobody opened anything
    assert {ciphers.key_id(bytes(each.envelope)) for each in SealedValue.objects.all()} == {row.sealing}
    assert {ciphers.key_id(bytes(each.lookup or b"")) for each in SealedValue.objects.all()} == {row.lookup}
    assert (lines("keys.change"), lines("keys.resealed")) == (1, 0)  # not before the grace is over
    assert to_the_end() == 0
    assert (lines("keys.change"), lines("keys.resealed")) == (1, 1)
    assert AuditEntry.objects.get(action="keys.resealed").detail["values"] == 9
    with clock.at(clock.now() + LATER):
        resealing.retire(old)
        resealing.retire(row.lookup_before)
    assert keyring.former() == {} == keyring.former(keyring.LOOKUP)
    assert {opened(matter) for matter in (*before, *during)} == {PHONE}
    assert original(picture) == content
    assert factors._key(SecondFactor.objects.get(pk=app.pk)) == secret
    assert found() == {*before, *during}
    assert lines("keys.retire") == 2


def test_a_worker_that_is_killed_between_and_in_batches_goes_on(
    committing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "VALUES", 3)
    matters = sealed(10)
    row = changed()
    killed = 0
    save = Resealing.save

    def dies(self: Resealing, *given: object, **named: object) -> None:
        nonlocal killed
        if self.place == "values" and self.position and killed < 3:
            killed += 1
            connection.close()  # as the server sees it when the process has gone
            raise KeyboardInterrupt
        save(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Resealing, "save", dies)
    for _try in range(3):
        with pytest.raises(KeyboardInterrupt):
            some_rounds()
        needs = {ciphers.key_id(bytes(each.envelope)) for each in SealedValue.objects.all()}
        assert needs == {row.sealing_before}  # the batch has gone with its note
        assert {opened(matter) for matter in matters} == {PHONE}
    assert resealing.carry_out() == 3
    connection.close()  # killed between two batches
    assert to_the_end() == 10 - 3
    assert sum(Resealing.objects.filter(change=row).values_list("resealed", flat=True)) == 10
    assert {opened(matter) for matter in matters} == {PHONE}


def test_only_one_worker_reseals_at_a_time(committing: str) -> None:
    sealed(2)
    changed()
    with psycopg.connect(os.environ["DATABASE_URL"]) as other, other.transaction():
        other.execute(resealing.sql.ONE_AT_A_TIME)
        assert resealing.carry_out() == 0
    assert sum(resealing.carry_out() for _place in resealing.places()) == 2


def test_only_one_command_changes_or_removes_keys_at_a_time(committing: str) -> None:
    sealed()
    change = changed()
    assert to_the_end() == 1
    with psycopg.connect(os.environ["DATABASE_URL"]) as other, clock.at(clock.now() + LATER):
        other.execute(resealing.sql.KEYS_ALONE)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            resealing.retire(change.sealing_before)
        assert change.sealing_before in keyring.former()
        other.execute(resealing.sql.KEYS_FREE)
        resealing.retire(change.sealing_before)
    assert keyring.former() == {}


def test_what_was_sealed_with_the_former_key_while_it_changed_is_found(committing: str) -> None:
    late = ids.uuid7()
    row = sealing.seal(late, 1, "reporter_phone", PHONE)  # in somebody's hand when the key changes
    sealed()
    change = changed()
    for _round in range(6):
        resealing.carry_out()
    SealedValue.objects.create(
        matter_id=late, no=1, field=row.field, envelope=row.envelope, lookup=row.lookup, retention=row.retention,
        created_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(resealing.KeyTrouble, match="just been changed"):
        resealing.retire(change.sealing_before)
    with clock.at(clock.now() + LATER), pytest.raises(resealing.KeyTrouble, match="1 sealed values"):
        resealing.retire(change.sealing_before)
    assert to_the_end() == 1
    with clock.at(clock.now() + LATER):
        resealing.retire(change.sealing_before)
    assert opened(late) == PHONE


def test_a_change_that_was_cut_off_is_finished_with_the_same_keys(
    committing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matter = sealed()[0]
    take_over = keyring.take_over

    def dies(family: str, key_id: str) -> None:
        if family == keyring.LOOKUP:
            raise OSError("no space left")
        take_over(family, key_id)

    monkeypatch.setattr(keyring, "take_over", dies)
    with pytest.raises(OSError, match="no space"):
        changed()
    monkeypatch.undo()
    assert opened(matter) == PHONE
    assert "cut off" in dict(checkup.examine())["keys and cipher of sealed data"]
    assert resealing.carry_out() == 0
    wanted = KeyChange.objects.get()
    with clock.at(clock.now() + LATER):
        for key_id in (wanted.sealing_before, wanted.lookup_before, wanted.lookup):  # the last was made, and waits
            with pytest.raises(resealing.KeyTrouble, match="cut off"):
                resealing.retire(key_id)
    waiting = keyring.path_of(keyring.LOOKUP, wanted.lookup)
    kept = waiting.read_bytes()
    waiting.unlink()
    with pytest.raises(resealing.KeyTrouble, match="put back the kept copy"):
        changed()
    waiting.write_bytes(kept)
    assert changed().pk == wanted.pk
    assert (keyring.current().id, keyring.current(keyring.LOOKUP).id) == (wanted.sealing, wanted.lookup)
    assert to_the_end() == 1
    assert changed().pk != wanted.pk  # the next one is another change


def test_what_cannot_be_opened_keeps_its_key_and_is_tried_again(committing: str) -> None:
    lost = sealed()[0]
    path = keyring.path_of(keyring.SEALING)
    kept = path.read_bytes()
    path.unlink()
    sealed()
    change = changed()
    assert to_the_end() == 1
    words = next(why for what, why in checkup.examine() if what.startswith("keys and cipher"))
    assert "put back the kept copy" in words
    assert resealing.trouble().startswith("1 sealed values")
    lost_id = ciphers.key_id(bytes(SealedValue.objects.get(matter_id=lost).envelope))
    keyring.path_of(keyring.SEALING, lost_id).write_bytes(kept)  # found in the safe
    with clock.at(clock.now() + resealing.AGAIN + LATER):
        assert to_the_end() == 1
        assert resealing.trouble() == ""
    assert ciphers.key_id(bytes(SealedValue.objects.get(matter_id=lost).envelope)) == change.sealing
    assert lines("keys.resealed") == 1


def test_the_application_can_replace_an_envelope_only_as_a_change_of_keys_needs_it(committing: str) -> None:
    matter, picture = sealed()[0], photo()
    known = bytes(SealedValue.objects.get(matter_id=matter).envelope)
    change = changed()

    def put(fresh: bytes, lookup: bytes | None, given: bytes = known) -> int:
        wanted = [{
            "matter_id": str(matter), "no": 1, "envelope": resealing._text(given), "fresh": resealing._text(fresh),
            "lookup": resealing._text(lookup) if lookup else None,
        }]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(resealing.sql.RESEAL, {"wanted": resealing.json.dumps(wanted)})
            return int(cursor.fetchone()[0])

    other = ciphers.Key.of(b"7" * 32)
    good = sealing.resealed_value(matter, 1, "reporter_phone", known, bytes(SealedValue.objects.get().lookup or b""))
    assert good is not None
    assert put(ciphers.seal(other, b"x", b"o"), good[1]) == 0  # a key that the owner has not written down
    assert put(good[0], None) == 0  # the look-up hash stays
    assert put(good[0], good[1], given=b"\1\0") == 0  # not what is there
    assert put(good[0], good[1]) == 1
    assert put(sealing.seal_bytes("o", b"y"), good[1], given=good[0]) == 0  # once for each change
    with connection.cursor() as cursor:
        assert _file(cursor, picture, "f" * 64, other.id) == 0
        assert _file(cursor, picture, "no name", change.sealing) == 0
    for statement in (
        "UPDATE records_sealedvalue SET envelope = ''", "UPDATE evidence_evidence SET sealed_original = ''",
        "INSERT INTO records_keychange (at, sealing, lookup, sealing_before, lookup_before)"
        " VALUES ('2026-01-01', 'a', 'b', '', '')",
        "UPDATE records_keychange SET sealing = 'k0'", "DELETE FROM records_sealedvalue",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
    assert opened(matter) == PHONE


def _file(cursor: object, row: Evidence, fresh: str, key: str) -> int:
    given = {"matter": row.matter_id, "id": row.id, "known": row.sealed_original, "fresh": fresh, "key": key}
    from civicloop.evidence import sql

    cursor.execute(sql.RESEAL, given)  # type: ignore[attr-defined]
    return int(cursor.fetchone()[0])  # type: ignore[attr-defined]


def test_an_original_of_before_stays_for_those_who_have_just_read_its_row(committing: str) -> None:
    row = photo()
    place = storage.default()
    assert isinstance(place, storage.LocalStore)
    long_ago = place.path(row.sealed_original).stat().st_mtime - 10 * 86_400
    os.utime(place.path(row.sealed_original), (long_ago, long_ago))
    changed()
    to_the_end()
    now = Evidence.objects.get(pk=(row.matter_id, row.id))
    assert (now.sealed_with, now.sealed_original == row.sealed_original) == (keyring.current().id, False)
    evidence.sweep_orphans()
    assert place.get(row.sealed_original)
    assert original(now)


def test_an_operator_lists_changes_and_removes_keys_by_command(committing: str, tmp_path: Path) -> None:
    sealed(2)
    old = (keyring.current().id, keyring.current(keyring.LOOKUP).id)

    def run(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(keys, list(words))
        assert done.exit_code == status, done.output
        return done.output

    assert old[0] in run("list")
    done = subprocess.run(
        [sys.executable, "-m", "civicloop.ops.cli", "keys", "rotate"], env=os.environ | {"DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = done.stdout
    assert keyring.current().id in said
    assert keyring.current().id not in old
    assert "earlier    needed by 2" in run("list")
    assert "just been changed" in run("retire", old[0], status=1)
    assert "no earlier key" in run("retire", keyring.current().id, status=1)
    assert to_the_end() == 2
    assert f"civicloop keys retire {old[0]}" in resealing.said()


@pytest.mark.django_db
def test_a_backup_of_before_finds_its_keys_under_their_new_names() -> None:
    sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE)
    from civicloop.ops.backup import keys_here

    then = keys_here()
    assert restoring._keys_to_put_back(then) == []
    fresh = {family: keyring.make(family).id for family in keyring.FAMILIES}
    for family, key_id in fresh.items():
        keyring.take_over(family, key_id)
    assert restoring._keys_to_put_back(then) == []
    for family in keyring.FAMILIES:
        for key_id in keyring.former(family):
            keyring.remove(family, key_id)
    assert sorted(restoring._keys_to_put_back(then)) == ["lookup.key", "sealing.key"]


def test_a_file_under_another_keys_name_is_never_used() -> None:
    now = keyring.current()
    other = keyring.make(keyring.SEALING)
    keyring.path_of(keyring.SEALING, "k0123abcd").write_bytes(keyring.path_of(keyring.SEALING, other.id).read_bytes())
    assert set(keyring.former()) == {other.id}
    with pytest.raises(ciphers.CannotOpen):
        keyring.holder("k0123abcd")
    with pytest.raises(ciphers.CannotOpen):
        keyring.holder("../sealing")
    assert keyring.holder(now.id) == now
