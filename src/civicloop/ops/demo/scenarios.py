"""Which scripts are played, and how often each."""

from functools import partial
from typing import Any

from civicloop.ops.demo import deadlines, scripts
from civicloop.ops.demo.scripts import Scenario

OTHER_ENDS = (scripts.withdrawn, scripts.given_up, scripts.never_solved)

# (scenario, weight)
SCENARIOS: tuple[tuple[Scenario, int], ...] = (
    (scripts.plain, 30), (scripts.on_the_spot, 24), (scripts.rework, 4), (scripts.rework_decided, 2),
    (scripts.returned, 3), (scripts.returned_thrice, 1), (scripts.passed_up, 5), (scripts.ended_early, 5),
    (scripts.emergency, 2), (deadlines.extended, 2), (deadlines.suspended, 1), (deadlines.on_the_list, 1),
    (scripts.asked, 2), (scripts.shared, 2), (deadlines.extended_twice, 1), (deadlines.slow, 3),
    (deadlines.appealed, 2), (deadlines.reclassified, 2), (deadlines.reassigned, 1), (deadlines.taken_back, 1),
    (scripts.explained, 2), (scripts.enforced, 2), (scripts.forced, 1), (scripts.reopened, 2), (scripts.unseen, 2),
    (scripts.visit, 12), (scripts.visit_reopened, 1), (scripts.service, 7), (scripts.revoked, 1),
    *((partial(way, kind=kind), 1) for kind in scripts.BEGINNINGS for way in OTHER_ENDS),
)  # fmt: skip


def scenario(draw: Any) -> Scenario:
    """One scenario by weight."""
    chosen: Scenario = draw.choices([s for s, _w in SCENARIOS], [w for _s, w in SCENARIOS])[0]
    return chosen
