"""A calendar's content as plain data (a TOML file, a JSON column) and as a WorkingCalendar; both ways.

zone, day_minutes, published_from, published_until      week.monday … week.sunday = ["08:00-12:00", …]
civil = { start_day_counts = false, rolls = true }      name = { zh-hans = …, en = … }
[[day]] kind = "holiday" | "make_up" | "closure" | "special", on or from + to, name, shifts
or like = "monday" (a make-up day with neither works like the first working day of the week)
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from civicloop.calendars.rules.calendar import (
    DAY,
    MINUTES_OF_DAY,
    CivilRule,
    DayKind,
    DayRule,
    Shift,
    Shifts,
    WorkingCalendar,
)
from civicloop.foundation.names import problems

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS: tuple[DayKind, ...] = ("holiday", "make_up", "closure", "special")
KEYS = frozenset(
    {"code", "name", "zone", "day_minutes", "published_from", "published_until", "week", "civil", "day", "source"}
)
DAY_KEYS = frozenset({"kind", "on", "from", "to", "name", "shifts", "like"})
LONGEST_RANGE = 400  # days
_SHIFT = re.compile(r"(\d\d):([0-5]\d)\s*[-–]\s*(\d\d):([0-5]\d)")


class CalendarRefused(ValueError):
    """A calendar's content that cannot be used; `faults` lists every place with what is wrong there."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def shift(text: str) -> Shift:
    """The shift of "08:00-12:00"; an end not after the start lies on the next day. Raises ValueError."""
    found = _SHIFT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no shift; write 08:00-12:00")
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if begin >= MINUTES_OF_DAY or end > MINUTES_OF_DAY:
        raise ValueError(f"{text!r} has an hour beyond 24:00")
    return Shift(begin, end if end > begin else end + MINUTES_OF_DAY)


