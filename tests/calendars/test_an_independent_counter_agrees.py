"""An oracle, deliberately slow and simple, that knows nothing of the arithmetic: it asks each minute, and each day.

It reads only what a calendar declares (shifts, days, zone, what is published). Cases in which the clocks of the zone
are moved are left out: what happens then is worked out by hand in the other tests.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from civicloop.calendars import rules
from civicloop.calendars.rules import CivilRule, DayRule, Limit, LimitUnit, Pause, Shift, WorkingCalendar
from civicloop.calendars.rules.explain import explain
from tests.conftest import size

CASES = size(400, 10_000)
ZONES = ("Asia/Shanghai", "UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
RUNNING = {LimitUnit.URGENT_HOUR: 60, LimitUnit.NATURAL_DAY: 1440}
CIVIL = (LimitUnit.LEGAL_DAY, LimitUnit.LEGAL_WORK_DAY, LimitUnit.MONTH, LimitUnit.YEAR)


# -- what a case is made of -----------------------------------------------------------------------------------------


def shifts(draw: random.Random, least: int = 0) -> tuple[Shift, ...]:
    """Up to three, in five minutes' steps; the last may run over midnight."""
    number = draw.randint(least, 3)
    marks = sorted(draw.sample(range(288), 2 * number))
    found = [Shift(marks[2 * n] * 5, marks[2 * n + 1] * 5) for n in range(number)]
    if found and draw.random() < 0.4:
        found[-1] = Shift(found[-1].start, found[-1].start + draw.randint(1, 288) * 5)
    return tuple(found)


def calendar_of(draw: random.Random) -> WorkingCalendar:
    week = [shifts(draw) for _day in range(7)]
    week[draw.randrange(7)] = shifts(draw, least=1)
    days = {}
    for _number in range(draw.randint(0, 30)):
        own = shifts(draw)
        days[date(2026, 1, 1) + draw.randrange(365) * DAY] = DayRule("special" if own else "closure", own)
    return WorkingCalendar(
        "oracle", 1, draw.choice(ZONES), tuple(week), days, date(2026, 1, 1), date(2026, 11, 30),
        draw.randint(60, 720), CivilRule(draw.random() < 0.3, draw.random() < 0.7),
    )  # fmt: skip


def pauses_of(draw: random.Random, start: datetime, within: timedelta) -> list[Pause]:
    found = []
    for _number in range(draw.randint(0, 3)):
        begin = start + draw.randrange(int(within / MINUTE)) * MINUTE
        found.append(Pause(begin, begin + draw.randrange(int(within / MINUTE)) * MINUTE))
    return found


# -- the oracle -----------------------------------------------------------------------------------------------------


