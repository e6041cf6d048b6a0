"""Catalogue folders: CSV files in one form for import and export.

A folder may hold any of the files of COLUMNS. UTF-8 (with or without BOM) or GB 18030, as spreadsheets write them.
Reading finds every fault with file and line, before anything is written.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from civicloop.foundation import locality
from civicloop.foundation.names import REQUIRED
from civicloop.foundation.spreadsheets import plain, text_of

COLUMNS: dict[str, tuple[str, ...]] = {
    "standards.csv": ("code", "name", "name_en", "provenance", "provenance_en"),
    "classes.csv": ("standard", "family", "code", "name", "name_en", "name_source"),
    "kinds.csv": ("standard", "family", "code", "class", "name", "name_en", "name_source", "custom", "ended"),
    "crosswalk.csv": ("old_standard", "family", "old_code", "old_name", "standard", "code", "certainty"),
    "conditions.csv": (
        "standard", "family", "code", "no", "condition", "condition_en", "closing", "closing_en", "limit", "source",
        "note", "note_en",
    ),
    "default-limits.csv": ("standard", "family", "class", "limit"),
    "questions.csv": ("code", "question", "question_en", "answers", "answers_en", "ended"),
    "responsibilities.csv": (
        "kind_or_class", "area_code", "unit_code", "priority", "reason", "paper", "reason_en", "overlay", "answers",
        "hours", "days", "valid_from", "valid_to",
    ),
    "duty-lists.csv": (
        "part", "kind_or_class", "area_code", "number", "name", "name_en", "lead_unit_code", "paper", "paper_date",
        "valid_from", "valid_to",
    ),
}  # fmt: skip
# a file may leave these out
OPTIONAL: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "name_en", "provenance_en", "condition_en", "closing", "closing_en", "note", "note_en", "name_source",
            "custom", "ended", "priority", "paper", "reason_en", "certainty", "question_en", "answers_en", "valid_from",
            "valid_to",
        }
    ),
    "responsibilities.csv": frozenset({"overlay", "answers", "hours", "days"}),
    "duty-lists.csv": frozenset({"lead_unit_code"}),
}  # fmt: skip
LARGEST_FILE = 20_000_000
LONGEST_CELL = 4_000


class CatalogueRefused(ValueError):
    """Files that cannot be taken over; `faults` names every place with what is wrong there."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults[:20]))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file; a missing cell reads as ""."""

    where: str
    cells: dict[str, str]
    language: str = REQUIRED  # of the columns that name none

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def names(self, column: str) -> dict[str, str]:
        """{language: text} of the columns `column` and `column`_en; without empty texts."""
        texts = [(self.language, self[column]), ("en", self[f"{column}_en"])]
        return {language: text for language, text in texts if text}


@dataclass
class Folder:
    """The files that were found; a file that is missing is None: it says nothing, not that there is nothing."""

    files: dict[str, list[Row] | None] = field(default_factory=dict)

    def rows(self, name: str) -> list[Row]:
        return self.files.get(name) or []

    def has(self, name: str) -> bool:
        return self.files.get(name) is not None


def read_folder(folder: Path, language: str | None = None) -> Folder:
    """Every file of a catalogue folder; `language` is that of its texts (default: the city's own).

    Raises CatalogueRefused with all faults of form.
    """
    if not folder.is_dir():
        raise CatalogueRefused([f"{folder}: there is no such folder"])
    faults: list[str] = []
    said = language or locality.language()
    found = Folder({name: _read(folder / name, faults, said) if (folder / name).exists() else None for name in COLUMNS})
    if not any(found.has(name) for name in COLUMNS):
        faults.append(f"{folder}: none of {', '.join(COLUMNS)} is there")
    if faults:
        raise CatalogueRefused(faults)
    return found


def read_text(name: str, text: str) -> list[Row]:
    """The lines of one file of the catalogue. Raises CatalogueRefused with all faults of form."""
    faults: list[str] = []
    rows = _rows(name, text, faults, locality.language())
    if faults:
        raise CatalogueRefused(faults)
    return rows


def _read(path: Path, faults: list[str], language: str) -> list[Row]:
    if path.stat().st_size > LARGEST_FILE:
        faults.append(f"{path.name}: larger than {LARGEST_FILE // 1_000_000} MB")
        return []
    try:
        text = text_of(path.read_bytes())
    except UnicodeDecodeError as wrong:
        faults.append(f"{path.name}: not a CSV file in UTF-8 or GB 18030: {wrong}")
        return []
    return _rows(path.name, text, faults, language)


def _rows(name: str, text: str, faults: list[str], language: str) -> list[Row]:
    try:
        reader = csv.reader(io.StringIO(text))
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as wrong:
        faults.append(f"{name}: not a CSV file in UTF-8 or GB 18030: {wrong}")
        return []
    if not lines:
        faults.append(f"{name}: empty; the first line names the columns")
        return []
    head = [cell.strip() for cell in lines[0][1]]
    known = COLUMNS[name]
    optional = OPTIONAL[""] | OPTIONAL.get(name, frozenset())
    missing = [column for column in known if column not in head and column not in optional]
    strange = [column for column in head if column not in known]
    if missing or strange or len(set(head)) != len(head):
        said = [f"column {column} is missing" for column in missing]
        said += [f"column {column!r} is not known" for column in strange]
        faults.append(f"{name}: " + "; ".join(said or ["a column is named twice"]))
        return []
    rows = []
    for number, line in lines[1:]:
        where = f"{name} line {number}"
        if len(line) > len(head) or any(len(cell) > LONGEST_CELL for cell in line):
            faults.append(f"{where}: more cells than columns, or a cell longer than {LONGEST_CELL} characters")
            continue
        cells = (plain(cell.strip()) for cell in line)
        rows.append(Row(where, dict(zip(head, cells, strict=False)), language))
    return rows
