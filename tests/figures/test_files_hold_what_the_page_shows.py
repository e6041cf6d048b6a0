"""XLSX, CSV, JSON and PDF of a table: exactly what is seen, and nothing in them that a program takes for a formula."""

import csv
import html
import io
import json
import re

import openpyxl
import pypdf
import pytest
from django.test import Client

from civicloop.figures import exporting, selectors, showing
from civicloop.foundation import clock
from civicloop.people.models import Account
from tests import world
from tests.figures import months

pytestmark = pytest.mark.django_db
ASKED = {"period": "2026-03", "group": "handling"}
ABOUT = {"title": "三月", "lines": ["截至 2026-04-11"], "definitions": [["处置率", "口径", "(a) / (b)"]]}


def words(cell: str) -> list[str]:
    """The lines of a cell of the page."""
    parts = (html.unescape(each).strip() for each in re.split(r"<[^>]+>", cell))
    return [each for each in parts if each]


def seen(page: str) -> tuple[list[str], list[list[list[str]]]]:
    """(columns, rows of cells of lines) of the table of the page."""
    table = re.search(r'<table class="table figure-table">(.*?)</table>', page, re.S)
    assert table is not None
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", table[1], re.S)]
    return [" ".join(words(cell)) for cell in rows[0]], [[words(cell) for cell in row] for row in rows[1:]]


@pytest.fixture
def files() -> tuple[str, dict[str, bytes]]:
    """The page of a leader and its four files."""
    months.live(10, seed=5)
    leader = Client(headers={"accept-language": "zh-hans"})
    leader.force_login(Account.objects.get(username="leader"))
    with clock.at(months.NOW):
        page = leader.get("/figures/", ASKED).content.decode()
        made = {kind: leader.get(f"/figures/export.{kind}", ASKED).content for kind in exporting.KINDS}
    return page, made


def test_every_file_holds_exactly_what_the_page_shows(files: tuple[str, dict[str, bytes]]) -> None:
    page, made = files
    columns, rows = seen(page)
    assert len(columns) == 8  # six indicators, and beside the rates what the sample found
    assert "抽查属实率" in columns
    assert len(rows) == 3  # the whole and two subdistricts
    assert sum(len(cell) > 1 for row in rows for cell in row) > 9
    lines = list(csv.reader(io.StringIO(made["csv"].decode("utf-8-sig"))))
    assert [each for each in lines[0][2:] if "：" not in each] == columns[1:]
    for row, line in zip(rows, lines[1:], strict=True):
        assert line[1] == row[0][0]
        for name, cell in zip(columns[1:], row[1:], strict=True):
            told = [text for column, text in zip(lines[0], line, strict=True) if column.partition("：")[0] == name]
            bare = [each.removeprefix("'").removeprefix("环比 ").removeprefix("同比 ") for each in told if each]
            shown = [each.removeprefix("环比 ").removeprefix("同比 ") for each in cell]
            assert bare[: len(shown)] == shown  # a rate of nothing has no change, which a file writes as "—"
            assert set(bare[len(shown) :]) <= {"—"}
    sheet = openpyxl.load_workbook(io.BytesIO(made["xlsx"])).active
    assert sheet is not None
    assert [["" if cell is None else str(cell) for cell in line] for line in sheet.iter_rows(values_only=True)] == lines
    told = json.loads(made["json"])
    assert told["columns"] == lines[0]
    assert [[str(cell) for cell in row] for row in told["rows"]] == [
        [cell.removeprefix("'") for cell in line] for line in lines[1:]
    ]
    assert isinstance(told["rows"][0][2], int)  # numbers are numbers


def test_the_pdf_says_in_chinese_what_the_page_shows_and_nothing_else(files: tuple[str, dict[str, bytes]]) -> None:
    page, made = files
    columns, rows = seen(page)
    pdf = pypdf.PdfReader(io.BytesIO(made["pdf"]))
    assert len(pdf.pages) == 1
    assert pdf.metadata is not None
    assert pdf.metadata.title == "甲区 · 2026-03"
    text = "".join(pdf.pages[0].extract_text().split())
    codes = {"东风街道": "990101001", "新开街道": "990101002"}
    cells = [[[*row[0], codes[row[0][0]]] if row[0][0] in codes else row[0], *row[1:]] for row in rows]
    table = "".join(
        "".join(line.split()) for row in [[[each] for each in columns], *cells] for cell in row for line in cell
    )
    assert text.count(table) == 1
    head, tail = text.split(table)
    assert head == "甲区·2026-03截至2026-04-1109:00不含保密事项。"
    said = [words(each) for each in re.findall(r"<dt>(.*?</code>)", page, re.S)]
    assert len(said) == 7
    place = 0
    for line in said:  # definitions in their order, then the number of the page
        for part in line:
            place = tail.index("".join(part.split()), place)
    assert tail.endswith("1/1")


def test_no_cell_of_any_file_begins_a_formula() -> None:
    with clock.at(months.NOW):
        table = selectors.table(
            world.actor("audit"), selectors.cut_for(world.actor("audit"), by="area", area="", period="2026-03"),
            ["reported"],
        )  # fmt: skip
        name = '=HYPERLINK("http://example.org")'
        sheet = openpyxl.load_workbook(io.BytesIO(exporting.made("xlsx", table, name, ABOUT))).active
        lines = list(csv.reader(io.StringIO(exporting.made("csv", table, name, ABOUT).decode("utf-8-sig"))))
        text = pypdf.PdfReader(io.BytesIO(exporting.made("pdf", table, name, ABOUT))).pages[0].extract_text()
    assert sheet is not None
    assert lines[1][1] == sheet["B2"].value == "'" + name
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@"))]
    assert "HYPERLINK" in text  # on paper it is what it is
    assert showing.sheet(table, name)[1][0][1] == name
