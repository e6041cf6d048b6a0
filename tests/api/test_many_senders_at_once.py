"""The same thing from several senders at the same moment, over HTTP: one matter, one act, one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from civicloop.foundation import ids
from civicloop.matters import proof
from civicloop.matters.models import Entry, Fact, Matter
from tests import world
from tests.api.calls import Caller, condition, done
from tests.conftest import size

pytestmark = pytest.mark.both_servers


def at_once(senders: list[Caller], call: Callable[..., Any], *args: Any, **data: Any) -> list[tuple[int, Any]]:
    """(status, body) of the same call by every sender, each in a thread with a connection of its own."""

    def one(sender: Caller) -> tuple[int, Any]:
        try:
            answer = call(sender, *args, **data)
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(senders)) as pool:
        return list(pool.map(one, senders))


def test_the_same_report_sent_five_times_at_once_is_one_matter(committing: str) -> None:
    for _round in range(size(3, 30)):
        identifier = str(ids.uuid7(world.START))
        residents = [Caller("channel") for _ in range(5)]
        answers = at_once(residents, Caller.report, id=identifier)
        assert sorted(status for status, _body in answers) == [200, 200, 200, 200, 201], answers
        assert len({(body["number"], body["check_code"]) for _status, body in answers}) == 1
        assert Matter.objects.filter(id=identifier).count() == 1
        assert Entry.objects.filter(matter_id=identifier).count() == 1


def test_one_act_from_sixteen_senders_is_one_act_with_one_answer(committing: str) -> None:
    filing = condition()
    senders = [Caller("clerk") for _ in range(16)]
    for _round in range(size(2, 20)):
        matter, act_id = done(Caller().report(), 201)["id"], str(ids.uuid7(world.START))
        answers = at_once(senders, Caller.act, matter, "file", act_id=act_id, condition=filing)
        assert sorted(status for status, _body in answers) == [200] * 15 + [201], answers
        assert len({str(body) for _status, body in answers}) == 1
        assert Entry.objects.filter(matter_id=matter).count() == 2
        assert Fact.objects.filter(matter_id=matter, name="filed").count() == 1
        assert proof.verify(matter) == []


def test_of_sixteen_different_decisions_one_holds_and_the_others_are_told(committing: str) -> None:
    filing = condition()
    senders = [Caller("clerk") for _ in range(16)]
    matter = done(Caller().report(), 201)["id"]

    def decide(sender: Caller) -> Any:
        if senders.index(sender) % 2:
            return sender.act(matter, "file", if_match="1", condition=filing)
        return sender.act(matter, "void", if_match="1", void_reason="test_entry")

    answers = at_once(senders, decide)
    assert sorted(status for status, _body in answers) == [201] + [412] * 15, answers
    assert {body["code"] for status, body in answers if status == 412} == {"stale"}
    assert Entry.objects.filter(matter_id=matter).count() == 2
    assert proof.verify(matter) == []


def test_sixteen_notes_at_once_are_all_kept_in_one_unbroken_chain(committing: str) -> None:
    senders = [Caller("clerk") for _ in range(16)]
    matter = done(Caller().report(), 201)["id"]
    answers = at_once(senders, lambda sender: sender.act(matter, "note", note=f"第{senders.index(sender)}条"))
    assert [status for status, _body in answers] == [201] * 16, answers
    assert Entry.objects.filter(matter_id=matter).count() == Matter.objects.get(id=matter).seq == 17
    assert proof.verify(matter) == []
