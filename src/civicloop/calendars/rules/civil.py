"""Time of the law: whole days, months and years of the calendar's zone.

The day of the event is not counted (unless the calendar says so), the period ends with the end of its last day, and a
last day that is no working day gives way to the next one (Civil Code articles 200–204; Civil Procedure Law article 85).
The due moment is the last microsecond of the last day, so that its date is the last day.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime

from civicloop.calendars.rules.calendar import DAY, LAST_YEAR, WorkingCalendar, moment_of
from civicloop.calendars.rules.limits import Limit, LimitUnit
from civicloop.calendars.rules.pauses import Pause


def end_of(calendar: WorkingCalendar, day: date) -> datetime:
    """The last microsecond of a local day."""
    return moment_of(calendar.day_start(day + DAY) - 1)


def months_later(day: date, months: int) -> date:
    """The corresponding day of another month; where it has none, that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > LAST_YEAR:
        raise OverflowError(f"beyond the year {LAST_YEAR}")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def working_days_from(calendar: WorkingCalendar, day: date, number: int) -> date:
    """The `number`-th working day after `day` (before it when negative)."""
    step = DAY if number > 0 else -DAY
    left = abs(number)
    while left:
        day += step
        left -= calendar.works_on(day)
    return day


def rolled(calendar: WorkingCalendar, day: date, *, back: bool = False) -> date:
    """The day itself when it is a working day or rolling is off, else the nearest working day in one direction."""
    if not calendar.civil.rolls or calendar.works_on(day):
        return day
    return working_days_from(calendar, day, -1 if back else 1)


def _moved(calendar: WorkingCalendar, day: date, limit: Limit, sign: int) -> date:
    number = sign * int(limit.number)
    if limit.unit is LimitUnit.LEGAL_DAY:
        return day + number * DAY
    if limit.unit is LimitUnit.LEGAL_WORK_DAY:
        return working_days_from(calendar, day, number)
    return months_later(day, number * (12 if limit.unit is LimitUnit.YEAR else 1))


def unrolled_last_day(calendar: WorkingCalendar, first: date, limit: Limit) -> date:
    """The last day of a period begun on `first`, before any rolling."""
    return _moved(calendar, first - DAY if calendar.civil.start_day_counts else first, limit, 1)


def _postponed(calendar: WorkingCalendar, last: date, pause: Pause, unit: LimitUnit) -> date:
    """A pause moves the last day by the days from its first to its last date (working days for legal_work_day)."""
    if pause.end is None:
        raise ValueError("an open pause has no length")
    first, until = calendar.local(pause.start).date(), calendar.local(pause.end).date()
    if unit is LimitUnit.LEGAL_WORK_DAY:
        lost = sum(calendar.works_on(first + n * DAY) for n in range(1, (until - first).days + 1))
        return working_days_from(calendar, last, lost)
    return last + (until - first)


def last_days(
    calendar: WorkingCalendar, start: datetime, limit: Limit, pauses: Sequence[Pause], extensions: int
) -> tuple[date, date]:
    """(last day before the final rolling, last day). Pauses are joined and in order."""
    last = unrolled_last_day(calendar, calendar.local(start).date(), limit)
    for _ in range(extensions):
        # an extension is counted from the current last day, which itself is not counted
        last = _moved(calendar, rolled(calendar, last), limit, 1)
    for pause in pauses:
        if calendar.local(pause.start).date() <= rolled(calendar, last):
            last = _postponed(calendar, last, pause, limit.unit)
    return last, rolled(calendar, last)


def units_passed(calendar: WorkingCalendar, start: datetime, end: datetime, unit: LimitUnit) -> int:
    """How many whole units of the law have ended by `end`; no rolling."""
    first = calendar.local(start).date()
    day = calendar.local(end).date()
    if end < end_of(calendar, day):
        day -= DAY  # the day has not ended yet
    base = first - DAY if calendar.civil.start_day_counts else first
    if day <= base:
        return 0
    if unit is LimitUnit.LEGAL_DAY:
        return (day - base).days
    if unit is LimitUnit.LEGAL_WORK_DAY:
        return sum(calendar.works_on(base + n * DAY) for n in range(1, (day - base).days + 1))
    months = (day.year - base.year) * 12 + day.month - base.month
    months -= months_later(base, months) > day
    return months // (12 if unit is LimitUnit.YEAR else 1)


def before(calendar: WorkingCalendar, event: datetime, limit: Limit) -> datetime:
    """The latest moment of an act that must come `limit` before `event`: "3 days before the hearing".

    Counted backwards, the day of the event left out: the end of the n-th day before it; where rolling is on and that
    is no working day, the working day before it, since whoever must be told may not get less time. Raises ValueError
    for a counted unit.
    """
    if not limit.is_civil:
        raise ValueError("only days, months and years of the law are counted backwards")
    day = _moved(calendar, calendar.local(event).date(), limit, -1)
    return end_of(calendar, rolled(calendar, day, back=True))
