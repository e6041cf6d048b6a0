"""并案: many reports of the same are one case with one answer; each stays a report of its own and comes back whole."""

from datetime import timedelta
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, alike, clusters, jobs, merging, proof, reading, selectors
from civicloop.matters.actions import Act, Done
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Entry, EntryText, Fact, Matter, Merging, Outbox, Task
from civicloop.people import access
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday():
    with clock.at(world.START):
        yield


def join(matter: UUID, lead: UUID, user: str = "clerk", act_id: UUID | None = None) -> Done:
    return actions.act(world.actor(user), Act(matter, "join", act_id or ids.uuid7(), data={"lead": str(lead)}))


def row(matter: UUID) -> Matter:
    return Matter.objects.get(id=matter)


def at_desk(user: str) -> set[UUID]:
    found = selectors.matters(world.actor(user), selectors.Filters(desk=True), order="due")
    return {each.id for each in found.rows}


def closed(lead: UUID) -> None:
    loop.to_handling(lead)
    loop.to_check(lead)
    loop.photo(lead, "other")
    loop.act("checker", lead, "post_check", "pass")
    loop.act("clerk", lead, "close")


def whole(*matters: UUID) -> None:
    """Every timeline is unbroken, and every open matter has its one lead task."""
    for matter in matters:
        assert proof.verify(matter) == []
        opened = Task.objects.filter(matter_id=matter, lead=True, state="open").count()
        assert opened == (0 if row(matter).end else 1)


def test_a_joined_report_waits_and_ends_with_the_case_and_its_reporter_is_asked():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    before = {each.no: (each.state, each.due_at) for each in Clock.objects.filter(matter_id=member)}
    act_id = ids.uuid7()
    assert join(member, lead, act_id=act_id).status == 201
    assert join(member, lead, act_id=act_id).status == 200
    assert (row(member).lead_id, row(lead).lead_id) == (lead, lead)
    assert Entry.objects.filter(matter_id=lead, action="gather").count() == 1
    assert {each.no: (each.state, each.due_at) for each in Clock.objects.filter(matter_id=member)} == before
    assert not Clock.objects.filter(matter_id=member).exclude(mark_at=None).exists()  # no bell of its own
    assert at_desk("clerk") == {lead}
    with pytest.raises(Refused) as refused:
        loop.act("clerk", member, "file", condition=loop.condition())
    assert (refused.value.code, refused.value.status) == ("joined", 409)
    seen = selectors.seen_by(world.actor("clerk"), member)
    assert selectors.offered(world.actor("clerk"), seen) == []
    reporter = access.outsider("reporter", member)
    assert [each.action for each in selectors.offered(reporter, seen)] == ["withdraw"]
    with clock.at(world.START + 2 * HOUR):
        jobs.sweep()
        assert not Entry.objects.filter(matter_id=member, action="mark").exists()
        closed(lead)
    assert (row(member).step, row(member).end, row(member).due_at) == ("closed", "solved", None)
    assert Fact.objects.filter(matter_id=member, name="followed", detail="solved").count() == 1
    assert Outbox.objects.filter(matter_id=member, topic="ended").count() == 1
    # the desk's own limit is judged by the moment at which it joined the report, not by the lead's end
    assert Fact.objects.filter(matter_id=member, name="clock", detail="acceptance:on_time").count() == 1
    assert actions.act(reporter, Act(member, "rate", ids.uuid7(), data={"stars": 4})).status == 201
    whole(lead, member)


