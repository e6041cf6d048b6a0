"""What waits at the desks of those who sign in to look: each finds something of their own to do."""

from collections.abc import Callable
from datetime import timedelta

from civicloop.foundation import clock
from civicloop.ops.demo.player import Player
from civicloop.ops.demo.scripts import Scenario, Script, begin, file, minutes, unit_of

LONG = timedelta(days=1)  # longer than anything of the replay that comes after


def waits(*parts: Callable[[Player], Script]) -> Scenario:
    """A scenario that plays its parts and then leaves the matter to whoever signs in."""

    def script(p: Player) -> Script:
        for part in parts:
            yield from part(p)
        yield LONG

    return script


def reported(p: Player) -> Script:
    begin(p)
    yield minutes(p, 1, 2)


def filed(p: Player) -> Script:
    code = begin(p)
    yield minutes(p, 1, 2)
    file(p, code)
    yield minutes(p, 1, 2)


def asked_to_look(p: Player) -> Script:
    """The grid worker is asked whether it is so."""
    p.act(p.holder("acceptance_clerk"), "send_pre_verify")
    yield minutes(p, 1, 2)


def passed_up(p: Player) -> Script:
    """The district is to dispatch it."""
    note = "涉及地下管线，街道没有抢修权限，请区级派遣。"
    p.act(p.holder("dispatcher"), "escalate", up_reason="no_authority", note=note)
    yield minutes(p, 1, 2)


def dispatched(p: Player) -> Script:
    """To the subdistrict's own office."""
    p.act(p.holder("dispatcher"), "dispatch", answering=unit_of(p, "office", "subdistrict"))
    yield minutes(p, 1, 3)


def accepted(p: Player) -> Script:
    p.act(p.holder("receiving_clerk"), "accept")
    yield minutes(p, 1, 3)


def assigned(p: Player) -> Script:
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 10, 20)


def handled(p: Player) -> Script:
    worker = p.holder("unit_worker")
    p.photo("after", worker)
    p.act(worker, "handle", result=p.pick("done"))
    yield minutes(p, 1, 2)


def fed_back(p: Player) -> Script:
    p.act(p.holder("receiving_clerk"), "feed_back")
    yield minutes(p, 1, 2)


def extension_asked(p: Player) -> Script:
    """More time is asked of the head of the unit."""
    p.act(p.holder("receiving_clerk"), "request_extension", reason=p.pick("extend"))
    yield minutes(p, 1, 2)


def suspension_asked(p: Player) -> Script:
    """The dispatcher has approved; the supervisor has the last word."""
    day = (clock.now() + timedelta(days=p.draw.randint(20, 90))).date().isoformat()
    data = {"reason": p.pick("suspend"), "plan": "列入改造计划，分步实施。", "review_on": day}
    p.act(p.holder("receiving_clerk"), "suspend", **data)
    yield minutes(p, 1, 2)
    p.approve("dispatcher")
    yield minutes(p, 1, 2)


def returned_thrice(p: Player) -> Script:
    """Nobody's: the supervisor designates who does it."""
    for number in range(3):
        p.act(p.holder("receiving_clerk"), "return", reason=p.pick("return"))
        yield minutes(p, 1, 2)
        p.approve("dispatcher")
        yield minutes(p, 1, 2)
        if number < 2:
            yield from dispatched(p)


def forced_close_asked(p: Player) -> Script:
    """The supervisor asks to close by force; the leader decides."""
    p.act(p.holder("supervisor"), "force_close", reason="该处已列入征收范围，建筑已腾空封闭，无处置对象。")
    yield minutes(p, 1, 2)


AT_OFFICE = (filed, dispatched)
AT_WORK = (*AT_OFFICE, accepted, assigned)
# (what waits, in whose area among those of the sign-ins, how many minutes ago it was reported at most): the half of
# them is enough for all its parts
WAITING: tuple[tuple[Scenario, str, int], ...] = (
    *((waits(reported), "subdistrict", 12),) * 4,
    *((waits(filed), "subdistrict", 12),) * 2,
    *((waits(*AT_OFFICE), "subdistrict", 25),) * 2,
    (waits(*AT_OFFICE, accepted), "subdistrict", 30),
    *((waits(*AT_OFFICE, accepted, assigned), "subdistrict", 70),) * 2,
    (waits(*AT_WORK, handled), "subdistrict", 70),
    *((waits(*AT_WORK, handled, fed_back), "subdistrict", 75),) * 2,
    *((waits(reported, asked_to_look), "community", 15),) * 2,
    *((waits(filed, passed_up), "subdistrict", 15),) * 2,
    (waits(*AT_OFFICE, accepted, extension_asked), "subdistrict", 40),
    (waits(*AT_WORK, suspension_asked), "subdistrict", 80),
    (waits(*AT_OFFICE, returned_thrice), "subdistrict", 70),
    (waits(*AT_OFFICE, forced_close_asked), "subdistrict", 40),
)
