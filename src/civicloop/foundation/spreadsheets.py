"""CSV that people open in a spreadsheet: cells that no program takes for a formula, and their way back."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter

# the first characters that a spreadsheet takes for the beginning of a formula, in ASCII and in full width
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "'"
MOST_SIGNS = 32_767  # of a cell of an XLSX file


def neutral(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what begins like one.

    A text that already begins with apostrophes and then like a formula gets one more, so that `plain` always gives back
    what was there.
    """
    text = str(cell)
    return MARK + text if text.lstrip(MARK).startswith(FORMULA) else text


def plain(cell: str) -> str:
    """The text of a cell without the apostrophe that `neutral` puts before it."""
    return cell[1:] if cell.startswith(MARK) and cell.lstrip(MARK).startswith(FORMULA) else cell


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV file with neutral cells, row by row, the names of the columns first."""
    out = _Rows()
    writer = csv.writer(out, lineterminator="\r\n")  # so that a cell with either sign is quoted
    writer.writerow(columns)
    for row in rows:
        yield out.taken()
        writer.writerow([neutral(cell) for cell in row])
    yield out.taken()


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The text of a CSV file with neutral cells; one line a row, the names of the columns first."""
    return "".join(lines(columns, rows))


def workbook(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An XLSX file with one sheet; every cell is a text, and neutral, should it be saved as CSV later, or a number."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, neutral(cell)[:MOST_SIGNS])
        sheet.autofit()
    return out.getvalue()


class _Rows:
    """Takes a row of a csv.writer and ends it with a plain line feed."""

    def __init__(self) -> None:
        self.row = ""

    def write(self, row: str) -> None:
        self.row += row.removesuffix("\r\n") + "\n"

    def taken(self) -> str:
        row, self.row = self.row, ""
        return row


def text_of(raw: bytes) -> str:
    """The text of a file as spreadsheets write it: UTF-8 with or without a mark, or GB 18030. Raises
    UnicodeDecodeError."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")
