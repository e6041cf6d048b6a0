"""Reads of the calendars room. Calendars are kept in process; new versions are noticed within RECHECK_SECONDS."""

import time
from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from civicloop.calendars.models import CalendarVersion
from civicloop.calendars.rules import WorkingCalendar
from civicloop.calendars.rules.body import calendar_of
from civicloop.foundation import caches, clock

RECHECK_SECONDS = 10.0


class UnknownCalendar(LookupError):
    """There is no such calendar or version."""


class _Kept:
    """Every version of every calendar, made when first asked for. Versions are only added, so the newest id tells."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.newest: int | None = None
        self.checked = 0.0
        self.starts: dict[str, list[datetime]] = {}
        self.versions: dict[str, list[WorkingCalendar]] = {}

    def fresh(self) -> None:
        """Read anew when a version has been added."""
        if self.newest is not None and time.monotonic() - self.checked < RECHECK_SECONDS:
            return
        with self.lock:
            newest = CalendarVersion.objects.order_by("-id").values_list("id", flat=True).first() or 0
            if newest != self.newest:
                self._read()
            self.newest, self.checked = newest, time.monotonic()

    def _read(self) -> None:
        known: Mapping[tuple[str, int], WorkingCalendar] = {
            (calendar.code, calendar.version): calendar for line in self.versions.values() for calendar in line
        }
        starts: dict[str, list[datetime]] = {}
        versions: dict[str, list[WorkingCalendar]] = {}
        for row in CalendarVersion.objects.select_related("calendar").order_by("valid_from", "version"):
            code = row.calendar.code
            starts.setdefault(code, []).append(row.valid_from)
            made = known.get((code, row.version)) or calendar_of(code, row.version, row.body)
            versions.setdefault(code, []).append(made)
        self.starts, self.versions = starts, versions


_kept = _Kept()


@caches.register
def forget() -> None:
    """Empty the cache of this process."""
    _kept.newest = None
    _kept.starts, _kept.versions = {}, {}


def working_calendar(code: str, at: datetime | None = None) -> WorkingCalendar:
    """The calendar in the version in force at `at` (default: now); before the first version, the first one.

    No statement, except one every RECHECK_SECONDS. Raises UnknownCalendar.
    """
    _kept.fresh()
    starts, versions = _kept.starts.get(code), _kept.versions.get(code)
    if not starts or not versions:
        raise UnknownCalendar(code)
    return versions[max(0, bisect_right(starts, at or clock.now()) - 1)]


def calendar_version(code: str, version: int) -> WorkingCalendar:
    """A stated version, such as the one a clock was started under. Raises UnknownCalendar."""
    _kept.fresh()
    for calendar in _kept.versions.get(code, ()):
        if calendar.version == version:
            return calendar
    raise UnknownCalendar(f"{code} version {version}")


def content(code: str, version: int) -> dict[str, Any]:
    """The plain data of a version as it was published, its source included. Raises UnknownCalendar."""
    row = CalendarVersion.objects.filter(calendar__code=code, version=version).first()
    if row is None:
        raise UnknownCalendar(f"{code} version {version}")
    return dict(row.body)


def codes() -> list[str]:
    """The codes of all calendars."""
    _kept.fresh()
    return sorted(_kept.versions)


def versions(code: str) -> list[CalendarVersion]:
    """Every version, the newest first, with who published it and from when it is in force."""
    return list(CalendarVersion.objects.filter(calendar__code=code).defer("body").order_by("-version"))
