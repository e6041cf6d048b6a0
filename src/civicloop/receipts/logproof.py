"""Proof that no line of a log was changed, taken out or slipped in: lines, kept hashes, heads, and what roots say.

A line that is changed or gone is named by its number, since its hash is kept. Whoever changes the kept hashes too
contradicts the head's root; whoever makes the heads anew, the signed roots.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from civicloop.foundation import chain
from civicloop.foundation.moments import moment
from civicloop.receipts import sql
from civicloop.receipts.logs import LOGS, Log, line_hash, tree
from civicloop.receipts.models import DailyRoot, LogHead
from civicloop.receipts.selectors import BEGINNING

MOST_NAMED = 1000  # lines of one log that are named; more have the same to say


@dataclass(frozen=True)
class Change:
    """Something that does not fit in a log: a machine code, the number of the line or head, the day, and more."""

    code: str
    log: str
    number: int = 0
    day: date | None = None
    about: str = ""


@dataclass
class Looked:
    """What was looked at in the logs and what was found. `late` came after their day was closed, which is no fault."""

    lines: int = 0
    heads: int = 0
    changes: list[Change] = field(default_factory=list)
    late: list[Change] = field(default_factory=list)
    late_count: int = 0


def examine(roots: Iterable[DailyRoot], only: date | None = None) -> Looked:
    """Every log, or the heads of one day with their lines; inside a snapshot."""
    looked, told = Looked(), _told(roots)
    for log in LOGS:
        heads = list(LogHead.objects.filter(log=log.name).order_by("no"))
        looked.heads += len(heads)
        looked.changes += _heads(log, heads, told.get(log.name, {}))
        before = BEGINNING
        for head in heads:
            if only is None or head.day == only:
                _lines(looked, log, head, before)
            before = head.until
        if only is None:
            looked.changes += _bare(log, before if heads else BEGINNING)
    if only is None:
        with connection.cursor() as cursor:
            cursor.execute(sql.LOG_STRANGERS)
            looked.changes += [
                Change("log_lines_without_head", name, no, about=str(number)) for name, no, number in cursor.fetchall()
            ]
    return looked


def _told(roots: Iterable[DailyRoot]) -> dict[str, dict[int, tuple[str, date]]]:
    """What the signed roots say of each log: number of a head → its hash, and the first day that says so."""
    found: dict[str, dict[int, tuple[str, date]]] = {}
    for root in roots:
        try:
            logs = chain.content(bytes(root.body)).get("logs")
        except ValueError:
            continue  # found among the roots
        for name, head in (logs if isinstance(logs, dict) else {}).items():
            found.setdefault(name, {}).setdefault(head["no"], (head["hash"], root.day))
    return found


def _heads(log: Log, heads: list[LogHead], told: Mapping[int, tuple[str, date]]) -> list[Change]:
    """The chain of a log's heads, and what the roots say of them."""
    days = {head.no: head.day for head in heads}
    last = max(told, default=max(days, default=0))
    changes = [
        Change(f"log_{each.code}", log.name, each.seq, days.get(each.seq), each.about)
        for each in chain.verify((_row(log, head) for head in heads), last)
    ]
    hashes = {head.no: bytes(head.hash).hex() for head in heads}
    for no, (hash_, day) in sorted(told.items()):
        if no not in hashes:
            changes.append(Change("log_cut_off", log.name, no, day))
        elif hashes[no] != hash_:
            changes.append(Change("log_rewritten", log.name, no, day))
    return changes


def _row(log: Log, head: LogHead) -> chain.Row:
    columns: dict[str, object] = {
        "log": head.log, "no": head.no, "day": head.day.isoformat(), "until": moment(head.until), "lines": head.lines,
        "root": bytes(head.root).hex(),
    }  # fmt: skip
    body = bytes(head.body)
    if len(body) < 2 or body[1] != head.algorithm:
        columns["algorithm"] = head.algorithm  # stands in front of the JSON, so nothing there can equal it
    return chain.Row(head.no, body, bytes(head.hash), columns, {})


def _columns(log: Log, head: LogHead) -> tuple[tuple[str, ...], int]:
    """The columns that a head was made of, and its hash function; those of today where its bytes are damaged."""
    try:
        told: Any = chain.content(bytes(head.body)).get("columns")
        algorithm = chain.algorithm_of(bytes(head.body))
    except ValueError:
        return log.columns, chain.DEFAULT
    known = isinstance(told, list) and set(told) <= set(log.columns)
    return (tuple(told) if known else log.columns), algorithm


def _lines(looked: Looked, log: Log, head: LogHead, before: datetime) -> None:
    """The lines under one head against their kept hashes, and those against the head."""
    columns, algorithm = _columns(log, head)
    kept, named = [], 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql.covered_lines(log, columns), {"log": log.name, "no": head.no, "before": before})
        for number, hash_, there, late, *values in cursor:
            kept.append(bytes(hash_))
            looked.lines += 1
            if not there:
                looked.changes.append(Change("log_line_missing", log.name, number, head.day))
            elif line_hash(values, columns, algorithm) != kept[-1] and named < MOST_NAMED:
                named += 1
                looked.changes.append(Change("log_line_changed", log.name, number, head.day))
            elif late:
                looked.late_count += 1
                looked.late += [Change("late", log.name, number, head.day)][: MOST_NAMED - len(looked.late)]
    if len(kept) != head.lines:
        about = f"{len(kept)} instead of {head.lines}"
        looked.changes.append(Change("log_hashes_changed", log.name, head.no, head.day, about))
        return
    try:
        reached = tree(log, kept, algorithm)
    except ValueError:
        reached = b""
    if reached != bytes(head.root):
        looked.changes.append(Change("log_hashes_changed", log.name, head.no, head.day))


def _bare(log: Log, until: datetime) -> list[Change]:
    """Lines of days that are closed which no head covers."""
    values: dict[str, Any] = {"log": log.name, "since": BEGINNING, "until": until, "most": MOST_NAMED}
    with connection.cursor() as cursor:
        cursor.execute(sql.bare_numbers(log), values)
        return [Change("log_line_added", log.name, number, about=at) for number, at in cursor.fetchall()]


WORDS = {
    "log_missing": "heads of the log are missing",
    "log_out_of_order": "the heads of the log stand in another order",
    "log_unknown_form": "the hashed bytes of the log's head are of no known form",
    "log_broken_link": "the head of the log does not follow from the one before it: one of the two was changed",
    "log_column_changed": "a column of the log's head was changed that the hashed bytes contradict",
    "log_truncated": "heads of the log are missing at the end, from this one on",
    "log_beyond_end": "the head of the log lies beyond the last one that a root names",
    "log_cut_off": "the end of the log was cut off: a root names this head",
    "log_rewritten": "the log was rewritten: the root names another head of this number",
    "log_line_missing": "the line was taken out of the log",
    "log_line_changed": "the line of the log was changed",
    "log_line_added": "the line was slipped into a day that is closed, or came later than it says: no head covers it",
    "log_hashes_changed": "the kept hashes of the lines are not those that the log's head covers",
    "log_lines_without_head": "there are kept hashes of lines, but their head is gone",
}
LINES = frozenset({"log_line_missing", "log_line_changed", "log_line_added"})


def words(change: Change) -> str:
    """A change in one line for an operator."""
    what = f"{'line' if change.code in LINES else 'head'} {change.number}" if change.number else ""
    day = f"day {change.day.isoformat()}" if change.day else ""
    about = f" ({change.about})" if change.about else ""
    return f"{', '.join(each for each in (f'{change.log} log', what, day) if each)}: {WORDS[change.code]}{about}"
