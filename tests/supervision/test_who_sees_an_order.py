"""Orders are seen in the area and by the unit; nobody learns through an order of a complaint about the own unit."""

from datetime import timedelta

import pytest

from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.supervision import selectors
from civicloop.supervision.models import Order
from civicloop.supervision.selectors import Filters
from tests import world
from tests.api.test_statements_per_request import statements
from tests.matters import loop
from tests.matters.test_the_ladder import handle, run_to
from tests.supervision.orders import MONDAY, answer, handled, opened

pytestmark = pytest.mark.django_db


def seen(user: str) -> set[Order]:
    actor = world.actor(user)
    listed = set(selectors.orders(actor, Filters()).rows)
    for order in Order.objects.all():  # alone and in lists the same
        if order in listed:
            assert selectors.seen_by(actor, order.id) == order
        else:
            with pytest.raises(Refused, match="没有这件督办"):
                selectors.seen_by(actor, order.id)
    return listed


def test_the_area_and_the_unit_see_it_and_others_see_nothing() -> None:
    matter = handled()
    with clock.at(MONDAY):
        order = opened(matter)
        for user in ("supervisor", "leader", "clerk", "receiver", "worker", "head", "d1-dispatcher", "audit"):
            assert seen(user) == {order}, user
        for user in ("s2-clerk", "d2-clerk", "property", "d1-receiver", "grid", "system", "security", "channel"):
            assert seen(user) == set(), user


def test_a_confidential_matter_shows_its_order_only_to_the_unit_and_the_cleared() -> None:
    with clock.at(MONDAY):
        matter = loop.report(kind="01001", confidentiality=1)
        Matter.objects.filter(id=matter).update(unit_id=world.unit("s1-office"))
        from civicloop.matters.models import Task

        Task.objects.filter(matter_id=matter, lead=True).update(unit_id=world.unit("s1-office"))
        with pytest.raises(Refused) as hidden:
            opened(matter)  # the supervisor is not cleared for it
        assert hidden.value.code == "not_found"
        from civicloop.people.models import Post

        Post.objects.filter(code="supervisor-post").update(confidentiality=1)
        order = opened(matter)
        assert seen("supervisor") == seen("receiver") == {order}
        assert seen("leader") == seen("clerk") == set()


def test_the_unit_complained_of_learns_nothing_of_the_order() -> None:
    with clock.at(MONDAY):
        matter = loop.report(kind="01001", confidentiality=1, complained_of=("s1-office",))
    row = Matter.objects.get(id=matter)
    from civicloop.matters.models import Clock

    due = Clock.objects.filter(matter_id=matter).latest("due_at").due_at
    assert due is not None
    Clock.objects.filter(matter_id=matter).update(name="handle")  # its ladder asks for orders
    with clock.at(MONDAY):
        from civicloop.people.models import Post

        Post.objects.filter(code="supervisor-post").update(confidentiality=1)
        with pytest.raises(Refused) as given_to_it:
            opened(matter)
        order = opened(matter, unit=row.unit.code) if row.unit.code != "d1-centre" else opened(matter, unit="d1-urban")
    assert given_to_it.value.code == "complained_of"
    for user in ("head", "receiver", "worker"):
        assert seen(user) == set(), user
        with pytest.raises(Refused) as hidden:
            answer(order, by=user)
        assert hidden.value.code == "not_found"
    assert seen("supervisor") == {order}


def test_a_complaint_that_names_the_unit_later_takes_the_order_out_of_its_sight() -> None:
    matter = handled()
    with clock.at(MONDAY):
        order = opened(matter)
        assert seen("head") == {order}
        Matter.objects.filter(id=matter).update(complained_of=[world.unit("s1-office")])
        assert seen("head") == set()


def test_the_ladders_order_lies_in_the_place_of_the_matter() -> None:
    matter = handled()
    due = handle(matter).due_at
    assert due is not None
    run_to(matter, due + timedelta(days=1))
    with clock.at(due + timedelta(days=1)):
        order = Order.objects.get()
        assert seen("clerk") == seen("receiver") == {order}
        assert seen("s2-clerk") == seen("d2-clerk") == set()


def test_filters_and_pages_keep_their_bounds() -> None:
    with clock.at(MONDAY):
        made = [opened(title=f"第{number}件") for number in range(5)]
        answer(made[0])
        other = opened(unit="d1-urban", source="instruction", paper="纪要1号", level="listed")
        supervisor = world.actor("supervisor")

        def found(**values: object) -> list[Order]:
            return selectors.orders(supervisor, Filters(**values)).rows  # type: ignore[arg-type]

        assert found(unit_id=world.unit("d1-urban")) == found(level="listed") == found(source="instruction") == [other]
        assert found(state="answered") == [made[0]]
        assert len(found(state="unended")) == 6
        assert found(due="overdue") == []
        first = selectors.orders(supervisor, Filters(), limit=4)
        rest = selectors.orders(supervisor, Filters(), limit=4, after=str(first.next))
        assert {*first.rows, *rest.rows} == {*made, other}
        assert (len(first.rows), len(rest.rows), rest.next) == (4, 2, None)
        assert len(selectors.orders(supervisor, Filters(), limit=100_000).rows) == 6
        with pytest.raises(Refused) as no_key:
            selectors.orders(supervisor, Filters(), after="page 2")
        assert no_key.value.code == "no_key"
        assert [each.open for each in selectors.cards(supervisor)] == [5, 1]
        with statements() as counted:
            selectors.orders(supervisor, Filters())
        assert len(counted) == 1
    with clock.at(max(each.due_at for each in made) + timedelta(days=20)):
        assert len(found(due="overdue")) == 5  # the answered one waits for somebody else
        assert [row.id for row in selectors.to_unit(world.actor("head"))] == sorted(each.id for each in made[1:])
