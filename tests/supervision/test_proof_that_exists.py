"""A demand for proof that exists is answered by it, with a link; only the rest is asked of the unit."""

from datetime import timedelta

import pytest

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.supervision import demands
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order, OrderDemand
from tests.matters import loop
from tests.supervision.orders import MONDAY, WHY, answer, handled, opened

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def shown(order: Order) -> dict[str, str]:
    return {row.kind: row.met for row in OrderDemand.objects.filter(order=order)}


def test_at_the_opening_the_order_shows_which_demands_are_met_and_by_what() -> None:
    matter = handled()
    with clock.at(MONDAY + MINUTE):
        loop.photo(matter, "before")
        photo = Evidence.objects.get(matter_id=matter)
    with clock.at(MONDAY + 2 * MINUTE):
        order = opened(matter, demands=(Wanted("before"), Wanted("after"), Wanted("handled", "恢复原状"), WHY))
    assert shown(order) == {"before": "existing", "after": "", "handled": "", "text": ""}
    met = OrderDemand.objects.get(order=order, kind="before")
    assert (met.evidence_id, met.matter_id, met.met_at) == (photo.id, matter, MONDAY + 2 * MINUTE)
    whys = dict(OrderDemand.objects.filter(order=order).values_list("kind", "why"))
    assert all(whys.values())  # each says which closing condition needs it; the matter's own words where nobody wrote
    assert whys["text"] == "说明原因"


def test_only_the_rest_is_asked_and_what_comes_later_answers_by_itself() -> None:
    matter = handled()
    with clock.at(MONDAY + MINUTE):
        order = opened(matter, demands=(Wanted("after", "恢复原状"), WHY))
        with pytest.raises(Refused) as missing:
            answer(order, said={2: "配件缺货"})
        assert (missing.value.code, missing.value.extra["field"]) == ("proof_missing", "said_1")
    with clock.at(MONDAY + 2 * MINUTE):
        loop.photo(matter, "after")
        assert [row.met for row in demands.of_order(order)] == ["sent", ""]
        answer(order, said={2: "配件缺货"})
    assert shown(order) == {"after": "sent", "text": "said"}


def test_what_cannot_be_given_is_said_in_words_that_the_reviewer_judges() -> None:
    matter = handled()
    with clock.at(MONDAY + MINUTE):
        order = opened(matter, demands=(Wanted("paper", "权属证明"),))
        answer(order, said={1: "权属资料由房管部门保管，已去函调取"})
    row = OrderDemand.objects.get(order=order)
    assert (row.met, row.said) == ("said", "权属资料由房管部门保管，已去函调取")


def test_a_photo_before_the_last_failed_check_proves_nothing_any_more() -> None:
    matter = handled()
    with clock.at(MONDAY + MINUTE):
        loop.to_check(matter)
    with clock.at(MONDAY + 2 * MINUTE):
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "fail", reason="仍松动")
    with clock.at(MONDAY + 3 * MINUTE):
        order = opened(matter, demands=(Wanted("after", "恢复原状"), Wanted("handled", "恢复原状")))
    assert shown(order) == {"after": "", "handled": ""}
    with clock.at(MONDAY + 4 * MINUTE):
        loop.to_check(matter)
        assert [row.met for row in demands.of_order(order)] == ["sent", "sent"]


def test_a_matter_with_its_verified_end_answers_everything_at_once() -> None:
    matter = handled()
    with clock.at(MONDAY + MINUTE):
        loop.to_check(matter)
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "pass")
        loop.act("clerk", matter, "close")
    with clock.at(MONDAY + 2 * MINUTE):
        order = opened(matter, demands=(Wanted("after", "恢复原状"), Wanted("closed", "已核查结案")))
    assert shown(order) == {"after": "existing", "closed": "existing"}
    assert OrderDemand.objects.get(order=order, kind="closed").seq is not None