def works(calendar: WorkingCalendar, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether somebody works in the minute that begins now: by a shift of this local day or one of the day before."""
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    for back in (0, 1):
        day = local.date() - back * DAY
        declared = calendar.days[day].shifts if day in calendar.days else calendar.week[day.weekday()]
        if any(shift.start <= minute + back * 1440 < shift.end for shift in declared):
            return True
    return False


def counts(calendar: WorkingCalendar, zone: ZoneInfo, moment: datetime, unit: LimitUnit, pauses: list[Pause]) -> bool:
    if any(pause.start <= moment < pause.end for pause in pauses):  # type: ignore[operator]
        return False
    return unit in RUNNING or works(calendar, zone, moment)


def minutes_of(calendar: WorkingCalendar, limit: Limit) -> int:
    each = {**RUNNING, LimitUnit.WORK_HOUR: 60, LimitUnit.WORK_DAY: calendar.day_minutes}[limit.unit]
    whole = limit.number * each
    assert whole.denominator == 1
    return whole.numerator


def due_by_minutes(calendar: WorkingCalendar, start: datetime, needed: int, unit: LimitUnit, pauses: list[Pause]):
    zone, moment = ZoneInfo(calendar.zone), start
    while needed:
        needed -= counts(calendar, zone, moment, unit, pauses)
        moment += MINUTE
    return moment


def works_on(calendar: WorkingCalendar, day: date) -> bool:
    return bool(calendar.days[day].shifts if day in calendar.days else calendar.week[day.weekday()])


def walk(calendar: WorkingCalendar, day: date, number: int, unit: LimitUnit) -> date:
    """The last day of a period after `day`, one day after the other."""
    if unit is LimitUnit.YEAR:
        return walk(calendar, day, 12 * number, LimitUnit.MONTH)
    wanted, left, months = day.day, number, 0
    while True:
        day += DAY
        if unit is LimitUnit.MONTH:
            months += day.day == 1
            if months == number and (day.day == wanted or (day + DAY).day == 1):
                return day
        else:
            left -= unit is LimitUnit.LEGAL_DAY or works_on(calendar, day)
            if left == 0:
                return day


def rolled(calendar: WorkingCalendar, day: date) -> date:
    while calendar.civil.rolls and not works_on(calendar, day):
        day += DAY
    return day


def due_by_days(calendar: WorkingCalendar, start: datetime, limit: Limit, pauses: list[Pause], extensions: int) -> date:
    zone, number = ZoneInfo(calendar.zone), int(limit.number)
    first = start.astimezone(zone).date()
    last = walk(calendar, first - DAY if calendar.civil.start_day_counts else first, number, limit.unit)
    for _each in range(extensions):
        last = walk(calendar, rolled(calendar, last), number, limit.unit)
    for pause in joined(pauses):
        assert pause.end is not None
        begin, end = pause.start.astimezone(zone).date(), pause.end.astimezone(zone).date()
        if begin > rolled(calendar, last):
            continue
        day = begin
        while day < end:  # each day that was lost is given after the last one
            day += DAY
            if limit.unit is not LimitUnit.LEGAL_WORK_DAY:
                last += DAY
            elif works_on(calendar, day):
                last = walk(calendar, last, 1, LimitUnit.LEGAL_WORK_DAY)
    return rolled(calendar, last)


def joined(pauses: list[Pause]) -> list[Pause]:
    """Pauses that touch or overlap are one."""
    found: list[Pause] = []
    for pause in sorted((p for p in pauses if p.end and p.end > p.start), key=lambda p: p.start):
        if found and found[-1].end and found[-1].end >= pause.start:
            found[-1] = Pause(found[-1].start, max(found[-1].end, pause.end or pause.start))
        else:
            found.append(pause)
    return found


def steady(calendar: WorkingCalendar, start: datetime, end: datetime) -> bool:
    """Whether the clocks of the zone are not moved in between."""
    zone = ZoneInfo(calendar.zone)
    return len({(start - 2 * DAY + n * DAY).astimezone(zone).utcoffset() for n in range((end - start).days + 6)}) == 1


# -- agreement ------------------------------------------------------------------------------------------------------


def counted_cases() -> Iterator[tuple[WorkingCalendar, datetime, Limit, list[Pause], int]]:
    draw = random.Random(20260214)
    while True:
        calendar = calendar_of(draw)
        start = datetime(2026, 1, 1, tzinfo=UTC) + draw.randrange(500_000) * MINUTE
        unit = draw.choice([LimitUnit.URGENT_HOUR, LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY, LimitUnit.NATURAL_DAY])
        each = {**RUNNING, LimitUnit.WORK_HOUR: 60, LimitUnit.WORK_DAY: calendar.day_minutes}[unit]
        extensions = draw.choice([0, 0, 0, 1, 2])
        limit = Limit(Fraction(draw.randint(1, 900 // (1 + extensions)), each), unit)
        yield calendar, start, limit, pauses_of(draw, start, 2 * DAY), extensions


def test_minute_by_minute() -> None:
    agreed = over_midnight = paused = extended = provisional = 0
    cases = counted_cases()
    while agreed < CASES:
        calendar, start, limit, pauses, extensions = next(cases)
        found = rules.due(calendar, start, limit, pauses, extensions)
        if not steady(calendar, start, found.moment):
            continue
        needed = minutes_of(calendar, limit) * (1 + extensions)
        case = (calendar, start, limit, pauses, extensions)
        assert found.moment == due_by_minutes(calendar, start, needed, limit.unit, pauses), case
        zone = ZoneInfo(calendar.zone)
        days = (start.astimezone(zone).date(), found.moment.astimezone(zone).date())
        published = all(date(2026, 1, 1) <= day <= date(2026, 11, 30) for day in days)
        assert found.provisional is (limit.unit not in RUNNING and not published), case
        if agreed % 20 == 0:  # what is told of it adds up by the same counter
            for each in explain(calendar, start, limit, pauses, extensions):
                moments = [each.start + n * MINUTE for n in range(int((each.end - each.start) / MINUTE))]
                assert {counts(calendar, zone, moment, limit.unit, pauses) for moment in moments} <= {each.counted}
        agreed += 1
        over_midnight += any(shift.end > 1440 for day in calendar.week for shift in day)
        paused += bool(pauses)
        extended += bool(extensions)
        provisional += found.provisional
    assert min(over_midnight, paused, extended) > CASES // 5
    assert provisional > CASES // 50


def test_day_by_day() -> None:
    draw = random.Random(20260501)
    agreed = moved = 0
    while agreed < CASES:
        calendar = calendar_of(draw)
        start = datetime(2026, 1, 1, tzinfo=UTC) + draw.randrange(525_000) * MINUTE
        unit = draw.choice(CIVIL)
        most = {LimitUnit.LEGAL_DAY: 90, LimitUnit.LEGAL_WORK_DAY: 30, LimitUnit.MONTH: 14, LimitUnit.YEAR: 3}[unit]
        limit, extensions = Limit(Fraction(draw.randint(1, most)), unit), draw.choice([0, 0, 0, 1, 2])
        pauses = pauses_of(draw, start, 20 * DAY)
        found = rules.due(calendar, start, limit, pauses, extensions)
        last = due_by_days(calendar, start, limit, pauses, extensions)
        local = found.moment.astimezone(ZoneInfo(calendar.zone))
        assert local.date() == last, (calendar, start, limit, pauses, extensions)
        after = (found.moment + timedelta(microseconds=1)).astimezone(ZoneInfo(calendar.zone))
        assert (after.date(), after.hour, after.minute) == (last + DAY, 0, 0)
        agreed += 1
        moved += rules.due(calendar, start, limit, (), extensions).moment != found.moment
    assert moved > CASES // 4
