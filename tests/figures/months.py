"""A month of the tiny city with something of everything, once for all tests of a module."""

import random
from datetime import timedelta

from civicloop.figures import folding
from civicloop.foundation import clock, ids
from civicloop.matters import actions, watching
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.people.access import ANONYMOUS
from tests import world
from tests.matters import loop

PLACES = (world.SPOT, (117.07, 39.05), (117.15, 39.05), (117.25, 39.05), world.SEA)
NOW = world.START + timedelta(days=40)


def _try(user: str, matter, action: str, outcome: str | None = None, /, **data) -> bool:  # type: ignore[no-untyped-def]
    try:
        actions.act(world.actor(user), Act(matter, action, ids.uuid7(), outcome, data))
    except Refused:
        return False
    return True


def live(number: int = 24, seed: int = 3) -> None:
    """Matters from the last five weeks up to NOW, in all states; some are folded, the last ones are not."""
    draw = random.Random(seed)
    for each in range(number):
        moment = world.START + timedelta(days=draw.random() * 36)
        with clock.at(moment):
            user = draw.choice([None, "grid", "clerk"])
            lon, lat = draw.choice(PLACES)
            new = NewMatter(
                id=ids.uuid7(), title="井盖", text="井盖缺失", lon=lon, lat=lat, crs="wgs84",
                kind=draw.choice(["01001", "06010", ""]), channel={None: "resident", "grid": "grid"}.get(user, "desk"),
                occurred_at=moment - timedelta(days=draw.choice([0, 3])),
            )  # fmt: skip
            matter = actions.report(world.actor(user) if user else ANONYMOUS, new).id
        _walk(matter, draw, moment)
        if each % 5 == 0:
            with clock.at(NOW):
                folding.round()
    with clock.at(NOW):
        watching.look()


def _walk(matter, draw: random.Random, moment) -> None:  # type: ignore[no-untyped-def]
    steps = draw.randrange(9)

    def later() -> None:
        nonlocal moment
        moment = min(moment + timedelta(hours=draw.choice([0.1, 1, 30])), NOW)

    later()
    with clock.at(moment):
        if steps == 1 and (_try("clerk", matter, "void", void_reason="test_entry") or True):
            return
        if steps == 2:
            _try("clerk", matter, "decline", not_filed_reason="not_met", reason="不符合")
            return
        if steps == 3:
            loop.photo(matter, "before")
            loop.photo(matter, "after")
            _try("grid", matter, "handle_on_spot", result="已清理")
            return
        clerk = next(
            (
                user
                for user in ("clerk", "s2-clerk", "d2-clerk")
                if _try(user, matter, "file", condition=loop.condition())
            ),
            "",
        )
    if not clerk:
        return
    for user, action, data in (
        (clerk, "dispatch", {}),
        ("receiver", "accept", {}),
        ("receiver", "assign", {"worker": "worker"}),
    ):
        later()
        with clock.at(moment):
            if not _try(user, matter, action, **data):
                return
    if steps == 4:
        return
    if steps == 5:
        with clock.at(moment):
            _try("receiver", matter, "send_back", reason="")
        return
    later()
    with clock.at(moment):
        loop.to_check(matter)
        loop.photo(matter, "other")
    later()
    with clock.at(moment):
        failed = steps == 6
        _try("checker", matter, "post_check", "fail" if failed else "pass", **({"reason": "仍松动"} if failed else {}))
        if not failed and steps > 6:
            _try("clerk", matter, "close")
