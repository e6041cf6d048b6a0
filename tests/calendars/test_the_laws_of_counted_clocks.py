"""Laws of counted time, for random calendars, zones, limits and pauses."""

import os
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from civicloop.calendars import rules
from civicloop.calendars.rules import Limit, LimitUnit, Pause
from civicloop.calendars.rules.calendar import Shift, WorkingCalendar
from civicloop.calendars.rules.clocks import counted_amount, counted_microseconds
from civicloop.calendars.rules.explain import explain
from civicloop.calendars.rules.limits import WORKING
from tests.calendars.conftest import LAW, calendars, counted_limits, moments, pause_lists, spans

MICRO = timedelta(microseconds=1)


@LAW
@given(calendars(), moments, st.data())
def test_elapsed_to_the_due_moment_is_the_limit(calendar, start, data):
    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    due = rules.due(calendar, start, limit, pauses).moment
    assert rules.elapsed(calendar, start, due, limit.unit, pauses) == limit.number
    assert rules.remaining(calendar, due, start, limit, pauses) == timedelta(0)


@LAW
@given(calendars(), moments, st.data())
def test_the_due_moment_is_the_first_at_which_the_time_is_up(calendar, start, data):
    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    due = rules.due(calendar, start, limit, pauses).moment
    assert rules.elapsed(calendar, start, due - MICRO, limit.unit, pauses) < limit.number


@LAW
@given(calendars(), moments, spans, st.data())
def test_a_later_start_is_never_due_earlier(calendar, start, later, data):
    limit = data.draw(counted_limits())
    assert rules.due(calendar, start, limit).moment <= rules.due(calendar, start + later, limit).moment


@LAW
@given(calendars(), moments, st.integers(1, 200), st.data())
def test_more_time_is_never_due_earlier(calendar, start, more, data):
    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    longer = Limit(limit.number + Fraction(more, 40), limit.unit)
    assert rules.due(calendar, start, limit, pauses).moment <= rules.due(calendar, start, longer, pauses).moment


@LAW
@given(calendars(), moments, spans, spans, st.data())
def test_a_pause_moves_the_due_moment_by_exactly_its_counted_time(calendar, start, until_pause, length, data):
    limit, before = data.draw(counted_limits()), data.draw(pause_lists(start))
    due = rules.due(calendar, start, limit, before).moment
    pause = Pause(start + until_pause, start + until_pause + length)
    after = rules.due(calendar, start, limit, [*before, pause]).moment
    assert after >= due
    if pause.start >= due:
        assert after == due
        return
    counted = counted_microseconds(calendar, pause.start, pause.end, limit.unit, before)
    moved = counted_microseconds(calendar, due, after, limit.unit, [*before, pause])
    inside = counted_microseconds(calendar, start, due, limit.unit, before) - counted_microseconds(
        calendar, start, due, limit.unit, [*before, pause]
    )
    assert moved == inside  # what was lost before the old due moment is given after it
    if not before:
        assert counted_microseconds(calendar, due, after, limit.unit) == counted


@LAW
@given(calendars(), moments, spans, spans, st.data())
def test_splitting_an_interval_changes_nothing(calendar, start, first, second, data):
    pauses = data.draw(pause_lists(start))
    for unit in (LimitUnit.WORK_HOUR, LimitUnit.URGENT_HOUR, LimitUnit.WORK_DAY):
        middle, end = start + first, start + first + second
        whole = rules.elapsed(calendar, start, end, unit, pauses)
        parts = rules.elapsed(calendar, start, middle, unit, pauses), rules.elapsed(calendar, middle, end, unit, pauses)
        assert whole == sum(parts)


@LAW
@given(calendars(), moments, st.data())
def test_splitting_a_pause_changes_nothing(calendar, start, data):
    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    halves = []
    for pause in pauses:
        middle = pause.start + (pause.end - pause.start) / 2
        halves += [Pause(pause.start, middle), Pause(middle, pause.end)]
    assert rules.due(calendar, start, limit, pauses) == rules.due(calendar, start, limit, reversed(halves))


