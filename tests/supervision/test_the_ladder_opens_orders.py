"""The ladder of deadlines opens an order by itself, one for a matter; an order that is late has a ladder of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from civicloop.foundation import clock
from civicloop.matters import hooks, marks
from civicloop.matters.models import Entry, Matter
from civicloop.supervision import jobs, laddering
from civicloop.supervision import marks as order_marks
from civicloop.supervision.models import Order, OrderDemand, OrderStep
from tests.api.test_statements_per_request import statements
from tests.matters import loop
from tests.matters.test_the_ladder import handle, run_to
from tests.supervision.orders import MONDAY, answer, fresh, handled, opened, review

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def overdue(matter: UUID, work_days: int = 1) -> datetime:
    """The moment so many working days after the deadline of handling; within one week a calendar day each."""
    due = handle(matter).due_at
    assert due is not None
    return due + work_days * DAY


@pytest.mark.django_db
def test_a_mark_opens_an_order_to_the_unit_and_a_later_one_raises_it() -> None:
    matter = handled()
    run_to(matter, overdue(matter))
    order = Order.objects.get()
    assert (order.level, order.source, order.unit.code, order.opened_by) == ("ordinary", "ladder", "s1-office", None)
    assert (order.opened_at, order.origin["mark"], order.origin["late"]) == (overdue(matter), "over1", False)
    assert list(OrderDemand.objects.filter(order=order).order_by("no").values_list("kind", "met")) == [
        ("text", ""), ("handled", ""),
    ]  # fmt: skip
    run_to(matter, overdue(matter, 7))  # five working days over
    raised = Order.objects.get()
    assert (raised.id, raised.level, raised.due_at) == (order.id, "listed", order.due_at)
    assert OrderStep.objects.filter(order=order, doing="raise").count() == 1


@pytest.mark.django_db
def test_telling_a_mark_again_changes_nothing() -> None:
    told: list[hooks.Marked] = []
    matter = handled()
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(hooks._marks, "tests", told.extend)
        run_to(matter, overdue(matter, 7))
    before = list(OrderStep.objects.order_by("order", "no").values())
    with clock.at(overdue(matter, 7)):
        laddering.marked(told)
        assert list(OrderStep.objects.order_by("order", "no").values()) == before
        order = Order.objects.get()
        answer(order, said={1: "人手不足", 2: "两日内完成"})
        review(order)
        laddering.marked(told)  # also after it has ended
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_after_an_outage_one_order_at_the_level_that_was_reached() -> None:
    matter = handled()
    with clock.at(overdue(matter, 30)):
        while marks.fire_due():
            pass
        order = Order.objects.get()
    assert (order.level, order.origin["late"]) == ("listed", True)
    assert order.opened_at == overdue(matter, 30)  # the unit has its whole time from when it can know of it


@pytest.mark.django_db
def test_a_matter_that_has_passed_to_another_unit_gets_an_order_to_that_unit() -> None:
    matter = handled()
    run_to(matter, overdue(matter))
    first = Order.objects.get()
    Matter.objects.filter(id=matter).update(unit_id=loop.world.unit("d1-urban"))
    from civicloop.matters.models import Task

    Task.objects.filter(matter_id=matter, lead=True, state="open").update(unit_id=loop.world.unit("d1-urban"))
    run_to(matter, overdue(matter, 7))
    second = Order.objects.exclude(id=first.id).get()
    assert (fresh(first).state, second.unit.code, second.level) == ("withdrawn", "d1-urban", "listed")


@pytest.mark.django_db
def test_an_overdue_order_gets_a_red_mark_and_rises_each_step_once() -> None:
    with clock.at(MONDAY):
        order = opened()
    moments = [order.due_at - 4 * HOUR, order.due_at, order.due_at + DAY, order.due_at + 5 * DAY]
    seen = []
    for moment in moments:
        with clock.at(moment):
            while jobs.sweep():
                pass
            assert order_marks.fire_due() == 0
            row = fresh(order)
            seen.append((row.colour, row.level, row.overdue))
    assert seen == [(1, "ordinary", False), (2, "ordinary", True), (2, "listed", True), (2, "summons", True)]
    steps = OrderStep.objects.filter(order=order, doing="mark").order_by("no")
    assert [step.detail["mark"] for step in steps] == ["near", "due", "over1", "over3"]
    assert {step.account_id for step in steps} == {None}  # the unit's marks, nobody's
    assert fresh(order).mark_at is None


@pytest.mark.django_db
def test_missed_marks_of_an_order_fire_once_and_say_that_they_are_late() -> None:
    with clock.at(MONDAY):
        order = opened()
    with clock.at(order.due_at + 40 * DAY):
        fired = 0
        while found := order_marks.fire_due():
            fired += found
    assert fired == 4
    assert all(step.detail["late"] for step in OrderStep.objects.filter(order=order, doing="mark"))


@pytest.mark.django_db
def test_an_answered_order_is_marked_no_more_until_it_is_sent_back() -> None:
    with clock.at(MONDAY):
        order = opened()
        answer(order)
    with clock.at(MONDAY + 20 * DAY):
        assert order_marks.fire_due() == 0
        review(order, accepted=False)
        row = fresh(order)
    assert (row.overdue, row.colour) == (False, 0)
    assert row.due_at > MONDAY + 20 * DAY
    assert row.mark == "near"


@pytest.mark.django_db
def test_what_a_dead_worker_had_claimed_fires_when_its_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(MONDAY):
        order = opened()

    def die(*_arguments: object) -> int:
        raise SystemExit

    with clock.at(order.due_at - 4 * HOUR):
        with monkeypatch.context() as dying:
            dying.setattr(order_marks, "_try", die)
            with pytest.raises(SystemExit):
                order_marks.fire_due()
        assert order_marks.fire_due() == 0
    with clock.at(order.due_at - 4 * HOUR + order_marks.LEASE + timedelta(seconds=1)):
        assert order_marks.fire_due() == 1
    with clock.at(order.due_at - 3 * HOUR), statements() as idle:
        assert order_marks.fire_due() == 0
    assert len(idle) == 1


def test_several_sweepers_open_one_order_for_a_matter_and_fire_each_mark_once(committing: str) -> None:
    with clock.at(MONDAY):
        matters = [handled() for _each in range(6)]
        manual = [opened() for _each in range(6)]
    late = overdue(matters[0], 7)

    def work(_number: int) -> None:
        try:
            for minute in range(12):
                with clock.at(late + timedelta(minutes=minute)):
                    marks.fire_due(batch=3)
                    order_marks.fire_due(batch=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with clock.at(late + HOUR):
        while marks.fire_due() + order_marks.fire_due():
            pass
    assert Order.objects.filter(source="ladder").count() == len(matters)
    for order in manual:
        fired = OrderStep.objects.filter(order=order, doing="mark").values_list("detail__mark", flat=True)
        assert sorted(fired) == ["due", "near", "over1", "over3"]
    assert Entry.objects.filter(action="mark", result="over1").count() == len(matters)
