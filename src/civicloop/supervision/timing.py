"""The clock of an order: its limit by level, its due moment by the unit's working calendar, pauses, marks, the count.

An order's row is read as a clock of a matter is (matters.marking), so that one arithmetic and one kind of ladder serve
both. While an answer waits for review the clock stands still: those minutes are not the unit's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules import explain as reckoning
from civicloop.calendars.rules.limits import Limit, LimitRefused, LimitUnit
from civicloop.calendars.words import limit_fault_words
from civicloop.foundation import clock
from civicloop.matters import marking, working
from civicloop.matters.errors import invalid
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import ladders
from civicloop.procedures.rules.ladders import Ladder, Mark
from civicloop.records import settings
from civicloop.supervision.choices import UNENDED, WAITING, Level
from civicloop.supervision.models import Order

LADDER = "order"  # the ladder of orders themselves: data as every other one
REVIEW = "review"  # the reason of the pause while the answer is looked at
DEFAULTS = {Level.ORDINARY: "3 work_day", Level.LISTED: "5 work_day", Level.SUMMONS: "1 work_day"}


def _is_limit(value: object) -> bool:
    try:
        Limit.parse(str(value))
    except LimitRefused:
        return False
    return True


for _level, _words in (
    (Level.ORDINARY, gettext_lazy("Time to answer a supervision order")),
    (Level.LISTED, gettext_lazy("Time to answer a listed order")),
    (Level.SUMMONS, gettext_lazy("Time to answer a summons")),
):
    settings.define(
        f"supervision.limit_{_level.value}", "str", DEFAULTS[_level], _words, known=_is_limit,
        help=gettext_lazy("A number and a unit, such as 3 work_day"),
    )  # fmt: skip


def usual_limit(level: str) -> str:
    """The limit of a level where nobody says another."""
    return settings.get_str(f"supervision.limit_{Level(level).value}")


def checked_limit(text: str, level: str) -> Limit:
    """The limit that somebody wrote, or the usual one. Raises Refused."""
    try:
        return Limit.parse(text.strip() or usual_limit(level))
    except LimitRefused as reason:
        raise invalid("limit", "no_limit", limit_fault_words(reason)) from None


def begin(order: Order, areas: Mapping[str, int], limit: Limit) -> None:
    """Set the clock of an order that is being opened."""
    calendar = working.calendar_for(order.unit_id, areas, order.opened_at)
    try:
        found = arithmetic.due(calendar, order.opened_at, limit)
    except (OverflowError, ValueError):
        raise invalid("limit", "too_large", _("That is more than can be counted.")) from None
    order.calendar, order.calendar_version, order.limit = calendar.code, calendar.version, str(limit)
    order.due_at, order.provisional = found.moment, found.provisional
    _point(order, 0)


def pause(order: Order) -> None:
    """The unit has answered: the clock stands still, and nothing is marked."""
    now = clock.now()
    order.overdue = order.overdue or now > order.due_at
    order.pauses = [*order.pauses, [now.isoformat(), None, REVIEW]]
    order.mark_at = None


def go_on(order: Order) -> None:
    """It was sent back: the clock goes on where it stood; marks that have fired do not fire again."""
    now = clock.now()
    order.pauses = [*order.pauses[:-1], [order.pauses[-1][0], now.isoformat(), REVIEW]]
    _count(order)
    _again(order, now)


def stop(order: Order) -> None:
    """It has ended."""
    order.ended_at, order.mark, order.mark_at = clock.now(), "", None


def recount(order: Order) -> bool:
    """Count a provisional deadline by the calendar's version in force; False when there is nothing to do."""
    now = clock.now()
    new = calendars.working_calendar(order.calendar, now)
    if not order.provisional or order.state not in UNENDED or new.version <= order.calendar_version:
        return False
    old, limit = calendars.calendar_version(order.calendar, order.calendar_version), Limit.parse(order.limit)
    if limit.unit is LimitUnit.WORK_DAY and new.day_minutes != old.day_minutes:
        order.limit = str(Limit(limit.number * old.day_minutes / 60, LimitUnit.WORK_HOUR))
    order.calendar_version = new.version
    if order.state in WAITING:  # one that stands still is counted when it goes on
        _count(order)
        _again(order, now)
    return True


def _count(order: Order) -> None:
    calendar = calendars.calendar_version(order.calendar, order.calendar_version)
    found = arithmetic.due(calendar, order.opened_at, Limit.parse(order.limit), marking.pauses_of(as_clock(order)))
    order.due_at, order.provisional = found.moment, found.provisional


# -- marks ------------------------------------------------------------------------------------------------------------


def as_clock(order: Order) -> dict[str, Any]:
    """The row as matters.marking reads the clock of a matter."""
    return {
        "state": "running" if order.state in WAITING else "stopped", "due_at": order.due_at, "limit": order.limit,
        "calendar": order.calendar, "calendar_version": order.calendar_version, "started_at": order.opened_at,
        "pauses": order.pauses, "extensions": 0, "mark": order.mark, "mark_at": order.mark_at,
    }  # fmt: skip


def ladder() -> Ladder:
    """The ladder of orders in force."""
    return procedures.ladder(LADDER)


def _point(order: Order, fired: int) -> None:
    row = as_clock(order)
    marking.point(ladder(), row, fired)
    order.mark, order.mark_at = row["mark"], row["mark_at"]


def _again(order: Order, now: datetime) -> None:
    running = marking.running_of(as_clock(order))
    if running is not None:
        _point(order, min(ladder().index(order.mark), ladders.passed(ladder(), running, now)))


def due_mark(order: Order) -> tuple[Mark, datetime] | None:
    """The mark that is due now, with its moment, and the row set to the next one; of repetitions only the last.

    None when a new version of the ladder has it no more: then only the row has moved on.
    """
    now, rungs, row = clock.now(), ladder(), as_clock(order)
    running, place, at = marking.running_of(row), rungs.index(order.mark), order.mark_at
    if running is None or at is None:
        order.mark_at = None
        return None
    if place == len(rungs.marks):
        marking.follow(rungs, row)
        order.mark, order.mark_at = row["mark"], row["mark_at"]
        return None
    while (
        place + 1 < len(rungs.marks)
        and rungs.marks[place + 1].family == rungs.marks[place].family
        and (further := ladders.moment(rungs.marks[place + 1], running)) <= now
    ):
        place, at = place + 1, further
    _point(order, place + 1)
    return rungs.marks[place], at


# -- the count --------------------------------------------------------------------------------------------------------


def intervals(order: Order) -> list[reckoning.Interval]:
    """Every interval from the opening to the due moment, counted or not and why."""
    calendar = calendars.calendar_version(order.calendar, order.calendar_version)
    pauses = marking.pauses_of(as_clock(order))
    until = order.ended_at or clock.now() if any(each.end is None for each in pauses) else None
    return reckoning.explain(calendar, order.opened_at, Limit.parse(order.limit), pauses, 0, until)
