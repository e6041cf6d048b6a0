"""Who held the minutes of a clock: from the timeline, which says at whose desk the matter lay. Pure.

Lateness has causes that must be told apart: the unit that answers, those who check, those who decide and dispatch, the
reporter who was asked. Each stretch between two entries belongs to one of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from civicloop.calendars.rules import Interval
from civicloop.people.choices import Role
from civicloop.procedures.rules.language import Procedure

Span = tuple[datetime, datetime | None, tuple[str, int | None]]
UNIT, CHECKER, DESK, REPORTER, SUPERIOR = "unit", "checker", "desk", "reporter", "superior"
DESKS = frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER})
SUPERIORS = frozenset({Role.SUPERVISOR, Role.LEADER})


@dataclass(frozen=True, slots=True)
class Moment:
    """What an entry changed: the step and the accountable unit after it, and a pause that it began or ended."""

    at: datetime
    step: str
    unit_id: int | None
    hold: str = ""  # the pause that begins with it
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """One holder's part of a clock: `unit_id` only where `who` is the unit that answers."""

    who: str
    unit_id: int | None
    counted: timedelta
    passed: timedelta


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a clock's time that one holder had, counted or not."""

    start: datetime
    end: datetime
    who: str
    unit_id: int | None
    counted: bool


def stretches(whole: Sequence[Span], intervals: Iterable[Interval]) -> list[Stretch]:
    """The intervals cut where the matter changed hands, in their order."""
    found: list[Stretch] = []
    for interval in intervals:
        for begin, end, (who, unit) in whole:
            first, last = max(begin, interval.start), interval.end if end is None else min(end, interval.end)
            if first >= last:
                continue
            piece = Stretch(first, last, who, unit, interval.counted)
            if found and replace(found[-1], start=first, end=last) == piece and found[-1].end == first:
                found[-1] = replace(found[-1], end=last)  # an entry in between changed no hands
            else:
                found.append(piece)
    return found


def held(pieces: Iterable[Stretch]) -> list[Held]:
    """The parts of all holders in the order in which they first held it."""
    found: dict[tuple[str, int | None], list[timedelta]] = {}
    for piece in pieces:
        sums = found.setdefault((piece.who, piece.unit_id), [timedelta(), timedelta()])
        sums[1] += piece.end - piece.start
        if piece.counted:
            sums[0] += piece.end - piece.start
    return [Held(who, unit, counted, passed) for (who, unit), (counted, passed) in found.items()]


def spans(procedure: Procedure, moments: Sequence[Moment], part_of: int | None = None) -> list[Span]:
    """In whose hands the matter was from when to when; a part is its unit's (`part_of`), but for the pauses."""
    found: list[Span] = []
    hold = ""
    for number, moment in enumerate(moments):
        hold = moment.hold or ("" if moment.lifted else hold)
        end = moments[number + 1].at if number + 1 < len(moments) else None
        who = _who_lets_wait(procedure, hold) if hold else _who_holds(procedure, moment.step)
        unit = moment.unit_id
        if part_of is not None and not hold:
            who, unit = UNIT, part_of
        begin = moment.at if number else datetime.min.replace(tzinfo=moment.at.tzinfo)  # an oral order came before
        found.append((begin, end, (who, unit if who == UNIT else None)))
    return found


def _who_holds(procedure: Procedure, step: str) -> str:
    declared = procedure.steps.get(step)
    for code in declared.holders if declared else ():
        holder = procedure.holders.get(code)
        if holder is None:
            return REPORTER
        if holder.post == Role.CHECKER:
            return CHECKER
        if holder.post in DESKS:
            return DESK
        if holder.post in SUPERIORS:
            return SUPERIOR
        return UNIT
    return UNIT


def _who_lets_wait(procedure: Procedure, hold: str) -> str:
    """Of a pause that somebody outside ends it is the reporter, of another the superior who granted it."""
    lifting = [move for action in procedure.actions.values() for move in action.moves if move.lifts == hold]
    return REPORTER if any(procedure.is_outside(who) for move in lifting for who in move.by) else SUPERIOR
