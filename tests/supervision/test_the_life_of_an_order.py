"""督办件: opened, answered by the unit, reviewed by somebody else, written off; each once however often it is sent."""

from datetime import timedelta
from uuid import uuid4

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import proof
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry
from civicloop.records.models import AuditEntry
from civicloop.supervision import actions, timing
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order, OrderStep
from tests import world
from tests.matters import loop
from tests.supervision.orders import MONDAY, WHY, answer, fresh, handled, opened, review, wanted

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_from_opening_to_the_write_off() -> None:
    matter = handled()
    with clock.at(MONDAY + HOUR):
        order = opened(matter)
        assert (order.state, order.unit.code, order.number[0]) == ("open", "s1-office", "D")
        assert order.due_at == MONDAY + timedelta(days=3, hours=1)  # three working days of the unit's calendar
    with clock.at(MONDAY + 5 * HOUR):
        assert answer(order).order.state == "answered"
    with clock.at(MONDAY + 6 * HOUR):
        sent_back = review(order, accepted=False).order
        assert (sent_back.state, sent_back.returns) == ("sent_back", 1)
        assert sent_back.due_at == order.due_at + HOUR  # the reviewer's hour is not the unit's
        answer(order, said={1: "配件已到"})
        done = review(order).order
    assert (done.state, done.overdue, done.mark_at, done.ended_at) == (
        "written_off", False, None, MONDAY + 6 * HOUR,
    )  # fmt: skip
    doings = list(OrderStep.objects.filter(order=order).order_by("no").values_list("doing", flat=True))
    assert doings == ["open", "answer", "send_back", "answer", "write_off"]
    audited = list(AuditEntry.objects.filter(object=order.number).order_by("id").values_list("action", flat=True))
    assert audited == [f"order.{doing}" for doing in doings]
    notes = Entry.objects.filter(matter_id=matter, action="note").count()
    assert notes == 2  # opened and written off stand in the matter's own timeline
    assert proof.verify(matter) == []


def test_every_interval_to_the_due_moment_is_explained() -> None:
    with clock.at(MONDAY):
        order = opened(limit="2 work_hour")
        answer(order)
    with clock.at(MONDAY + HOUR):
        review(order, accepted=False)
        intervals = timing.intervals(fresh(order))
    assert intervals[-1].end == fresh(order).due_at == MONDAY + 3 * HOUR
    assert {each.why.code for each in intervals} >= {"paused", "working_time"}
    counted = sum((each.end - each.start for each in intervals if each.counted), timedelta())
    assert counted == 2 * HOUR


@pytest.mark.parametrize(
    ("by", "refusal"), [("head", "forbidden"), ("d2-clerk", "not_found"), ("checker", "forbidden")]
)
def test_a_review_is_for_supervisors_of_the_place(by: str, refusal: str) -> None:
    with clock.at(MONDAY):
        order = opened()
        answer(order)
        with pytest.raises(Refused) as refused:
            review(order, by=by)
    assert code(refused) == refusal


def test_nobody_of_the_unit_reviews_nor_whoever_answered() -> None:
    from civicloop.people import access
    from civicloop.people import actions as people
    from civicloop.people.models import Account, Unit
    from civicloop.places import selectors as places

    with clock.at(MONDAY - HOUR):
        system, district = access.system("tests"), places.by_code("990101").id
        people.hold(  # the supervisor works in the addressed unit, too
            system, account_id=Account.objects.get(username="supervisor").id,
            post_id=people.create_post(
                system, code="second", role="unit_worker", also=[], unit_id=Unit.objects.get(code="s1-office").id,
                area_id=district,
            ).id,
        )  # fmt: skip
        post = people.create_post(
            system, code="boss", role="leader", also=[], unit_id=Unit.objects.get(code="s1-property").id,
            area_id=district,
        )  # fmt: skip
        people.hold(system, account_id=Account.objects.get(username="receiver").id, post_id=post.id)
        Unit.objects.filter(code="s1-property").update(parent=None)
    with clock.at(MONDAY):
        order = opened(by="leader")
        answer(order, by="receiver")
        with pytest.raises(Refused) as also_there:
            review(order, by="supervisor")
        from civicloop.people.selectors import actors_of_account

        other = next(
            each for each in actors_of_account(Account.objects.get(username="receiver").id) if each.post_id == post.id
        )
        with pytest.raises(Refused) as answered:
            actions.review(other, order_id=order.id, act_id=ids.uuid7(), accepted=True, reason="")
        review(order, by="leader")
    assert [code(also_there), code(answered)] == ["own_work", "own_work"]


def test_only_the_unit_answers_and_only_when_it_is_its_turn() -> None:
    with clock.at(MONDAY):
        order = opened()
        for by, refusal in (("supervisor", "forbidden"), ("d1-receiver", "not_found"), ("leader", "forbidden")):
            with pytest.raises(Refused) as refused:
                answer(order, by=by)
            assert code(refused) == refusal
        answer(order)
        with pytest.raises(Refused) as twice:
            answer(order)
        assert code(twice) == "not_waiting"
        review(order)
        with pytest.raises(Refused) as over:
            review(order)
        assert code(over) == "not_answered"