def test_one_that_is_taken_out_stands_where_it_stood_with_the_same_deadline_and_is_not_joined_again():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    loop.to_handling(member)
    before = row(member)
    due = Clock.objects.get(matter_id=member, name="handle").due_at
    join(member, lead)
    assert row(member).due_at is None
    with clock.at(world.START + HOUR):
        merging.take_out(world.actor("clerk"), matter_id=member, act_id=ids.uuid7(), reason="是另一处的井盖")
    after = row(member)
    handle = Clock.objects.get(matter_id=member, name="handle")
    assert (after.step, after.unit_id, after.seats, after.run) == (
        before.step, before.unit_id, before.seats, before.run,
    )  # fmt: skip
    assert (after.lead_id, after.due_at, handle.due_at, handle.state) == (None, due, due, "running")
    assert handle.mark_at is not None
    assert Entry.objects.filter(matter_id=lead, action="gather", result="out").count() == 1
    with pytest.raises(Refused) as again:
        join(member, lead)
    assert again.value.code == "kept_apart"
    assert [each.row.id for each in alike.alike(world.actor("clerk"), selectors.row_of(member))] == []
    closed(lead)
    jobs.sweep()
    assert row(member).end == ""
    assert sum(Fact.objects.filter(matter_id=member, name="joined").values_list("delta", flat=True)) == 0
    loop.to_check(member)  # it goes on as if nothing had been
    whole(lead, member)


def test_a_wrong_one_is_taken_out_by_a_supervisor_even_after_the_end():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    loop.to_handling(member)
    due = Clock.objects.get(matter_id=member, name="handle").due_at
    join(member, lead)
    closed(lead)
    assert row(member).end == "solved"
    with pytest.raises(Refused) as refused:
        merging.take_out(world.actor("clerk"), matter_id=member, act_id=ids.uuid7(), reason="不是同一件")
    assert refused.value.status == 403
    act_id = ids.uuid7()
    for _twice in range(2):
        merging.take_out(world.actor("supervisor"), matter_id=member, act_id=act_id, reason="不是同一件")
    handle = Clock.objects.get(matter_id=member, name="handle")
    assert (row(member).step, row(member).end, row(member).ended_at) == ("handling", "", None)
    assert (handle.state, handle.due_at, handle.stopped_at) == ("running", due, None)
    counted = {
        name: sum(Fact.objects.filter(matter_id=member, name=name).values_list("delta", flat=True))
        for name in ("ended", "followed", "joined", "clock")
    }
    assert counted["ended"] == counted["followed"] == counted["joined"] == 0
    jobs.sweep()
    assert row(member).end == ""
    whole(lead, member)


def test_the_answer_of_a_declined_case_is_given_to_all():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    join(member, lead)
    loop.act("clerk", lead, "decline", not_filed_reason="not_met", reason="现场井盖完好，未达到立案条件")
    assert row(member).end == "not_filed"
    texts = EntryText.objects.filter(matter_id=member, field="answer")
    assert texts.get().value == "现场井盖完好，未达到立案条件"
    whole(lead, member)


def test_when_the_lead_is_withdrawn_the_oldest_of_the_others_leads_on():
    lead, *members = [loop.report(kind="01001") for _ in range(4)]
    members.sort()
    for member in members:
        join(member, lead)
    actions.act(access.outsider("reporter", lead), Act(lead, "withdraw", ids.uuid7(), data={"reason": "不反映了"}))
    assert row(lead).end == "withdrawn"
    assert [(row(each).end, row(each).lead_id) for each in members] == [("", members[0])] * 3
    assert at_desk("clerk") == {members[0]}
    closed(members[0])
    assert {row(each).end for each in members} == {"solved"}
    whole(lead, *members)


def test_a_case_that_is_opened_again_takes_its_reports_with_it():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    join(member, lead)
    closed(lead)
    loop.act("supervisor", lead, "reopen", reason="复查发现井盖又松动")
    assert (row(member).step, row(member).end, row(member).lead_id) == ("reported", "", lead)
    assert at_desk("clerk") == {lead}
    loop.act("clerk", lead, "dispatch")
    loop.act("receiver", lead, "accept")
    loop.act("receiver", lead, "assign", worker="worker")
    loop.act("worker", lead, "handle", result="重新固定")
    loop.act("receiver", lead, "feed_back")
    loop.act("checker", lead, "post_check", "pass")
    loop.act("clerk", lead, "close")
    assert row(member).end == "solved"
    ended = Fact.objects.filter(matter_id=member, name="ended").values_list("delta", flat=True)
    assert sum(ended) == 1
    whole(lead, member)


