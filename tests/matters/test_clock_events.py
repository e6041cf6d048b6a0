"""What moves a deadline: each event of a clock as an act that somebody does, with what is refused beside it."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, jobs, proof, reading, reckoning
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import ApprovalRequest, Clock, Fact, Matter
from civicloop.people import access
from civicloop.records import actions as records
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> datetime:
    """A moment of March 2026; the 2nd is a Monday, every week works Monday to Friday."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


MONDAY = at(2, 8)


def dispatched(moment: datetime = MONDAY, no: int = 3, kind: str = "01001") -> UUID:
    """Filed under a condition (3: two working days) and dispatched at a moment."""
    with clock.at(moment):
        matter = loop.report(kind=kind)
        loop.act("clerk", matter, "file", condition=loop.condition(kind, no))
        loop.act("clerk", matter, "dispatch")
        return matter


def accepted(moment: datetime = MONDAY, no: int = 3) -> UUID:
    matter = dispatched(moment, no)
    with clock.at(moment):
        loop.act("receiver", matter, "accept")
    return matter


def fed_back(matter: UUID) -> None:
    """Assigned, handled and fed back now."""
    loop.act("receiver", matter, "assign", worker="worker")
    loop.to_check(matter)


def closed(matter: UUID) -> None:
    loop.photo(matter, "other")
    loop.act("checker", matter, "post_check", "pass")
    loop.act("clerk", matter, "close")


def row(matter: UUID, name: str = "handle") -> Clock:
    return Clock.objects.filter(matter_id=matter, name=name).latest("no")


def due(matter: UUID, name: str = "handle") -> datetime | None:
    found = row(matter, name).due_at
    return found.astimezone(ZONE) if found else None


def decide(user: str, matter: UUID, *, yes: bool = True) -> None:
    asked = ApprovalRequest.objects.get(matter_id=matter, state="open")
    loop.act(user, matter, "decide", request=asked.no, yes=yes, reason="" if yes else "理由不充分")


def refusal(user: str, matter: UUID, action: str, outcome: str | None = None, /, **data: object) -> str:
    with pytest.raises(Refused) as refused:
        loop.act(user, matter, action, outcome, **data)
    return refused.value.code


def counted(matter: UUID, name: str = "handle") -> dict[str, int]:
    """How a clock came out, as the facts sum it up."""
    found: dict[str, int] = {}
    for detail, delta in Fact.objects.filter(matter_id=matter, name="clock").values_list("detail", "delta"):
        if detail.startswith(f"{name}:"):
            found[detail.partition(":")[2]] = found.get(detail.partition(":")[2], 0) + delta
    return {outcome: total for outcome, total in found.items() if total}


# -- stages and receiving -------------------------------------------------------------------------------------------


def test_acceptance_and_dispatch_have_fifteen_minutes_each_and_a_check_in_the_field_thirty() -> None:
    with clock.at(at(7, 3)):  # a Saturday night: these run day and night
        matter = loop.report(kind="01001")
        assert due(matter, "acceptance") == at(7, 3, 15)
        loop.act("clerk", matter, "send_pre_verify")
        assert due(matter, "field") == at(7, 3, 30)
        loop.photo(matter, "before")
        loop.act("grid", matter, "pre_verify", note="属实")
        loop.act("clerk", matter, "file", condition=loop.condition())
        assert due(matter, "dispatch") == at(7, 3, 15)
    with clock.at(at(7, 3, 20)):
        loop.act("clerk", matter, "dispatch")
    assert counted(matter, "dispatch") == {"late": 1}
    assert counted(matter, "acceptance") == {"on_time": 2}


