"""What was written in an order goes with the texts of the matter that it pushes; number and history stay."""

from datetime import timedelta

import pytest

from civicloop.foundation import clock
from civicloop.matters import erasure
from civicloop.matters.choices import ErasureRule
from civicloop.records.models import AuditEntry
from civicloop.supervision import jobs
from civicloop.supervision.models import OrderDemand, OrderStep
from tests import world
from tests.matters.test_erasure_by_schedule import LATER, ended
from tests.supervision.orders import MONDAY, answer, fresh, opened, review

pytestmark = pytest.mark.django_db


def test_a_list_of_texts_destroys_the_words_of_the_orders() -> None:
    matter = ended()
    with clock.at(world.START + timedelta(days=1)):
        order, other = opened(matter), opened()
        for each in (order, other):
            answer(each)
            review(each)
    with clock.at(LATER):
        row = erasure.propose(world.actor("security"), rule=ErasureRule.TEXTS)
        erasure.decide(world.actor("audit"), list_id=row.id, yes=True, reason="")
        erasure.carry_out()
        assert erasure.carry_out() == 0
    gone = fresh(order)
    assert (gone.title, gone.text, gone.state) == (gone.number, "", "written_off")
    assert set(OrderStep.objects.filter(order=order).values_list("text", "fingerprint")) == {("", b"")}
    assert set(OrderDemand.objects.filter(order=order).values_list("said", "why", "met")) == {("", "", "said")}
    assert AuditEntry.objects.filter(action="order.erase", object=order.number).count() == 1
    assert fresh(other).text


def test_an_order_without_a_matter_goes_after_the_same_period() -> None:
    with clock.at(MONDAY):
        order, open_ = opened(), opened()
        answer(order)
        review(order)
    with clock.at(MONDAY + timedelta(days=300)):
        assert jobs.forget_old() == 0
    with clock.at(LATER + timedelta(days=400)):
        assert jobs.forget_old() == 1
        assert jobs.forget_old() == 0
    assert fresh(order).text == ""
    assert fresh(open_).text
