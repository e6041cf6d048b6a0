"""Periods of statistics: day, week, month, season, year, by statistic days. Pure.

A period is written as `2026-03-02` (a day), `2026-W10`, `2026-03`, `2026-Q1`, `2026`.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

DAY, WEEK, MONTH, SEASON, YEAR = KINDS = ("day", "week", "month", "season", "year")
FIRST, LAST = 2000, 2100  # years
_FORMS = {
    DAY: re.compile(r"(\d{4})-(\d\d)-(\d\d)"), WEEK: re.compile(r"(\d{4})-W(\d\d)"),
    MONTH: re.compile(r"(\d{4})-(\d\d)"), SEASON: re.compile(r"(\d{4})-Q([1-4])"), YEAR: re.compile(r"(\d{4})"),
}  # fmt: skip


class NoPeriod(ValueError):
    """What was written is no period."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`, in statistic days."""

    kind: str
    since: date
    until: date

    @property
    def code(self) -> str:
        """As it is written."""
        year = self.since.year
        if self.kind == WEEK:
            iso = self.since.isocalendar()
            return f"{iso.year}-W{iso.week:02d}"
        return {
            DAY: self.since.isoformat(), MONTH: f"{year}-{self.since.month:02d}",
            SEASON: f"{year}-Q{(self.since.month + 2) // 3}", YEAR: str(year),
        }[self.kind]  # fmt: skip

    def over(self, today: date) -> bool:
        """Whether it has ended; one that has not is counted up to the end of today."""
        return self.until <= today

    def before(self) -> "Period":
        """The one just before it, for 环比."""
        return of_kind(self.kind, self.since - timedelta(days=1))

    def after(self) -> "Period":
        """The one that follows."""
        return of_kind(self.kind, self.until)

    def year_ago(self) -> "Period":
        """The same of the year before, for 同比: a day by its date, a week by its number (the last one for a 53rd)."""
        if self.kind == WEEK:
            iso = self.since.isocalendar()
            for week in (iso.week, 52):
                try:
                    return of_kind(WEEK, date.fromisocalendar(iso.year - 1, week, 1))
                except ValueError:
                    continue
        try:
            return of_kind(self.kind, self.since.replace(year=self.since.year - 1))
        except ValueError:  # the 29th of February
            return of_kind(self.kind, self.since.replace(year=self.since.year - 1, day=28))


def of_kind(kind: str, day: date) -> Period:
    """The period of a kind in which a day lies."""
    if kind == DAY:
        return Period(kind, day, day + timedelta(days=1))
    if kind == WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=7))
    length = {MONTH: 1, SEASON: 3, YEAR: 12}[kind]
    first = (day.month - 1) // length * length
    end = day.year * 12 + first + length
    return Period(kind, date(day.year, first + 1, 1), date(end // 12, end % 12 + 1, 1))


def parse(text: str) -> Period:
    """The period that a code means. Raises NoPeriod."""
    for kind, form in _FORMS.items():
        found = form.fullmatch(text)
        if found is None:
            continue
        numbers = [int(each) for each in found.groups()]
        if not FIRST <= numbers[0] <= LAST:
            break
        try:
            if kind == WEEK:
                return of_kind(kind, date.fromisocalendar(numbers[0], numbers[1], 1))
            if kind == SEASON:
                return of_kind(kind, date(numbers[0], 3 * numbers[1] - 2, 1))
            made = of_kind(kind, date(*[*numbers, 1, 1][:3]))
            return Period(kind, made.since, made.until)
        except (ValueError, OverflowError):
            break
    raise NoPeriod(text)
