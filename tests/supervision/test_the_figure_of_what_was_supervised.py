"""督查数: a matter counts once from its first order on, whoever opened it; the timeline says so, and nobody by hand."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from civicloop.figures import ledger
from civicloop.foundation import clock, ids
from civicloop.matters import actions
from civicloop.matters.actions import Act
from civicloop.matters.models import Fact
from tests import world
from tests.matters import loop
from tests.matters.test_the_ladder import handle, run_to
from tests.supervision.orders import MONDAY, answer, handled, opened, review

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def facts(matter: UUID) -> list[tuple[datetime, int, int]]:
    rows = Fact.objects.filter(matter_id=matter, name="supervised").order_by("seq", "no")
    return [(row.at, row.unit_id, row.delta) for row in rows]


def test_a_matter_counts_once_from_the_first_order_that_a_person_opens() -> None:
    with clock.at(MONDAY):
        matter = handled()
        order = opened(matter)
        assert facts(matter) == [(MONDAY, world.unit("s1-office"), 1)]
    with clock.at(MONDAY + DAY):
        answer(order)
        review(order)
        opened(matter, title="再次督查")
        assert len(facts(matter)) == 1
        report = ledger.check()
    assert report.ok, report.differences


def test_an_order_of_the_ladder_counts_and_raising_it_does_not() -> None:
    matter = handled()
    due = handle(matter).due_at
    assert due is not None
    run_to(matter, due + DAY)
    assert facts(matter) == [(due + DAY, world.unit("s1-office"), 1)]
    run_to(matter, due + 7 * DAY)  # another mark raises the order
    assert len(facts(matter)) == 1
    with clock.at(due + 8 * DAY):
        report = ledger.check()
    assert report.ok, report.differences


def test_a_note_by_hand_makes_nothing_supervised() -> None:
    with clock.at(MONDAY):
        matter = loop.report(kind="01001")
        data = {"note": "已督办", "ordered": "20260525-0000001", "flags": ["supervised"]}
        actions.act(world.actor("supervisor"), Act(matter, "note", ids.uuid7(), data=data))
        assert facts(matter) == []
