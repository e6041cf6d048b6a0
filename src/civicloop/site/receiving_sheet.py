"""收单台 as a table that goes out and comes in again: for the clerk whose work stands in another system.

The sheet carries for each matter what identifies it, a fresh act id and the step version that the clerk saw. Coming in
again each filled row is one act: the same sheet sent twice does nothing twice, a matter that has moved on meanwhile is
refused in its row, and what was refused stays in the answer.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from civicloop.foundation import clock, ids, spreadsheets
from civicloop.foundation.names import shown
from civicloop.matters import actions, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.records import amounts, audit
from civicloop.site import queue, receiving
from civicloop.site.acting import language

MOST_ROWS, MOST_BYTES, MOST_UNPACKED = 500, 2_000_000, 30_000_000
MOST_SIGNS = 4000  # of one cell that is read
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# act → the part of its data that stands in the column of words, and in the column of the worker
ACTS: Mapping[str, tuple[str, str]] = {
    "accept": ("", ""), "assign": ("", "worker"), "handle": ("result", ""), "feed_back": ("", ""),
    "return": ("reason", ""),
}  # fmt: skip


def columns() -> list[str]:
    """The names of the columns; the last four are filled by the clerk and by the program."""
    return [
        _("Number"), _("Title"), _("Text"), _("Kind"), _("Place"), _("Due"), pgettext("matter", "Step"),
        _("What to do"), _("Result or reason"), _("Worker"), _("Do not change"),
    ]  # fmt: skip


DO, WORDS, WORKER, KEY = 7, 8, 9, 10


@duty("matters.list")
@amounts.taken_away
def out(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the unit has at the steps of a tab as XLSX. Leaves an audit line with the number of rows."""
    tab = next((each for each in receiving.TABS if each.code == request.GET.get("tab")), receiving.TABS[0])
    rows = list(receiving.rows_at(actor, tab.steps)[:MOST_ROWS])
    content = spreadsheets.workbook(columns(), [_cells(row, tab) for row in rows])
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="receiving.export",
        object=tab.code, outcome="done", detail={"rows": len(rows)},
    )  # fmt: skip
    response = HttpResponse(content, content_type=XLSX)
    stamp = f"{timezone.localtime(clock.now()):%Y%m%d-%H%M}"
    response["Content-Disposition"] = f'attachment; filename="receiving-{tab.code}-{stamp}.xlsx"'
    return response


def _cells(row: Matter, tab: receiving.Tab) -> list[object]:
    line = queue.line(row)
    due = f"{timezone.localtime(row.due_at):%Y-%m-%d %H:%M}" if row.due_at else ""
    return [
        row.number, row.title, row.text, line["kind"], line["place"], due, line["step"], "", "", "",
        f"{row.id}:{ids.uuid7()}:{row.step_version}",
    ]  # fmt: skip


# -- and in again -----------------------------------------------------------------------------------------------------


class SheetForm(forms.Form):
    """The file that comes back."""

    file = forms.FileField(
        label=gettext_lazy("The filled table (XLSX or CSV)"), max_length=200,
        help_text=gettext_lazy("At most 500 rows. Rows without a word under “What to do” are passed over."),
    )  # fmt: skip

    def clean_file(self) -> list["Row"]:
        """The filled rows. What cannot be read is said at the field."""
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB."))
        try:
            return list(_filled(_read(given.read())))
        except Unreadable as reason:
            raise forms.ValidationError(str(reason)) from reason


class Unreadable(ValueError):
    """Why a file is no table of this desk, in the person's language."""


@dataclass(frozen=True)
class Row:
    """A row that asks for something: what identifies it, the act in words, what was written."""

    number: str
    title: str
    key: str
    wanted: str
    words: str
    worker: str


def _read(content: bytes) -> Iterator[list[str]]:
    """The rows of a file as texts. Raises Unreadable."""
    return _workbook(content) if content[:2] == b"PK" else _csv(content)


