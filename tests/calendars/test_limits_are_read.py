"""Limits as people write them."""

from fractions import Fraction

import pytest

from civicloop.calendars.rules import Limit, LimitRefused, LimitUnit


@pytest.mark.parametrize(
    ("text", "number", "unit", "written"),
    [
        ("4 工作时", 4, LimitUnit.WORK_HOUR, "4 work_hour"),
        ("4工作时", 4, LimitUnit.WORK_HOUR, "4 work_hour"),
        ("0.25 urgent_hour", Fraction(1, 4), LimitUnit.URGENT_HOUR, "0.25 urgent_hour"),
        ("1/3 work_day", Fraction(1, 3), LimitUnit.WORK_DAY, "1/3 work_day"),
        (" 2  紧急工作日 ", 2, LimitUnit.NATURAL_DAY, "2 natural_day"),
        ("30 legal_day", 30, LimitUnit.LEGAL_DAY, "30 legal_day"),
        ("2 legal_month", 2, LimitUnit.MONTH, "2 month"),
        ("1 年", 1, LimitUnit.YEAR, "1 year"),
        ("10 work_day", 10, LimitUnit.WORK_DAY, "10 work_day"),
    ],
)
def test_a_limit_is_read_and_written(text, number, unit, written):
    limit = Limit.parse(text)
    assert (limit.number, limit.unit, str(limit)) == (number, unit, written)
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_limit"),
        ("工作时", "no_limit"),
        ("-1 work_hour", "no_limit"),
        ("nan work_hour", "no_limit"),
        ("1/0 work_hour", "no_limit"),
        ("2 天", "ambiguous_unit"),
        ("4小时", "ambiguous_unit"),
        ("4 fortnights", "unknown_unit"),
        ("0 work_day", "not_positive"),
        ("1.5 month", "not_whole"),
        ("999999999 work_hour", "too_large"),
    ],
)
def test_what_is_no_limit_is_refused_with_the_reason(text, code):
    with pytest.raises(LimitRefused) as refused:
        Limit.parse(text)
    assert refused.value.code == code
