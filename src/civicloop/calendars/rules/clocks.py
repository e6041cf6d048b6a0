"""The arithmetic of deadlines: due, elapsed, remaining, explain. Pure; whoever may pause or extend decides elsewhere.

Laws (tests/calendars hold them by property): adding time never moves a due moment earlier; a pause of p counted
minutes moves it by exactly p; it is monotone in start and limit; splitting an interval changes nothing; elapsed(start,
due) = limit; nothing depends on the server's zone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from civicloop.calendars.rules import civil
from civicloop.calendars.rules.calendar import MICROSECOND, WorkingCalendar, microseconds, moment_of
from civicloop.calendars.rules.limits import CONTINUOUS, MICROSECONDS_OF_HOUR, WORKING, Limit, LimitUnit
from civicloop.calendars.rules.pauses import OpenPause, Pause, joined

MICROSECONDS_OF_MINUTE = MICROSECONDS_OF_HOUR // 60


@dataclass(frozen=True, slots=True)
class Due:
    """The due moment (UTC), and whether it rests on days that are not published yet.

    In time means at or before it. Counted clocks: the first moment at which the counted time equals the limit.
    """

    moment: datetime
    provisional: bool


def unit_microseconds(calendar: WorkingCalendar, unit: LimitUnit) -> int:
    """The length of one counted unit; a 工作日 is the daily working time of this version of the calendar."""
    if unit is LimitUnit.WORK_DAY:
        return calendar.day_minutes * MICROSECONDS_OF_MINUTE
    return CONTINUOUS.get(unit, MICROSECONDS_OF_HOUR)


def counted_amount(calendar: WorkingCalendar, limit: Limit) -> int:
    """A counted limit in microseconds; a part of a microsecond is rounded up, so that nobody gets less."""
    exact = limit.number * unit_microseconds(calendar, limit.unit)
    return -(-exact.numerator // exact.denominator)


def due(
    calendar: WorkingCalendar, start: datetime, limit: Limit, pauses: Iterable[Pause] = (), extensions: int = 0
) -> Due:
    """When `limit`, begun at `start`, is used up. `extensions` times one original limit is added to the due moment.

    Raises OpenPause while a pause that begins before the due moment has no end.
    """
    stops = joined(pauses, start)
    if limit.is_civil:
        if any(pause.end is None for pause in stops):
            raise OpenPause
        last = civil.last_days(calendar, start, limit, stops, extensions)[1]
        moment = civil.end_of(calendar, last)
        return Due(moment, not _published(calendar, start, moment))
    amount = counted_amount(calendar, limit) * (1 + extensions)
    moment = moment_of(_due_counted(calendar, microseconds(start), amount, stops, limit.unit in WORKING))
    return Due(moment, limit.unit in WORKING and not _published(calendar, start, moment))


def _published(calendar: WorkingCalendar, start: datetime, end: datetime) -> bool:
    return calendar.is_published(calendar.local(start).date()) and calendar.is_published(calendar.local(end).date())


def _due_counted(calendar: WorkingCalendar, at: int, left: int, pauses: Sequence[Pause], working: bool) -> int:
    for pause in pauses:
        begin = microseconds(pause.start)
        passed = calendar.worked(at, begin) if working else begin - at
        if passed >= left:
            break
        if pause.end is None:
            raise OpenPause
        left -= passed
        at = microseconds(pause.end)
    return calendar.after_working(at, left) if working else at + left


def extend(calendar: WorkingCalendar, current: datetime, limit: Limit) -> Due:
    """The due moment after one extension: the current due moment plus one original limit."""
    return due(calendar, current, limit)


def counted_microseconds(
    calendar: WorkingCalendar, start: datetime, end: datetime, unit: LimitUnit, pauses: Iterable[Pause] = ()
) -> int:
    """Counted time between two moments by the measure of a counted unit, pauses left out."""

    def passed(begin: int, finish: int) -> int:
        return calendar.worked(begin, finish) if unit in WORKING else max(0, finish - begin)

    first, last = microseconds(start), microseconds(end)
    total = passed(first, last)
    for pause in joined(pauses, start):
        total -= passed(microseconds(pause.start), min(last, microseconds(pause.end)) if pause.end else last)
    return total


def elapsed(
    calendar: WorkingCalendar, start: datetime, end: datetime, unit: LimitUnit, pauses: Iterable[Pause] = ()
) -> Fraction:
    """How many units have passed between two moments. Civil units: whole ones that have ended, pauses not regarded."""
    if unit not in WORKING and unit not in CONTINUOUS:
        return Fraction(civil.units_passed(calendar, start, end, unit))
    counted = counted_microseconds(calendar, start, end, unit, pauses)
    return Fraction(counted, unit_microseconds(calendar, unit))


def remaining(
    calendar: WorkingCalendar,
    now: datetime,
    start: datetime,
    limit: Limit,
    pauses: Sequence[Pause] = (),
    extensions: int = 0,
) -> timedelta:
    """Counted time that is left at `now`, negative when overdue; running time for civil limits.

    Works also while the clock stands still, except for civil limits, which raise OpenPause.
    """
    if limit.is_civil:
        return due(calendar, start, limit, pauses, extensions).moment - now
    whole = counted_amount(calendar, limit) * (1 + extensions)
    return (whole - counted_microseconds(calendar, start, now, limit.unit, pauses)) * MICROSECOND
