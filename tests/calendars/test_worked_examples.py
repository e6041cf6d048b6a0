"""Deadlines that a person has worked out by hand, on the shipped calendar cn-8h (Monday to Friday, 8–12 and 14–18)."""

from datetime import datetime

import pytest

from civicloop.calendars import rules
from civicloop.calendars.rules import Limit, OpenPause, Pause, WorkingCalendar, revived
from civicloop.calendars.rules.body import calendar_of
from civicloop.calendars.rules.explain import explain


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


LAST = "T23:59:59.999999"
EXAMPLES = [
    # start, limit, due, provisional
    # 工作时
    ("2026-03-04T09:00", "2 工作时", "2026-03-04T11:00", False),
    ("2026-03-04T11:00", "2 工作时", "2026-03-04T15:00", False),  # over the lunch break
    ("2026-03-04T12:30", "2 工作时", "2026-03-04T16:00", False),  # begun in the lunch break
    ("2026-03-04T08:00", "4 工作时", "2026-03-04T12:00", False),  # up at noon, not at 14:00
    ("2026-03-04T14:00", "4 工作时", "2026-03-04T18:00", False),  # up at 18:00, not the next morning
    ("2026-03-04T06:10", "1 工作时", "2026-03-04T09:00", False),  # before the shift
    ("2026-03-04T19:00", "1 工作时", "2026-03-05T09:00", False),  # after the shift
    ("2026-03-06T17:00", "4 工作时", "2026-03-09T11:00", False),  # over a weekend
    ("2026-03-07T10:00", "4 工作时", "2026-03-09T12:00", False),  # begun on a Saturday
    ("2026-02-13T16:00", "4 工作时", "2026-02-14T10:00", False),  # the Saturday is a make-up working day
    ("2026-02-14T17:00", "4 工作时", "2026-02-24T11:00", False),  # over the Spring Festival
    ("2026-02-20T10:00", "2 工作时", "2026-02-24T10:00", False),  # begun in the Spring Festival
    ("2026-02-27T17:00", "2 工作时", "2026-02-28T09:00", False),  # make-up Saturday after the festival
    ("2026-10-09T17:00", "4 工作时", "2026-10-10T11:00", False),  # make-up Saturday after National Day
    ("2026-12-31T17:00", "1 工作时", "2026-12-31T18:00", False),  # still within the published year
    ("2026-12-31T17:00", "4 工作时", "2027-01-01T11:00", True),  # 2027 is not published: weekly pattern
    # 工作日: eight working hours, not "the next day at the same time"
    ("2026-03-04T10:00", "1 工作日", "2026-03-05T10:00", False),
    ("2026-03-04T08:00", "1 工作日", "2026-03-04T18:00", False),
    ("2026-03-04T07:00", "1 工作日", "2026-03-04T18:00", False),
    ("2026-03-06T10:00", "1 工作日", "2026-03-09T10:00", False),
    ("2026-02-13T10:00", "1 工作日", "2026-02-14T10:00", False),
    ("2026-02-14T17:00", "2 工作日", "2026-02-25T17:00", False),
    ("2026-02-12T08:00", "5 工作日", "2026-02-25T18:00", False),
    ("2026-09-30T14:00", "0.5 工作日", "2026-09-30T18:00", False),
    # 紧急工作时, 紧急工作日: day and night, holidays count
    ("2026-02-16T23:00", "2 紧急工作时", "2026-02-17T01:00", False),
    ("2026-03-04T09:00", "0.25 urgent_hour", "2026-03-04T09:15", False),
    ("2026-02-14T17:00", "2 紧急工作日", "2026-02-16T17:00", False),
    ("2026-12-31T17:00", "1 natural_day", "2027-01-01T17:00", False),
    # days of the law: the day of the event is not counted, the last day ends at midnight and rolls
    ("2026-03-04T17:00", "5 legal_day", "2026-03-09" + LAST, False),
    ("2026-03-02T17:00", "5 legal_day", "2026-03-09" + LAST, False),  # ends on Saturday the 7th, rolls to Monday
    ("2026-02-02T09:00", "15 legal_day", "2026-02-24" + LAST, False),  # ends in the Spring Festival
    ("2026-01-30T09:00", "15 legal_day", "2026-02-14" + LAST, False),  # a make-up Saturday is a working day
    ("2026-12-20T09:00", "15 legal_day", "2027-01-04" + LAST, True),
    ("2026-03-05T17:00", "2 legal_work_day", "2026-03-09" + LAST, False),
    ("2026-02-12T17:00", "3 legal_work_day", "2026-02-24" + LAST, False),
    ("2026-01-31T10:00", "1 legal_month", "2026-02-28" + LAST, False),  # no 31 February; the Saturday works
    ("2026-03-31T10:00", "1 month", "2026-04-30" + LAST, False),
    ("2026-08-31T10:00", "6 个月", "2027-03-01" + LAST, True),  # 28 February 2027 is a Sunday
    ("2024-02-29T10:00", "1 year", "2025-02-28" + LAST, False),
    ("2025-02-28T10:00", "1 年", "2026-02-28" + LAST, False),
]


