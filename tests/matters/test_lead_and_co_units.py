"""主办/协办: each co-unit answers its own part and says what it did; the lead waits for all of them."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, selectors
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import Task
from civicloop.people import access
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
DONE = {"answer": "done", "result": "已封闭一侧车道，疏导完毕"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def asked(*units: str) -> tuple[UUID, list[int]]:
    """A matter in work whose lead has asked these units for help, and the numbers of their parts in this order."""
    matter = loop.report(kind="01001")
    loop.to_handling(matter)
    loop.act("receiver", matter, "split", co_units=[world.unit(code) for code in units], note="请协助疏导现场")
    parts = dict(Task.objects.filter(matter_id=matter, group="co_handle").values_list("unit_id", "no"))
    return matter, [parts[world.unit(code)] for code in units]


@pytest.mark.parametrize(
    "said", [{}, {"result": ""}, {"result": "  \n "}, {"note": "说明不是办理结果"}, {"result": 7}], ids=str
)
@pytest.mark.parametrize("answer", ["done", "cannot"])
def test_an_answer_without_words_is_refused_and_says_what_is_missing(answer: str, said: dict[str, object]) -> None:
    matter, (part,) = asked("s1-property")
    with pytest.raises(Refused) as refused:
        loop.act("property", matter, "answer_part", task=part, answer=answer, **said)
    assert (refused.value.status, refused.value.extra["field"]) == (422, "result")
    assert Task.objects.get(matter_id=matter, no=part).state == "open"


def test_what_a_co_unit_did_stands_in_the_timeline_and_the_lead_waits_for_all() -> None:
    matter, (first, second) = asked("s1-property", "d1-urban")
    act_id = ids.uuid7()
    for status in (201, 200):  # sent twice
        done = actions.act(world.actor("property"), Act(matter, "answer_part", act_id, None, {"task": first, **DONE}))
        assert done.status == status
    line = selectors.timeline(matter)[-1]
    assert (line.action, line.result, line.texts["result"]) == ("answer_part", "done", DONE["result"])
    loop.photo(matter, "after")
    loop.act("worker", matter, "handle", result="已修好")
    with pytest.raises(Refused) as waits:
        loop.act("receiver", matter, "feed_back")
    assert waits.value.code == "tasks_open"
    loop.act("d1-receiver", matter, "answer_part", task=second, answer="cannot", result="不具备登高设备")
    loop.act("receiver", matter, "feed_back")
    assert loop.step(matter) == "to_check"


@pytest.mark.parametrize("who", ["receiver", "d1-receiver", "clerk", "reporter"])
def test_nobody_else_answers_a_part(who: str) -> None:
    matter, (part,) = asked("s1-property")
    actor = access.outsider("reporter", matter) if who == "reporter" else world.actor(who)
    with pytest.raises(Refused) as refused:
        actions.act(actor, Act(matter, "answer_part", ids.uuid7(), None, {"task": part, **DONE}))
    assert refused.value.status in {403, 404}
