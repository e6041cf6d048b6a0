"""The year of a calendar at a glance; changing it by a draft; a new version with its line in the audit log."""

from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicloop.calendars import selectors
from civicloop.calendars.rules import Limit
from civicloop.calendars.rules.clocks import due
from civicloop.people.models import Account
from civicloop.records.models import AuditEntry

pytestmark = pytest.mark.django_db
CODE = "cn-8h"
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//holidays//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20270101
DTEND;VALUE=DATE:20270104
SUMMARY:元旦
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20270105T090000Z
DTEND:20270105T100000Z
SUMMARY:a meeting
END:VEVENT
END:VCALENDAR
"""


def at(user: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.get(username=user))
    return client


def year(client: Client, number: int) -> str:
    page = client.get(f"/calendars/{CODE}?year={number}")
    assert page.status_code == 200
    return page.content.decode()


def put(client: Client, **values: str) -> int:
    return client.post(f"/calendars/{CODE}/days", values).status_code


def test_a_year_says_each_day_in_words_too() -> None:
    text = year(at("clerk"), 2026)
    assert "2026年2月14日, 春节 · 调休上班日 · 08:00-12:00, 14:00-18:00" in text
    assert "2026年10月1日, 国庆节 · 节假日" in text
    assert "2026年11月28日, 非工作日" in text
    assert ", 暂定" not in text
    assert ", provisional" in year(at("clerk", "en"), 2027)


def test_who_may_not_change_it_sees_no_form_and_is_refused() -> None:
    assert "放入草稿" not in year(at("clerk"), 2026)
    for address in ("days", "published", "file", "publish", "discard"):
        assert at("clerk").post(f"/calendars/{CODE}/{address}", {}).status_code == 403
    assert at("system").get("/calendars/nothing").status_code == 404


def test_days_are_changed_by_a_draft_and_count_only_when_published() -> None:
    system, before = at("system"), selectors.working_calendar(CODE)
    assert put(system, kind="closure", first="2026-12-03", last="2026-12-04", name="停电检修") == 302
    assert put(system, kind="special", first="2026-12-07", hours="09:00-15:00") == 302
    text = year(system, 2026)
    assert "尚未生效" in text
    assert "停电检修 · 临时停办" in text
    assert "尚未生效" not in year(at("system"), 2026)  # another sitting has no draft
    assert selectors.working_calendar(CODE) == before
    assert system.post(f"/calendars/{CODE}/publish", {"valid_from": ""}).status_code == 302
    after = selectors.working_calendar(CODE)
    assert after.version == before.version + 1
    assert not after.works_on(date(2026, 12, 3))
    start = datetime(2026, 12, 2, 17, tzinfo=after.tz)
    assert due(after, start, Limit.parse("2 work_hour")).moment == datetime(2026, 12, 7, 10, tzinfo=after.tz)
    assert due(before, start, Limit.parse("2 work_hour")).moment == datetime(2026, 12, 3, 9, tzinfo=after.tz)
    line = AuditEntry.objects.get(action="calendars.publish", account_id=Account.objects.get(username="system").id)
    assert line.detail["version"] == after.version
    assert "尚未生效" not in year(system, 2026)


def test_a_draft_is_discarded_and_days_go_back_to_the_week() -> None:
    system = at("system")
    assert put(system, kind="usual", first="2026-10-01", last="2026-10-07") == 302
    assert "国庆节 · 节假日" in year(system, 2026).split("</table>")[0]  # the draft says what it takes away
    assert system.post(f"/calendars/{CODE}/discard").status_code == 302
    assert "尚未生效" not in year(system, 2026)
    assert system.post(f"/calendars/{CODE}/publish", {}).status_code == 302
    assert selectors.working_calendar(CODE).version == 1


def test_a_calendar_file_fills_the_draft() -> None:
    system = at("system")
    file = SimpleUploadedFile("holidays.ics", ICS.encode(), "text/calendar")
    answer = system.post(f"/calendars/{CODE}/file", {"kind": "holiday", "file": file})
    assert answer["Location"].endswith("year=2027")
    text = year(system, 2027)
    assert "2027年1月1日" in text
    assert "元旦 · 节假日" in text
    assert system.post(f"/calendars/{CODE}/published", {"until": "2027-12-31"}).status_code == 302
    system.post(f"/calendars/{CODE}/publish", {})
    made = selectors.working_calendar(CODE)
    assert made.published_until == date(2027, 12, 31)
    assert not made.works_on(date(2027, 1, 1))
    assert made.works_on(date(2027, 1, 5))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG no calendar", "无法读取"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "没有全天日程"),
        (b"x" * ((1 << 20) + 1), "超过 1 MB"),
        (
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20271399\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "无法读取",
        ),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(content: bytes, words: str) -> None:
    system = at("system")
    answer = system.post(
        f"/calendars/{CODE}/file", {"kind": "holiday", "file": SimpleUploadedFile("a.ics", content, "text/calendar")}
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "尚未生效" not in year(system, 2027)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "holiday", "first": "2026-12-05", "last": "2026-12-01"}, "结束日期早于开始日期"),
        ({"kind": "special", "first": "2026-12-05"}, "请填写这些日子的上班时间"),
        ({"kind": "special", "first": "2026-12-05", "hours": "morning"}, "08:00-12:00"),
        ({"kind": "special", "first": "2026-12-05", "hours": "08:00-12:00,11:00-13:00"}, "不能重叠"),
        ({"kind": "holiday", "first": "someday"}, "日期"),
    ],
)
def test_impossible_days_are_refused_with_words(values: dict[str, str], words: str) -> None:
    answer = at("system").post(f"/calendars/{CODE}/days", values)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_draft_on_an_old_version_is_not_published() -> None:
    first, second = at("system"), at("system")
    put(first, kind="closure", first="2026-12-03")
    put(second, kind="closure", first="2026-12-04")
    first.post(f"/calendars/{CODE}/publish", {})
    page = second.post(f"/calendars/{CODE}/publish", {}, follow=True).content.decode()
    assert "草稿已不存在" in page
    assert selectors.working_calendar(CODE).version == 2