class _Reader:
    """Reads plain data and collects every fault with its place."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def shifts(self, value: Any, where: str) -> Shifts:
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self.faults.append(f'{where}: a list of shifts is expected, such as ["08:00-12:00"]')
            return ()
        try:
            return tuple(sorted((shift(text) for text in value), key=lambda each: each.start))
        except ValueError as wrong:
            self.faults.append(f"{where}: {wrong}")
            return ()

    def day(self, value: Any, where: str) -> date | None:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.faults.append(f"{where}: {value!r} is no date; write 2026-02-14")
            return None

    def names(self, value: Any, where: str) -> dict[str, str]:
        sound = isinstance(value, Mapping) and all(isinstance(text, str) and text.strip() for text in value.values())
        if sound and (not value or not problems(value)):
            return dict(value)
        self.faults.append(f"{where}: a name needs Chinese: {{ zh-hans = …, en = … }}")
        return {}

    def unknown(self, content: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        self.faults += [f"{where}{key}: unknown key" for key in content if key not in known]


def _span_of_days(reader: _Reader, content: Mapping[str, Any], where: str) -> list[date]:
    if ("on" in content) == ("from" in content or "to" in content):
        reader.faults.append(f"{where}: say either `on`, or `from` and `to`")
        return []
    first = reader.day(content.get("on", content.get("from")), where)
    last = reader.day(content.get("on", content.get("to")), where)
    if first is None or last is None:
        return []
    if not 0 <= (last - first).days < LONGEST_RANGE:
        reader.faults.append(f"{where}: from {first} to {last} is reversed or longer than {LONGEST_RANGE} days")
        return []
    return [first + n * DAY for n in range((last - first).days + 1)]


def _days(reader: _Reader, content: Any, week: tuple[Shifts, ...]) -> dict[date, DayRule]:
    usual = next((shifts for shifts in week if shifts), ())
    days: dict[date, DayRule] = {}
    for number, line in enumerate(content if isinstance(content, list) else [], 1):
        where = f"day {number}"
        if not isinstance(line, Mapping):
            reader.faults.append(f"{where}: a table is expected")
            continue
        reader.unknown(line, DAY_KEYS, f"{where}.")
        kind = line.get("kind")
        if kind not in KINDS:
            reader.faults.append(f"{where}: kind {kind!r} is none of {', '.join(KINDS)}")
            continue
        shifts: Shifts = usual if kind == "make_up" else ()
        if "shifts" in line:
            shifts = reader.shifts(line["shifts"], where)
        elif "like" in line and line["like"] in WEEKDAYS:
            shifts = week[WEEKDAYS.index(line["like"])]
        elif "like" in line or kind == "special":
            reader.faults.append(f"{where}: say the shifts, or like = one of {', '.join(WEEKDAYS)}")
        names = reader.names(line["name"], where) if "name" in line else {}
        for day in _span_of_days(reader, line, where):
            if day in days:
                reader.faults.append(f"{where}: {day} has been said already")
            days[day] = DayRule(kind, shifts, names)
    return days


def _civil(reader: _Reader, content: Any) -> CivilRule:
    if not isinstance(content, Mapping) or not all(isinstance(value, bool) for value in content.values()):
        reader.faults.append("civil: start_day_counts and rolls are true or false")
        return CivilRule()
    reader.unknown(content, frozenset({"start_day_counts", "rolls"}), "civil.")
    return CivilRule(bool(content.get("start_day_counts", False)), bool(content.get("rolls", True)))


def calendar_of(code: str, version: int, content: Mapping[str, Any]) -> WorkingCalendar:
    """The calendar that `content` describes. Raises CalendarRefused with every fault found."""
    reader = _Reader()
    reader.unknown(content, KEYS, "")
    week_content = content.get("week", {})
    reader.unknown(week_content, frozenset(WEEKDAYS), "week.")
    week = tuple(reader.shifts(week_content.get(name, []), f"week.{name}") for name in WEEKDAYS)
    days = _days(reader, content.get("day", []), week)
    published = {
        key: reader.day(content[key], key) if key in content else None for key in ("published_from", "published_until")
    }
    names = reader.names(content.get("name", {}), "name")
    civil = _civil(reader, content.get("civil", {}))
    zone = content.get("zone")
    try:
        ZoneInfo(zone if isinstance(zone, str) else "")
    except (KeyError, ValueError, OSError):
        reader.faults.append(f"zone: {zone!r} is no time zone; write Asia/Shanghai")
    minutes = content.get("day_minutes", next((sum(s.minutes for s in shifts) for shifts in week if shifts), 480))
    if not isinstance(minutes, int):
        reader.faults.append("day_minutes: a whole number is expected")
    if reader.faults:
        raise CalendarRefused(reader.faults)
    try:
        return WorkingCalendar(
            code, version, str(zone), week, days, published["published_from"], published["published_until"],
            minutes, civil, names,
        )  # fmt: skip
    except ValueError as wrong:
        raise CalendarRefused([str(wrong)]) from wrong


def _ranges(days: Mapping[date, DayRule]) -> list[tuple[date, date, DayRule]]:
    found: list[tuple[date, date, DayRule]] = []
    for day in sorted(days):
        if found and found[-1][1] + DAY == day and found[-1][2] == days[day]:
            found[-1] = (found[-1][0], day, days[day])
        else:
            found.append((day, day, days[day]))
    return found


def content_of(calendar: WorkingCalendar) -> dict[str, Any]:
    """Plain data (texts for dates) from which `calendar_of` makes the same calendar."""
    lines: list[dict[str, Any]] = []
    for first, last, rule in _ranges(calendar.days):
        when = {"on": first.isoformat()} if first == last else {"from": first.isoformat(), "to": last.isoformat()}
        line: dict[str, Any] = {"kind": rule.kind, **when, "shifts": [str(each) for each in rule.shifts]}
        lines.append(line | ({"name": dict(rule.names)} if rule.names else {}))
    ends = {"published_from": calendar.published_from, "published_until": calendar.published_until}
    return {
        "code": calendar.code,
        "zone": calendar.zone,
        "day_minutes": calendar.day_minutes,
        **{key: day.isoformat() for key, day in ends.items() if day},
        "name": dict(calendar.names),
        "civil": {"start_day_counts": calendar.civil.start_day_counts, "rolls": calendar.civil.rolls},
        "week": {name: [str(s) for s in shifts] for name, shifts in zip(WEEKDAYS, calendar.week, strict=True)},
        "day": lines,
    }
