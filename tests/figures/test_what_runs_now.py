"""What runs at a moment: by the minute, whether folded or not, and the same by hand from the standings."""

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from civicloop.figures import folding, reading, selectors
from civicloop.foundation import clock
from civicloop.matters import counting
from civicloop.matters.models import Matter
from civicloop.records import days
from tests import world
from tests.figures import months

pytestmark = pytest.mark.django_db


def by_hand(now: datetime) -> Counter[tuple[str, str]]:
    """(clock, overdue or today or later) → limits that run, from the standing of every matter."""
    midnight = days.bounds(days.day_of(now))[1]
    found: Counter[tuple[str, str]] = Counter()
    for standing in Matter.objects.values_list("standing", flat=True):
        if int(standing["visibility"]) > reading.STAFF:
            continue
        for name, detail, at, _unit, _kind in counting.cells(standing):
            if name in {"due", "done", "again"}:
                due = datetime.fromisoformat(at)
                when = "overdue" if due < now else "today" if due < midnight else "later"
                found[detail.partition(":")[0], when] += -1 if name == "done" else 1
    return Counter({key: n for key, n in found.items() if n})


def by_page(user: str, area: str = "") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in selectors.running(world.actor(user), area):
        for name, each in row.clocks.items():
            found += Counter(
                {(name, "overdue"): each.overdue, (name, "today"): each.today, (name, "later"): each.later}
            )
    return found


def test_what_is_overdue_is_exact_at_any_moment() -> None:
    months.live(12, seed=8)
    draw = random.Random(2)
    dues = sorted(
        {datetime.fromisoformat(at) for standing in Matter.objects.values_list("standing", flat=True)
         for name, _detail, at, _unit, _kind in counting.cells(standing) if name == "due"}
    )  # fmt: skip
    near = [due + timedelta(seconds=by) for due in draw.sample(dues, 6) for by in (-1, 0, 1)]
    told = set()
    for moment in [*near, months.NOW, months.NOW + timedelta(minutes=29)]:
        with clock.at(moment):
            assert by_page("audit") == by_hand(moment)
            told.add(str(sorted(by_page("audit").items())))
    assert len(told) > 6  # the minute matters
    with clock.at(months.NOW):
        folding.round()
    for moment in near:
        with clock.at(moment):
            assert by_page("audit") == by_hand(moment)
            inside = by_page("leader", "990101")
            assert inside == by_page("leader")
            assert all(n <= by_page("audit")[key] for key, n in inside.items())
