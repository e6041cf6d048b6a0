"""Signing in with a password, acting in one of several posts, and what ends it."""

from typing import Any

import pytest
from django.test import Client

from civicloop.people import access, actions
from civicloop.people.models import Account, Holding, Post
from civicloop.records.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def tried(browser: Client, user: str, password: str = world.PASSWORD) -> Any:
    return browser.post("/sign-in", {"username": user, "password": password})


def outcomes() -> list[tuple[str, str]]:
    found = AuditEntry.objects.filter(action="sign_in").order_by("id")
    return list(found.values_list("words", "outcome"))


def test_the_right_password_leads_to_the_own_desk() -> None:
    browser = Client()
    answer = tried(browser, "clerk")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert browser.get("/desk/").status_code == 200
    assert outcomes() == [("clerk", "done")]


@pytest.mark.parametrize(
    ("user", "password"),
    [("clerk", "a wrong password"), ("nobody", world.PASSWORD), ("worker", world.PASSWORD), ("worker", "!")],
)
def test_a_wrong_password_name_or_an_account_without_one_is_refused(user: str, password: str) -> None:
    browser = Client()
    answer = tried(browser, user, password)
    assert answer.status_code == 422
    assert "登录名或密码不正确" in answer.content.decode()
    assert browser.get("/desk/")["Location"].startswith("/sign-in")
    # a name that nobody has may be a password in the wrong field: it is not kept
    assert outcomes() == [("?" if user == "nobody" else user, "refused")]


def test_a_closed_account_is_refused_and_its_session_ends() -> None:
    browser = Client()
    tried(browser, "clerk")
    Account.objects.filter(username="clerk").update(is_active=False)
    assert browser.get("/desk/").status_code in {302, 403}
    assert tried(Client(), "clerk").status_code == 422


def test_many_wrong_tries_have_to_wait_even_with_the_right_password() -> None:
    for _try in range(5):
        assert tried(Client(), "clerk", "a wrong password").status_code == 422
    assert tried(Client(), "clerk").status_code == 422
    assert outcomes() == [("clerk", "refused")] * 5
    assert tried(Client(), "grid").status_code == 302  # another name has tries of its own


def test_a_new_password_ends_the_sessions_of_the_former_one() -> None:
    browser = Client()
    tried(browser, "clerk")
    actions.set_password(
        access.system("tests"), account_id=Account.objects.get(username="clerk").pk, password="another password"
    )
    assert browser.get("/desk/")["Location"].startswith("/sign-in")
    assert tried(Client(), "clerk").status_code == 422
    assert tried(Client(), "clerk", "another password").status_code == 302


def test_who_holds_several_posts_acts_in_one_at_a_time() -> None:
    account, post = Account.objects.get(username="clerk"), Post.objects.get(code="security-post")
    holding = actions.hold(access.system("tests"), account_id=account.pk, post_id=post.pk)
    browser = Client()
    tried(browser, "clerk")
    assert (browser.get("/desk/").status_code, browser.get("/admin/posts/").status_code) == (200, 403)
    assert browser.post("/post", {"post": str(post.pk)}).status_code == 302
    assert (browser.get("/desk/").status_code, browser.get("/admin/posts/").status_code) == (403, 200)
    actions.release(access.system("tests"), holding_id=holding.id)
    assert (browser.get("/desk/").status_code, browser.get("/admin/posts/").status_code) == (200, 403)


def test_nobody_acts_in_a_post_of_somebody_else() -> None:
    browser = Client()
    tried(browser, "clerk")
    browser.post("/post", {"post": str(Post.objects.get(code="security-post").pk)})
    assert browser.get("/admin/posts/").status_code == 403


def test_who_holds_no_post_any_more_may_do_nothing() -> None:
    browser = Client()
    tried(browser, "clerk")
    actions.release(access.system("tests"), holding_id=Holding.objects.get(account__username="clerk").id)
    assert browser.get("/desk/").status_code == 403


def test_signing_out_ends_it() -> None:
    browser = Client()
    tried(browser, "clerk")
    assert browser.post("/sign-out").status_code == 302
    assert browser.get("/desk/")["Location"].startswith("/sign-in")