def _workbook(content: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable(_("The file is far larger than it looks; it was not opened."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for values in book.worksheets[0].iter_rows(max_col=len(columns()), values_only=True):
            yield [spreadsheets.plain(str(each))[:MOST_SIGNS] if each is not None else "" for each in values]
    except Unreadable:
        raise
    except Exception as trouble:  # whatever a damaged file does to the reader
        raise Unreadable(_("This file is no table that can be read.")) from trouble


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        for cells in csv.reader(io.StringIO(spreadsheets.text_of(content), newline="")):
            yield [spreadsheets.plain(cell)[:MOST_SIGNS] for cell in cells]
    except (UnicodeDecodeError, csv.Error) as trouble:
        raise Unreadable(_("This file is no table that can be read.")) from trouble


def _filled(rows: Iterator[list[str]]) -> Iterator[Row]:
    """The rows below the names of the columns that ask for something. Raises Unreadable."""
    next(rows, None)
    for number, cells in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise Unreadable(_("The table has more than 500 rows; nothing was done."))
        cells = [*cells, *[""] * (KEY + 1 - len(cells))]
        if cells[DO].strip():
            yield Row(cells[0], cells[1], cells[KEY].strip(), cells[DO].strip(), cells[WORDS].strip(),
                      cells[WORKER].strip())  # fmt: skip


@require_POST
@duty("matters.list")
def back(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Do what the rows of the table ask for, each its own act, and say of each what became of it."""
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "site/receiving_sheet.html", {"title": _("Table back"), "form": form}, status=422)
    rows: list[Row] = form.cleaned_data["file"]
    results = [_do(actor, row) for row in rows]
    if not results:
        messages.info(request, _("No row of the table asks for anything; nothing was done."))
        return HttpResponseRedirect(reverse("receiving"))
    done = sum(line["done"] for line in results)
    context = {"title": _("Table back"), "form": SheetForm(), "results": results, "done": done,
               "refused": len(results) - done}  # fmt: skip
    return render(request, "site/receiving_sheet.html", context, status=200 if done == len(results) else 422)


@duty("matters.list")
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where the table is taken and given back."""
    return render(request, "site/receiving_sheet.html", {"title": _("Table back"), "form": SheetForm()})


def _do(actor: Actor, row: Row) -> dict[str, Any]:
    """One row, one act; what was refused says why."""
    found: dict[str, Any] = {"number": row.number, "title": row.title, "done": False, "why": ""}
    identifier, _colon, rest = row.key.partition(":")
    act_id, _colon, version = rest.partition(":")
    try:
        matter_id, act = UUID(identifier), UUID(act_id)
        step_version = int(version) if version.isdecimal() and len(version) < 10 else -1
    except ValueError:
        return found | {"why": _("The last column was changed; take a new table.")}
    try:
        seen = selectors.seen_by(actor, matter_id)
        found |= {"number": seen.row["number"], "title": seen.row["title"]}
        action = _action(seen.procedure, row.wanted)
        if action is None:
            return found | {"why": _("“%(word)s” is nothing that this table can do.") % {"word": row.wanted[:40]}}
        wanted = actions.Act(matter_id, action, act, None, _data(action, row), step_version)
        done = actions.act(actor, wanted)
    except Refused as reason:
        return found | {"why": reason.words}
    said = _("Asked for approval.") if done.requested else shown(seen.procedure.steps[done.step].names, language())
    return found | {"done": True, "why": said}


def _action(procedure: Any, word: str) -> str | None:
    """The act that a word names: its code, or its name in either language."""
    for code in ACTS:
        declared = procedure.actions.get(code)
        if declared is not None and word.lower() in {code, *(name.lower() for name in declared.names.values())}:
            return code
    return None


def _data(action: str, row: Row) -> dict[str, Any]:
    words, worker = ACTS[action]
    found: dict[str, Any] = {}
    if words:
        found[words] = row.words
    if worker and row.worker:
        found[worker] = row.worker
    return found