@pytest.mark.parametrize(
    ("kind", "no", "limit"),
    [("01001", 1, "0.25 urgent_hour"), ("01001", 2, "0.5 urgent_hour"), ("06010", 1, "1 work_day")],
)
def test_how_soon_a_unit_must_receive_depends_on_what_it_is(kind: str, no: int, limit: str) -> None:
    """Danger fifteen minutes, the supply of water and power thirty, everything else one working day."""
    matter = dispatched(kind=kind, no=no)
    assert row(matter, "receive").limit == limit
    received, handling = due(matter, "receive"), due(matter)
    assert received is not None
    assert handling is not None
    assert Matter.objects.get(id=matter).due_at == min(received, handling)  # the desk sees what comes first
    with clock.at(received):
        loop.act("receiver", matter, "accept")
    assert counted(matter, "receive") == {"on_time": 1}
    assert due(matter) == handling


def test_a_city_says_which_kinds_are_supply() -> None:
    records.set_setting(
        actor_id=None, post_id=None, actor_words="tests", code="clocks.supply_kinds", value="06010",
        scope="district:990101",
    )  # fmt: skip
    assert row(dispatched(kind="06010", no=1), "receive").limit == "0.5 urgent_hour"
    assert row(dispatched(kind="01001", no=3), "receive").limit == "1 work_day"


def test_a_return_in_time_is_in_time_however_long_its_review_takes() -> None:
    matter = dispatched(at(2), no=1)
    with clock.at(at(2, 9, 10)):
        loop.act("receiver", matter, "return", reason="不属于本单位职责")
    with clock.at(at(2, 10, 30)):
        decide("clerk", matter)
    assert counted(matter, "receive") == {"on_time": 1}
    assert row(matter, "receive").stopped_at == at(2, 9, 10)


# -- the oral order -------------------------------------------------------------------------------------------------


def test_an_oral_order_starts_the_clock_and_the_filing_afterwards_decides_its_limit() -> None:
    with clock.at(at(2, 9)):
        matter = loop.report(kind="01001")
    with clock.at(at(2, 9, 12)):
        ordered = at(2, 9, 2)
        loop.act("clerk", matter, "order_orally", ordered_at=ordered.isoformat(), note="已电话通知")
    assert (row(matter).started_at, due(matter)) == (ordered, at(2, 11, 2))  # two urgent hours, the first condition
    assert due(matter, "filing") == at(3, 9, 2)
    assert Matter.objects.get(id=matter).oral_at == ordered
    with clock.at(at(2, 10)):
        loop.act("clerk", matter, "file", condition=loop.condition(no=2))
    handle = row(matter)
    assert (handle.limit, handle.started_at, due(matter)) == ("4 work_hour", ordered, at(2, 15, 2))
    assert handle.first_limit == ""  # nothing had been filed before
    assert counted(matter, "filing") == {"on_time": 1}


# -- pauses ---------------------------------------------------------------------------------------------------------


def test_waiting_for_the_reporter_moves_the_due_moment_by_what_was_waited() -> None:
    matter = accepted()
    before = due(matter)
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "ask", note="在哪一侧？")
    assert Matter.objects.get(id=matter).due_at is None
    with clock.at(at(3, 9)):  # ten to twelve, two to six, and one hour of the next day
        outside = access.outsider("reporter", matter)
        actions.act(outside, Act(matter, "answer", ids.uuid7(), None, {"note": "东侧"}))
    assert before == at(3, 18)
    assert due(matter) == at(4, 17)
    with clock.at(at(4, 9)):
        loop.act("receiver", matter, "ask", note="几号楼？")
    with clock.at(at(9, 9, 1)):  # three working days of silence end the wait
        assert jobs.ended_holds() == 1
        assert (row(matter).state, refusal("receiver", matter, "ask", note="？")) == ("running", "hold_used_up")


