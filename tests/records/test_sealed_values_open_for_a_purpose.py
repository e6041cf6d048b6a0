"""Personal facts: sealed from the first row, opened in one place only, for a purpose, with a line in the read log."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import override_settings

import civicloop
from civicloop.foundation import ciphers, clock, ids
from civicloop.records import keyring, sealing
from civicloop.records.choices import APPEND_ONLY, FIELDS
from civicloop.records.models import ReadEntry, SealedValue

pytestmark = pytest.mark.both_servers
PHONE = "13800000000"


@pytest.fixture(autouse=True)
def _folder(tmp_path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path):
        yield


def kept(matter: UUID, no: int = 1, field: str = "reporter_phone", text: str = PHONE) -> SealedValue:
    row = sealing.seal(matter, no, field, text)
    return SealedValue.objects.create(
        matter_id=matter, no=row.no, field=row.field, envelope=row.envelope, lookup=row.lookup,
        retention=row.retention, created_at=clock.now(),
    )  # fmt: skip


def opened(matter: UUID, no: int = 1, purpose: str = "回访") -> str:
    return sealing.open_value(actor_id=7, actor_words="回访员", post_id=70, purpose=purpose, matter_id=matter, no=no)


def lines(matter: UUID) -> int:
    return ReadEntry.objects.filter(matter_id=matter).count()


@pytest.mark.django_db
def test_a_value_opens_for_a_purpose_and_leaves_a_line() -> None:
    matter = ids.uuid7()
    kept(matter)
    assert lines(matter) == 0
    assert opened(matter) == PHONE
    line = ReadEntry.objects.get(matter_id=matter)
    assert (line.account_id, line.post_id, line.words, line.purpose) == (7, 70, "回访员", "回访")
    assert line.field == "reporter_phone"
    opened(matter)
    assert lines(matter) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", ["", " ", "\n\t"])
def test_without_a_purpose_nothing_opens(purpose: str) -> None:
    matter = ids.uuid7()
    kept(matter)
    with pytest.raises(sealing.NoPurpose):
        opened(matter, purpose=purpose)
    with pytest.raises(sealing.NoPurpose):
        sealing.open_bytes(
            actor_id=7, actor_words="回访员", post_id=70, purpose=purpose, matter_id=matter, owner="o",
            envelope=sealing.seal_bytes("o", b"x"),
        )  # fmt: skip
    assert lines(matter) == 0


@pytest.mark.django_db
def test_no_value_is_answered_when_the_line_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    matter = ids.uuid7()
    kept(matter)

    def fails(*_given: object) -> None:
        raise RuntimeError("no line")

    monkeypatch.setattr(sealing, "_log", fails)
    with pytest.raises(RuntimeError, match="no line"):
        opened(matter)


@pytest.mark.django_db
def test_the_table_and_the_log_hold_no_plain_value() -> None:
    matter = ids.uuid7()
    kept(matter)
    opened(matter)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s::text, r::text FROM records_sealedvalue s, records_readentry r WHERE s.matter_id = %s", [matter]
        )
        for row in cursor.fetchall():
            assert PHONE not in "".join(row)
            assert PHONE.encode().hex() not in "".join(row)


@pytest.mark.django_db
@pytest.mark.parametrize("moved", ["matter", "number", "field"])
def test_a_value_moved_elsewhere_does_not_open(moved: str) -> None:
    first = ids.uuid7()
    row = sealing.seal(first, 1, "reporter_phone", PHONE)
    matter = ids.uuid7() if moved == "matter" else first
    no = 2 if moved == "number" else 1
    field = "reporter_name" if moved == "field" else row.field
    SealedValue.objects.create(
        matter_id=matter, no=no, field=field, envelope=row.envelope, retention="reporter", created_at=clock.now()
    )
    with pytest.raises(ciphers.CannotOpen):
        opened(matter, no)
    assert lines(matter) == 0


@pytest.mark.django_db
def test_without_the_key_file_nothing_opens(tmp_path) -> None:
    matter = ids.uuid7()
    kept(matter)
    (tmp_path / "keys" / "sealing.key").unlink()
    with pytest.raises(ciphers.CannotOpen):
        opened(matter)


def test_a_value_is_never_answered_with_a_line_that_may_still_be_undone(committing: str) -> None:
    matter = ids.uuid7()
    kept(matter)
    for opening in (
        lambda: opened(matter),
        lambda: sealing.open_bytes(
            actor_id=7, actor_words="回访员", post_id=70, purpose="回访", matter_id=matter, owner="o",
            envelope=sealing.seal_bytes("o", b"x"),
        ),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            opening()
    assert lines(matter) == 0
    assert opened(matter) == PHONE
    connection.close()
    assert lines(matter) == 1


@pytest.mark.django_db
def test_a_key_made_after_the_file_was_lost_is_told_from_the_lost_one(tmp_path) -> None:
    path = tmp_path / "keys" / "sealing.key"
    old, new = ids.uuid7(), ids.uuid7()
    kept(old)
    lost = path.read_bytes()
    path.unlink()
    kept(new)
    made = path.read_bytes()
    with pytest.raises(ciphers.CannotOpen, match="another key"):
        opened(old)
    assert opened(new) == PHONE
    path.write_bytes(lost)  # found in the safe
    assert opened(old) == PHONE
    with pytest.raises(ciphers.CannotOpen, match="another key"):
        opened(new)
    path.write_bytes(made)
    assert opened(new) == PHONE


def test_a_cipher_that_does_not_exist_or_is_missing_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sealing.trouble() == ""
    monkeypatch.setenv("CIVICLOOP_CIPHER", "rot13")
    assert sealing.trouble() == "CIVICLOOP_CIPHER is 'rot13': set it to sm4-gcm or aes-256-gcm"
    with pytest.raises(ciphers.CannotSeal):
        sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE)


@pytest.mark.parametrize("name", ["sealing.key", "lookup.key"])
@pytest.mark.parametrize("content", ["", "not hexadecimal\n", "ab" * 31])
def test_a_damaged_key_file_is_said_in_words_and_never_used(tmp_path, name: str, content: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / name).write_text(content)
    assert sealing.trouble() == f"{tmp_path / 'keys' / name} is damaged: put back the kept copy"
    with pytest.raises(ciphers.CannotSeal):
        sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE)


def test_the_key_files_are_the_operator_s_alone(tmp_path) -> None:
    sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE)
    for name in ("sealing.key", "lookup.key"):
        path = tmp_path / "keys" / name
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys/sealing.key").read_text() != (tmp_path / "keys/lookup.key").read_text()


def test_equal_phone_numbers_are_found_without_opening_and_names_are_not_looked_up() -> None:
    first = sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE)
    second = sealing.seal(ids.uuid7(), 4, "household_phone", f" {PHONE} ")
    assert first.lookup == second.lookup
    assert first.envelope != second.envelope
    assert sealing.seal(ids.uuid7(), 1, "reporter_name", "张三").lookup is None


@pytest.mark.parametrize("cipher", ciphers.NAMES)
def test_equal_values_are_found_whichever_hash_was_chosen(monkeypatch: pytest.MonkeyPatch, cipher: str) -> None:
    monkeypatch.setenv("CIVICLOOP_CIPHER", cipher)
    assert sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE).lookup in sealing.look_ups(f" {PHONE}")
    assert sealing.seal(ids.uuid7(), 1, "reporter_phone", PHONE).lookup not in sealing.look_ups("13800000001")


def test_another_cipher_may_be_chosen_and_earlier_envelopes_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sealing.seal_bytes("o", b"before")
    monkeypatch.setenv("CIVICLOOP_CIPHER", "aes-256-gcm")
    after = sealing.seal_bytes("o", b"after")
    assert (before[0], after[0]) == (ciphers.SM4_GCM, ciphers.AES_GCM)
    assert ciphers.unseal(keyring.current(), before, b"o") == b"before"
    assert ciphers.unseal(keyring.current(), after, b"o") == b"after"


@pytest.mark.django_db
def test_what_is_sealed_is_listed_without_opening() -> None:
    matter = ids.uuid7()
    kept(matter, 2, "reporter_name", "张三 😀 ‮")
    kept(matter, 1)
    assert sealing.fields_of(matter) == [(1, "reporter_phone"), (2, "reporter_name")]
    assert lines(matter) == 0
    assert opened(matter, 2) == "张三 😀 ‮"


@pytest.mark.django_db
def test_masked_values_betray_little_and_leave_no_line(tmp_path) -> None:
    matter = ids.uuid7()
    given = {
        "reporter_name": ("张三丰", "张**"), "reporter_phone": ("13812341234", "138****1234"),
        "applicant_document": ("11010519491231002X", "1****************X"), "party_terms": ("赔偿三万元", "****"),
        "household_phone": ("8888", "****"), "parties": ('["甲", "乙"]', "****"),
    }  # fmt: skip
    for no, (field, (text, _mask)) in enumerate(given.items()):
        kept(matter, no, field, text)
    shown = sealing.masked(matter, range(len(given)))
    assert [shown[no] for no in range(len(given))] == [mask for _text, mask in given.values()]
    assert sealing.masked(matter, [1]) == {1: "138****1234"}
    assert lines(matter) == 0
    key = tmp_path / "keys" / "sealing.key"
    for broken in ("not a key", "ab" * 32):
        key.write_text(broken)
        assert set(sealing.masked(matter, range(len(given))).values()) == {"****"}


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_rewrite_the_logs_and_versions(table: str, statement: str) -> None:
    column = "no" if table == "records_sealedvalue" else "id"
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, column, column))


def test_only_the_sealing_module_opens_anything() -> None:
    source = Path(civicloop.__file__).parent
    opening = re.compile(r"\bunseal\b|\bimport_module\(.*ciphers")
    users = {str(path.relative_to(source)) for path in source.rglob("*.py") if opening.search(path.read_text("utf-8"))}
    assert users == {"foundation/ciphers.py", "records/sealing.py"}
    decrypting = re.compile(r"\.decryptor\(|\.decrypt\(")
    users = {
        str(path.relative_to(source)) for path in source.rglob("*.py") if decrypting.search(path.read_text("utf-8"))
    }
    # the file of a backup is sealed as a whole with a key of its own; what was sealed in it stays so
    assert users == {"foundation/ciphers.py", "ops/backup_file.py"}


def test_every_sealed_field_stands_in_the_inventory() -> None:
    inventory = (Path(__file__).resolve().parents[2] / "docs" / "records.md").read_text("utf-8")
    for field, retention in FIELDS.items():
        assert f"`{field}`" in inventory
        assert f"`{retention}`" in inventory
