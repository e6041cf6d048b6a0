"""Nobody takes a demonstration for a city's own, and a city's own installation says nothing of one."""

import pytest
from django.db import connection
from django.test import Client

from civicloop.foundation import clock
from civicloop.people.access import Actor
from civicloop.people.models import Account
from civicloop.site import demonstration, homes

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


def test_a_demonstration_that_is_still_loading_says_so_before_anybody_can_sign_in():
    assert "/demo" not in page("/")
    demonstration.forget()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_load (name, wanted, done, part, share, trouble, started_at)"
            " VALUES ('demo', true, false, 'areas', 0.1, '', %s)",
            [clock.now()],
        )
    assert 'href="/demo"' in page("/")
    assert "Subdistricts, communities and grids" in page("/demo", "en")


def test_the_sign_ins_name_the_page_to_which_signing_in_leads():
    for line, (user, roles, _words) in zip(demonstration.sign_ins(), demonstration.CAST, strict=True):
        assert line["user"] == user
        assert line["home"] == homes.home_of(Actor(kind="staff", words=user, roles=roles))
    assert Client().get("/demo").status_code == 404