def test_a_suspension_needs_a_plan_a_day_and_two_approvals_and_goes_on_by_itself() -> None:
    matter = accepted()
    plan = {"reason": "需列入改造计划", "plan": "四月进场", "review_on": "2026-04-01"}
    with clock.at(at(2, 10)):
        assert refusal("receiver", matter, "suspend", **{**plan, "plan": ""}) == "missing"
        assert refusal("receiver", matter, "suspend", **{**plan, "review_on": "2027-03-08"}) == "too_late"
        assert refusal("receiver", matter, "suspend", **{**plan, "review_on": "2026-03-01"}) == "in_the_past"
        loop.act("receiver", matter, "suspend", **plan)
        decide("clerk", matter)
        assert row(matter).state == "running"
        decide("supervisor", matter)
        assert refusal("receiver", matter, "assign", worker="worker") == "in_hold"
    stands = Matter.objects.get(id=matter)
    assert (stands.due_at, stands.hold_until) == (None, at(1, 0, month=4))
    with clock.at(at(31, 23)):
        assert jobs.ended_holds() == 0
    with clock.at(at(1, 0, 1, month=4)):
        assert jobs.ended_holds() == 1
        seen = reading.read(matter)
        assert seen is not None
        view = next(each for each in reckoning.clocks(seen) if each.name == "handle")
        # two hours were used; the rest of two working days comes from the first of April
        assert due(matter) == at(2, 16, month=4)
        waited = [each for each in view.pieces if each.why.code == "paused"]
        assert {each.who for each in waited} == {"superior"}
        assert waited[0].why.params["names"]["zh-hans"] == "挂账"
        loop.act("receiver", matter, "assign", worker="worker")
        assert refusal("receiver", matter, "suspend", **{**plan, "review_on": "2026-05-01"}) == "hold_used_up"
    assert proof.verify(matter) == []


def test_a_refused_suspension_leaves_the_clock_running_and_may_be_asked_again() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "suspend", reason="需列入计划", plan="四月进场", review_on="2026-04-01")
        decide("clerk", matter, yes=False)
        loop.act("receiver", matter, "suspend", reason="补充说明", plan="四月进场", review_on="2026-04-01")
    assert (row(matter).state, due(matter)) == ("running", at(3, 18))


# -- extension ------------------------------------------------------------------------------------------------------


def extend(matter: UUID, *approvers: str) -> None:
    loop.act("receiver", matter, "request_extension", reason="等待配件")
    for approver in approvers:
        decide(approver, matter)


def test_an_extension_adds_one_original_limit_twice_at_most_and_a_no_uses_none_up() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "request_extension", reason="等待配件")
        assert refusal("receiver", matter, "request_extension", reason="再次") == "request_open"
        decide("head", matter, yes=False)
        assert due(matter) == at(3, 18)
        extend(matter, "head", "clerk")
        assert due(matter) == at(5, 18)
        extend(matter, "head", "clerk")
        assert (due(matter), row(matter).extensions) == (at(9, 18), 2)
        assert refusal("receiver", matter, "request_extension", reason="第三次") == "bound_used_up"


def test_a_unit_heads_own_request_goes_straight_to_the_dispatcher() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("head", matter, "request_extension", reason="等待配件")
        decide("clerk", matter)
    assert due(matter) == at(5, 18)


def test_nothing_is_extended_after_its_end_but_what_was_asked_in_time_is() -> None:
    matter = accepted()
    with clock.at(at(3, 17, 59)):
        loop.act("receiver", matter, "request_extension", reason="等待配件")
    with clock.at(at(4, 9)):
        jobs.sweep_matter(matter)
        assert Matter.objects.get(id=matter).mark == 2
        decide("head", matter)
        decide("clerk", matter)
        assert (due(matter), Matter.objects.get(id=matter).mark) == (at(5, 18), 0)
    with clock.at(at(5, 18, 1)):
        assert refusal("receiver", matter, "request_extension", reason="等待配件") == "overdue"


# -- failed checks --------------------------------------------------------------------------------------------------


def failed_check(matter: UUID) -> None:
    with clock.at(at(2, 11)):
        fed_back(matter)
    assert counted(matter) == {"on_time": 1}
    with clock.at(at(2, 15)):
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "fail", reason="井盖仍松动")


