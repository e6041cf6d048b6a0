"""Changing the plain data of a calendar: pure, from content to content. Nothing is in force before it is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from civicloop.calendars.rules.body import calendar_of, content_of
from civicloop.calendars.rules.calendar import DAY, DayKind, DayRule, Shifts, WorkingCalendar
from civicloop.foundation.names import problems

MOST_SHOWN = 400  # days of a difference


@dataclass(frozen=True)
class Change:
    """A day that two contents of a calendar treat differently; None is the weekly pattern."""

    day: date
    before: DayRule | None
    after: DayRule | None


def read(content: Mapping[str, Any]) -> WorkingCalendar:
    """The calendar of a content that is being worked on. Raises CalendarRefused."""
    return calendar_of(str(content.get("code", "")), 0, content)


def usual_shifts(calendar: WorkingCalendar) -> Shifts:
    """What a working day of the week has: that of a make-up day, unless it says otherwise."""
    return next((shifts for shifts in calendar.week if shifts), ())


def with_days(
    content: Mapping[str, Any], *, first: date, last: date, rule: DayRule | None
) -> dict[str, Any]:  # fmt: skip
    """The content with a rule for each day from `first` to `last`, whatever was said of them before.

    None: these days follow the weekly pattern again. Raises CalendarRefused when the result is no calendar.
    """
    calendar = read(content)
    days = dict(calendar.days)
    for n in range((last - first).days + 1):
        if rule is None:
            days.pop(first + n * DAY, None)
        else:
            days[first + n * DAY] = rule
    return _again(content, calendar, days=days)


def with_published_until(content: Mapping[str, Any], until: date) -> dict[str, Any]:
    """The content as published up to and with `until`."""
    return {**content, "published_until": until.isoformat()}


def _again(content: Mapping[str, Any], calendar: WorkingCalendar, *, days: Mapping[date, DayRule]) -> dict[str, Any]:
    made = WorkingCalendar(
        calendar.code, 0, calendar.zone, calendar.week, days, calendar.published_from, calendar.published_until,
        calendar.day_minutes, calendar.civil, calendar.names,
    )  # fmt: skip
    return content_of(made) | ({"source": content["source"]} if "source" in content else {})


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The days that differ by rule, in order, MOST_SHOWN at most. The weekly pattern is compared by `same_week`."""
    old, new = read(before).days, read(after).days
    days = sorted(day for day in {*old, *new} if old.get(day) != new.get(day))
    return [Change(day, old.get(day), new.get(day)) for day in days[:MOST_SHOWN]]


def rule_of(kind: DayKind, shifts: Shifts, names: Mapping[str, str]) -> DayRule:
    """A rule for days; names neither in Chinese nor in the city's own language are left out."""
    kept = {code: text for code, text in names.items() if text}
    return DayRule(kind, shifts, {} if problems(kept) else kept)
