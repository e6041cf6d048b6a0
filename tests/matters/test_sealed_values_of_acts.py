"""Personal values of an act: sealed, kept for ever under a number of their own, told apart by whose they are."""

from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection

from civicloop.foundation import clock
from civicloop.matters import proof
from civicloop.matters.models import Entry, Matter
from civicloop.records import sealing
from civicloop.records.choices import FIELDS
from civicloop.records.models import SealedValue
from tests import world
from tests.matters import loop
from tests.matters.sealing import store

pytestmark = [pytest.mark.django_db, pytest.mark.both_servers]


def opened(row: SealedValue) -> str:
    return sealing.open_value(
        actor_id=7, actor_words="回访员", post_id=70, purpose="回访", matter_id=row.matter_id, no=row.no
    )


def test_values_sealed_late_do_not_touch_those_sealed_early(tmp_path: Path) -> None:
    store(tmp_path)
    with clock.at(world.START):
        matter = loop.report("grid", procedure="relief")
        while Matter.objects.get(id=matter).seq < 7:
            loop.act("grid", matter, "note", note="看过")
        assert loop.act("grid", matter, "take_down", phone="13800000001", account="先前的账号").seq == 8
        while Matter.objects.get(id=matter).seq < 39:
            loop.act("grid", matter, "note", note="看过")
        assert loop.act("grid", matter, "take_down", phone="13800000002", account="后来的账号").seq == 40
        rows = list(SealedValue.objects.filter(matter_id=matter).order_by("no"))
        assert [opened(row) for row in rows] == ["先前的账号", "13800000001", "后来的账号", "13800000002"]
        assert proof.verify(matter) == []


def test_no_number_of_a_sealed_value_ever_comes_again() -> None:
    from civicloop.matters.writing import PLACES, sealed_number

    entries = [2, 8, 32, 33, 34, 40, 64, 65, 1_000_000, 2_000_000]
    numbers = [sealed_number(seq, place) for seq in entries for place in (0, 1, PLACES - 1)]
    assert numbers == sorted(set(numbers))
    assert min(numbers) > PLACES  # below lie the values of the report itself
    assert max(numbers) < 2**31


@pytest.mark.parametrize(
    ("outside", "whose", "retention"),
    [
        ("reporter", "reporter", "reporter"), ("household", "household", "household"),
        ("resident", "applicant", "applicant"), ("party", "party", "matter"), ("receiver", "reporter", "reporter"),
    ],
)  # fmt: skip
def test_what_a_report_and_an_act_seal_is_kept_as_the_same_person_s(
    tmp_path: Path, outside: str, whose: str, retention: str
) -> None:
    store(tmp_path, outside)
    with clock.at(world.START):
        matter = loop.report("grid", procedure="relief", reporter={"phone": "13800000001"})
        loop.act("grid", matter, "take_down", phone="13800000001", account="某账号")
    rows = list(SealedValue.objects.filter(matter_id=matter).order_by("no"))
    fields = [f"{whose}_phone", f"{whose}_account", f"{whose}_phone"]
    assert [(row.field, row.retention) for row in rows] == [(field, retention) for field in fields]
    assert rows[0].lookup is not None
    assert bytes(rows[0].lookup) == bytes(rows[2].lookup or b"")  # the same number is found wherever it came in
    assert [opened(row) for row in rows] == ["13800000001", "某账号", "13800000001"]


@pytest.mark.parametrize(
    ("procedure", "field"),
    [
        ("grid-event", "reporter_phone"), ("visit-problem", "household_phone"),
        ("delegated-service", "applicant_phone"), ("common-problem", "reporter_phone"),
    ],
)  # fmt: skip
def test_shipped_procedures_say_whose_the_phone_number_of_a_report_is(procedure: str, field: str) -> None:
    with clock.at(world.START):
        matter = loop.report("grid", procedure=procedure, reporter={"phone": "13800000001"})
    row = SealedValue.objects.get(matter_id=matter)
    assert (row.field, row.retention) == (field, FIELDS[field])


def clear_text_of(matter: UUID) -> str:
    """Everything that the matter's rows hold in the clear."""
    tables = ("matters_matter", "matters_entry", "matters_entrytext", "matters_approvalrequest", "matters_outbox",
              "records_sealedvalue")  # fmt: skip
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            key = "id" if table == "matters_matter" else "matter_id"
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {key} = %s", [matter])
            found += [row[0] for row in cursor.fetchall()]
    found += [bytes(body).decode(errors="replace") for body in
              Entry.objects.filter(matter_id=matter).values_list("body", flat=True)]  # fmt: skip
    return "\n".join(found)


def test_a_sealed_value_that_waits_for_an_approval_lies_nowhere_in_the_clear(tmp_path: Path) -> None:
    store(tmp_path)
    with clock.at(world.START):
        matter = loop.report("grid", procedure="relief")
        assert loop.act("grid", matter, "pay", account="某账号62220001", reason="生活困难").requested
        before = clear_text_of(matter)
        assert "生活困难" in before
        assert "62220001" not in before
        assert b"62220001".hex() not in before
        assert loop.act("leader", matter, "decide", request=1, yes=True).step == "paid"
        assert "62220001" not in clear_text_of(matter)
        assert [opened(row) for row in SealedValue.objects.filter(matter_id=matter)] == ["某账号62220001"]
        assert proof.verify(matter) == []
