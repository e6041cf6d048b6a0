"""Uploads of a matter: taken once however often they are sent, bounded, sealed, and never changed."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test import override_settings

import civicloop
from civicloop.evidence import actions, selectors, storage
from civicloop.evidence.choices import MOST_FILES
from civicloop.evidence.models import Evidence
from civicloop.foundation import ciphers, clock, ids
from civicloop.records import audit, sealing
from civicloop.records.models import AuditEntry, ReadEntry
from tests.evidence.pictures import PDF, drawn, encoded, from_a_phone, opened

pytestmark = pytest.mark.both_servers
PHOTO = from_a_phone()


@pytest.fixture(autouse=True)
def _folder(tmp_path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path):
        yield


def prepared(matter: UUID, evidence: UUID | None = None, upload: bytes = PHOTO, **values: object) -> actions.Prepared:
    given: dict[str, object] = {
        "upload": upload, "filename": "现场.jpg", "stage": "before", "matter_id": matter,
        "evidence_id": evidence or ids.uuid7(), "actor_id": 7, "post_id": 70,
    }  # fmt: skip
    return actions.prepare(**(given | values))  # type: ignore[arg-type]


def opening(row: Evidence, purpose: str = "核对现场照片") -> bytes:
    content, media_type = selectors.open_original(
        actor_id=7, actor_words="核查员", post_id=70, purpose=purpose, matter_id=row.matter_id, evidence_id=row.id
    )
    assert media_type == row.media_type
    return content


@pytest.mark.django_db
def test_a_photo_is_kept_with_what_is_shown_and_the_sealed_original() -> None:
    matter = ids.uuid7()
    row, created = actions.store(prepared(matter))
    assert created
    assert (row.stage, row.media_type, row.bytes, row.synthetic) == ("before", "image/jpeg", len(PHOTO), False)
    assert (row.width, row.height, row.account_id, row.post_id) == (480, 360, 7, 70)
    content, media_type = selectors.read_object(matter, row.id, "derivative")
    assert media_type == "image/jpeg"
    assert opened(content).size == (480, 360)
    assert opened(selectors.read_object(matter, row.id, "thumbnail")[0]).size == (320, 240)
    assert selectors.of_matter(matter) == [row]


@pytest.mark.django_db
def test_the_moment_is_the_platform_s() -> None:
    matter = ids.uuid7()
    at = clock.now().replace(year=2027)
    with clock.at(at):
        row, _created = actions.store(prepared(matter))
    assert row.created_at == at


@pytest.mark.django_db
def test_the_original_opens_only_for_a_purpose_and_leaves_a_line() -> None:
    row, _created = actions.store(prepared(ids.uuid7()))
    with pytest.raises(sealing.NoPurpose):
        opening(row, "  ")
    assert not ReadEntry.objects.filter(matter_id=row.matter_id).exists()
    assert opening(row) == PHOTO
    line = ReadEntry.objects.get(matter_id=row.matter_id)
    assert (line.account_id, line.post_id, line.words, line.purpose, line.field) == (
        7,
        70,
        "核查员",
        "核对现场照片",
        "file",
    )


@pytest.mark.django_db
def test_nothing_of_the_original_lies_open_in_the_store(tmp_path) -> None:
    actions.store(prepared(ids.uuid7()))
    for path in (tmp_path / "evidence").rglob("*"):
        if path.is_file():
            assert b"Zhang San" not in path.read_bytes()
            assert PHOTO[200:264] not in path.read_bytes()


@pytest.mark.django_db
def test_a_sealed_original_does_not_open_under_another_evidence() -> None:
    matter = ids.uuid7()
    row, _created = actions.store(prepared(matter))
    moved = Evidence.objects.create(
        matter_id=matter, id=ids.uuid7(), stage="before", media_type="image/jpeg", bytes=1, sha256="0" * 64,
        sealed_original=row.sealed_original, fingerprint=bytes(32), created_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(ciphers.CannotOpen):
        opening(moved)


@pytest.mark.django_db
def test_the_same_upload_again_is_the_same_evidence() -> None:
    matter, evidence = ids.uuid7(), ids.uuid7()
    first, _created = actions.store(prepared(matter, evidence))
    second = prepared(matter, evidence)
    for again in (second, prepared(matter, evidence, filename="other.jpg", post_id=71)):
        row, created = actions.store(again)
        assert not created
        assert row == first
        assert row.created_at == first.created_at
    assert Evidence.objects.filter(matter_id=matter).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"upload": encoded(drawn(seed=2))}, {"stage": "after"}, {"actor_id": 8}, {"synthetic": True}]
)
def test_the_same_id_for_something_else_is_a_conflict(change: dict[str, object]) -> None:
    matter, evidence = ids.uuid7(), ids.uuid7()
    late = prepared(matter, evidence, **change)  # type: ignore[arg-type]
    actions.store(prepared(matter, evidence))
    with pytest.raises(actions.Conflict):
        actions.store(late)  # prepared before the other one came
    with pytest.raises(actions.Conflict):
        prepared(matter, evidence, **change)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_what_belongs_to_an_upload_is_written_once_and_with_it() -> None:
    matter, evidence = ids.uuid7(), ids.uuid7()

    def note(row: Evidence) -> None:
        audit.write(
            actor_id=7, post_id=70, actor_words="网格员", action="evidence.add", object=str(row.id), outcome="done"
        )

    for created in (True, False):
        assert actions.store(prepared(matter, evidence), note)[1] is created
    assert AuditEntry.objects.filter(action="evidence.add", object=str(evidence)).count() == 1


def test_an_upload_whose_companion_fails_leaves_no_row_and_can_be_sent_again(committing: str) -> None:
    matter, evidence = ids.uuid7(), ids.uuid7()

    def fails(row: Evidence) -> None:
        audit.write(
            actor_id=7, post_id=70, actor_words="网格员", action="evidence.add", object=str(row.id), outcome="done"
        )
        raise RuntimeError("step has moved")

    with pytest.raises(RuntimeError, match="step has moved"):
        actions.store(prepared(matter, evidence), fails)
    assert selectors.of_matter(matter) == []
    assert not AuditEntry.objects.filter(object=str(evidence)).exists()
    assert actions.store(prepared(matter, evidence))[1] is True


@pytest.mark.django_db
def test_a_caller_may_insert_the_row_itself() -> None:
    ready = prepared(ids.uuid7())
    values = ready.values(clock.now())
    columns = ", ".join(values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO evidence_evidence ({columns}) VALUES ({', '.join(['%s'] * len(values))})", [*values.values()]
        )
    row = selectors.of_matter(ready.row.matter_id)[0]
    assert {name: getattr(row, name) for name in values if name != "fingerprint"} == {
        name: value for name, value in values.items() if name != "fingerprint"
    }
    assert prepared(row.matter_id, row.id).known == row


@pytest.mark.django_db
def test_the_same_id_in_another_matter_is_another_evidence() -> None:
    evidence = ids.uuid7()
    assert actions.store(prepared(ids.uuid7(), evidence))[1]
    assert actions.store(prepared(ids.uuid7(), evidence))[1]


@pytest.mark.django_db
def test_a_refused_upload_leaves_neither_row_nor_file(tmp_path) -> None:
    matter = ids.uuid7()
    for upload, code in ((b"PK\x03\x04zip", "archive"), (b"", "empty"), (PHOTO[:900], "damaged")):
        with pytest.raises(actions.EvidenceRefused) as caught:
            prepared(matter, upload=upload)
        assert caught.value.code == code
    with pytest.raises(actions.EvidenceRefused) as caught:
        prepared(matter, stage="during")
    assert caught.value.code == "unknown_stage"
    assert selectors.of_matter(matter) == []
    assert not (tmp_path / "evidence").exists()


@pytest.mark.django_db
def test_a_full_disk_is_said_and_leaves_no_row(tmp_path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    matter = ids.uuid7()
    with pytest.raises(actions.EvidenceRefused) as caught:
        prepared(matter)
    assert caught.value.code == "not_stored"
    assert selectors.of_matter(matter) == []


@pytest.mark.django_db
def test_a_matter_holds_a_bounded_number_of_files() -> None:
    matter = ids.uuid7()
    Evidence.objects.bulk_create(
        Evidence(
            matter_id=matter, id=ids.uuid7(), stage="other", media_type="image/jpeg", bytes=1, sha256="0" * 64,
            fingerprint=bytes(32), created_at=clock.now(),
        )
        for _each in range(MOST_FILES - 1)
    )  # fmt: skip
    last, one_more = ids.uuid7(), prepared(matter)
    assert actions.store(prepared(matter, last))[1]
    with pytest.raises(actions.EvidenceRefused) as caught:
        actions.store(one_more)
    assert caught.value.code == "too_many"
    assert actions.store(prepared(matter, last))[1] is False  # a repeat is no new file
    assert len(selectors.of_matter(matter)) == MOST_FILES


@pytest.mark.django_db
def test_a_pdf_has_no_picture_and_opens_as_original_only() -> None:
    matter = ids.uuid7()
    row, _created = actions.store(prepared(matter, upload=PDF, filename="授权委托书.pdf", stage="other"))
    assert (row.media_type, row.derivative, row.width, row.dhash) == ("application/pdf", "", None, None)
    with pytest.raises(selectors.NoSuchObject):
        selectors.read_object(matter, row.id, "derivative")
    assert opening(row) == PDF


@pytest.mark.django_db
def test_only_what_may_be_shown_is_read() -> None:
    matter = ids.uuid7()
    row, _created = actions.store(prepared(matter))
    for matter_id, evidence_id, which in (
        (matter, row.id, "sealed_original"), (matter, row.id, "sha256"), (matter, ids.uuid7(), "derivative"),
        (ids.uuid7(), row.id, "derivative"),
    ):  # fmt: skip
        with pytest.raises(LookupError):
            selectors.read_object(matter_id, evidence_id, which)


@pytest.mark.django_db
def test_damaged_contents_are_not_shown() -> None:
    row, _created = actions.store(prepared(ids.uuid7()))
    storage.default().path(row.thumbnail).write_bytes(b"something else")
    with pytest.raises(OSError):
        selectors.read_object(row.matter_id, row.id, "thumbnail")


@pytest.mark.django_db
def test_the_sweeper_takes_what_no_row_refers_to() -> None:
    row, _created = actions.store(prepared(ids.uuid7()))
    lost = prepared(ids.uuid7(), upload=encoded(drawn(seed=5))).row  # the process died before its row
    assert actions.sweep_orphans() == 0
    assert actions.sweep_orphans(seconds=-60.0) == 3
    for name in (row.derivative, row.thumbnail, row.sealed_original):
        assert storage.default().get(name)
    for name in (lost.derivative, lost.thumbnail, lost.sealed_original):
        with pytest.raises(storage.Missing):
            storage.default().get(name)


@pytest.mark.django_db
def test_the_table_lies_with_its_matter() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relkind::text FROM pg_class WHERE relname IN ('evidence_evidence', 'records_sealedvalue')"
        )
        assert dict(cursor.fetchall()) == {"evidence_evidence": "p", "records_sealedvalue": "p"}


def test_no_source_changes_a_row_of_evidence_but_two_functions_of_the_owner() -> None:
    changing = re.compile(
        r"Evidence\.objects[^\n]*\.(update|delete|bulk_update|update_or_create)\("
        r"|(UPDATE|DELETE FROM)\s+evidence_evidence",
        re.I,
    )
    source = Path(civicloop.__file__).parent
    found = {
        path.relative_to(source).as_posix(): len(changing.findall(path.read_text(encoding="utf-8")))
        for path in source.rglob("*.py")
    }
    assert {path: count for path, count in found.items() if count} == {"matters/sql.py": 1, "evidence/sql.py": 1}
    erasing = (source / "matters/sql.py").read_text(encoding="utf-8").split("FUNCTION civicloop_erase", 1)[1]
    assert changing.search(erasing.split("$body$;", 1)[0])


def test_the_same_upload_sent_five_times_at_once_is_one_row(committing: str) -> None:
    matter, evidence = ids.uuid7(), ids.uuid7()
    both = threading.Barrier(5)
    answers: list[bool] = []

    def send() -> None:
        try:
            ready = prepared(matter, evidence)
            both.wait()
            answers.append(actions.store(ready)[1])
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _sender in range(5)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(answers) == [False] * 4 + [True]
    assert len(selectors.of_matter(matter)) == 1


def test_the_bound_holds_when_many_send_at_once(committing: str) -> None:
    matter = ids.uuid7()
    Evidence.objects.bulk_create(
        Evidence(
            matter_id=matter, id=ids.uuid7(), stage="other", media_type="image/jpeg", bytes=1, sha256="0" * 64,
            fingerprint=bytes(32), created_at=clock.now(),
        )
        for _each in range(MOST_FILES - 2)
    )  # fmt: skip
    together = threading.Barrier(6)
    answers: list[str] = []

    def send() -> None:
        try:
            ready = prepared(matter)
            together.wait()
            actions.store(ready)
            answers.append("taken")
        except actions.EvidenceRefused as reason:
            answers.append(reason.code)
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _sender in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(answers) == ["taken"] * 2 + ["too_many"] * 4
