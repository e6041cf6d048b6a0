"""Days off and make-up days from an iCalendar file (RFC 5545): events of whole days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import icalendar

LARGEST = 1 << 20  # bytes
MOST = 500  # events
LONGEST = timedelta(days=62)  # of one event: beyond, it is no holiday


class IcsRefused(ValueError):
    """The file cannot be used; `code` is unreadable, too_many or no_days."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Event:
    """A span of whole days, both ends with it, and what the file calls it."""

    first: date
    last: date
    name: str


def events(content: bytes) -> list[Event]:
    """The events of whole days of an iCalendar file, by date; those with a time of day are left out.

    Repetition rules are not unfolded: a holiday of China has another date each year. Raises IcsRefused.
    """
    if len(content) > LARGEST:
        raise IcsRefused("too_many")
    try:
        found = [event for event in map(_event, icalendar.Calendar.from_ical(content).walk("VEVENT")) if event]
    except (ValueError, KeyError, TypeError, IndexError) as wrong:
        raise IcsRefused("unreadable") from wrong
    if len(found) > MOST:
        raise IcsRefused("too_many")
    if not found:
        raise IcsRefused("no_days")
    return sorted(found, key=lambda event: (event.first, event.last, event.name))


def _event(event: icalendar.Component) -> Event | None:
    if event.errors:
        raise ValueError(event.errors[0])
    start = event.decoded("dtstart")
    if isinstance(start, datetime) or not isinstance(start, date):
        return None
    end = event.decoded("dtend", None)
    if end is None and "duration" in event:
        end = start + event.decoded("duration")
    last = end - timedelta(days=1) if isinstance(end, date) and not isinstance(end, datetime) else start
    if not timedelta(0) <= last - start <= LONGEST:
        return None
    return Event(start, last, str(event.get("summary", ""))[:80].strip())
