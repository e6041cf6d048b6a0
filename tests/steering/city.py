"""A month of the tiny city and a morning in which something of everything burns, waits, ends and came back."""

from datetime import timedelta
from uuid import UUID

from civicloop.foundation import clock
from civicloop.matters.models import Matter
from tests import world
from tests.figures import months
from tests.matters import loop
from tests.supervision import orders

FRIDAY = months.NOW - timedelta(hours=22)
MONDAY = months.NOW + timedelta(days=2)
NOW = MONDAY + timedelta(minutes=30)


def live(number: int = 16) -> None:
    """Matters of five weeks, then the morning; look at them at NOW."""
    months.live(number)
    with clock.at(FRIDAY):
        waiting = _dispatched()
        failed = _checked()
    with clock.at(FRIDAY + timedelta(hours=5, minutes=30)):
        _asked_to_return()  # to be decided within half a working day
    with clock.at(MONDAY):
        _returned()
        loop.act("receiver", waiting, "accept")
        loop.act("receiver", waiting, "split", co_units=[world.unit("s1-property")], note="请协助疏导")
        loop.report("grid", kind="06010")
        loop.act("checker", failed, "post_check", "fail", reason="仍松动")
        orders.opened(waiting)


def _dispatched() -> UUID:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition(no=4))
    loop.act("clerk", matter, "dispatch")
    return matter


def _asked_to_return() -> UUID:
    matter = _dispatched()
    loop.act("receiver", matter, "return", reason="不属于本单位职责")
    return matter


def _returned() -> None:
    matter = _asked_to_return()
    number = Matter.objects.get(id=matter).requests.get(state="open").no
    loop.act("clerk", matter, "decide", request=number, yes=True, reason="同意")


def _checked() -> UUID:
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    loop.photo(matter, "other")
    return matter
