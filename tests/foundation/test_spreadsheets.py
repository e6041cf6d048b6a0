"""Cells of CSV files: no formula goes out, every text comes back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import spreadsheets

CELLS = st.text(st.sampled_from("'=+-@＝＋\t ab中1"), max_size=6) | st.text(st.characters(codec="utf-8"), max_size=8)


@pytest.mark.parametrize("cell", ["=1+1", "+86 22", "-5", "@home", "\tx", "＝SUM(A1)", "=HYPERLINK(0)"])
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert spreadsheets.neutral(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "022-0000", "a=b", "'quoted'", "东风街道"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert spreadsheets.neutral(cell) == cell


@given(CELLS)
def test_every_text_comes_back(cell: str) -> None:
    assert spreadsheets.plain(spreadsheets.neutral(cell)) == cell
    assert not spreadsheets.neutral(cell).startswith(spreadsheets.FORMULA)


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_a_file_holds_one_line_of_cells_for_a_row(cells: list[str]) -> None:
    text = spreadsheets.written([f"c{number}" for number in range(len(cells))], [cells])
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [[spreadsheets.plain(cell) for cell in row] for row in found[1:]] == [cells]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_as_spreadsheets_write_it(codec: str) -> None:
    assert spreadsheets.text_of("code,name\nx,东风街道\n".encode(codec)) == "code,name\nx,东风街道\n"
