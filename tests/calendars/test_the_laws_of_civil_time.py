"""Laws of days, months and years of the law."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from civicloop.calendars import rules
from civicloop.calendars.rules import Limit, LimitUnit, Pause
from civicloop.calendars.rules.explain import explain
from tests.calendars.conftest import LAW, calendars, civil_limits, moments, pause_lists, spans


@LAW
@given(calendars(), moments, spans, st.data())
def test_a_later_start_is_never_due_earlier(calendar, start, later, data):
    limit = data.draw(civil_limits())
    assert rules.due(calendar, start, limit).moment <= rules.due(calendar, start + later, limit).moment


@LAW
@given(calendars(), moments, st.integers(0, 3), st.data())
def test_more_time_is_never_due_earlier(calendar, start, more, data):
    limit, pauses = data.draw(civil_limits()), data.draw(pause_lists(start))
    longer = Limit(limit.number + more, limit.unit)
    assert rules.due(calendar, start, limit, pauses).moment <= rules.due(calendar, start, longer, pauses).moment


@LAW
@given(calendars(), moments, st.data())
def test_the_last_day_is_a_working_day_when_rolling_is_on(calendar, start, data):
    limit, pauses = data.draw(civil_limits()), data.draw(pause_lists(start))
    due = calendar.local(rules.due(calendar, start, limit, pauses).moment)
    assert not calendar.civil.rolls or calendar.works_on(due.date())
    assert (
        calendar.local(rules.due(calendar, start, limit, pauses).moment + timedelta(microseconds=1)).date() > due.date()
    )


@LAW
@given(calendars(), moments, spans, spans, st.data())
def test_a_pause_never_makes_it_due_earlier(calendar, start, until_pause, length, data):
    limit = data.draw(civil_limits())
    pause = Pause(start + until_pause, start + until_pause + length)
    assert rules.due(calendar, start, limit).moment <= rules.due(calendar, start, limit, [pause]).moment


@LAW
@given(calendars(), moments, st.data())
def test_the_explanation_is_without_gaps(calendar, start, data):
    limit, pauses = data.draw(civil_limits()), data.draw(pause_lists(start))
    intervals = explain(calendar, start, limit, pauses)
    assert intervals[0].start == start
    assert all(left.end == right.start for left, right in pairwise(intervals))
    assert (
        timedelta(0)
        <= intervals[-1].end - rules.due(calendar, start, limit, pauses).moment
        <= timedelta(microseconds=1)
    )


@LAW
@given(calendars(), moments, st.data())
def test_as_many_units_have_ended_at_the_due_moment_as_the_limit_has(calendar, start, data):
    limit = data.draw(civil_limits())
    due = rules.due(calendar, start, limit).moment
    passed = rules.elapsed(calendar, start, due, limit.unit)
    assert passed >= limit.number
    if not calendar.civil.rolls or limit.unit is LimitUnit.LEGAL_WORK_DAY:
        # months that end early (31 January, a month) may already hold the next one's beginning, never a whole one
        assert passed == limit.number


@LAW
@given(calendars(), moments, st.data())
def test_counting_backwards_leaves_at_least_the_limit(calendar, event, data):
    limit = data.draw(civil_limits())
    latest = calendar.local(rules.before(calendar, event, limit))
    assert latest.date() < calendar.local(event).date()
    assert not calendar.civil.rolls or calendar.works_on(latest.date())