def test_a_failed_check_gives_the_same_clock_back_without_the_checkers_time() -> None:
    matter = accepted()
    failed_check(matter)
    assert due(matter) == at(4, 10)  # eleven to twelve and two to three were the checker's
    assert counted(matter) == {}  # the stop is struck out
    with clock.at(at(4, 11)):
        loop.photo(matter, "after")
        loop.act("worker", matter, "handle", result="已重做")
        loop.act("receiver", matter, "feed_back")
    assert counted(matter) == {"late": 1}
    late = Fact.objects.get(matter_id=matter, name="clock", detail="handle:late")
    assert late.unit_id == world.unit("s1-office")


def test_a_city_may_let_the_checkers_time_count() -> None:
    records.set_setting(
        actor_id=None, post_id=None, actor_words="tests", code="clocks.checking_counts", value=True,
        scope="district:990101",
    )  # fmt: skip
    matter = accepted()
    failed_check(matter)
    assert (due(matter), row(matter).pauses) == (at(3, 18), [])


# -- appeal ---------------------------------------------------------------------------------------------------------


def late_and_closed() -> UUID:
    matter = accepted(no=2)  # four working hours, over at noon
    with clock.at(at(2, 16)):
        fed_back(matter)
        closed(matter)
    return matter


def test_an_appeal_exempts_from_statistics_and_leaves_what_happened_as_it_is() -> None:
    matter = late_and_closed()
    assert counted(matter) == {"late": 1}
    with clock.at(at(3, 9)):
        assert refusal("clerk", matter, "appeal_overdue", reason="道路封闭") == "forbidden"
        assert refusal("worker", matter, "appeal_overdue", reason="道路封闭") == "forbidden"
        loop.act("receiver", matter, "appeal_overdue", reason="道路封闭，无法进场")
        assert refusal("receiver", matter, "decide", request=1, yes=True) == "forbidden"
        decide("clerk", matter)
        assert refusal("clerk", matter, "decide", request=1, yes=True) == "agreed_already"
        assert not row(matter).exempt
        decide("d1-clerk", matter)
        assert refusal("receiver", matter, "appeal_overdue", reason="再次") == "bound_used_up"
        seen = reading.read(matter)
        assert seen is not None
        view = next(each for each in reckoning.clocks(seen) if each.name == "handle")
    assert (view.exempt, view.late) == (True, True)
    assert Matter.objects.get(id=matter).end == "solved"
    assert counted(matter) == {"late": 1}
    exempt = Fact.objects.get(matter_id=matter, name="exempt")
    assert (exempt.detail, exempt.unit_id) == ("handle:late", world.unit("s1-office"))
    assert proof.verify(matter) == []


def test_a_refused_appeal_and_one_that_nobody_answers_exempt_nothing() -> None:
    refused, silent = late_and_closed(), late_and_closed()
    with clock.at(at(3, 9)):
        for matter in (refused, silent):
            loop.act("head", matter, "appeal_overdue", reason="道路封闭")
        decide("clerk", refused, yes=False)
    with clock.at(at(12, 9)):  # five working days are over
        assert jobs.lapsed_requests() == 1
    for matter in (refused, silent):
        assert not row(matter).exempt
        assert not Fact.objects.filter(matter_id=matter, name="exempt").exists()


def test_only_what_ended_late_and_is_closed_can_be_appealed() -> None:
    in_time, still_open = accepted(), accepted(no=2)
    with clock.at(at(2, 10)):
        fed_back(in_time)
        closed(in_time)
        assert refusal("receiver", in_time, "appeal_overdue", reason="道路封闭") == "condition"
    with clock.at(at(3, 10)):
        assert refusal("receiver", still_open, "appeal_overdue", reason="道路封闭") == "out_of_step"


# -- another kind ---------------------------------------------------------------------------------------------------


