"""What happens to deadlines in the demonstration: more time asked for, the list of what waits, lateness, appeals."""

from datetime import timedelta

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock
from civicloop.ops.demo.player import Player
from civicloop.ops.demo.scripts import (
    Script,
    assigned,
    begin,
    checked,
    closed,
    condition,
    conditions,
    dispatched,
    file,
    handled,
    minutes,
)


def extended(p: Player) -> Script:
    """An extension, approved or not."""
    yield from dispatched(p)
    p.act(p.holder("receiving_clerk"), "accept")
    p.act(p.holder("receiving_clerk"), "request_extension", reason=p.pick("extend"))
    yield minutes(p, 10, 40)
    p.approve("unit_head", "dispatcher", yes=p.draw.random() < 0.7)
    yield minutes(p, 5, 40)
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 60, 600)
    for part in (handled, checked, closed):
        yield from part(p)


def extended_twice(p: Player) -> Script:
    """The unit head asks twice, the second time in vain, and it is handled in the time that is left."""
    yield from dispatched(p)
    p.act(p.holder("receiving_clerk"), "accept")
    for yes in (True, False):
        p.act(p.holder("unit_head"), "request_extension", reason=p.pick("extend"))
        yield minutes(p, 10, 40)
        p.approve("dispatcher", yes=yes)
    for part in (assigned_after_acceptance, handled, checked, closed):
        yield from part(p)


def assigned_after_acceptance(p: Player) -> Script:
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 20, 90)


def slow(p: Player) -> Script:
    """Handled only after the limit, when the ladder has pushed more than once."""
    yield from dispatched(p)
    yield from assigned(p)
    yield p.time_left() + timedelta(hours=p.draw.choice([2, 5, 26, 50, 150, 300]))
    for part in (handled, checked, closed):
        yield from part(p)


def appealed(p: Player) -> Script:
    """Late, closed, and appealed: granted by two, or refused. What happened stays as it is."""
    yield from dispatched(p)
    yield from assigned(p)
    yield p.time_left() + minutes(p, 20, 300)
    for part in (handled, checked, closed):
        yield from part(p)
    yield minutes(p, 60, 2000)
    p.act(p.holder(p.draw.choice(["receiving_clerk", "unit_head"])), "appeal_overdue", reason=p.pick("appeal"))
    yield minutes(p, 60, 1200)
    if p.draw.random() < 0.6:
        p.approve("dispatcher")
        yield minutes(p, 60, 1200)
        second = p.cast.at_desk("acceptance_clerk", p.place.areas, "district")
        p.act(second, "decide", request=p.request(), yes=True, reason="")
    else:
        p.approve("dispatcher", yes=False)


def reclassified(p: Player) -> Script:
    """Filed under the wrong condition: the checker agrees to another one, statistics keep the first limit."""
    code = begin(p)
    yield minutes(p, 3, 12)
    file(p, code)
    yield minutes(p, 3, 10)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 5, 14)
    p.act(p.holder("receiving_clerk"), "accept")
    data = {"condition": _other_condition(p, code), "reason": "现场情形与立案条件不符。"}
    p.act(p.holder("receiving_clerk"), "change_kind", **data)
    yield minutes(p, 10, 60)
    p.act(p.holder("checker"), "decide", request=p.request(), yes=True, reason="")
    yield minutes(p, 5, 30)
    for part in (assigned_after_acceptance, handled, checked, closed):
        yield from part(p)


def _other_condition(p: Player, code: str) -> int:
    """A condition with another limit: of the same kind where it has one, else of the first kind that has."""
    filed = catalogue.condition(condition(code)).limit
    codes = [code, *(each["code"] for each in p.texts["kind"])]
    found = [each for kind in codes for each in conditions(kind) if catalogue.condition(each).limit != filed]
    return found[0]


def reassigned(p: Player) -> Script:
    """Accepted and left lying: whoever dispatched takes it away and gives it to the unit again."""
    yield from dispatched(p)
    p.act(p.holder("receiving_clerk"), "accept")
    yield p.time_left() + minutes(p, 20, 300)
    p.act(p.holder("dispatcher"), "reassign", reason="逾期未处置，重新派遣。")
    yield minutes(p, 3, 14)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 5, 14)
    for part in (assigned, handled, checked, closed):
        yield from part(p)


def taken_back(p: Player) -> Script:
    """Nobody receives it: a working day over, the ladder takes it back to whoever dispatches, who sends it again."""
    yield from dispatched(p)
    for _number in range(12):
        yield timedelta(hours=20)
        p.due()
        if p.step() == "filed":
            break
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 5, 14)
    for part in (assigned, handled, checked, closed):
        yield from part(p)


def on_the_list(p: Player) -> Script:
    """Suspended by two approvals until its review date."""
    yield from dispatched(p)
    yield from assigned(p)
    day = (clock.now() + timedelta(days=p.draw.randint(60, 200))).date().isoformat()
    data = {"reason": p.pick("suspend"), "plan": "列入改造计划，分步实施。", "review_on": day}
    p.act(p.holder("receiving_clerk"), "suspend", **data)
    yield minutes(p, 10, 60)
    p.approve("dispatcher", "supervisor")


def suspended(p: Player) -> Script:
    """Real, but not solvable now: on the list, and taken up before its review date."""
    yield from on_the_list(p)
    yield timedelta(days=p.draw.randint(3, 12))
    p.act(p.holder("receiving_clerk"), "resume")
    yield minutes(p, 30, 300)
    for part in (handled, checked, closed):
        yield from part(p)