def test_a_reporter_who_withdraws_leaves_the_others_alone():
    lead, member, other = (loop.report(kind="01001") for _ in range(3))
    join(member, lead)
    join(other, lead)
    reporter = access.outsider("reporter", member)
    actions.act(reporter, Act(member, "withdraw", ids.uuid7(), data={"reason": "已经好了"}))
    assert (row(member).end, row(member).lead_id) == ("withdrawn", None)
    closed(lead)
    jobs.sweep()
    assert (row(member).end, row(other).end) == ("withdrawn", "solved")
    whole(lead, member, other)


def handled(matter: UUID) -> None:
    loop.to_handling(matter)
    loop.to_check(matter)


def asked(matter: UUID) -> None:
    loop.to_handling(matter)
    loop.act("worker", matter, "ask", note="请问是哪个单元？")


def ended(matter: UUID) -> None:
    loop.act("clerk", matter, "void", void_reason="test_entry")


STANDS = {
    "confidential": {"confidentiality": 1},
    "complaint": {"confidentiality": 1, "complained_of": ("s2-centre",)},
    "another procedure": {"procedure": "visit-problem"},
}


@pytest.mark.parametrize("values", STANDS.values(), ids=STANDS)
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_private_is_never_joined_and_never_leads(values: dict[str, object], turned: bool):
    lead, member = loop.report(kind="01001"), loop.report("grid", kind="", **values)
    if turned:
        lead, member = member, lead
    found = clusters.obstacle(reading.read(member), reading.read(lead))  # type: ignore[arg-type]
    assert found is not None
    assert found.code in {"confidential", "not_shared"}
    with pytest.raises(Refused):
        join(member, lead, "supervisor")
    assert row(member).lead_id is None


@pytest.mark.parametrize(("before", "why"), [(handled, "handled_already"), (asked, "paused"), (ended, "ended")])
def test_what_is_too_far_is_not_joined(before: object, why: str):
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    before(member)  # type: ignore[operator]
    with pytest.raises(Refused) as refused:
        join(member, lead)
    assert refused.value.code == why


def test_what_waits_for_an_answer_is_not_joined_nor_is_a_lead_with_others():
    lead, member, third = (loop.report(kind="01001") for _ in range(3))
    loop.to_handling(member)
    loop.act("receiver", member, "explain", reason="产权单位自行维护")  # waits for approval
    with pytest.raises(Refused) as open_request:
        join(member, lead)
    assert open_request.value.code == "request_open"
    join(third, lead)
    with pytest.raises(Refused) as itself:
        join(lead, lead)
    with pytest.raises(Refused) as chain:
        join(lead, loop.report(kind="01001"))
    with pytest.raises(Refused) as twice:
        join(third, lead)
    with pytest.raises(Refused) as missing:
        join(member, ids.uuid7())
    codes = [each.value.code for each in (itself, chain, twice, missing)]
    assert codes == ["same_matter", "leads", "joined_already", "unknown_lead"]


@pytest.mark.parametrize("user", ["grid", "receiver", "worker", "checker", "leader", "d2-clerk", "s2-clerk", "audit"])
def test_only_the_desks_of_the_place_join_and_take_out(user: str):
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    with pytest.raises(Refused):
        join(member, lead, user)
    join(member, lead)
    with pytest.raises(Refused):
        merging.take_out(world.actor(user), matter_id=member, act_id=ids.uuid7(), reason="不是同一件")
    assert row(member).lead_id == lead


def test_nobody_but_the_platform_ends_a_report_with_its_case():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    join(member, lead)
    for action in ("follow", "come_back", "gather"):
        with pytest.raises(Refused) as refused:
            loop.act("clerk", member, action)
        assert refused.value.status in {403, 409}
    with pytest.raises(Refused) as early:  # the case has not ended
        actions.act(access.system("cluster"), Act(member, "follow", ids.uuid7()))
    assert early.value.code == "not_due"


def test_a_complaint_is_not_made_of_a_case_that_others_share():
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    join(member, lead)
    for matter, why in ((lead, "leads"), (member, "joined")):
        with pytest.raises(Refused) as refused:
            loop.act("clerk", matter, "name_complained", units=["d2-centre"])
        assert refused.value.code == why


# -- many at once -----------------------------------------------------------------------------------------------------


