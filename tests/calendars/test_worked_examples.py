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


# every unit against every situation: start → for each unit the limit and when it is over
SITUATIONS = {
    "before the shift": "2026-03-04T07:00",  # a Wednesday
    "in the shift": "2026-03-04T10:00",
    "after the shift": "2026-03-04T19:00",
    "weekend": "2026-03-07T10:00",
    "make-up Saturday": "2026-02-14T16:00",  # works; the Spring Festival follows until the 23rd
    "Spring Festival": "2026-02-18T10:00",
    "year end": "2026-12-31T17:00",  # 2027 is not published
    "month end": "2026-01-31T10:00",  # a Saturday; Saturday 28 February is a make-up working day
}
TABLE = {
    "4 urgent_hour": {
        "before the shift": "2026-03-04T11:00", "in the shift": "2026-03-04T14:00",
        "after the shift": "2026-03-04T23:00", "weekend": "2026-03-07T14:00", "make-up Saturday": "2026-02-14T20:00",
        "Spring Festival": "2026-02-18T14:00", "year end": "2026-12-31T21:00", "month end": "2026-01-31T14:00",
    },
    "4 work_hour": {
        "before the shift": "2026-03-04T12:00", "in the shift": "2026-03-04T16:00",
        "after the shift": "2026-03-05T12:00", "weekend": "2026-03-09T12:00", "make-up Saturday": "2026-02-24T10:00",
        "Spring Festival": "2026-02-24T12:00", "year end": "2027-01-01T11:00 ?", "month end": "2026-02-02T12:00",
    },
    "2 work_day": {
        "before the shift": "2026-03-05T18:00", "in the shift": "2026-03-06T10:00",
        "after the shift": "2026-03-06T18:00", "weekend": "2026-03-10T18:00", "make-up Saturday": "2026-02-25T16:00",
        "Spring Festival": "2026-02-25T18:00", "year end": "2027-01-04T17:00 ?", "month end": "2026-02-03T18:00",
    },
    "2 natural_day": {
        "before the shift": "2026-03-06T07:00", "in the shift": "2026-03-06T10:00",
        "after the shift": "2026-03-06T19:00", "weekend": "2026-03-09T10:00", "make-up Saturday": "2026-02-16T16:00",
        "Spring Festival": "2026-02-20T10:00", "year end": "2027-01-02T17:00", "month end": "2026-02-02T10:00",
    },
    "3 legal_day": {  # the third day after, rolled: the 7th is a Saturday, the 17th and 21st are in the festival
        "before the shift": "2026-03-09", "in the shift": "2026-03-09", "after the shift": "2026-03-09",
        "weekend": "2026-03-10", "make-up Saturday": "2026-02-24", "Spring Festival": "2026-02-24",
        "year end": "2027-01-04 ?", "month end": "2026-02-03",
    },
    "2 legal_work_day": {
        "before the shift": "2026-03-06", "in the shift": "2026-03-06", "after the shift": "2026-03-06",
        "weekend": "2026-03-10", "make-up Saturday": "2026-02-25", "Spring Festival": "2026-02-25",
        "year end": "2027-01-04 ?", "month end": "2026-02-03",
    },
    "1 month": {  # 4 April begins the Qingming holiday, which ends with the 6th; 14 March is a Saturday
        "before the shift": "2026-04-07", "in the shift": "2026-04-07", "after the shift": "2026-04-07",
        "weekend": "2026-04-07", "make-up Saturday": "2026-03-16", "Spring Festival": "2026-03-18",
        "year end": "2027-02-01 ?", "month end": "2026-02-28",
    },
    "1 year": {  # nothing of 2027 is published: weekends only
        "before the shift": "2027-03-04 ?", "in the shift": "2027-03-04 ?", "after the shift": "2027-03-04 ?",
        "weekend": "2027-03-08 ?", "make-up Saturday": "2027-02-15 ?", "Spring Festival": "2027-02-18 ?",
        "year end": "2027-12-31 ?", "month end": "2027-02-01 ?",
    },
}  # fmt: skip
MORE_MONTH_ENDS = [
    ("2026-05-31T10:00", "1 month", "2026-06-30", False),
    ("2026-08-31T10:00", "1 month", "2026-09-30", False),
    ("2025-11-30T10:00", "3 month", "2026-02-28", False),  # a Saturday that works
    ("2026-03-30T10:00", "11 month", "2027-03-01", True),  # 28 February 2027 is a Sunday
    ("2024-01-31T10:00", "1 month", "2024-02-29", False),
    ("2026-04-30T10:00", "1 month", "2026-06-01", False),  # the 30th, not the 31st: a Saturday, rolled
    ("2026-02-28T10:00", "1 month", "2026-03-30", False),  # 28 March is a Saturday
    ("2026-02-27T17:00", "1 work_day", "2026-02-28T17:00", False),
    ("2026-04-30T17:00", "1 work_day", "2026-05-06T17:00", False),  # Labour Day until the 5th
]


def test_the_table_has_every_unit_in_every_situation():
    assert {Limit.parse(limit).unit for limit in TABLE} == set(rules.LimitUnit)
    assert all(set(row) == set(SITUATIONS) for row in TABLE.values())


@pytest.mark.parametrize(("limit", "situation"), [(limit, situation) for limit in TABLE for situation in SITUATIONS])
def test_every_unit_in_every_situation(cn, limit, situation):
    expected, _space, mark = TABLE[limit][situation].partition(" ")
    found = rules.due(cn, at(SITUATIONS[situation]), Limit.parse(limit))
    assert cn.local(found.moment) == at(expected if "T" in expected else expected + LAST)
    assert found.provisional is (mark == "?")


@pytest.mark.parametrize(("start", "limit", "due", "provisional"), MORE_MONTH_ENDS)
def test_month_ends(cn, start, limit, due, provisional):
    found = rules.due(cn, at(start), Limit.parse(limit))
    assert cn.local(found.moment) == at(due if "T" in due else due + LAST)
    assert found.provisional is provisional


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
