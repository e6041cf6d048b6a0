"""Random calendars, limits and pauses for the laws."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from civicloop.calendars import shipped
from civicloop.calendars.rules import CivilRule, DayRule, Limit, LimitUnit, Pause, Shift, WorkingCalendar
from tests.conftest import size

ZONES = ("Asia/Shanghai", "UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")
LAW = settings(
    max_examples=size(60, 1000), deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def cn() -> WorkingCalendar:
    """The shipped calendar cn-8h."""
    return shipped.calendar("cn-8h")


@st.composite
def shift_lists(draw: st.DrawFn, least: int = 0) -> tuple[Shift, ...]:
    """Up to three shifts that do not overlap; the last may run over midnight."""
    count = draw(st.integers(least, 3))
    marks = sorted(draw(st.lists(st.integers(0, 95), min_size=2 * count, max_size=2 * count, unique=True)))
    shifts = [Shift(marks[2 * n] * 15, marks[2 * n + 1] * 15) for n in range(count)]
    if shifts and draw(st.booleans()):
        shifts[-1] = Shift(shifts[-1].start, shifts[-1].start + draw(st.integers(1, 96)) * 15)
    return tuple(shifts)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    """A calendar in any zone, with odd weeks, closed days and special days around 2026."""
    week = [draw(shift_lists()) for _ in range(7)]
    if not any(week):
        week[2] = draw(shift_lists(least=1))
    days = draw(
        st.dictionaries(
            st.dates(date(2025, 11, 1), date(2027, 2, 28)),
            shift_lists().map(lambda shifts: DayRule("special" if shifts else "closure", shifts)),
            max_size=12,
        )
    )
    civil = CivilRule(draw(st.booleans()), draw(st.booleans()))
    minutes = draw(st.integers(60, 1440))
    return WorkingCalendar(
        "random",
        1,
        draw(st.sampled_from(ZONES)),
        tuple(week),
        days,
        date(2025, 1, 1),
        date(2026, 12, 31),
        minutes,
        civil,
    )


moments = st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 31)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(microseconds=1), timedelta(days=12))
COUNTED = [LimitUnit.URGENT_HOUR, LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY, LimitUnit.NATURAL_DAY]
CIVIL = [LimitUnit.LEGAL_DAY, LimitUnit.LEGAL_WORK_DAY, LimitUnit.MONTH, LimitUnit.YEAR]


@st.composite
def counted_limits(draw: st.DrawFn) -> Limit:
    return Limit(Fraction(draw(st.integers(1, 600)), 20), draw(st.sampled_from(COUNTED)))


@st.composite
def civil_limits(draw: st.DrawFn) -> Limit:
    return Limit(Fraction(draw(st.integers(1, 14))), draw(st.sampled_from(CIVIL)))


@st.composite
def pause_lists(draw: st.DrawFn, start: datetime) -> list[Pause]:
    """Up to four closed pauses after `start`; they may overlap."""
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begin = start + draw(st.timedeltas(timedelta(0), timedelta(days=20)))
        pauses.append(Pause(begin, begin + draw(spans), "waiting"))
    return pauses