def test_many_are_joined_one_after_the_other_whoever_goes_on_and_five_wrong_ones_come_back():
    """A run that is cut off twice, sent twice and carried on by the worker joins each report once."""
    lead = loop.report(kind="01001")
    members = [loop.report(kind="01001", text=f"{n}号楼没有暖气") for n in range(30)]
    private = loop.report("clerk", kind="01001", confidentiality=1)
    loop.to_handling(members[3])
    clerk, run_id = world.actor("clerk"), ids.uuid7()
    run = merging.begin(clerk, merging_id=run_id, lead_id=lead, matter_ids=[*members, lead, private, ids.uuid7()])
    assert merging.begin(clerk, merging_id=run_id, lead_id=lead, matter_ids=members).id == run.id
    whole_run = merging.progress(run).whole
    assert whole_run in {30, 31}  # the clerk may not see the confidential one
    assert merging.go_on(run_id, 20) == 20
    Merging.objects.filter(id=run_id).update(leased_until=clock.now() + HOUR)
    assert merging.go_on(run_id) == 0  # somebody else is at it
    Merging.objects.filter(id=run_id).update(leased_until=clock.now() - HOUR)  # and was killed
    run.items.filter(no=0).update(state="open")  # after the act, before it was noted
    while merging.progress(run).to_come:
        jobs.sweep()
    done = merging.progress(run)
    assert (done.joined, done.left_out) == (30, whole_run - 30)
    assert [why for _row, why in merging.left_out(clerk, run)] == [clusters.why_not("confidential")] * (whole_run - 30)
    assert clusters.open_members(lead).count() == 30
    assert Entry.objects.filter(action="join").count() == 30
    wrong = members[5:10]
    for each in wrong:
        merging.take_out(clerk, matter_id=each, act_id=ids.uuid7(), reason="自家分户阀门未开")
    closed(lead)
    for _round in range(3):
        jobs.sweep()
    assert {row(each).end for each in members if each not in wrong} == {"solved"}
    assert {row(each).end for each in wrong} == {""}
    assert at_desk("clerk") >= set(wrong)
    whole(lead, *members[:12])


def test_a_case_with_reports_is_joined_to_another_with_all_of_them():
    lead, other, member = (loop.report(kind="01001") for _ in range(3))
    join(member, other)
    run = merging.begin(world.actor("clerk"), merging_id=ids.uuid7(), lead_id=lead, matter_ids=[other])
    merging.go_on(run.id)
    assert [row(each).lead_id for each in (other, member)] == [lead, lead]
    closed(lead)
    assert [row(each).end for each in (other, member)] == ["solved", "solved"]


def test_what_a_killed_process_left_is_done_by_the_next_round():
    lead, other, member, late = (loop.report(kind="01001") for _ in range(4))
    clerk = world.actor("clerk")

    def alone(matter: UUID, to: UUID) -> None:  # the act, and then nothing of what follows from it
        actions.act(clerk, Act(matter, "join", ids.uuid7(), data={"lead": str(to)}), follow=False)

    alone(member, other)
    Matter.objects.filter(id=other).update(lead_id=None)
    jobs.sweep()
    assert row(other).lead_id == other  # noted now
    Matter.objects.filter(id=other).update(lead_id=lead)  # joined in the moment in which another joined it
    jobs.sweep()
    assert row(member).lead_id == lead
    alone(late, lead)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("civicloop.matters.followups.after_act", lambda _matter: None)
        loop.act("clerk", lead, "decline", not_filed_reason="repeated", reason="已另案办理")
    assert row(late).end == ""
    jobs.sweep()
    assert (row(late).end, row(member).end) == ("not_filed", "not_filed")
    whole(late, member)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"matter_ids": []}, "nothing_chosen"), ({"user": "grid"}, "forbidden"), ({"user": "d2-clerk"}, "not_found")],
)
def test_a_run_that_cannot_be_is_refused(change: dict[str, object], why: str):
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    actor = world.actor(str(change.get("user", "clerk")))
    chosen = change.get("matter_ids", [member])
    with pytest.raises(Refused) as refused:
        merging.begin(actor, merging_id=ids.uuid7(), lead_id=lead, matter_ids=chosen)  # type: ignore[arg-type]
    assert refused.value.code == why
    assert not Merging.objects.exists()
