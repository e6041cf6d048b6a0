"""The ladder pushes by itself: each mark once, at its moment or said to be late, and never on what stands still."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError

from civicloop.foundation import clock
from civicloop.matters import hooks, jobs, marks, proof
from civicloop.matters.hooks import Marked
from civicloop.matters.models import ApprovalRequest, Clock, Entry, Fact, Matter, Outbox
from civicloop.procedures import actions as procedures
from tests.api.test_statements_per_request import statements
from tests.matters import loop

ZONE = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.django_db


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZONE)  # type: ignore[arg-type]


MONDAY = at(2026, 3, 2, 9)  # a working week; the sample condition 3 of 01001 gives working days


def handled(moment: datetime = MONDAY) -> UUID:
    """A matter whose handling clock runs from `moment`."""
    with clock.at(moment):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        loop.act("receiver", matter, "accept")
        loop.act("receiver", matter, "assign", worker="worker")
        return matter


def handle(matter: UUID) -> Clock:
    return Clock.objects.get(matter_id=matter, name="handle")


def fired(matter: UUID) -> list[str]:
    """The marks of the handling clock in the order in which they fired."""
    return [
        entry.result
        for entry in Entry.objects.filter(matter_id=matter, action="mark").order_by("seq")
        if content(entry)["clock"] == "handle"
    ]


def content(entry: Entry) -> dict[str, Any]:
    from civicloop.foundation import chain

    found = chain.content(bytes(entry.body))["data"]
    assert isinstance(found, dict)
    return found


def run_to(matter: UUID, moment: datetime) -> None:
    """Let the sweeper come round at every moment at which something falls due."""
    now = MONDAY
    while (following := jobs.next_due(matter, now, moment)) is not None:
        now = following
        with clock.at(now):
            marks.fire_due()
    with clock.at(moment):
        marks.fire_due()


def test_each_mark_fires_once_at_its_moment_and_colours_the_matter() -> None:
    matter = handled()
    due = handle(matter).due_at
    assert due is not None
    run_to(matter, due - timedelta(seconds=1))
    assert fired(matter) == ["half", "near"]
    assert Matter.objects.get(id=matter).mark == 1
    run_to(matter, due)
    assert fired(matter) == ["half", "near", "due"]
    assert Matter.objects.get(id=matter).mark == 2
    with clock.at(due):
        assert marks.fire_due() == 0
    entry = Entry.objects.get(matter_id=matter, action="mark", result="due")
    told = content(entry)
    assert (entry.at, told["due"], told["late"]) == (due, due.isoformat(), False)
    assert entry.account_id is None  # the platform: a mark names no person
    row = Outbox.objects.get(matter_id=matter, seq=entry.seq)
    assert (row.topic, row.body["remind"], row.body["unit"]) == ("mark", ["unit", "superior"], told["unit"])
    assert Fact.objects.filter(matter_id=matter, name="mark", detail="handle:due").count() == 1
    assert proof.verify(matter) == []


def test_after_an_outage_each_missed_mark_fires_once_and_says_so() -> None:
    matter = handled()
    with clock.at(handle(matter).due_at + timedelta(days=60)):
        while marks.fire_due():
            pass
    # of the repetitions that were missed together only the last one
    assert fired(matter) == ["half", "near", "due", "over1", "over5_5"]
    entries = Entry.objects.filter(matter_id=matter, action="mark").order_by("seq")
    told = [content(entry) for entry in entries if content(entry)["clock"] == "handle"]
    assert all(each["late"] for each in told)
    assert [each["remind"] for each in told] == [[], [], [], [], ["superior", "leader"]]  # overtaken: nobody is told
    assert handle(matter).mark == ""


def test_a_clock_that_stopped_or_stands_still_has_no_marks() -> None:
    stopped, paused = handled(), handled()
    with clock.at(MONDAY + timedelta(minutes=5)):
        loop.photo(stopped, "after")
        loop.act("worker", stopped, "handle", result="已更换井盖")
        loop.act("receiver", stopped, "feed_back")
        Clock.objects.filter(matter_id=stopped).exclude(name="handle").update(mark_at=None)
        loop.act("receiver", paused, "ask", note="在哪一侧？")
    assert handle(stopped).mark_at is None
    assert (handle(paused).state, handle(paused).mark_at) == ("paused", None)
    with clock.at(MONDAY + timedelta(days=2)):
        while marks.fire_due():
            pass
    assert fired(stopped) == fired(paused) == []


def test_more_time_lets_the_marks_that_lie_ahead_again_fire_again() -> None:
    matter = handled()
    first = handle(matter).due_at
    assert first is not None
    run_to(matter, first - timedelta(minutes=10))
    assert fired(matter) == ["half", "near"]
    with clock.at(first - timedelta(minutes=9)):
        loop.act("receiver", matter, "request_extension", reason="等待配件")
        for approver in ("head", "clerk"):
            asked = ApprovalRequest.objects.get(matter_id=matter, state="open")
            loop.act(approver, matter, "decide", request=asked.no, yes=True)
    assert handle(matter).due_at > first
    assert Matter.objects.get(id=matter).mark == 0  # half of the longer limit has not gone
    run_to(matter, handle(matter).due_at)
    assert fired(matter) == ["half", "near", "half", "near", "due"]


def test_a_citys_own_ladder_counts_for_clocks_that_run() -> None:
    matter = handled()
    text = """
        code = "standard"
        version = 2
        zh = "本市阶梯"
        en = "Our ladder"
        [[mark]]
        code = "quarter"
        at = "25 %"
        remind = ["unit"]
        zh = "四分之一"
        en = "A quarter"
        [[mark]]
        code = "due"
        at = "due"
        colour = "red"
        zh = "到时"
        en = "Over"
    """
    with clock.at(MONDAY):
        procedures.load_ladder(actor_id=None, text=text)
    with clock.at(handle(matter).due_at):
        for _round in range(9):
            marks.fire_due()
    assert fired(matter) == ["due"]  # its next mark is not there any more: the first that lies ahead comes
    later = handled()
    run_to(later, handle(later).due_at)
    assert fired(later) == ["quarter", "due"]


def test_a_batch_costs_five_statements_and_tells_the_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    matters = [handled() for _each in range(7)]
    Clock.objects.exclude(name="handle").update(mark_at=None)
    told: list[Marked] = []
    monkeypatch.setitem(hooks._marks, "tests", told.extend)
    moment = handle(matters[0]).mark_at
    assert moment is not None
    with clock.at(moment), statements() as seen:
        assert marks.fire_due() == 7
    assert len(seen) == 5  # a look, the claim alone at it, one to read, one to write
    assert {each.matter_id for each in told} == set(matters)
    with clock.at(moment + timedelta(minutes=1)), statements() as idle:
        assert marks.fire_due() == 0
    assert len(idle) == 1


def test_one_that_cannot_be_written_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    matters = [handled() for _each in range(3)]
    Clock.objects.exclude(name="handle").update(mark_at=None)
    bad = matters[1]

    def refuse(fired: Any) -> None:
        if any(each.matter_id == bad for each in fired):
            raise DatabaseError("planted")

    monkeypatch.setitem(hooks._marks, "tests", refuse)
    moment = handle(bad).mark_at
    assert moment is not None
    with clock.at(moment):
        assert marks.fire_due() == 2
        assert marks.fire_due() == 0  # it is left until its lease ends
    assert fired(bad) == []
    assert fired(matters[0]) == fired(matters[2]) == ["half"]
    monkeypatch.delitem(hooks._marks, "tests")
    with clock.at(moment + marks.LEASE + timedelta(seconds=1)):
        assert marks.fire_due() == 1
    assert fired(bad) == ["half"]


def test_what_a_dead_worker_had_claimed_fires_when_its_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    matter = handled()
    moment = handle(matter).mark_at
    assert moment is not None
    Clock.objects.exclude(name="handle").update(mark_at=None)
    with monkeypatch.context() as dying, clock.at(moment):
        dying.setattr(marks, "_read", _die)
        with pytest.raises(SystemExit):
            marks.fire_due()
    with clock.at(moment + marks.LEASE / 2):
        assert marks.fire_due() == 0
    with clock.at(moment + marks.LEASE + timedelta(seconds=1)):
        assert marks.fire_due() == 1
    assert fired(matter) == ["half"]


def _die(*_arguments: Any) -> Any:
    raise SystemExit


def test_an_act_in_between_leaves_the_mark_to_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    matter = handled()
    moment = handle(matter).mark_at
    assert moment is not None
    Clock.objects.exclude(name="handle").update(mark_at=None)
    write = marks._write

    def late(firings: Any) -> Any:
        loop.act("receiver", matter, "note", note="稍等")
        return write(firings)

    with clock.at(moment):
        with monkeypatch.context() as slow:
            slow.setattr(marks, "_write", late)
            assert marks.fire_due() == 0
        assert marks.fire_due() == 1
    assert fired(matter) == ["half"]
