"""Ages are parted by working time, as deadlines count it; rates lie to their like and to their own past."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.calendars.rules import WorkingCalendar, clocks
from civicloop.calendars.rules.calendar import Shift
from civicloop.calendars.rules.limits import LimitUnit
from civicloop.figures.rules import Indicator
from civicloop.steering.rules import ageing, comparing

ZONE = ZoneInfo("Asia/Shanghai")
SHIFTS = (Shift(540, 720), Shift(780, 1080))
CALENDAR = WorkingCalendar("c", 1, "Asia/Shanghai", (SHIFTS,) * 5 + ((), ()))
FIRST = datetime(2025, 1, 1, tzinfo=ZONE)
MOMENTS = st.integers(0, 2 * 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


def test_two_working_days_back_from_a_monday_is_thursday() -> None:
    monday = datetime(2026, 3, 9, 18, 0, tzinfo=ZONE)
    assert ageing.moments(CALENDAR, monday, [2]) == [datetime(2026, 3, 6, 9, 0, tzinfo=ZONE)]
    assert ageing.moments(CALENDAR, monday - timedelta(hours=9), [2]) == [datetime(2026, 3, 5, 9, 0, tzinfo=ZONE)]


@given(MOMENTS, st.integers(1, 60))
def test_so_many_working_days_have_passed_since_then_and_not_since_later(now: datetime, number: int) -> None:
    then = ageing.moments(CALENDAR, now, [number])[0]
    assert clocks.elapsed(CALENDAR, then, now, LimitUnit.WORK_DAY) >= number
    later = then + timedelta(microseconds=1)
    assert clocks.elapsed(CALENDAR, later, now, LimitUnit.WORK_DAY) < number


RATE = Indicator("r", "g", {}, {}, ((1, "a"),), ((1, "b"),), (), (), "due", "high", 30, 1)


@pytest.mark.parametrize(
    ("now", "past", "own"),
    [((90, 100), (50, 100), "better"), ((50, 100), (90, 100), "worse"), ((80, 100), (82, 100), "steady"),
     ((9, 10), (50, 100), "too_few"), ((90, 100), (5, 10), "too_few"), ((0, 0), (5, 10), "")],
)  # fmt: skip
def test_the_own_past_is_told_only_where_the_sample_carries_it(
    now: tuple[int, int], past: tuple[int, int], own: str
) -> None:
    sums = [{"a": of, "b": per} for of, per in (now, past)]
    assert comparing.rate(RATE, sums[0], sums[1], sums[0]).own == own


def test_a_rate_that_should_be_low_is_better_below_its_past() -> None:
    from dataclasses import replace

    rework = replace(RATE, goal="low")
    found = comparing.rate(rework, {"a": 5, "b": 100}, {"a": 40, "b": 100}, {"a": 5, "b": 100})
    assert (found.own, found.band) == ("better", "similar")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 5 < found.high
