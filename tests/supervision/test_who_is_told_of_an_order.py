"""Who is told of an order: the unit, its opener, superiors as the ladder says; each once, never what was written."""

from datetime import timedelta

import pytest

from civicloop.foundation import clock
from civicloop.matters.models import Matter
from civicloop.notices.models import Notice
from civicloop.supervision import marks
from tests import world
from tests.matters.test_the_ladder import handle, run_to
from tests.supervision.orders import MONDAY, answer, handled, opened, review

pytestmark = pytest.mark.django_db


def told(template: str) -> set[str]:
    """The sign-in names of those who were told."""
    from civicloop.people.models import Account

    accounts = Notice.objects.filter(template=template).values_list("account_id", flat=True)
    return set(Account.objects.filter(id__in=accounts).values_list("username", flat=True))


OFFICE = {"receiver", "worker", "head"}


def test_the_unit_hears_of_its_order_and_the_opener_of_the_answer() -> None:
    with clock.at(MONDAY):
        order = opened(text="张女士 13800000000 反映")
        assert told("order_opened") == OFFICE
        answer(order)
        assert told("order_answered") == {"supervisor"}
        review(order, accepted=False)
        assert told("order_sent_back") == OFFICE
        answer(order)
        review(order)
        assert told("order_ended") == OFFICE
    assert {notice.link for notice in Notice.objects.all()} == {f"/orders/{order.id}"}
    assert not [notice for notice in Notice.objects.all() if "13800000000" in str(notice.data)]


def test_an_overdue_order_tells_the_unit_and_its_superiors_once() -> None:
    with clock.at(MONDAY):
        order = opened()
    with clock.at(order.due_at):
        while marks.fire_due():
            pass
    assert told("order_mark") == {*OFFICE, "supervisor"}
    before = Notice.objects.count()
    with clock.at(order.due_at + timedelta(minutes=1)):
        assert marks.fire_due() == 0
    assert Notice.objects.count() == before


def test_the_ladders_order_tells_the_unit_only() -> None:
    matter = handled()
    due = handle(matter).due_at
    assert due is not None
    run_to(matter, due + timedelta(days=1))
    assert told("order_opened") == OFFICE


def test_a_unit_complained_of_is_told_nothing_more() -> None:
    matter = handled()
    with clock.at(MONDAY):
        order = opened(matter)
        before = Notice.objects.count()
        Matter.objects.filter(id=matter).update(complained_of=[world.unit("s1-office")], confidentiality=1)
    with clock.at(order.due_at + timedelta(days=9)):
        while marks.fire_due():
            pass
    later = Notice.objects.order_by("id")[before:]
    assert {notice.account_id for notice in later} <= {world.actor("supervisor").account_id}
