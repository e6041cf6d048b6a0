"""Moments and spans are said as a person would say them, in both languages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from civicloop.ui import words

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 3, 10, 0, tzinfo=ZONE)  # a Friday


def at(day: int, hour: int, minute: int, *, month: int = 7, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        (at(3, 16, 20), "今天 16:20", "today 16:20"),
        (at(3, 0, 0), "今天 00:00", "today 00:00"),
        (at(3, 23, 59), "今天 23:59", "today 23:59"),
        (at(4, 9, 0), "明天 09:00", "tomorrow 09:00"),
        (at(5, 9, 5), "后天 09:05", "the day after tomorrow 09:05"),
        (at(2, 8, 0), "昨天 08:00", "yesterday 08:00"),
        (at(1, 8, 0), "前天 08:00", "the day before yesterday 08:00"),
        (at(6, 9, 0), "7月6日 星期一 09:00", "Mon 6 Jul 09:00"),
        (at(9, 18, 0), "7月9日 星期四 18:00", "Thu 9 Jul 18:00"),
        (at(10, 18, 0), "7月10日 18:00", "10 Jul 18:00"),
        (at(20, 18, 0, month=6), "6月20日 18:00", "20 Jun 18:00"),
        (at(4, 9, 0, month=1, year=2027), "2027年1月4日 09:00", "4 Jan 2027 09:00"),
    ],
)
def test_a_moment_is_said_in_clock_words(moment: datetime, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert words.clock_words(moment, NOW, ZONE) == chinese
    with translation.override("en"):
        assert words.clock_words(moment, NOW, ZONE) == english


def test_the_day_is_the_one_of_the_deciding_zone() -> None:
    utc = ZoneInfo("UTC")
    with translation.override("zh-hans"):
        assert words.clock_words(datetime(2026, 7, 2, 16, 30, tzinfo=utc), NOW, ZONE) == "今天 00:30"
        assert words.clock_words(datetime(2026, 7, 2, 15, 30, tzinfo=utc), NOW.astimezone(utc), ZONE) == "昨天 23:30"


@pytest.mark.parametrize(
    ("due", "chinese", "english"),
    [
        (at(3, 16, 20), "今天 16:20 前", "by today 16:20"),
        (at(4, 0, 0), "今天 24:00 前", "by today 24:00"),
        (at(3, 0, 0), "昨天 24:00 前", "by yesterday 24:00"),
        (at(6, 18, 0), "7月6日 星期一 18:00 前", "by Mon 6 Jul 18:00"),
    ],
)
def test_a_deadline_at_midnight_belongs_to_the_day_that_ends(due: datetime, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert words.due_words(due, NOW, ZONE) == chinese
    with translation.override("en"):
        assert words.due_words(due, NOW, ZONE) == english


@pytest.mark.parametrize(
    ("span", "chinese"),
    [
        (timedelta(hours=2, minutes=10), "还剩 2 小时 10 分钟"),
        (timedelta(days=1, hours=3, minutes=59), "还剩 1 天 3 小时"),
        (timedelta(days=2), "还剩 2 天"),
        (timedelta(hours=17, minutes=24), "还剩 17 小时"),
        (timedelta(seconds=59), "还剩 不到 1 分钟"),
        (timedelta(0), "还剩 不到 1 分钟"),
        (timedelta(minutes=-50), "已超 50 分钟"),
        (timedelta(days=-1, minutes=-5), "已超 1 天"),
    ],
)
def test_what_is_left_is_said_as_finely_as_it_is_read(span: timedelta, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert words.left_words(NOW + span, NOW) == chinese


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138 **** 5678"),
        ("022-12345678", "022-****5678"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_phone_number_shows_its_ends_only(number: str, masked: str) -> None:
    assert words.masked_phone(number) == masked
