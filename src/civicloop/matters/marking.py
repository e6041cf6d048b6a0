"""The next mark of a clock's row, and the colour of a matter: computes, writes nothing.

A row keeps the code of its next mark and the moment; the ladder itself is read anew each time, so that a city's new
version counts for clocks that run. A mark whose moment lies before the beginning of its clock never fires.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules.limits import CONTINUOUS, Limit
from civicloop.calendars.rules.pauses import Pause
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import ladders
from civicloop.procedures.rules.ladders import Ladder, Mark, Running
from civicloop.procedures.rules.language import Procedure

Row = MutableMapping[str, Any]


def ladder_of(procedure: Procedure, row: Mapping[str, Any]) -> Ladder:
    """The ladder of a clock's row."""
    declared = procedure.clocks.get(row["name"])
    return procedures.ladder(declared.ladder if declared else None)


def moment_of(value: Any) -> datetime:
    """A moment of a row, which may be text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def pauses_of(row: Mapping[str, Any]) -> list[Pause]:
    """The pauses of a clock row as values of the arithmetic."""
    return [Pause(moment_of(start), moment_of(end) if end else None, why) for start, end, why in row["pauses"]]


def running_of(row: Mapping[str, Any]) -> Running | None:
    """The row as its marks see it; None while it does not run or has no due moment."""
    if row["state"] != "running" or row["due_at"] is None:
        return None
    counted = not row["limit"].startswith(("until", "@"))
    return Running(
        calendar=calendars.calendar_version(row["calendar"], row["calendar_version"]),
        started_at=moment_of(row["started_at"]),
        due_at=moment_of(row["due_at"]),
        limit=Limit.parse(row["limit"]) if counted else None,
        pauses=pauses_of(row),
        extensions=row["extensions"],
    )


def begin(procedure: Procedure, row: Row) -> None:
    """Set the first mark of a clock that begins."""
    point(ladder_of(procedure, row), row, 0)


def go_on(procedure: Procedure, row: Row, now: datetime) -> None:
    """Set the mark of a clock that runs again or has another due moment.

    Marks that have fired do not fire again unless they lie ahead once more; those that should have fired still do.
    """
    running = running_of(row)
    if running is None:
        row["mark_at"] = None
        return
    ladder = ladder_of(procedure, row)
    point(ladder, row, min(ladder.index(row["mark"]), ladders.passed(ladder, running, now)))


def point(ladder: Ladder, row: Row, fired: int) -> None:
    """Set the row to the first mark from place `fired` on that does not lie before the beginning."""
    running = running_of(row)
    row["mark"], row["mark_at"] = "", None
    if running is None:
        return
    for mark in ladder.marks[fired:]:
        moment = ladders.moment(mark, running)
        if moment > running.started_at:
            row["mark"], row["mark_at"] = mark.code, moment
            return


def follow(ladder: Ladder, row: Row) -> None:
    """Set a row whose mark its ladder has no more to the first mark that does not lie before the lost one."""
    running = running_of(row)
    since = moment_of(row["mark_at"])
    fired = ladders.passed(ladder, running, since - timedelta(microseconds=1)) if running is not None else 0
    point(ladder, row, fired)


def moments(procedure: Procedure, row: Mapping[str, Any]) -> list[tuple[Mark, datetime]]:
    """The marks of a clock that runs, those that have fired too, with their moments; none before its beginning."""
    running = running_of(row)
    if running is None:
        return []
    found = [(mark, ladders.moment(mark, running)) for mark in ladder_of(procedure, row).marks]
    return [(mark, at) for mark, at in found if at > running.started_at]


def colour(procedure: Procedure, rows: Iterable[Mapping[str, Any]]) -> int:
    """The colour of a matter: the strongest of the marks that have fired on its clocks that have not stopped."""
    found = 0
    for row in rows:
        if row["state"] != "stopped" and row["due_at"] is not None:
            ladder = ladder_of(procedure, row)
            found = max(found, ladder.colour(ladder.index(row["mark"])))
    return found


def runs_day_and_night(row: Mapping[str, Any]) -> bool:
    """Whether a clock's limit is one of 紧急工作时 or 紧急工作日: only then may its marks disturb at any hour."""
    return not row["limit"].startswith(("until", "@")) and Limit.parse(row["limit"]).unit in CONTINUOUS


def level_above(procedure: Procedure, seats: Mapping[str, object], raised_to: str) -> str:
    """The next level that looks after a matter: above the one it was handed up to, else above who dispatched it."""
    dispatched = next((str(seats.get(s.code, "")) for s in procedure.seats.values() if s.kind == "level"), "")
    return {"subdistrict": "district", "district": "city", "city": "city"}.get(raised_to or dispatched, "district")