def test_another_kind_needs_the_checkers_yes_and_statistics_keep_the_first_limit() -> None:
    matter = accepted(no=2)  # four working hours
    first = Matter.objects.get(id=matter).condition_id
    with clock.at(at(2, 10)):
        other = loop.condition("01001", 4)  # five working days
        loop.act("clerk", matter, "change_kind", condition=other, reason="现场核对为下沉")
        assert due(matter) == at(2, 12)
        assert refusal("clerk", matter, "decide", request=1, yes=True) == "forbidden"
        decide("checker", matter)
    changed, handle = Matter.objects.get(id=matter), row(matter)
    assert (changed.condition_id, changed.first_condition_id) == (other, first)
    assert (handle.limit, handle.first_limit, due(matter)) == ("5 work_day", "4 work_hour", at(6, 18))
    assert changed.step == "accepted"
    with clock.at(at(3, 9)):
        fed_back(matter)
        seen = reading.read(matter)
        assert seen is not None
        view = next(each for each in reckoning.clocks(seen) if each.name == "handle")
    assert view.late is False  # by the limit that holds
    assert counted(matter) == {"late": 1}  # by the first, so that nobody gains by another name
    assert proof.verify(matter) == []


def test_another_kind_moves_what_is_counted_by_kind() -> None:
    matter = accepted(no=2)
    with clock.at(at(2, 10)):
        loop.act("clerk", matter, "change_kind", condition=loop.condition("06010", 1), reason="实为垃圾")
        decide("checker", matter)
    sums: dict[int | None, int] = {}
    for kind, name in Fact.objects.filter(matter_id=matter, name__in=["entered", "left"]).values_list(
        "kind_id", "name"
    ):
        sums[kind] = sums.get(kind, 0) + (1 if name == "entered" else -1)
    assert {kind: total for kind, total in sums.items() if total} == {Matter.objects.get(id=matter).kind_id: 1}


# -- co-units -------------------------------------------------------------------------------------------------------


def test_a_co_units_clock_lies_inside_the_leads_and_stands_and_moves_with_it() -> None:
    matter = accepted()
    with clock.at(at(2, 10)):
        loop.act("receiver", matter, "split", co_units=[world.unit("s1-property")], note="请协助疏导")
    assert due(matter, "co_handle") == due(matter) == at(3, 18)
    with clock.at(at(2, 11)):
        loop.act("receiver", matter, "ask", note="在哪一侧？")
    assert row(matter, "co_handle").state == "paused"
    with clock.at(at(2, 15)):
        outside = access.outsider("reporter", matter)
        actions.act(outside, Act(matter, "answer", ids.uuid7(), None, {"note": "东侧"}))
    assert due(matter, "co_handle") == due(matter) == at(4, 10)
    with clock.at(at(2, 16)):
        extend(matter, "head", "clerk")
    assert due(matter, "co_handle") == due(matter) == at(6, 10)
    with clock.at(at(3, 9)):
        loop.act("property", matter, "answer_part", task=3, answer="done", result="已协助")
        seen = reading.read(matter)
        assert seen is not None
        view = next(each for each in reckoning.clocks(seen) if each.name == "co_handle")
    held = {(each.who, each.unit_id) for each in view.held}
    assert held == {("unit", world.unit("s1-property")), ("reporter", None)}
    assert Fact.objects.get(matter_id=matter, name="clock", detail="co_handle:on_time").unit_id == world.unit(
        "s1-property"
    )
    assert row(matter, "co_handle").stopped_at == at(3, 9)


# -- another unit ---------------------------------------------------------------------------------------------------


def test_whoever_dispatches_may_take_a_matter_from_a_unit_and_the_next_gets_a_whole_limit() -> None:
    matter = accepted(no=2)
    with clock.at(at(2, 16)):
        assert refusal("receiver", matter, "reassign", reason="不想办") == "forbidden"
        loop.act("clerk", matter, "reassign", reason="逾期未处置，改派")
        assert loop.step(matter) == "filed"
        loop.act("clerk", matter, "dispatch", answering=world.unit("s1-property"))
    assert counted(matter) == {"late": 1}  # the first unit's: it had its time
    assert (row(matter).no, due(matter)) != (1, at(2, 12))
    assert due(matter) == at(3, 10)
    assert Matter.objects.get(id=matter).unit_id == world.unit("s1-property")
    assert timedelta(0) < row(matter).started_at - at(2, 9)
