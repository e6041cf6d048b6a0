"""Ladders as data: the marks on the way of a clock, and what each asks for. Pure.

A mark stands at a share of the limit ("80 %"), at the due moment ("due"), or so much before or after it
("due - 5 legal_work_day", "due + 1 work_day"). It may remind (unit, superior, leader), colour the matter and the unit
(yellow, red; never a person), open a supervision order of a level, hand the matter up to the next level, and ask for an
act that the procedure lets a ladder do, such as `reassign`. An `urgent` one is told in quiet hours too, where its clock
runs day and night. `repeat` and `times` make further marks of the same kind behind it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from civicloop.calendars.rules import civil
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.calendar import WorkingCalendar
from civicloop.calendars.rules.limits import Limit, LimitRefused
from civicloop.calendars.rules.pauses import Pause
from civicloop.procedures.rules.tables import DeclarationRefused, Fault, Table

COLOURS = ("", "yellow", "red")
RECEIVERS = ("unit", "superior", "leader")
ORDERS = ("", "ordinary", "listed", "summons")
MOST = 40  # marks of a ladder, repetitions included
_SHARE = re.compile(r"(\d{1,3})(?:\s*%)")
_OFFSET = re.compile(r"due(?:\s*([+-])\s*(\S.*))?")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,20}")


@dataclass(frozen=True, slots=True)
class Mark:
    """One rung. Exactly one of `share` (of the limit) and `offset` (from the due moment; None is the moment itself)."""

    code: str
    names: Mapping[str, str]
    share: Fraction | None
    offset: Limit | None
    before: bool
    remind: tuple[str, ...]
    colour: int
    order: str
    hand_up: bool
    family: str  # the code that repetitions share with the first
    urgent: bool = False
    act: str = ""  # the action that it asks for


@dataclass(frozen=True, slots=True)
class Ladder:
    """The marks of a ladder in the order in which they fire."""

    code: str
    version: int
    names: Mapping[str, str]
    marks: tuple[Mark, ...]

    def index(self, code: str) -> int:
        """The place of a mark; the number of marks for a code that is not (or no more) in the ladder."""
        return next((n for n, mark in enumerate(self.marks) if mark.code == code), len(self.marks))

    def colour(self, fired: int) -> int:
        """The strongest colour among the first `fired` marks."""
        return max((mark.colour for mark in self.marks[:fired]), default=0)


@dataclass(frozen=True, slots=True)
class Running:
    """A clock as its marks see it. `limit` is None where the due moment is a date or another clock's."""

    calendar: WorkingCalendar
    started_at: datetime
    due_at: datetime
    limit: Limit | None
    pauses: Sequence[Pause]
    extensions: int


def moment(mark: Mark, running: Running) -> datetime:
    """When a mark of a running clock fires (UTC)."""
    if mark.share is not None:
        return _at_share(mark.share, running)
    if mark.offset is None:
        return running.due_at
    if not mark.before:
        return arithmetic.due(running.calendar, running.due_at, mark.offset, running.pauses).moment
    return civil.before(running.calendar, running.due_at, mark.offset)


def _at_share(share: Fraction, running: Running) -> datetime:
    """Of counted time the share of what is counted; of the law's days and of dates the share of the whole span."""
    if running.limit is None or running.limit.is_civil:
        return running.started_at + (running.due_at - running.started_at) * share.numerator / share.denominator
    part = Limit(running.limit.number * (1 + running.extensions) * share, running.limit.unit)
    return arithmetic.due(running.calendar, running.started_at, part, running.pauses).moment


def passed(ladder: Ladder, running: Running, now: datetime) -> int:
    """How many marks lie at or before `now`: the first ones, since marks are in the order of their moments."""
    for number, mark in enumerate(ladder.marks):
        if moment(mark, running) > now:
            return number
    return len(ladder.marks)


