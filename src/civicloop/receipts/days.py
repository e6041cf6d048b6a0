"""When a statistic day (records.days) is over, so that its root may be made."""

from datetime import date, datetime, timedelta

from civicloop.records.days import DAY, bounds, day_of, start_of_day

__all__ = ["DAY", "GRACE", "bounds", "day_of", "last_over", "start_of_day"]
# how long after its end a day is left open, so that what was written at its very end has been committed
GRACE = timedelta(minutes=10)


def last_over(now: datetime) -> date:
    """The last day that may be closed at `now`."""
    return day_of(now - GRACE) - DAY
