"""What `units` and `people` files have in common: lines with numbers, faults with line and column, what changed."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from civicloop.foundation import clock, locality, moments, spreadsheets
from civicloop.foundation.names import REQUIRED
from civicloop.people import sql
from civicloop.places import selectors as places
from civicloop.places.models import Area, AreaVersion

LARGEST_FILE = 50_000_000
LONGEST_CELL = 1000
LONGEST_NAME = 120
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SEPARATORS = str.maketrans(",;、，；", "     ")


class FileRefused(ValueError):
    """A file that cannot be taken; `faults` names every place with what is wrong there. Nothing has changed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: the text by column. A column that the file does not have is not in `cells`."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def has(self, column: str) -> bool:
        """Whether the file has the column at all."""
        return column in self.cells


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an import did: `did` is created, changed or ended; `fields` are (before, after) by column."""

    what: str
    code: str
    did: str
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What an import did, or with `dry_run` would do."""

    effective: datetime
    dry_run: bool
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0

    def counts(self) -> dict[str, int]:
        """How many of what, as "unit created"."""
        found: dict[str, int] = {}
        for change in self.changes:
            words = f"{change.what} {change.did}"
            found[words] = found.get(words, 0) + 1
        return found

    def audited(self, private: frozenset[str] = frozenset()) -> dict[str, object]:
        """The detail of the audit entry: counts, and every change of what was there; of `private` columns no text."""
        changed = [
            [change.what, change.code, change.did,
             {key: ["…", "…"] if key in private else list(value) for key, value in change.fields.items()}]
            for change in self.changes if change.did != "created"
        ]  # fmt: skip
        return {"effective": written(self.effective), "counts": self.counts(), "changes": changed}


class Faults:
    """Collects what is wrong, in the order of the lines."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def add(self, line: Line, column: str, words: str) -> None:
        """Name a fault of one cell."""
        said = _("line %(line)s, column %(column)s: %(fault)s") % {
            "line": line.number, "column": column, "fault": words,
        }  # fmt: skip
        self._found.append((line.number, said))

    def refuse(self) -> None:
        """Raises FileRefused when there is a fault."""
        if self._found:
            raise FileRefused([words for _line, words in sorted(self._found, key=lambda each: each[0])])


def lines(raw: bytes, columns: Sequence[str], needed: Sequence[str]) -> list[Line]:
    """The lines of a CSV file whose first line names columns. Raises FileRefused for a fault of form."""
    if len(raw) > LARGEST_FILE:
        raise FileRefused([_("The file is larger than %(most)s MB.") % {"most": LARGEST_FILE // 1_000_000}])
    try:
        reader = csv.reader(io.StringIO(spreadsheets.text_of(raw), newline=""), strict=True)
        found, start = [], 1
        for cells in reader:
            found.append((start, [spreadsheets.plain(cell.strip()) for cell in cells]))
            start = reader.line_num + 1
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise FileRefused([_("This is no CSV file in UTF-8: %(reason)s") % {"reason": wrong}]) from None
    found = [(number, cells) for number, cells in found if any(cells)]
    if not found:
        raise FileRefused([_("The file is empty; its first line names the columns.")])
    head = found[0][1]
    said = [_("Column %(column)s is missing.") % {"column": name} for name in needed if name not in head]
    said += [
        _("Column %(column)s is not known; known are: %(known)s") % {"column": repr(name), "known": ", ".join(columns)}
        for name in head if name not in columns
    ]  # fmt: skip
    if len(set(head)) != len(head):
        said.append(_("A column is named twice."))
    if said:
        raise FileRefused(said)
    faults, rows = Faults(), []
    for number, cells in found[1:]:
        row = Line(number, dict(zip(head, [*cells, *[""] * (len(head) - len(cells))], strict=False)))
        if len(cells) > len(head):
            faults.add(row, head[-1], _("there are more cells than columns"))
        for name, cell in row.cells.items():
            if len(cell) > LONGEST_CELL or CONTROL.search(cell):
                faults.add(row, name, _("one line of at most %(most)s characters") % {"most": LONGEST_CELL})
        rows.append(row)
    faults.refuse()
    return rows


def code(line: Line, column: str, most: int, faults: Faults) -> str:
    """A code: no blanks, at most `most` characters."""
    text = line[column]
    if not text:
        faults.add(line, column, _("it is missing"))
    elif len(text) > most or " " in text:
        faults.add(line, column, _("a code of at most %(most)s characters, without blanks") % {"most": most})
    return text


def names(line: Line, before: dict[str, str], faults: Faults) -> dict[str, str]:
    """The names of the columns name and name_en; other languages stay, and English where the column is missing."""
    if not line["name"]:
        faults.add(
            line,
            "name",
            _("a Chinese name is required") if locality.language() == REQUIRED else _("a name is required"),
        )
    if max(len(line["name"]), len(line["name_en"])) > LONGEST_NAME:
        faults.add(line, "name", _("at most %(most)s characters") % {"most": LONGEST_NAME})
    found = {**before, locality.language(): line["name"]}
    if line["name_en"]:
        found["en"] = line["name_en"]
    elif line.has("name_en"):
        found.pop("en", None)
    return found


def moment(line: Line, column: str, faults: Faults) -> datetime | None:
    """The moment in a cell; None for an empty one."""
    if not line[column]:
        return None
    try:
        return moments.read(line[column], locality.zone_name())
    except ValueError:
        faults.add(line, column, _("this is no date or moment; write 2026-07-01 or 2026-07-01T08:30:00+08:00"))
        return None


def listed(text: str) -> list[str]:
    """The words of a cell, separated by blanks, commas or semicolons."""
    return text.translate(SEPARATORS).split()


def written(at: datetime | None) -> str:
    """A moment as it stands in files: in the city's zone."""
    return moments.written(at, locality.zone_name())


def said(at: datetime) -> str:
    """A moment in words for a fault."""
    return written(at.replace(microsecond=0))


def from_when(effective: datetime | None) -> datetime:
    """When changes hold: `effective`, but never before now, because what was done under the old state was done."""
    return max(effective or clock.now(), clock.now())


def one_at_a_time() -> None:
    """Two imports wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_IMPORTS)


class Areas:
    """Codes of areas and back; an area that has ended keeps its last code in exports."""

    def __init__(self, ids: set[int]) -> None:
        rows = AreaVersion.objects.filter(area_id__in=ids).order_by("area_id", "valid_from", "id")
        self._codes: dict[int, str] = {row.area_id: row.code for row in rows.only("area_id", "code")}
        self._levels = dict(Area.objects.filter(id__in=ids).values_list("id", "level"))

    def code(self, area_id: int) -> str:
        """The code that the area has now, or had last."""
        return self._codes[area_id]

    def level(self, area_id: int) -> str:
        """The level of the area."""
        return self._levels[area_id]

    def find(self, line: Line, column: str, faults: Faults) -> places.AreaRef | None:
        """The area in force that a cell names."""
        try:
            found = places.by_code(line[column])
        except LookupError:
            faults.add(line, column, _("there is no area with the code %(code)s") % {"code": line[column] or "—"})
            return None
        self._codes[found.id], self._levels[found.id] = found.code, found.level
        return found