def parse(plain: Mapping[str, Any]) -> Ladder:
    """The ladder of a file. Raises DeclarationRefused with every fault."""
    faults: list[Fault] = []
    table = Table(plain, "ladder", faults)
    code, version, names = str(table.text("code")), table.whole("version", least=1), table.names()
    marks: list[Mark] = []
    for number, each in enumerate(table.list("mark", ...) or ()):
        marks += _marks(Table(each, f"mark.{number + 1}", faults))
    table.done()
    if not marks:
        faults.append(Fault("no_marks", "ladder"))
    if len(marks) > MOST:
        faults.append(Fault("too_many", "ladder", str(len(marks))))
    codes = [mark.code for mark in marks]
    faults += [Fault("twice", "mark", code) for code in sorted({c for c in codes if codes.count(c) > 1})]
    faults += [
        Fault("out_of_order", "mark", later.code) for former, later in pairwise(marks) if not _follows(former, later)
    ]
    if faults:
        raise DeclarationRefused(faults)
    return Ladder(code, int(version), names, tuple(marks))


def _marks(table: Table) -> list[Mark]:
    code, at = str(table.text("code")), str(table.text("at"))
    names = table.names()
    remind = tuple(str(each) for each in table.list("remind", ()))
    colour = table.one_of("colour", set(COLOURS) - {""}, "")
    order = table.one_of("order", set(ORDERS) - {""}, "")
    hand_up, urgent, act = table.flag("hand_up"), table.flag("urgent"), str(table.text("act", ""))
    repeat, times = table.text("repeat", None), table.whole("times", 0)
    table.done()
    if not _CODE.fullmatch(code):
        table.fault("not_a_code", code, "code")
    if act and not _CODE.fullmatch(act):
        table.fault("not_a_code", act, "act")
    for each in sorted(set(remind) - set(RECEIVERS)):
        table.fault("unknown_receiver", each, "remind")
    share, offset, before = _position(table, at)
    made = [
        Mark(
            code,
            names,
            share,
            offset,
            before,
            remind,
            COLOURS.index(colour) if colour in COLOURS else 0,
            order,
            hand_up,
            code,
            urgent,
            act,
        )
    ]
    if (repeat is None) != (times == 0):
        table.fault("repeat_needs_times", repeat or times, "repeat")
    if repeat is not None and times and not table.faults:
        made += _repeated(table, made[0], str(repeat), int(times))
    return made


def _repeated(table: Table, first: Mark, repeat: str, times: int) -> list[Mark]:
    step = _limit(table, repeat, "repeat")
    if step is None:
        return []
    if first.before or first.share is not None or (first.offset is not None and first.offset.unit is not step.unit):
        table.fault("cannot_repeat", repeat, "repeat")
        return []
    start = first.offset.number if first.offset is not None else Fraction(0)
    return [
        replace(
            first,
            code=f"{first.code}_{number + 1}",
            offset=Limit(start + step.number * number, step.unit),
        )
        for number in range(1, min(times, MOST) + 1)
    ]  # fmt: skip


def _position(table: Table, at: str) -> tuple[Fraction | None, Limit | None, bool]:
    if found := _SHARE.fullmatch(at.strip()):
        share = Fraction(int(found[1]), 100)
        if not 0 < share < 1:
            table.fault("not_a_share", at, "at")
        return share, None, False
    offset = _OFFSET.fullmatch(at.strip())
    if offset is None:
        table.fault("not_a_moment", at, "at")
        return None, None, False
    if offset[1] is None:
        return None, None, False
    limit = _limit(table, offset[2], "at")
    before = offset[1] == "-"
    if before and limit is not None and not limit.is_civil:
        table.fault("not_civil", at, "at")
    return None, limit, before


def _limit(table: Table, text: str, key: str) -> Limit | None:
    try:
        return Limit.parse(text)
    except LimitRefused as reason:
        table.fault(reason.code, text, key)
        return None


def _follows(former: Mark, later: Mark) -> bool:
    """Whether `later` can never come before `former`, as far as their form tells."""

    def place(mark: Mark) -> int:
        if mark.share is not None or mark.before:
            return 0
        return 1 if mark.offset is None else 2

    if place(former) != place(later):
        return place(former) < place(later)
    if former.share is not None and later.share is not None:
        return former.share < later.share
    if former.offset is not None and later.offset is not None and former.offset.unit is later.offset.unit:
        return (
            (former.offset.number > later.offset.number)
            if former.before
            else (former.offset.number < later.offset.number)
        )
    return True  # a share beside days before the end, or other units: their order depends on the limit
