"""Statistic days: from their start in the city's zone to the start of the next one."""

from datetime import date, datetime, time, timedelta

from civicloop.foundation import locality
from civicloop.records import settings as options

DAY = timedelta(days=1)


def start_of_day() -> time:
    """When a statistic day starts (setting figures.day_start)."""
    return time.fromisoformat(options.get_str("figures.day_start"))


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a statistic day and that of the next one."""
    zone, start = locality.zone(), start_of_day()
    return datetime.combine(day, start, tzinfo=zone), datetime.combine(day + DAY, start, tzinfo=zone)


def day_of(moment: datetime) -> date:
    """The statistic day of a moment, by the clock on the wall."""
    wall = moment.astimezone(locality.zone()).replace(tzinfo=None)
    start = start_of_day()
    return (wall - timedelta(hours=start.hour, minutes=start.minute)).date()
