"""One matter for each thing that the indicators count, beside the month that is drawn (tests.figures.months)."""

from datetime import timedelta
from uuid import UUID

from civicloop.figures import folding
from civicloop.foundation import clock, ids
from civicloop.matters import actions, watching
from civicloop.matters.actions import Act
from civicloop.matters.models import ApprovalRequest
from civicloop.people import access
from tests import world
from tests.figures.months import NOW
from tests.matters import loop
from tests.supervision.orders import opened

# ends of procedures that the tiny city does not have: mediation, services, confirmation, rectification
NOT_HERE = frozenset({"end_decided", "end_declined", "end_done", "end_failed", "end_not_accepted", "end_rectified"})
HOUR = timedelta(hours=1)


def decide(matter: UUID, *users: str) -> None:
    for user in users:
        asked = ApprovalRequest.objects.get(matter_id=matter, state="open")
        loop.act(user, matter, "decide", request=asked.no, yes=True, reason="")


def _accepted() -> UUID:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition(no=2))
    loop.act("clerk", matter, "dispatch")
    loop.act("receiver", matter, "accept")
    return matter


def _closed(matter: UUID) -> None:
    loop.act("receiver", matter, "assign", worker="worker")
    loop.to_check(matter)
    loop.photo(matter, "other")
    loop.act("checker", matter, "post_check", "pass")
    loop.act("clerk", matter, "close")


def _refused_and_passed_on() -> None:
    loop.act("clerk", loop.report(kind="01001"), "decline", not_filed_reason="not_met", reason="不符合")
    passed = loop.report(kind="01001")
    loop.act("clerk", passed, "transfer", channel="police", passed_number="1", reason="属公安职责")
    taken_back = loop.report(kind="01001")
    wanted = Act(taken_back, "withdraw", ids.uuid7(), data={"reason": "已经好了"})
    actions.act(access.outsider("reporter", taken_back), wanted)
    looked_at = loop.report(kind="01001")
    loop.act("clerk", looked_at, "send_pre_verify")
    loop.photo(looked_at, "before")
    loop.act("grid", looked_at, "pre_verify", note="属实")


def _with_approvals() -> None:
    forced, explained, listed, extended, returned = (_accepted() for _each in range(5))
    loop.act("receiver", returned, "return", reason="不归我办")
    decide(returned, "clerk")
    loop.act("supervisor", forced, "force_close", reason="产权不明")
    decide(forced, "leader")
    loop.act("receiver", explained, "explain", reason="产权单位自行维护")
    decide(explained, "clerk", "supervisor")
    loop.act("receiver", listed, "suspend", reason="列入计划", plan="五月进场", review_on="2026-06-01")
    decide(listed, "clerk", "supervisor")
    loop.act("receiver", extended, "request_extension", reason="等待配件")
    decide(extended, "head", "clerk")


def _on_the_spot() -> None:
    """Until one is closed and one was drawn and checked."""
    ends: set[str] = set()
    for _number in range(400):  # one in ten is drawn
        matter = loop.report("grid", kind="01001")
        loop.photo(matter, "before")
        loop.photo(matter, "after")
        loop.act("grid", matter, "handle_on_spot", result="已清理")
        ends.add(loop.step(matter))
        if loop.step(matter) == "to_spot_check":
            loop.photo(matter, "other")
            loop.act("checker", matter, "post_check", "pass")
        if len(ends) == 2:
            return


def live() -> None:
    """All of them, in the first days of the month; what was solved is watched until its days are over."""
    with clock.at(world.START):
        late, lead, member, quick = _accepted(), _accepted(), loop.report(kind="01001"), _accepted()
    with clock.at(world.START + HOUR):
        actions.act(world.actor("clerk"), Act(member, "join", ids.uuid7(), data={"lead": str(lead)}))
        _closed(lead)
        _closed(quick)
        _refused_and_passed_on()
        _with_approvals()
        _on_the_spot()
        opened(late)
    with clock.at(world.START + 30 * HOUR):
        _closed(late)
        loop.act("receiver", late, "appeal_overdue", reason="道路封闭")
        decide(late, "clerk", "d1-clerk")
        folding.round()
        loop.report(kind="01001")  # it comes again
    with clock.at(NOW):
        watching.look()