@pytest.mark.parametrize(("start", "limit", "due", "provisional"), EXAMPLES)
def test_the_due_moment(cn, start, limit, due, provisional):
    found = rules.due(cn, at(start), Limit.parse(limit))
    assert cn.local(found.moment) == at(due)
    assert found.provisional is provisional


def test_a_pause_in_working_time_moves_the_due_moment(cn):
    pause = Pause(at("2026-03-04T10:00"), at("2026-03-04T15:00"))  # three working hours
    assert rules.due(cn, at("2026-03-04T09:00"), Limit.parse("4 工作时"), [pause]).moment == at("2026-03-04T18:00")


def test_a_pause_over_a_weekend_costs_nothing(cn):
    pause = Pause(at("2026-03-06T18:00"), at("2026-03-09T08:00"))
    assert rules.due(cn, at("2026-03-06T17:00"), Limit.parse("2 工作时"), [pause]).moment == at("2026-03-09T09:00")


def test_while_the_clock_stands_still_there_is_no_due_moment(cn):
    still = [Pause(at("2026-03-04T10:00"))]
    with pytest.raises(OpenPause):
        rules.due(cn, at("2026-03-04T09:00"), Limit.parse("4 工作时"), still)
    assert rules.elapsed(cn, at("2026-03-04T09:00"), at("2026-03-09T09:00"), rules.LimitUnit.WORK_HOUR, still) == 1
    intervals = explain(cn, at("2026-03-04T09:00"), Limit.parse("4 工作时"), still, until=at("2026-03-05T09:00"))
    assert [each.why.code for each in intervals] == ["working_time", "paused"]


def test_a_failed_check_returns_to_the_same_clock(cn):
    times = {"stopped_at": at("2026-03-04T10:00"), "revived_at": at("2026-03-04T15:00"), "reason": "check"}
    pauses = revived((), checking_counts=False, **times)
    assert rules.due(cn, at("2026-03-04T09:00"), Limit.parse("4 工作时"), pauses).moment == at("2026-03-04T18:00")
    pauses = revived((), checking_counts=True, **times)
    assert rules.due(cn, at("2026-03-04T09:00"), Limit.parse("4 工作时"), pauses).moment == at("2026-03-04T15:00")


def test_an_extension_adds_one_original_limit(cn):
    assert rules.due(cn, at("2026-03-04T10:00"), Limit.parse("2 工作日"), extensions=1).moment == at("2026-03-10T10:00")


def test_a_civil_pause_moves_the_last_day_by_its_days(cn):
    pause = Pause(at("2026-03-05T10:00"), at("2026-03-12T10:00"))
    due = rules.due(cn, at("2026-03-03T10:00"), Limit.parse("10 legal_day"), [pause]).moment
    assert due == at("2026-03-20" + LAST)


def test_three_days_before_a_hearing(cn):
    assert rules.before(cn, at("2026-03-12T09:00"), Limit.parse("3 legal_day")) == at("2026-03-09" + LAST)
    # the third day before is a Saturday: the Friday, so that nobody gets less time
    assert rules.before(cn, at("2026-03-10T09:00"), Limit.parse("3 legal_day")) == at("2026-03-06" + LAST)


def test_a_night_shift_belongs_to_the_day_on_which_it_begins():
    night = calendar_of("night", 1, {"zone": "Asia/Shanghai", "week": {"friday": ["22:00-06:00"]}})
    assert rules.due(night, at("2026-03-06T23:00"), Limit.parse("2 工作时")).moment == at("2026-03-07T01:00")
    assert rules.due(night, at("2026-03-07T05:00"), Limit.parse("2 工作时")).moment == at("2026-03-13T23:00")
    assert night.day_minutes == 480


def test_a_working_day_that_changes_its_clock_has_the_hours_that_pass():
    berlin = calendar_of("night", 1, {"zone": "Europe/Berlin", "week": {"sunday": ["00:00-06:00"]}})
    start = datetime.fromisoformat("2026-03-29T00:00:00+01:00")
    due = rules.due(berlin, start, Limit.parse("5 工作时")).moment
    assert due == datetime.fromisoformat("2026-03-29T06:00:00+02:00")


def test_the_reasons_name_the_make_up_day_the_holiday_and_the_break(cn):
    intervals = explain(cn, at("2026-02-14T11:00"), Limit.parse("1 工作日"))
    assert [(each.why.code, each.counted) for each in intervals] == [
        ("make_up_day", True),
        ("between_shifts", False),
        ("make_up_day", True),
        ("outside_hours", False),
        ("holiday", False),
        ("outside_hours", False),
        ("working_time", True),
    ]
    assert intervals[4].why.params["names"]["zh-hans"] == "春节"
    assert (cn.local(intervals[4].start), cn.local(intervals[4].end)) == (
        at("2026-02-15T00:00"),
        at("2026-02-24T00:00"),
    )


def test_the_shipped_calendar_has_the_state_council_days(cn: WorkingCalendar):
    import chinese_calendar

    day = at("2022-01-01T00:00").date()
    from datetime import timedelta

    while day.year < 2027:
        assert cn.works_on(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
