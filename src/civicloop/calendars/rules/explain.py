"""Every interval between the start and the due moment of a clock: counted or not, and why.

Reasons are machine codes with parameters; words are given elsewhere (calendars.words). The counted intervals of a
counted clock add up to its limit exactly.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from civicloop.calendars.rules import civil
from civicloop.calendars.rules.calendar import DAY, DayRule, WorkingCalendar, microseconds, moment_of
from civicloop.calendars.rules.clocks import due
from civicloop.calendars.rules.limits import WORKING, Limit, LimitUnit
from civicloop.calendars.rules.pauses import Pause, joined


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: one of working_time, make_up_day, special_day, outside_hours, between_shifts, weekly_rest, holiday,
    closure, running, paused, start_day, day_of_the_law, no_working_day, rolled,
    until_day; `params` are its particulars."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time (UTC), start included, end excluded. `WorkingCalendar.local` gives the local reading."""

    start: datetime
    end: datetime
    counted: bool
    why: Why


_COUNTED_DAYS = {"make_up": "make_up_day", "special": "special_day"}
_REST_DAYS = {"holiday": "holiday", "closure": "closure"}


def explain(
    calendar: WorkingCalendar,
    start: datetime,
    limit: Limit,
    pauses: Iterable[Pause] = (),
    extensions: int = 0,
    until: datetime | None = None,
) -> list[Interval]:
    """All intervals from `start` to the due moment, or to `until` for a clock that stands still or has been stopped.

    They touch each other without gaps. Raises OpenPause when a pause is open and `until` is not given.
    """
    stops = joined(pauses, start)
    end = until or due(calendar, start, limit, stops, extensions).moment
    if limit.is_civil:
        base: Iterator[Interval] = _civil(calendar, start, end, limit, stops, extensions)
    elif limit.unit in WORKING:
        base = _working(calendar, microseconds(start), microseconds(end))
    else:
        base = iter([_interval(microseconds(start), microseconds(end), True, Why("running"))])
    return _joined(with_pauses(list(base), stops))


def _interval(start: int, end: int, counted: bool, why: Why) -> Interval:
    return Interval(moment_of(start), moment_of(end), counted, why)


def _particulars(day: date, rule: DayRule | None) -> dict[str, Any]:
    return {"day": day, **({"names": rule.names} if rule and rule.names else {})}


def _working(calendar: WorkingCalendar, start: int, end: int) -> Iterator[Interval]:
    at = start
    day = calendar.local(moment_of(start)).date() - DAY  # a shift of the day before may still run
    while at < end and calendar.day_start(day) < end:
        rule = calendar.days.get(day)
        code = _COUNTED_DAYS.get(rule.kind, "working_time") if rule else "working_time"
        for begin, finish in calendar.spans_on(day):
            if finish <= at or begin >= end:
                continue
            if begin > at:
                yield from _rest(calendar, at, begin)
                at = begin
            stop = min(finish, end)
            yield _interval(at, stop, True, Why(code, _particulars(day, rule)))
            at = stop
        day += DAY
    yield from _rest(calendar, at, end)


def _rest(calendar: WorkingCalendar, start: int, end: int) -> Iterator[Interval]:
    """A stretch without work, cut at midnights, each part with the reason of its day."""
    while start < end:
        day = calendar.local(moment_of(start)).date()
        stop = min(end, calendar.day_start(day + DAY))
        yield _interval(start, stop, False, _rest_reason(calendar, day, start, stop))
        start = stop


def _rest_reason(calendar: WorkingCalendar, day: date, start: int, stop: int) -> Why:
    rule = calendar.days.get(day)
    spans = calendar.spans_on(day)
    if spans:
        between = spans[0][1] <= start and stop <= spans[-1][0]
        return Why("between_shifts" if between else "outside_hours", {"day": day})
    if rule:
        return Why(_REST_DAYS.get(rule.kind, "closure"), _particulars(day, rule))
    return Why("weekly_rest", {"day": day})


def _civil(
    calendar: WorkingCalendar, start: datetime, end: datetime, limit: Limit, pauses: list[Pause], extensions: int
) -> Iterator[Interval]:
    first = calendar.local(start).date()
    closed = [pause for pause in pauses if pause.end is not None]
    unrolled, last = civil.last_days(calendar, start, limit, closed, extensions)
    begin, finish, day = microseconds(start), microseconds(end), first
    while begin < finish:
        stop = min(finish, calendar.day_start(day + DAY))
        if calendar.day_start(day + DAY) - stop == 1:
            stop += 1  # the due moment is the last microsecond of its day; the day is shown whole
        counted, why = True, Why("day_of_the_law", {"day": day})
        if day == first and not calendar.civil.start_day_counts:
            counted, why = False, Why("start_day", {"day": day})
        elif unrolled < day <= last:
            counted, why = False, Why("rolled", {"day": day})
        elif limit.unit is LimitUnit.LEGAL_WORK_DAY and not calendar.works_on(day):
            counted, why = False, Why("no_working_day", _particulars(day, calendar.days.get(day)))
        yield _interval(begin, stop, counted, why)
        begin, day = stop, day + DAY


def with_pauses(parts: list[Interval], pauses: list[Pause]) -> list[Interval]:
    """Cut the pauses out: inside one, nothing is counted whatever the day is."""
    for pause in pauses:
        cut: list[Interval] = []
        for part in parts:
            begin = max(part.start, pause.start)
            finish = min(part.end, pause.end) if pause.end else part.end
            if begin >= finish:
                cut.append(part)
                continue
            if part.start < begin:
                cut.append(replace(part, end=begin))
            cut.append(Interval(begin, finish, False, Why("paused", {"reason": pause.reason})))
            if finish < part.end:
                cut.append(replace(part, start=finish))
        parts = cut
    return parts


def _alike(left: Interval, right: Interval) -> bool:
    def core(why: Why) -> dict[str, Any]:
        return {key: value for key, value in why.params.items() if key != "day"}

    if left.counted != right.counted or left.why.code != right.why.code:
        return False
    if left.why.code in {"working_time", "make_up_day", "special_day"}:
        return left.why == right.why
    return core(left.why) == core(right.why)


def _joined(parts: list[Interval]) -> list[Interval]:
    """Neighbours with one reason become one interval; the reason keeps the first day."""
    found: list[Interval] = []
    for part in parts:
        if found and _alike(found[-1], part):
            found[-1] = replace(found[-1], end=part.end)
        else:
            found.append(part)
    return found
