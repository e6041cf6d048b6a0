"""Beside reminding and colouring, a mark hands a matter up, asks for an act, and says when it may be told."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock
from civicloop.matters import hooks, jobs, marks, proof
from civicloop.matters.hooks import Marked
from civicloop.matters.models import Clock, Entry, Matter, Outbox
from civicloop.people.access import LEVELS
from civicloop.procedures import actions as procedures
from tests.matters import loop
from tests.matters.test_the_ladder import MONDAY, content, handle, handled

pytestmark = pytest.mark.django_db


def ladder(*lines: str, moment: str = "due") -> None:
    """The city's own ladder of handling with one mark."""
    head = 'code = "standard"\nversion = 9\nzh = "本市阶梯"\nen = "Ours"\n'
    mark = f'[[mark]]\ncode = "m"\nat = "{moment}"\nzh = "逾期未处置"\nen = "Not handled in time"\n'
    with clock.at(MONDAY - timedelta(days=1)):
        procedures.load_ladder(actor_id=None, text=head + mark + "\n".join(lines) + "\n")


def fire(matter: UUID) -> datetime:
    """Only the handling clock's marks, at the next one's moment."""
    Clock.objects.filter(matter_id=matter).exclude(name="handle").update(mark_at=None)
    moment = handle(matter).mark_at
    assert moment is not None
    with clock.at(moment):
        assert marks.fire_due() == 1
    return moment


def told(matter: UUID) -> dict[str, Any]:
    body = Outbox.objects.filter(matter_id=matter, topic="mark").latest("seq").body
    assert isinstance(body, dict)
    return body


def test_each_repetition_hands_the_matter_up_one_level(monkeypatch: pytest.MonkeyPatch) -> None:
    ladder('remind = ["superior"]', "hand_up = true", 'repeat = "1 work_day"', "times = 2", moment="due + 1 work_day")
    matter, seen = handled(), list[Marked]()
    monkeypatch.setitem(hooks._marks, "tests", seen.extend)
    for level in ("district", "city", "city"):
        fire(matter)
        assert Matter.objects.get(id=matter).raised_to == level
        assert told(matter)["raised_to"] == level
    assert [each.raised_to for each in seen] == ["district", "city", "city"]
    assert proof.verify(matter) == []


def test_what_the_district_dispatched_is_handed_up_to_the_city() -> None:
    ladder("hand_up = true")
    with clock.at(MONDAY):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "escalate", up_reason="no_authority", note="无权限")
        loop.act("d1-dispatcher", matter, "dispatch")
    fire(matter)
    assert Matter.objects.get(id=matter).raised_to == LEVELS[0]


def test_a_ladder_takes_a_matter_from_a_unit_once_and_says_why() -> None:
    ladder('act = "reassign"')
    matter = handled()
    moment = fire(matter)
    assert loop.step(matter) == "handling"  # the mark is written; the act is one of its own
    with clock.at(moment):
        assert jobs.asked_acts() == 1
        assert jobs.asked_acts() == 0
    assert loop.step(matter) == "filed"
    entry = Entry.objects.get(matter_id=matter, action="reassign")
    assert (entry.account_id, entry.role) == (None, marks.BY_LADDER.role)
    assert content(entry)["effect:counted"] == "unit_changes"
    text = Matter.objects.get(id=matter).texts.get(seq=entry.seq, field="reason")
    assert text.value == "逾期未处置"
    assert handle(matter).act == ""
    assert proof.verify(matter) == []


def test_what_nobody_receives_goes_back_to_whoever_dispatches_as_often_as_the_procedure_allows() -> None:
    """The shipped ladder of receiving."""
    with clock.at(MONDAY):
        matter = loop.report(kind="06010")
        loop.act("clerk", matter, "file", condition=loop.condition("06010"))
    moment = MONDAY
    for again in (True, True, False):
        with clock.at(moment):
            loop.act("clerk", matter, "dispatch")
        running = Clock.objects.filter(matter_id=matter, name="receive").latest("no")
        Clock.objects.filter(matter_id=matter).exclude(no=running.no).update(mark_at=None)
        while (due := Clock.objects.get(matter_id=matter, no=running.no).mark_at) is not None:
            moment = due
            with clock.at(moment):
                marks.fire_of_matter(matter)
        assert loop.step(matter) == "dispatched"
        with clock.at(moment):
            assert jobs.asked_acts() == again
        assert loop.step(matter) == ("filed" if again else "dispatched")
    assert Entry.objects.filter(matter_id=matter, action="reassign", account_id=None).count() == 2
    assert Clock.objects.filter(matter_id=matter).exclude(act="").count() == 0
    assert proof.verify(matter) == []


def test_an_act_that_was_done_before_the_worker_died_is_not_done_twice() -> None:
    ladder('act = "reassign"')
    matter = handled()
    moment = fire(matter)
    asked = handle(matter).act
    with clock.at(moment):
        assert jobs.asked_acts() == 1
        Clock.objects.filter(matter_id=matter, name="handle").update(act=asked)  # killed before it was noted
        assert jobs.asked_acts() == 0
    assert Entry.objects.filter(matter_id=matter, action="reassign").count() == 1
    assert handle(matter).act == ""


def test_an_act_that_cannot_be_done_any_more_is_let_go() -> None:
    ladder('act = "reassign"')
    matter = handled()
    moment = fire(matter)
    with clock.at(moment):
        loop.photo(matter, "after")
        loop.act("worker", matter, "handle", result="已更换井盖")
        assert jobs.asked_acts() == 0
    assert (loop.step(matter), handle(matter).act) == ("handled", "")


@pytest.mark.parametrize(("urgent", "no", "disturbs"), [(True, 1, True), (True, 3, False), (False, 1, False)])
def test_only_an_urgent_mark_of_a_limit_that_runs_day_and_night_may_disturb(
    urgent: bool, no: int, disturbs: bool
) -> None:
    """Who keeps quiet hours and the fixed hours of desks reads it from the outbox."""
    ladder('remind = ["unit"]', f"urgent = {str(urgent).lower()}")
    with clock.at(MONDAY):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=no))
        loop.act("clerk", matter, "dispatch")
    fire(matter)
    assert (told(matter)["urgent"], told(matter)["remind"]) == (disturbs, ["unit"])
