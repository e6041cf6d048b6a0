"""Idempotent reports and acts: lost replies, impatient fingers, sixteen senders at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from civicloop.foundation import clock, ids
from civicloop.matters import actions, proof
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Fact, Matter, Outbox
from civicloop.people.access import ANONYMOUS
from tests import world
from tests.conftest import size
from tests.matters import loop

pytestmark = pytest.mark.both_servers


def at_once(number: int, work: Any) -> list[Any]:
    """Run the same work in several threads with connections of their own; errors come back as values."""

    def one(_number: int) -> Any:
        try:
            with clock.at(world.START):
                return work()
        except Refused as reason:
            return reason
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_the_same_report_sent_five_times_at_once_is_one_matter(committing: str) -> None:
    for _round in range(size(3, 40)):
        new = NewMatter(
            id=ids.uuid7(world.START),
            title="路灯不亮",
            text="一排路灯不亮",
            lon=world.SPOT[0],
            lat=world.SPOT[1],
            crs="wgs84",
        )
        answers = at_once(5, lambda new=new: actions.report(ANONYMOUS, new))
        assert sorted(a.status for a in answers) == [200, 200, 200, 200, 201]
        assert len({(a.number, a.check_code) for a in answers}) == 1
        assert Matter.objects.filter(id=new.id).count() == 1
        assert Entry.objects.filter(matter_id=new.id).count() == 1


def test_the_same_id_with_other_content_is_refused(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report(title="甲")
        with pytest.raises(Refused) as refused:
            loop.report(id=matter, title="乙")
        assert (refused.value.code, refused.value.status) == ("id_reused", 409)
        with pytest.raises(Refused) as refused:
            loop.report("grid", id=matter, title="甲")
        assert refused.value.code == "id_reused"
        assert Matter.objects.get(id=matter).title == "甲"


def test_an_act_repeated_after_a_lost_reply_answers_the_same(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        wanted = Act(matter, "file", ids.uuid7(), None, {"condition": loop.condition()})
        first = actions.act(world.actor("clerk"), wanted)
        again = actions.act(world.actor("clerk"), wanted)
        assert (first.status, again.status) == (201, 200)
        assert (first.seq, first.step, first.step_version) == (again.seq, again.step, again.step_version)
        other = Act(matter, "file", wanted.act_id, None, {"condition": loop.condition(no=2)})
        with pytest.raises(Refused) as refused:
            actions.act(world.actor("clerk"), other)
        assert refused.value.code == "id_reused"


def test_sixteen_senders_of_one_act_get_one_act_and_one_answer(committing: str) -> None:
    with clock.at(world.START):
        clerk, condition = world.actor("clerk"), loop.condition()
    for _round in range(size(2, 20)):
        with clock.at(world.START):
            matter = loop.report()
        wanted = Act(matter, "file", ids.uuid7(), None, {"condition": condition})
        answers = at_once(16, lambda wanted=wanted: actions.act(clerk, wanted))
        assert not [a for a in answers if isinstance(a, Refused)]
        assert sorted(a.status for a in answers) == [200] * 15 + [201]
        assert len({(a.seq, a.step, a.step_version) for a in answers}) == 1
        assert Entry.objects.filter(matter_id=matter).count() == 2


def test_sixteen_writers_on_one_matter_lose_nothing(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        clerk = world.actor("clerk")
    rounds = size(2, 10)
    for _round in range(rounds):
        answers = at_once(16, lambda: actions.act(clerk, Act(matter, "note", ids.uuid7(), None, {"note": "看过"})))
        assert [a.status for a in answers] == [201] * 16
    row = Matter.objects.get(id=matter)
    assert row.seq == Entry.objects.filter(matter_id=matter).count() == 1 + 16 * rounds
    assert proof.verify(matter) == []


def test_a_stale_step_version_is_refused_and_nothing_is_written(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        loop.act("clerk", matter, "file", condition=loop.condition())
        wanted = Act(matter, "dispatch", ids.uuid7(), None, {}, expected_step_version=1)
        before = (Entry.objects.count(), Fact.objects.count(), Outbox.objects.count())
        with pytest.raises(Refused) as refused:
            actions.act(world.actor("clerk"), wanted)
        assert (refused.value.code, refused.value.status) == ("stale", 412)
        assert (Entry.objects.count(), Fact.objects.count(), Outbox.objects.count()) == before