@LAW
@given(calendars(), moments, st.integers(1, 2), st.data())
def test_an_extension_adds_one_original_limit_to_the_due_moment(calendar, start, times, data):
    limit = data.draw(counted_limits())
    expected = rules.due(calendar, start, limit)
    for _ in range(times):
        expected = rules.extend(calendar, expected.moment, limit)
    assert rules.due(calendar, start, limit, extensions=times).moment == expected.moment


@LAW
@given(calendars(), moments, st.data())
def test_the_explanation_is_without_gaps_and_adds_up(calendar, start, data):
    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    assume(limit.number <= 12)
    due = rules.due(calendar, start, limit, pauses).moment
    intervals = explain(calendar, start, limit, pauses)
    assert intervals[0].start == start
    assert intervals[-1].end == due
    assert all(left.end == right.start for left, right in pairwise(intervals))
    counted = sum(((each.end - each.start) for each in intervals if each.counted), timedelta(0))
    assert counted // MICRO == counted_amount(calendar, limit)
    assert intervals[-1].counted


@LAW
@given(calendars(), moments, spans)
def test_a_minute_counter_agrees(calendar, start, length):
    """An independent oracle, slow and simple: it asks each minute whether somebody works."""
    start = start.replace(second=0, microsecond=0)
    minutes = min(int(length.total_seconds() // 60), 3000)
    worked = sum(works_at(calendar, start + timedelta(minutes=n)) for n in range(minutes))
    end = start + timedelta(minutes=minutes)
    assert rules.elapsed(calendar, start, end, LimitUnit.WORK_HOUR) == Fraction(worked, 60)


def test_a_shift_that_ends_in_an_hour_that_does_not_exist_ends_when_the_clock_is_moved():
    # 8 March 2026 in St John's: 02:00 becomes 03:00, so a shift from 01:00 to 02:15 is one hour long
    week = ((), (), (), (), (), (), (Shift(60, 135),))
    calendar = WorkingCalendar("gap", 1, "America/St_Johns", week)
    start = datetime(2026, 3, 8, tzinfo=UTC)
    assert rules.elapsed(calendar, start, start + timedelta(days=1), LimitUnit.WORK_HOUR) == 1
    due = rules.due(calendar, start, Limit.parse("1 工作时")).moment
    assert due.astimezone(UTC) == datetime(2026, 3, 8, 5, 30, tzinfo=UTC)


def works_at(calendar, moment) -> bool:
    local = calendar.local(moment)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        minute = local.hour * 60 + local.minute + back * 1440
        rule = calendar.days.get(day)
        if any(shift.start <= minute < shift.end for shift in (rule.shifts if rule else calendar.week[day.weekday()])):
            return True
    return False


@LAW
@given(calendars(), moments, st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC"]), st.data())
def test_nothing_depends_on_the_zone_in_which_a_moment_is_written(calendar, start, zone, data):
    from zoneinfo import ZoneInfo

    limit, pauses = data.draw(counted_limits()), data.draw(pause_lists(start))
    moved = [Pause(p.start.astimezone(ZoneInfo(zone)), p.end.astimezone(ZoneInfo(zone))) for p in pauses]
    assert rules.due(calendar, start, limit, pauses) == rules.due(
        calendar, start.astimezone(ZoneInfo(zone)), limit, moved
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"])
def test_nothing_depends_on_the_zone_of_the_server(cn, zone, monkeypatch):
    from datetime import datetime

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        start = datetime.fromisoformat("2026-02-13T16:00:00+08:00")
        due = rules.due(cn, start, Limit.parse("4 工作时")).moment
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert due == datetime.fromisoformat("2026-02-14T10:00:00+08:00")
    assert os.environ.get("TZ") is None


@LAW
@given(calendars(), moments, st.data())
def test_running_time_needs_no_calendar(calendar, start, data):
    limit = data.draw(counted_limits())
    assume(limit.unit not in WORKING)
    due = rules.due(calendar, start, limit)
    hours = limit.number * (1 if limit.unit is LimitUnit.URGENT_HOUR else 24)
    assert due.moment - start == timedelta(hours=float(hours))
    assert not due.provisional
