"""Repeated reports at one place and urgings without effect suggest an order; one press opens it, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from civicloop.foundation import clock, ids
from civicloop.matters import actions as acts
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.supervision import suggesting
from civicloop.supervision.models import Order, OrderMatter
from tests import world
from tests.matters import loop
from tests.matters.test_the_ladder import handle
from tests.supervision.orders import MONDAY, answer, handled, opened, review

DAY = timedelta(days=1)


def reports(number: int, **values: object) -> list[UUID]:
    return [loop.report(kind="01001", **values) for _each in range(number)]


def suggested(user: str = "supervisor") -> list[suggesting.Suggestion]:
    return suggesting.all_for(world.actor(user))


@pytest.mark.django_db
def test_three_reports_of_one_kind_and_place_suggest_one_order() -> None:
    with clock.at(MONDAY - 10 * DAY):
        reports(1)  # too long ago
    with clock.at(MONDAY):
        found = reports(2)
        reports(1, point=(117.04, 39.05))  # two kilometres off
        reports(3, confidentiality=1)
        assert suggested() == []
        found += reports(1)
        (only,) = suggested()
        assert (only.source, only.times, set(only.matters), only.unit.code) == ("repeated", 3, set(found), "s1-office")
        assert suggested("s2-clerk") == suggested("receiver") == suggested("d2-clerk") == []
        done = suggesting.take(world.actor("supervisor"), cause=only.cause, act_id=ids.uuid7())
        assert (done.status, done.order.source, done.order.unit.code) == (201, "repeated", "s1-office")
        assert OrderMatter.objects.filter(order=done.order).count() == 3
        assert suggested() == []
        again = suggesting.take(world.actor("leader"), cause=only.cause, act_id=ids.uuid7())
        assert (again.status, again.order.id) == (200, done.order.id)


@pytest.mark.django_db
def test_what_was_counted_for_one_order_is_not_counted_for_the_next() -> None:
    with clock.at(MONDAY):
        reports(3)
        cause = suggested()[0].cause
        order = suggesting.take(world.actor("supervisor"), cause=cause, act_id=ids.uuid7()).order
        numbers = order.demands.values_list("no", flat=True)
        answer(order, said=dict.fromkeys(numbers, "已约谈施工方"))
        review(order)
        assert suggested() == []
    with clock.at(MONDAY + DAY):
        reports(2)
        assert suggested() == []
        reports(1)
        assert [each.times for each in suggested()] == [3]


@pytest.mark.django_db
def test_urgings_without_effect_suggest_an_order_to_the_accountable_unit() -> None:
    matter = handled()
    due = handle(matter).due_at
    assert due is not None
    for day in range(3):
        with clock.at(due + day * DAY):
            assert suggested() == []
            acts.act(access.outsider("reporter", matter), acts.Act(matter, "urge", ids.uuid7()))
    with clock.at(due + 3 * DAY):
        (only,) = suggested()
        assert (only.source, only.times, only.matters, only.unit.code) == ("urging", 3, (matter,), "s1-office")
        order = suggesting.take(world.actor("supervisor"), cause=only.cause, act_id=ids.uuid7()).order
        assert suggested() == []
        review_ = order.demands.values_list("no", flat=True)
        answer(order, said=dict.fromkeys(review_, "今日到场"))
        review(order)
        assert suggested() == []  # urgings before the order do not count again


@pytest.mark.django_db
def test_nobody_takes_what_is_not_suggested_or_may_not_open() -> None:
    with clock.at(MONDAY):
        reports(3)
        cause = suggested()[0].cause
        for user, wanted in (("supervisor", "repeated:1:1"), ("supervisor", ""), ("receiver", cause), ("clerk", cause)):
            with pytest.raises(Refused) as refused:
                suggesting.take(world.actor(user), cause=wanted, act_id=ids.uuid7())
            assert refused.value.code == "not_found"
        opened()
    assert Order.objects.count() == 1


def test_two_who_press_at_once_get_the_same_order(committing: str) -> None:
    with clock.at(MONDAY):
        reports(3)
        cause = suggested()[0].cause

    def press(user: str) -> tuple[int, UUID]:
        try:
            with clock.at(MONDAY):
                done = suggesting.take(world.actor(user), cause=cause, act_id=ids.uuid7())
            return done.status, done.order.id
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(press, ["supervisor", "leader"] * 2))
    assert sorted(status for status, _id in results) == [200, 200, 200, 201]
    assert {order_id for _status, order_id in results} == set(Order.objects.values_list("id", flat=True))
    assert Order.objects.count() == 1
