"""并案 at size: one heating failure that hundreds report (SIZE=long: 800), five of them wrong.

One answer reaches all who reported it, one case ends all of them, each reporter is asked alone, and the five come back
as they were. All of it in small pieces: what one report costs does not grow with the size of the case.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from civicloop.foundation import clock, ids
from civicloop.matters import actions, clusters, jobs, merging, proof
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Entry, Fact, Matter, Outbox, Task
from civicloop.notices import broadcasts
from civicloop.people import access
from tests import world
from tests.conftest import LONG
from tests.matters import loop

pytestmark = pytest.mark.django_db
MANY = 800 if LONG else 60
WRONG = 5
PER_JOIN = 12  # statements, beside the few of a piece


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many statements the block runs."""
    found = [0]

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        found[0] += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield found


def reported(number: int) -> UUID:
    point = (world.SPOT[0] + number % 40 * 0.0002, world.SPOT[1] + number // 40 * 0.0002)
    return loop.report(
        kind="01001", title="没有暖气", text=f"{number}号楼没有暖气", point=point,
        reporter={"phone": f"139{number:08d}"},
    )  # fmt: skip


def standing(matter: UUID) -> tuple[Any, ...]:
    """What a report must have again when it comes back."""
    row = Matter.objects.get(id=matter)
    clocks = Clock.objects.filter(matter_id=matter).order_by("no").values_list("no", "state", "due_at", "mark_at")
    return row.step, row.unit_id, row.seats, row.run, row.due_at, list(clocks)


def test_hundreds_of_reports_of_one_failure_are_one_case_with_one_answer_and_five_wrong_ones_come_back() -> None:
    with clock.at(world.START):
        lead, *members = (reported(number) for number in range(MANY))
    wrong, right = members[:WRONG], members[WRONG:]
    before = {each: standing(each) for each in wrong}
    clerk = world.actor("clerk")
    with clock.at(world.START + timedelta(minutes=5)):
        _joined_in_pieces(lead, members)
        told = broadcasts.send(clerk, broadcast_id=ids.uuid7(), matter_id=lead, text="供热管道抢修，今晚八点前恢复。")
        assert told.told == MANY
        _five_come_back(lead, wrong, before)
        assert clusters.open_members(lead).count() == MANY - 1 - WRONG
    with clock.at(world.START + timedelta(minutes=10)):
        _one_end_for_all(lead, right)
        assert set(Matter.objects.filter(id__in=wrong).values_list("end", flat=True)) == {""}
        _each_is_asked_alone(right)
    for each in (lead, *wrong, *right[:: max(1, MANY // 20)]):
        assert proof.verify(each) == []
    assert Task.objects.filter(lead=True, state="open").count() == WRONG


def _joined_in_pieces(lead: UUID, members: list[UUID]) -> None:
    """A run that is sent twice, cut off and taken up by the worker; each piece is bounded and says how far it is."""
    clerk, run_id = world.actor("clerk"), ids.uuid7()
    with counted() as begun:
        run = merging.begin(clerk, merging_id=run_id, lead_id=lead, matter_ids=members)
    assert begun[0] <= 12 + MANY // 500  # asked for at once, not one by one
    assert merging.begin(clerk, merging_id=run_id, lead_id=lead, matter_ids=members).id == run.id
    costs = []
    for piece in range(1, 3):
        with counted() as spent:
            assert merging.go_on(run_id) == merging.CHUNK
        costs.append(spent[0])
        assert merging.progress(run).joined == piece * merging.CHUNK
    run.items.filter(no=0).update(state="open")  # killed after an act, before it was noted
    rounds = 0
    while merging.progress(run).to_come:
        with counted() as spent:
            moved = jobs.sweep()
        assert moved <= 400  # a round of the worker is bounded, too
        costs.append(spent[0] * merging.CHUNK // max(moved, merging.CHUNK))
        rounds += 1
    assert max(costs) <= merging.CHUNK * PER_JOIN + 60, costs
    assert merging.progress(run).joined == MANY - 1
    assert Entry.objects.filter(action="join").count() == MANY - 1  # each once
    named = Entry.objects.filter(matter_id=lead, action="gather").count()
    assert named <= 4 + MANY // 20
    assert merging.go_on(run_id) == 0  # over


def _five_come_back(lead: UUID, wrong: list[UUID], before: dict[UUID, tuple[Any, ...]]) -> None:
    clerk, run_id = world.actor("clerk"), ids.uuid7()
    other = loop.report(kind="01001")
    for _twice in range(2):
        out, stayed = merging.take_out_many(
            clerk, lead_id=lead, matter_ids=[*wrong, other], run_id=run_id, reason="自家分户阀门未开"
        )
        assert (out, [each for each, _why in stayed]) == (WRONG, [other])
    assert {each: standing(each) for each in wrong} == before
    assert Entry.objects.filter(matter_id=lead, action="gather", result="out").count() == 1
    with pytest.raises(Refused) as again:
        actions.act(clerk, Act(wrong[0], "join", ids.uuid7(), data={"lead": str(lead)}))
    assert again.value.code == "kept_apart"
    loop.act("clerk", other, "void", void_reason="test_entry")


def _one_end_for_all(lead: UUID, right: list[UUID]) -> None:
    """The lead's end carries a few at once, the worker the others, in rounds that may be cut off."""
    loop.to_handling(lead)
    loop.to_check(lead)
    loop.photo(lead, "other")
    loop.act("checker", lead, "post_check", "pass")
    loop.act("clerk", lead, "close")
    ended = Matter.objects.filter(id__in=right, end="solved")
    at_once = ended.count()
    assert 0 < at_once < len(right)
    rounds = 0
    while ended.count() < len(right):
        at_once = ended.count()
        jobs.sweep()
        assert ended.count() > at_once
        rounds += 1
        assert rounds < 100
    jobs.sweep()
    assert Entry.objects.filter(action="follow").count() == len(right)


def _each_is_asked_alone(right: list[UUID]) -> None:
    assert Outbox.objects.filter(matter_id__in=right, topic="ended").count() == len(right)
    for number, each in enumerate(right[:3]):
        stars = {"stars": 3 + number % 3}
        rated = actions.act(access.outsider("reporter", each), Act(each, "rate", ids.uuid7(), data=stars))
        assert rated.status == 201
    sums = Counter[str]()
    facts = Fact.objects.filter(matter_id__in=right, name__in=("ended", "followed"))
    for name, delta in facts.values_list("name", "delta"):
        sums[name] += delta
    assert sums == {"ended": len(right), "followed": len(right)}  # cases: ended less followed
