"""Kinds over the API, for everybody."""

import json

import pytest
from django.utils import translation

from civicloop.catalogue import api

pytestmark = pytest.mark.django_db


def page(client, **query: object) -> dict:
    from urllib.parse import urlencode

    response = client.get(f"/kinds?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return json.loads(response.content)


@pytest.fixture
def client_of_router(loaded):
    from ninja import Router
    from ninja.testing import TestClient

    copy = Router()  # a router belongs to one API only; the product's own is taken
    copy.get("/kinds", response=api.KindsOut, by_alias=True, auth=None)(api.kinds)
    return TestClient(copy)


def test_pages_of_kinds_hold_every_kind_once(client_of_router):
    seen: list[int] = []
    after: dict[str, object] = {}
    while True:
        found = page(client_of_router, limit=100, **after)
        seen += [item["id"] for item in found["items"]]
        if found["next"] is None:
            break
        after = {"after": found["next"]}
    assert len(seen) == len(set(seen)) == 403 + 26


def test_a_default_limit_says_that_it_is_not_from_the_standard(client_of_router):
    with translation.override("zh-hans"):
        (item,) = page(client_of_router, q="01037", family="matter")["items"]
    (condition,) = item["conditions"]
    assert (condition["source"], condition["source_words"]) == ("default", "默认值，非标准规定")
    assert (condition["condition"], condition["limit_words"]) == ("—", "2 工作日")
    assert (item["class"], item["name"], item["name_source"]) == ("01", "路灯异常", "ours")


def test_words_family_and_class_narrow_the_list(client_of_router):
    assert [item["code"] for item in page(client_of_router, q="noise nuisance")["items"]] == ["06028"]
    assert [item["code"] for item in page(client_of_router, q="井盖 供水", family="component")["items"]] == ["01001"]
    assert {item["code"][:2] for item in page(client_of_router, **{"class": "09"})["items"]} == {"09"}
    assert page(client_of_router, q="no such thing")["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=5000", "after=x", f"q={'x' * 61}"])
def test_what_cannot_be_asked_is_refused(client_of_router, query):
    assert client_of_router.get(f"/kinds?{query}").status_code == 422


def test_a_page_after_an_unknown_kind_is_not_found(client_of_router):
    assert client_of_router.get("/kinds?after=987654321").status_code == 404
