"""收单台: the table for a clerk who works in another system goes out, comes back, and does nothing twice."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from openpyxl import Workbook, load_workbook

from civicloop.foundation import clock, spreadsheets
from civicloop.matters.models import ApprovalRequest, Entry, Matter
from civicloop.records.models import AuditEntry
from civicloop.site import receiving_sheet
from tests import world
from tests.matters import loop
from tests.site.desks import dispatched, signed_in, step, text

pytestmark = pytest.mark.django_db
DO, WORDS, WORKER, KEY = receiving_sheet.DO, receiving_sheet.WORDS, receiving_sheet.WORKER, receiving_sheet.KEY


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def taken(tab: str = "dispatched", user: str = "receiver") -> list[list[str]]:
    """The rows of the table as the clerk's program sees them."""
    answer = signed_in(user).get(f"/receiving/table/out?tab={tab}")
    assert answer.status_code == 200
    rows = load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    return [[str(cell) if cell is not None else "" for cell in row] for row in rows]


def given(rows: Sequence[Sequence[str]], user: str = "receiver", *, name: str = "t.xlsx") -> Any:
    """Give the table back as XLSX."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    out = io.BytesIO()
    book.save(out)
    return posted(out.getvalue(), user, name)


def posted(content: bytes, user: str = "receiver", name: str = "t.xlsx") -> Any:
    return signed_in(user).post("/receiving/table/in", {"file": SimpleUploadedFile(name, content)})


def test_twenty_are_accepted_by_a_table_and_the_same_table_does_nothing_twice() -> None:
    matters = [dispatched() for _number in range(20)]
    head, *rows = taken()
    assert head[DO] == "办理动作"
    assert len(rows) == 20
    for row in rows:
        row[DO] = "接收"
    assert given([head, *rows]).status_code == 200
    assert {step(matter) for matter in matters} == {"accepted"}
    entries = Entry.objects.count()
    assert given([head, *rows]).status_code == 200
    assert Entry.objects.count() == entries


def test_each_act_finds_its_words() -> None:
    one, other = dispatched(), dispatched()
    head, *rows = taken()
    by = {row[KEY][:36]: row for row in rows}
    by[str(one)][DO] = "accept"
    by[str(other)][DO], by[str(other)][WORDS] = "return", "不属于本单位职责"
    given([head, *rows])
    assert step(one) == "accepted"
    assert ApprovalRequest.objects.get(matter_id=other).action == "return"
    head, row = taken("accepted")
    row[DO], row[WORKER] = "assign", "worker"
    given([head, row])
    assert step(one) == "handling"


def test_a_row_that_moved_on_is_refused_and_the_others_are_done() -> None:
    one, other, third = dispatched(), dispatched(), dispatched()
    head, *rows = taken()
    loop.act("receiver", one, "accept")
    by = {row[KEY][:36]: row for row in rows}
    for row in rows:
        row[DO] = "accept"
    by[str(third)][DO] = "天上飞"
    answer = given([head, *rows])
    page = text(answer)
    assert answer.status_code == 422
    assert page.count("✗") == 2
    assert "天上飞" in page
    assert (step(one), step(other), step(third)) == ("accepted", "accepted", "dispatched")
    assert Matter.objects.get(id=one).seq == 4


def test_a_csv_of_a_spreadsheet_program_is_taken_too() -> None:
    matter = dispatched()
    head, row = taken()
    row[DO] = "accept"
    out = io.StringIO()
    csv.writer(out).writerows([head, row])
    assert posted(out.getvalue().encode("gb18030"), name="t.csv").status_code == 200
    assert step(matter) == "accepted"


def test_what_stands_in_a_report_is_no_formula() -> None:
    dispatched(title="=HYPERLINK(1)", text="@SUM(A1)")
    _head, row = taken()
    assert (row[1], row[2]) == ("'=HYPERLINK(1)", "'@SUM(A1)")


def test_only_the_own_units_matters_go_out_and_nobody_elses_come_in() -> None:
    matter = dispatched()
    head, row = taken()
    row[DO] = "accept"
    assert signed_in("system").get("/receiving/table/out").status_code == 403
    assert len(taken(user="grid")) == 1
    other = given([head, row], "d2-clerk")
    assert other.status_code == 422
    assert "无权查看" in text(other)
    assert step(matter) == "dispatched"


def test_every_taking_leaves_its_line() -> None:
    dispatched()
    taken()
    line = AuditEntry.objects.get(action="receiving.export")
    assert (line.object, line.detail["rows"]) == ("dispatched", 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 broken", "无法读取"),
        (b"\xff\xfe\xfd\x80\x81,\xff", "无法读取"),
        (b"x" * 2_000_001, "超过 2 MB"),
        ("编号\n".encode() * 600, "超过 500 行"),
        (b"", "空"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    answer = posted(content)
    assert answer.status_code == 422
    assert words in text(answer)


def test_a_packed_flood_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving_sheet, "MOST_UNPACKED", 100)
    answer = posted(spreadsheets.workbook(["a"], [["b"]]))
    assert answer.status_code == 422
    assert "远大于" in text(answer)


def test_a_table_that_asks_for_nothing_or_lost_its_keys_changes_nothing() -> None:
    matter = dispatched()
    head, row = taken()
    assert given([head, row]).status_code == 302
    row[DO], row[KEY] = "accept", "别的"
    answer = given([head, row])
    assert answer.status_code == 422
    assert "最后一列" in text(answer)
    assert step(matter) == "dispatched"


def test_the_order_on_paper_has_a_picture_of_its_address() -> None:
    matter = dispatched()
    page = text(signed_in("receiver").get(f"/matters/{matter}/order"))
    assert "<svg" in page.split('class="order-qr qr"')[1][:400]
