"""A report about a child under 14 or somebody's health is confidential from its first row (个保法 art. 28 to 31)."""

import pytest
from django.test import Client

from civicloop.foundation import ids
from civicloop.matters.models import Matter
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
PLACE = {"lon": "117.02", "lat": "39.05", "crs": "wgs84", "address": "和平路 1 号门口"}


@pytest.mark.parametrize(("marked", "confidentiality"), [({"sensitive": "on"}, 1), ({}, 0)])
def test_the_mark_makes_it_confidential(marked: dict[str, str], confidentiality: int) -> None:
    answer = Client().post("/report", {"id": str(ids.uuid7()), "text": "小区里有孩子独自在家", **PLACE, **marked})
    assert answer.status_code == 201
    matter = Matter.objects.get()
    assert matter.confidentiality == confidentiality
    # who has to deal with it sees it, a post of the place without clearance does not
    assert signed_in("clerk").get(f"/matters/{matter.id}").status_code == 200
    assert signed_in("leader").get(f"/matters/{matter.id}").status_code == (404 if confidentiality else 200)


def test_both_forms_ask_for_it_in_words() -> None:
    assert "未满十四周岁" in text(Client().get("/report"))
    assert "未满十四周岁" in text(signed_in("grid").get("/field/report"))
