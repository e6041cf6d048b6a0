"""Most conditions of a city are defaults without closing words: every page shows them all the same."""

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.matters import actions
from civicloop.people.models import Account
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("user", "address"),
    [
        ("receiver", "/matters/{id}"), ("receiver", "/matters/{id}/order"), ("receiver", "/receiving/"),
        ("clerk", "/matters/{id}"), ("clerk", "/desk/?matter={id}"), ("checker", "/checks/{id}"),
        ("checker", "/matters/{id}"), ("grid", "/field/{id}"),
    ],
)  # fmt: skip
def test_pages_of_a_matter_filed_under_a_default_condition(user: str, address: str) -> None:
    with clock.at(world.START):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition("01001", 2))
        loop.act("clerk", matter, "dispatch")
        browser = Client()
        browser.force_login(Account.objects.get(username=user))
        for language in ("zh-hans", "en"):
            answer = browser.get(address.format(id=matter), headers={"Accept-Language": language})
            assert answer.status_code in {200, 404}, answer.content.decode()[:300]
            assert "Traceback" not in answer.content.decode()


def test_its_receipt_and_clocks_are_answered() -> None:
    with clock.at(world.START):
        new = actions.NewMatter(id=ids.uuid7(), text="井盖缺失", kind="01001", lon=117.02, lat=39.05, crs="wgs84")
        from civicloop.people.access import ANONYMOUS

        made = actions.report(ANONYMOUS, new)
        loop.act("clerk", made.id, "file", condition=loop.condition("01001", 2))
        answer = Client().get(f"/api/v1/receipts/{made.number}", headers={"X-Check-Code": made.check_code})
        assert answer.status_code == 200
        status = Client().post("/track", {"number": made.number, "code": made.check_code}, follow=True)
        assert status.status_code == 200
