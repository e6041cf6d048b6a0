"""The page on which the system administrator sets how long steps may take, for the city or a district."""

import pytest
from django.test import Client

from civicloop.people.models import Account
from civicloop.records import settings
from civicloop.records.models import Setting

pytestmark = pytest.mark.django_db
CODE = "limits.grid-event.acceptance"


def at(user: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Account.objects.get(username=user))
    return client


def put(client: Client, area: str, **values: str) -> int:
    return client.post("/admin/limits/grid-event", {"area": area} | values).status_code


def test_a_number_of_a_district_is_set_seen_and_taken_back() -> None:
    client = at("system")
    page = client.get("/admin/limits/?area=990101").content.decode()
    assert "Procedure: 15 minutes" in page
    assert "甲区" in page
    assert put(client, "990101", **{CODE: "0.2 urgent_hour"}) == 302
    settings.forget()
    assert Setting.objects.get(code=CODE).scope == "district:990101"
    assert 'value="0.2 urgent_hour"' in client.get("/admin/limits/?area=990101").content.decode()
    assert 'value="0.2 urgent_hour"' not in client.get("/admin/limits/").content.decode()
    assert put(client, "990101", **{CODE: ""}) == 302
    assert Setting.objects.filter(code=CODE).latest("version").value is None


def test_a_refused_number_stays_typed_and_nothing_is_set() -> None:
    client = at("system")
    answer = client.post(
        "/admin/limits/grid-event",
        {"area": "990101", CODE: "3 urgent_hour", "limits.grid-event.field": "0.1 urgent_hour"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "A district may be stricter than the city, not laxer." in text
    assert 'value="3 urgent_hour"' in text
    assert not Setting.objects.filter(code__startswith="limits.").exists()


def test_others_see_nothing_or_only_look() -> None:
    assert at("clerk").get("/admin/limits/").status_code == 403
    assert "<button" in at("audit").get("/admin/limits/").content.decode()
    assert 'name="limits.grid-event.acceptance"' in at("audit").get("/admin/limits/").content.decode()
    assert put(at("audit"), "", **{CODE: "0.1 urgent_hour"}) == 403
    assert not Setting.objects.filter(code=CODE).exists()
