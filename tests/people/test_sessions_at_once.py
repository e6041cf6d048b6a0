"""How many sessions an account has at once, who ends them, and that an ended one opens nothing."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from civicloop.foundation import throttle
from civicloop.people import access, actions, oidc, sessions
from civicloop.people.models import Account, OutsideIdentity
from civicloop.records import actions as records
from civicloop.records import settings
from civicloop.records.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def chinese() -> Any:
    with translation.override("zh-hans"):
        yield


def signed_in(user: str = "clerk") -> Client:
    """Through the page, as a person signs in."""
    throttle.forget_all()
    browser = Client()
    answer = browser.post("/sign-in", {"username": user, "password": world.PASSWORD})
    assert answer.status_code == 302, answer.content.decode()[:500]
    return browser


def most(number: int) -> None:
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code="sign_in.most_sessions", value=number)
    settings.forget()


def inside(browser: Client) -> bool:
    return browser.get("/desk/").status_code == 200


def test_the_oldest_session_ends_for_one_too_many() -> None:
    most(2)
    first, second = signed_in(), signed_in()
    assert inside(first)
    third = signed_in()
    assert not inside(first)
    assert inside(second)
    assert inside(third)
    assert "这次登录已结束" in first.get("/sign-in").content.decode()
    assert first.get("/api/v1/matters").status_code == 401
    line = AuditEntry.objects.get(action="session.pushed_out")
    assert (line.account_id, line.detail) == (Account.objects.get(username="clerk").pk, {"sessions": 1})
    signed_in("grid")  # another account counts by itself
    assert inside(second)


def test_who_signs_out_leaves_room() -> None:
    most(2)
    first, second = signed_in(), signed_in()
    second.post("/sign-out")
    third = signed_in()
    assert inside(first)
    assert inside(third)
    assert not inside(second)


def test_signing_out_everywhere_else() -> None:
    here, elsewhere = signed_in(), signed_in()
    other = signed_in("grid")
    assert "2" in here.get("/security/").content.decode()
    answer = here.post("/security/sessions", follow=True)
    assert "已结束另外 1 处登录" in answer.content.decode()
    assert inside(here)
    assert not inside(elsewhere)
    assert other.get("/field/").status_code == 200
    assert AuditEntry.objects.get(action="session.end_others").detail == {"sessions": 1}
    assert here.get("/security/sessions").status_code == 405
    assert Client().post("/security/sessions").status_code == 302


def test_a_new_password_and_an_ended_link_end_what_is_open() -> None:
    account = Account.objects.get(username="clerk")
    browser = signed_in()
    link = OutsideIdentity.objects.create(
        account=account, issuer="https://id.example", subject="7", linked_at=account.created_at
    )
    oidc.unlink(world.actor("security"), identity_id=link.pk)
    assert not inside(browser)
    browser = signed_in()
    actions.set_password(access.system("tests"), account_id=account.pk, password="another long password")
    assert not inside(browser)


def test_a_session_costs_no_statement_of_its_own(django_assert_max_num_queries: Any) -> None:
    browser = signed_in()
    browser.get("/track")
    with django_assert_max_num_queries(3):  # the session, the account, its posts
        browser.get("/track")


def test_marks_open_nothing_and_old_sessions_go_on_until_they_are_too_old() -> None:
    account = Account.objects.get(username="clerk")
    mark = sessions.begin(account)
    assert len(mark) == 16
    assert not inside(Client(headers={"Cookie": f"sessionid={mark}"}))
    browser = Client()
    browser.force_login(account)  # no mark, as before there were any
    assert inside(browser)
