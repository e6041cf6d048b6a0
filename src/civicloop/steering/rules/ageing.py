"""How old open work is, by working time: the moments that lie so many working days back. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from civicloop.calendars.rules import WorkingCalendar
from civicloop.calendars.rules.calendar import microseconds, moment_of

WORKING_DAYS = (1, 3, 5, 10, 20)  # where the ages are parted
MINUTE = 60_000_000


def moments(calendar: WorkingCalendar, now: datetime, days: Sequence[int] = WORKING_DAYS) -> list[datetime]:
    """For each number of working days the latest moment from which so many have passed until `now`, oldest first."""
    return sorted(_back(calendar, now, number) for number in days)


def _back(calendar: WorkingCalendar, now: datetime, number: int) -> datetime:
    end, wanted = microseconds(now), number * calendar.day_minutes * MINUTE
    reach = timedelta(days=7)
    while calendar.worked(microseconds(now - reach), end) < wanted:
        reach *= 2
    before, after = microseconds(now - reach), end  # at `before` enough has passed, at `after` not
    while after - before > 1:
        middle = (before + after) // 2
        if calendar.worked(middle, end) >= wanted:
            before = middle
        else:
            after = middle
    return moment_of(before)
