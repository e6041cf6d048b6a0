"""A working calendar: when a region or a unit works, as an immutable value with prepared tables of working time.

Inside, moments are whole microseconds since 1970 UTC, so that sums are exact. A shift belongs to the local day on
which it begins, also when it ends on the next one. Working time is real time: where a zone changes its clocks, a shift
has the hours that really pass.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
MINUTES_OF_DAY = 1440
LAST_YEAR = 9998

Span = tuple[int, int]


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return (moment - EPOCH) // MICROSECOND


def moment_of(value: int) -> datetime:
    """The moment, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes of the local day from `start` (0–1439) to `end` (up to start + 1440; above 1440 is the next day)."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < MINUTES_OF_DAY and self.start < self.end <= self.start + MINUTES_OF_DAY):
            raise ValueError("a shift begins within its day and lasts up to 24 hours")

    @property
    def minutes(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        end = self.end if self.end <= MINUTES_OF_DAY else self.end - MINUTES_OF_DAY
        return f"{self.start // 60:02d}:{self.start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


Shifts = tuple[Shift, ...]
DayKind = Literal["holiday", "make_up", "closure", "special"]


@dataclass(frozen=True, slots=True)
class DayRule:
    """A day that differs from the weekly pattern."""

    kind: DayKind
    shifts: Shifts
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CivilRule:
    """How days of the law are counted (Civil Code of China, articles 200–204, as the default)."""

    start_day_counts: bool = False
    rolls: bool = True  # a last day that is no working day gives way to the next working day


class _Year:
    """The working spans of the days of one local year, with the working time before each."""

    __slots__ = ("before", "ends", "starts", "through", "total")

    def __init__(self, spans: list[Span]) -> None:
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]
        self.before: list[int] = []
        self.through: list[int] = []
        total = 0
        for start, end in spans:
            self.before.append(total)
            total += end - start
            self.through.append(total)
        self.total = total

    def worked_before(self, moment: int) -> int:
        index = bisect_right(self.starts, moment) - 1
        return self.before[index] + min(moment, self.ends[index]) - self.starts[index] if index >= 0 else 0

    def first_moment(self, worked: int) -> int:
        index = bisect_left(self.through, worked)
        return self.starts[index] + worked - self.before[index]


@dataclass(frozen=True)
class WorkingCalendar:
    """A version of a calendar. `week` has seven tuples of shifts, Monday first; `days` overrides single days.

    Days after `published_until` (or before `published_from`) follow the weekly pattern and make a result provisional.
    `day_minutes` is what one 工作日 holds. Raises ValueError when nobody ever works or shifts of a day overlap.
    """

    code: str
    version: int
    zone: str
    week: tuple[Shifts, ...]
    days: Mapping[date, DayRule] = field(default_factory=dict)
    published_from: date | None = None
    published_until: date | None = None
    day_minutes: int = 480
    civil: CivilRule = CivilRule()
    names: Mapping[str, str] = field(default_factory=dict)
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    tz: tzinfo = field(default=UTC, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tz", ZoneInfo(self.zone))
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("a week has seven days and some working time")
        for shifts in (*self.week, *(rule.shifts for rule in self.days.values())):
            if any(left.end > right.start for left, right in pairwise(shifts)):
                raise ValueError("shifts of a day are in order and do not overlap")
        if not 0 < self.day_minutes <= MINUTES_OF_DAY:
            raise ValueError("a working day has between 1 and 1440 minutes")

    def __hash__(self) -> int:
        return hash((self.code, self.version))

    # days
    def local(self, moment: datetime) -> datetime:
        """The moment on the calendar's own clock."""
        return moment.astimezone(self.tz)

    def shifts_on(self, day: date) -> Shifts:
        """The shifts that begin on a local day."""
        rule = self.days.get(day)
        return rule.shifts if rule else self.week[day.weekday()]

    def works_on(self, day: date) -> bool:
        """Whether the day is a working day."""
        return bool(self.shifts_on(day))

    def is_published(self, day: date) -> bool:
        """Whether the day lies within what has been published."""
        return (self.published_from is None or day >= self.published_from) and (
            self.published_until is None or day <= self.published_until
        )

    def day_start(self, day: date) -> int:
        """The first microsecond of a local day."""
        return self._clock_reading(day, 0)

    def _clock_reading(self, day: date, minute: int) -> int:
        extra, minute = divmod(minute, MINUTES_OF_DAY)
        day = day + extra * DAY if extra else day
        wanted = datetime.combine(day, time(minute // 60, minute % 60), self.tz)
        found = microseconds(wanted)
        if self.local(moment_of(found)).replace(tzinfo=None) == wanted.replace(tzinfo=None):
            return found
        return self._moved_forward(microseconds(wanted.replace(fold=1)), found)

    def _moved_forward(self, before: int, after: int) -> int:
        """The moment between two at which the clock is moved forward: no reading within the gap ever shows."""
        offset = self.local(moment_of(before)).utcoffset()
        while after - before > 1:
            middle = (before + after) // 2
            if self.local(moment_of(middle)).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after

    def spans_on(self, day: date) -> list[Span]:
        """The working spans of a day's shifts; time that the day before already holds is left out."""
        free_from = max(
            (self._clock_reading(day - DAY, s.end) for s in self.shifts_on(day - DAY) if s.end > MINUTES_OF_DAY),
            default=None,
        )
        spans = []
        for shift in self.shifts_on(day):
            start, end = self._clock_reading(day, shift.start), self._clock_reading(day, shift.end)
            start = start if free_from is None else max(start, free_from)
            if end > start:
                spans.append((start, end))
                free_from = end
        return spans

    # working time
    def _year(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            if year > LAST_YEAR:
                raise OverflowError(f"beyond the year {LAST_YEAR}")
            first = date(year, 1, 1)
            days = (date(year + 1, 1, 1) - first).days
            table = _Year([span for n in range(days) for span in self.spans_on(first + n * DAY)])
            self._years[year] = table  # two threads may both make it: they make the same
        return table

    def _first_year(self, moment: int) -> int:
        # the shift that holds this moment may have begun the day before
        return (self.local(moment_of(moment)) - DAY).year

    def _worked_since(self, year: int, moment: int) -> int:
        last = self.local(moment_of(moment)).year
        totals = sum(self._year(y).total for y in range(year, last - 1))
        return totals + sum(self._year(y).worked_before(moment) for y in range(max(year, last - 1), last + 1))

    def worked(self, start: int, end: int) -> int:
        """Working microseconds between two moments (microseconds since 1970); 0 when end is not after start."""
        if end <= start:
            return 0
        year = self._first_year(start)
        return self._worked_since(year, end) - self._worked_since(year, start)

    def after_working(self, start: int, amount: int) -> int:
        """The first moment at which `amount` (> 0) working microseconds have passed since `start`.

        Raises OverflowError beyond LAST_YEAR.
        """
        year = self._first_year(start)
        target = self._worked_since(year, start) + amount
        while target > (table := self._year(year)).total:
            target -= table.total
            year += 1
        return table.first_moment(target)
