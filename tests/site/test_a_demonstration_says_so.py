"""Nobody takes a demonstration for a city's own, and a city's own installation says nothing of one."""

import pytest
from django.test import Client

from civicloop.people.models import Account
from civicloop.site import demonstration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _looks_anew():
    demonstration.forget()
    yield
    demonstration.forget()


def page(path: str, language: str = "zh-hans", user: str = "") -> str:
    client = Client()
    if user:
        client.force_login(Account.objects.get(username=user))
    return client.get(path, headers={"Accept-Language": language}).content.decode()


def test_a_citys_own_installation_has_no_sign_ins_to_show():
    assert "/demo" not in page("/")
    assert Client().get("/demo").status_code == 404


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "演示数据"), ("en", "Demonstration:")])
def test_every_page_of_a_demonstration_says_so_and_leads_to_its_sign_ins(language: str, words: str):
    Account.objects.filter(username="clerk").update(demonstration=True)
    for path, user in (("/", ""), ("/report", ""), ("/desk/", "clerk"), ("/field/", "grid"), ("/sign-in", "")):
        shown = page(path, language, user)
        assert words in shown, path
        assert 'href="/demo"' in shown
    assert Client().get("/demo").status_code == 200
