"""The forecast of a week: by what would have been right for past weeks, with an error that is not made small."""

import random
from datetime import date, timedelta

import pytest

from civicloop.steering.rules import forecast
from civicloop.steering.rules.forecast import METHODS, USED, Series

MONDAY = date(2026, 1, 5)


def works(day: date) -> bool:
    return day.weekday() < 5


def series(*weeks: list[int]) -> Series:
    return Series(MONDAY, [count for week in weeks for count in week], works)


WEEK = [30, 28, 25, 27, 40, 9, 5]


def test_a_week_that_repeats_itself_is_forecast_without_error() -> None:
    found = forecast.forecast(series(*[WEEK] * 10))
    assert found is not None
    assert found.error == found.mean_error == 0
    # from the day after tomorrow of the last known one: today goes on and is not forecast
    assert [each.day for each in found.days] == [MONDAY + timedelta(days=71 + step) for step in range(7)]
    assert [each.number for each in found.days] == [*WEEK[1:], WEEK[0]]
    assert found.total == found.low == found.high == sum(WEEK)


@pytest.mark.parametrize(
    "known",
    [[], [WEEK] * 5, [[0] * 7] * 20, [[0] * 7] * 20 + [WEEK] * 5, [[1, 0, 0, 0, 1, 0, 0]] * 12],
    ids=["nothing", "five weeks", "empty weeks", "begun five weeks ago", "less than one a day"],
)
def test_too_little_history_is_said(known: list[list[int]]) -> None:
    assert forecast.forecast(series(*known)) is None


def test_a_day_off_on_a_weekday_is_forecast_as_a_day_off() -> None:
    off = MONDAY + timedelta(days=73)

    def with_a_holiday(day: date) -> bool:
        return works(day) and day != off

    found = forecast.forecast(Series(MONDAY, WEEK * 10, with_a_holiday))
    assert found is not None
    holiday = next(each for each in found.days if each.day == off)
    assert not holiday.works
    assert holiday.number == (WEEK[5] + WEEK[6]) / 2


def test_the_error_is_that_of_forecasts_made_before_the_week_came() -> None:
    quiet, loud = [10] * 7, [20] * 7
    found = forecast.forecast(series(*[quiet] * 12, loud))
    assert found is not None
    assert found.weeks == forecast.FOLDS - 1
    # the last week doubled and nobody could know: of 6 · 70 + 140 matters 70 were not foreseen
    assert found.error == pytest.approx(100 * 70 / 560, abs=0.1)
    assert found.mean_error == pytest.approx(70 / 49, abs=0.1)


def test_the_interval_holds_the_number_and_is_never_below_zero() -> None:
    draw = random.Random(5)
    for _each in range(30):
        level = draw.choice([2, 10, 200])
        counts = [max(0, round(draw.gauss(level, level / 2))) for _day in range(USED + 20)]
        found = forecast.forecast(Series(MONDAY, counts, works))
        assert found is not None
        assert found.method in METHODS
        for day in found.days:
            assert 0 <= day.low <= day.number <= day.high
        assert 0 <= found.low <= found.total <= found.high
        assert found.total == pytest.approx(sum(day.number for day in found.days))


def test_of_what_lay_longer_ago_nothing_is_used() -> None:
    recent = [WEEK] * 13
    with_more = forecast.forecast(series(*[[900] * 7] * 5, *recent))
    alone = forecast.forecast(Series(MONDAY + timedelta(days=35), series(*recent).counts, works))
    assert with_more is not None
    assert alone is not None
    assert with_more.days == alone.days