def test_the_same_sent_again_is_done_once() -> None:
    matter = handled()
    with clock.at(MONDAY):
        new = wanted(matter)
        first, again = (actions.open_order(world.actor("supervisor"), new) for _each in range(2))
        assert ([first.status, again.status], first.order.id) == ([201, 200], again.order.id)
        with pytest.raises(Refused) as other:
            actions.open_order(world.actor("supervisor"), wanted(matter, id=new.id, title="别的"))
        act_id = ids.uuid7()
        order = first.order
        assert [answer(order, act_id=act_id).status for _each in range(2)] == [201, 200]
        with pytest.raises(Refused) as changed:
            answer(order, act_id=act_id, words="别的答复")
        reviewed = ids.uuid7()
        assert [review(order, act_id=reviewed).status for _each in range(2)] == [201, 200]
    assert [code(other), code(changed)] == ["id_reused", "id_reused"]
    assert OrderStep.objects.filter(order=order).count() == 3
    assert Order.objects.count() == 1


def test_an_order_is_withdrawn_with_a_reason_and_raised_only_upwards() -> None:
    with clock.at(MONDAY):
        order = opened()
        for level, refusal in (("ordinary", "not_higher"), ("summons", "needs_leader"), ("no level", "not_higher")):
            with pytest.raises(Refused) as refused:
                raised(order, level)
            assert code(refused) == refusal
        due = order.due_at
        assert raised(order, "listed").level == "listed"
        assert raised(order, "summons", by="leader").level == "summons"
        assert fresh(order).due_at == due  # being late earns no time
        with pytest.raises(Refused) as bare:
            withdrawn(order, " ")
        assert withdrawn(order, "重复").state == "withdrawn"
        with pytest.raises(Refused) as ended:
            withdrawn(order, "重复")
    assert [code(bare), code(ended)] == ["missing", "ended"]


def raised(order: Order, level: str, by: str = "supervisor") -> Order:
    return actions.raise_level(
        world.actor(by), order_id=order.id, act_id=ids.uuid7(), level=level, reason="多次逾期"
    ).order  # fmt: skip


def withdrawn(order: Order, reason: str) -> Order:
    return actions.withdraw(world.actor("leader"), order_id=order.id, act_id=ids.uuid7(), reason=reason).order


def test_what_somebody_has_changed_meanwhile_is_not_overwritten() -> None:
    with clock.at(MONDAY):
        order = opened()
        answer(order)
        with pytest.raises(Refused) as stale:
            review(order, version=order.version)
        assert code(stale) == "stale"
        assert review(order, version=fresh(order).version).status == 201


BAD = {
    "level": ({"level": "gentle"}, "not_offered"),
    "source": ({"source": "ladder"}, "not_offered"),
    "unit": ({"unit": "nobody"}, "unknown_unit"),
    "title": ({"title": " "}, "missing"),
    "text": ({"text": "x" * 4001}, "missing"),
    "zero": ({"text": "a\x00b"}, "not_text"),
    "limit": ({"limit": "3 天"}, "no_limit"),
    "id": ({"id": uuid4()}, "bad_id"),
    "paper": ({"source": "instruction"}, "missing"),
    "summons": ({"level": "summons"}, "needs_leader"),
    "own": ({"unit": "d1-centre"}, "own_unit"),
    "outside": ({"unit": "d2-centre"}, "forbidden"),
    "matter": ({"matters": (uuid4(),)}, "not_found"),
    "proof": ({"demands": (Wanted("selfie", "x"),)}, "unknown_proof"),
    "why": ({"demands": (Wanted("text"),)}, "why_missing"),
    "nowhere": ({"demands": (WHY, Wanted("after", "恢复原状"))}, "no_matter"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_taken_is_refused_and_writes_nothing(case: str) -> None:
    values, refusal = BAD[case]
    with clock.at(MONDAY), pytest.raises(Refused) as refused:
        opened(**values)
    assert code(refused) == refusal
    assert not Order.objects.exists()
    assert not AuditEntry.objects.filter(action="order.open").exists()


@pytest.mark.parametrize("by", ["receiver", "clerk", "checker", "grid", "audit", "system"])
def test_who_does_not_supervise_opens_nothing(by: str) -> None:
    with clock.at(MONDAY), pytest.raises(Refused) as refused:
        opened(by=by)
    assert code(refused) == "forbidden"


def test_an_instruction_of_a_leader_needs_its_paper_unless_the_leader_writes_it() -> None:
    with clock.at(MONDAY):
        assert opened(source="instruction", paper="区长专题会纪要〔2026〕3号").source == "instruction"
        assert opened(source="instruction", by="leader", level="summons").level == "summons"


def test_an_order_to_several_matters_lies_where_all_of_them_lie() -> None:
    here, there = handled(), loop.report(point=(117.12, 39.05), kind="01001")
    with clock.at(MONDAY + HOUR):
        order = opened(here, there)
    assert order.district_id is not None
    assert order.subdistrict_id is None
