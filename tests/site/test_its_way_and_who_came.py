"""The way of a matter on its page: hops, first receiver, returns; who came when called; a rule from a decision."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import translation

from civicloop.catalogue.models import Responsibility
from civicloop.foundation import clock, ids
from civicloop.matters.models import Task
from tests import world
from tests.matters import loop
from tests.matters.test_returns_and_whistles import call, dispatched, returned, whistled
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def test_a_page_shows_every_hop_the_first_receiver_and_the_returns() -> None:
    matter = dispatched()
    page = text(signed_in("receiver").get(f"/matters/{matter}"))
    assert "可退单至" in page
    loop.act("receiver", matter, "accept")
    returned(matter)
    loop.act("clerk", matter, "dispatch", answering="s1-property")
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    way = page.split('class="hops"')[1].split("</ol>")[0]
    assert way.count("<li>") >= 3
    assert "和顺里物业" in way
    assert "首接单位" in page
    assert "其他单位接收前仍由其负责" in page
    assert "1 / 3" in page
    assert "本单位首接" in text(signed_in("receiver").get("/receiving/?tab=other"))
    loop.act("property", matter, "accept")
    assert "本单位首接" not in text(signed_in("receiver").get("/receiving/?tab=other"))
    with clock.at(world.START + timedelta(days=2)):
        assert "退单时限已过" in text(signed_in("property").get(f"/matters/{matter}"))


def test_the_way_is_told_over_http() -> None:
    matter = whistled()
    call(matter, "d1-urban")
    found = signed_in("clerk").get(f"/api/v1/matters/{matter}/passage").json()
    assert [hop["level"] for hop in found["hops"] if hop["level"]] == ["district"]
    assert found["called"][0]["unit"] == "d1-urban"
    assert found["returning"]["most"] == 3
    listed = signed_in("clerk").get("/api/v1/whistles").json()
    assert [each["unit"] for each in listed["units"]] == ["d1-urban"]
    assert signed_in("s2-clerk").get("/api/v1/whistles").json()["calls"] == []
    assert signed_in("s2-clerk").get(f"/api/v1/matters/{matter}/passage").status_code == 404


def test_units_called_say_that_they_are_there_and_the_whistler_rates_them_on_the_page() -> None:
    matter = whistled()
    call(matter, "d1-urban", "d1-power")
    number = Task.objects.get(matter_id=matter, group="arrive", unit__code="d1-urban").no
    unit = signed_in("d1-receiver")
    page = text(unit.get(f"/matters/{matter}"))
    assert "我们已到场" in page
    assert "在途" in page
    lon, lat = world.SPOT
    values = {"task": number, "act_id": str(ids.uuid7()), "lon": str(lon), "lat": str(lat), "crs": "wgs84"}
    refused = unit.post(f"/matters/{matter}/arrive", values | {"crs": "moon", "act_id": str(ids.uuid7())})
    assert refused.status_code == 422
    assert [unit.post(f"/matters/{matter}/arrive", values).status_code for _ in range(2)] == [302, 302]
    clerk = signed_in("clerk")
    page = text(clerk.get(f"/matters/{matter}"))
    assert "距现场 0 米" in page
    rating = {"task": number, "act_id": str(ids.uuid7()), "stars": "4", "note": ""}
    assert unit.post(f"/matters/{matter}/rate-part", rating).status_code == 403
    assert clerk.post(f"/matters/{matter}/rate-part", rating).status_code == 302
    assert clerk.post(f"/matters/{matter}/rate-part", rating | {"act_id": str(ids.uuid7())}).status_code == 409
    assert signed_in("s2-clerk").post(f"/matters/{matter}/rate-part", rating).status_code == 404
    listed = text(clerk.get("/whistles/"))
    assert "甲区城市管理委" in listed
    assert "4.0" in listed
    assert "甲区城市管理委" not in text(signed_in("s2-clerk").get("/whistles/"))


def test_a_designation_is_offered_as_a_rule_filled_in_and_tried_on_past_matters() -> None:
    matter = dispatched()
    for number in range(3):
        returned(matter)
        if number < 2:
            loop.act("clerk", matter, "dispatch")
    address = f"/admin/rules/from/{matter}"
    assert signed_in("supervisor").get(address).status_code == 404  # nothing is designated yet
    loop.act("supervisor", matter, "designate", answering="s1-property", reason="归物业", catalogue="物管〔2026〕1号")
    client = signed_in("supervisor")
    assert address in text(client.get(f"/matters/{matter}"))
    assert address not in text(signed_in("property").get(f"/matters/{matter}"))
    assert signed_in("property").get(address).status_code == 403
    page = text(client.get(address))
    assert 'value="s1-property"' in page
    assert 'value="990101001"' in page
    assert 'value="物管〔2026〕1号"' in page
    before = Responsibility.objects.count()
    values = {
        "period": "30", "about": "GB/T 47678.5-2026:01001", "area": "990101001", "unit": "s1-property",
        "priority": "11", "reason": "指定承办", "days": "", "do": "try",
    }  # fmt: skip
    with clock.at(world.START + timedelta(hours=1)):
        tried = client.post(address, values)
    assert tried.status_code == 200
    assert "会改派" in text(tried)
    assert Responsibility.objects.count() == before
