"""Every clock can be recounted by whoever sees the matter: each interval, counted or not, why, and who held it."""

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from civicloop.calendars import shipped
from civicloop.calendars.rules import Limit
from civicloop.calendars.rules.clocks import counted_amount
from civicloop.foundation import clock
from civicloop.matters import jobs
from tests import world
from tests.matters import loop
from tests.matters.test_clock_events import accepted, at, closed, decide, extend, fed_back, late_and_closed, row
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
CALENDAR = shipped.calendar("cn-8h")
MICRO = timedelta(microseconds=1)


def told(matter: UUID, moment: datetime, language: str = "zh-hans") -> dict[str, dict[str, Any]]:
    """The clocks of the API by name, the latest of each."""
    headers = {"Authorization": f"Bearer {world.token('clerk')}", "Accept-Language": language}
    with clock.at(moment):
        answer = Client(headers=headers).get(f"/api/v1/matters/{matter}/clocks")
    assert answer.status_code == 200
    return {each["name"]: each for each in answer.json()}


def moments(piece: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(piece["start"]), datetime.fromisoformat(piece["end"])


def adds_up(found: dict[str, Any]) -> None:
    """Without gaps from the beginning; what is counted up to the due moment is the limit with its extensions."""
    pieces = found["intervals"]
    assert moments(pieces[0])[0] == datetime.fromisoformat(found["started_at"])
    assert all(moments(left)[1] == moments(right)[0] for left, right in pairwise(pieces))
    counted = sum((moments(p)[1] - moments(p)[0]) // MICRO for p in pieces if p["counted"] and not p["over"])
    limit = Limit.parse(found["limit"])
    assert Fraction(counted) == counted_amount(CALENDAR, limit) * (1 + found["extensions"])


def test_a_clock_that_runs_is_told_up_to_its_end_and_what_lies_ahead_is_nobodys() -> None:
    matter = accepted()
    found = told(matter, at(2, 15))["handle"]
    adds_up(found)
    assert moments(found["intervals"][-1])[1] == at(3, 18)
    first, ahead = found["intervals"][0], found["intervals"][-1]
    assert (first["counted"], first["who"], first["unit"]) == (True, "unit", "s1-office")
    assert first["why_names"] == {"zh-hans": "2026-03-02 星期一，工作时间", "en": "Monday 2026-03-02, working time"}
    assert first["code"] == "working_time"
    assert (ahead["who"], ahead["unit"], ahead["over"]) == ("", None, False)
    assert any(not each["counted"] and each["code"] == "between_shifts" for each in found["intervals"])
    assert [each["code"] for each in found["marks"]][:3] == ["half", "near", "due"]
    assert (found["calendar"], found["limit_words"]) == ("cn-8h", "2 工作日")
    assert told(matter, at(2, 15), "en")["handle"]["intervals"][0]["why"] == "Monday 2026-03-02, working time"


def test_extensions_failed_checks_and_lateness_are_told_with_whoever_held_the_time() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        extend(matter, "head", "clerk")
    with clock.at(at(2, 11)):
        fed_back(matter)
    with clock.at(at(2, 15)):
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "fail", reason="井盖仍松动")
    found = told(matter, at(9, 10))["handle"]
    adds_up(found)
    assert (found["extensions"], found["late"]) == (1, True)
    check = next(each for each in found["intervals"] if each["code"] == "paused")
    assert (check["counted"], check["who"], check["why_names"]) == (
        False, "checker", {"zh-hans": "暂停计时（核查）", "en": "paused (check)"},
    )  # fmt: skip
    over = [each for each in found["intervals"] if each["over"]]
    assert moments(over[0])[0] == datetime.fromisoformat(found["due_at"])
    assert moments(over[-1])[1] == at(9, 10)
    assert {each["who"] for each in over} == {"unit"}
    held = {each["who"]: each for each in found["held"]}
    assert (held["checker"]["counted_minutes"], held["checker"]["minutes"]) == (0, 240)


def test_a_clock_that_stands_still_is_told_up_to_now() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "suspend", reason="列入计划", plan="四月进场", review_on="2026-04-01")
        decide("clerk", matter)
        decide("supervisor", matter)
    found = told(matter, at(12, 9))["handle"]
    assert (found["state"], found["due_at"], found["late"]) == ("paused", None, None)
    last = found["intervals"][-1]
    assert moments(last) == (at(2, 10), at(12, 9))
    assert (last["counted"], last["who"], last["why"]) == (False, "superior", "暂停计时（挂账）")
    counted = sum((moments(p)[1] - moments(p)[0] for p in found["intervals"] if p["counted"]), timedelta())
    assert counted == timedelta(hours=2)


def test_clocks_of_parts_and_of_steps_are_told_as_well() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "split", co_units=[world.unit("s1-property")], note="请协助疏导")
    found = told(matter, at(2, 15))
    assert set(found) == {"acceptance", "dispatch", "receive", "handle", "co_handle"}
    part = found["co_handle"]
    assert (part["part"], part["limit"], part["due_at"]) == (3, "@lead_remaining", found["handle"]["due_at"])
    assert {each["unit"] for each in part["intervals"] if each["who"]} == {"s1-property"}
    assert [each["code"] for each in part["intervals"]][:3] == ["working_time", "between_shifts", "working_time"]
    for name in ("acceptance", "dispatch", "receive"):
        adds_up(found[name])


def test_a_limit_that_is_a_day_is_told_up_to_that_day() -> None:
    with clock.at(at(2)):
        matter = loop.report("grid", procedure="visit-problem", channel="visit", text="水管漏水")
        loop.act("grid", matter, "make_task", due_on="2026-03-12")
    found = told(matter, at(3))["handle"]
    assert found["limit"] == "until 2026-03-12"
    assert {each["code"] for each in found["intervals"]} == {"until_day"}
    assert moments(found["intervals"][-1])[1] == at(13, 0)
    assert found["intervals"][0]["why_names"]["zh-hans"] == "计时至选定日期为止"


def test_what_statistics_judge_by_is_told_beside_the_raw_fact() -> None:
    matter = late_and_closed()
    with clock.at(at(3, 9)):
        loop.act("receiver", matter, "appeal_overdue", reason="道路封闭")
        decide("clerk", matter)
        decide("d1-clerk", matter)
    found = told(matter, at(4))["handle"]
    assert (found["late"], found["exempt"], found["state"]) == (True, True, "stopped")
    with clock.at(at(4)):
        page = text(signed_in("clerk").get(f"/matters/{matter}"))
    assert "超时申诉已获准" in page


def test_the_page_shows_every_interval_with_its_holder_and_a_picture() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "ask", note="在哪一侧？")
    with clock.at(at(5, 11)):
        jobs.sweep_matter(matter)
    with clock.at(at(5, 12)):
        page = text(signed_in("clerk").get(f"/matters/{matter}"))
    clocks = page.split("clock-strip")
    assert len(clocks) > 4  # acceptance, dispatch, receiving, handling
    assert "暂停计时（等待补充）" in page
    assert "东风街道办事处" in page.split("暂停计时（等待补充）")[0]
    assert row(matter).state == "running"


def test_nobody_is_told_of_clocks_who_does_not_see_the_matter() -> None:
    matter = accepted()
    headers = {"Authorization": f"Bearer {world.token('s2-clerk')}"}
    assert Client(headers=headers).get(f"/api/v1/matters/{matter}/clocks").status_code == 404
    with clock.at(at(2, 11)):
        fed_back(matter)
        closed(matter)
    assert told(matter, at(3))["handle"]["state"] == "stopped"
