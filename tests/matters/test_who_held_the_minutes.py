"""Lateness has causes: the unit's minutes, the checker's, the desk's, the reporter's are told apart, and add up."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, reading, reckoning
from civicloop.matters.actions import Act
from civicloop.matters.reckoning import ClockView
from civicloop.people import access
from civicloop.people.models import Unit
from tests.matters import loop

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def minute(number: int) -> datetime:
    return NINE + timedelta(minutes=number)


def handle(matter: UUID) -> ClockView:
    seen = reading.read(matter)
    assert seen is not None
    return next(each for each in reckoning.clocks(seen) if each.name == "handle")


def minutes(view: ClockView) -> list[tuple[str, int, int]]:
    """(who, counted, passed) in minutes."""
    one = timedelta(minutes=1)
    return [(each.who, int(each.counted / one), int(each.passed / one)) for each in view.held]


def test_the_units_minutes_and_those_of_a_failed_check_are_told_apart() -> None:
    with clock.at(NINE):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
    with clock.at(minute(10)):
        loop.act("receiver", matter, "accept")
        loop.act("receiver", matter, "assign", worker="worker")
    with clock.at(minute(40)):
        loop.photo(matter, "after")
        loop.act("worker", matter, "handle", result="已更换井盖")
        loop.act("receiver", matter, "feed_back")
    with clock.at(minute(100)):
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "fail", reason="井盖仍松动")
    with clock.at(minute(120)):
        view = handle(matter)
    # forty minutes until the feedback, an hour of the check that is not counted, twenty minutes since
    assert minutes(view) == [("unit", 60, 60), ("checker", 0, 60)]
    assert view.held[0].unit_id == Unit.objects.get(code="s1-office").id
    assert sum((each.passed for each in view.held), timedelta()) == timedelta(minutes=120)


def test_waiting_for_the_reporter_is_the_reporters() -> None:
    with clock.at(NINE):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        loop.act("receiver", matter, "accept")
    with clock.at(minute(15)):
        loop.act("receiver", matter, "ask", note="在哪一侧？")
    with clock.at(minute(45)):
        assert minutes(handle(matter)) == [("unit", 15, 15), ("reporter", 0, 30)]
        actions.act(access.outsider("reporter", matter), Act(matter, "answer", ids.uuid7(), None, {"note": "东侧"}))
    with clock.at(minute(60)):
        assert minutes(handle(matter)) == [("unit", 30, 30), ("reporter", 0, 30)]


def test_the_marks_of_a_clock_are_shown_with_their_moments() -> None:
    with clock.at(NINE):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        view = handle(matter)
    assert [mark.code for mark, _at in view.marks][:3] == ["half", "near", "due"]
    assert {mark.code: at for mark, at in view.marks}["due"] == view.due_at
