"""A security administrator makes a token, sees it once, sees when it was last used, and ends it."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from civicloop.foundation import caches, clock
from civicloop.people import tokens
from civicloop.people.models import Account, ApiToken
from civicloop.people.selectors import token_hash
from civicloop.records.models import AuditEntry
from tests import world
from tests.api.calls import Caller

pytestmark = pytest.mark.django_db
ASKED = {
    "name": "12345 热线对接", "username": "clerk", "post": "clerk-post", "scopes": ["matters.list"],
    "last_day": "2026-03-05",
}  # fmt: skip


def browser_of(user: str = "security") -> Client:
    browser = Client()
    browser.force_login(Account.objects.get(username=user))
    return browser


def made(browser: Client, **values: object) -> str:
    answer = browser.post("/admin/tokens/", ASKED | values)
    assert answer.status_code == 201, answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    return re.findall(r"cl_[\w-]{43}", answer.content.decode())[0]


def asks(token: str) -> int:
    return Client().get("/api/v1/matters", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    browser = browser_of()
    token = made(browser)
    page = browser.get("/admin/tokens/").content.decode()
    assert token not in page
    assert "12345 热线对接" in page
    row = ApiToken.objects.get(hash=token_hash(token))
    assert (row.scopes, row.account.username, row.post.code) == (["matters.list"], "clerk", "clerk-post")
    assert asks(token) == 200
    assert AuditEntry.objects.filter(action="token.create", words="security").count() == 1


def test_it_ends_with_its_last_day() -> None:
    token = made(browser_of())
    with clock.at(world.START + timedelta(days=3, hours=14)):  # 5 March, 23:00
        assert asks(token) == 200
    with clock.at(world.START + timedelta(days=3, hours=15)):
        assert asks(token) == 401
        assert not tokens.in_force().filter(hash=token_hash(token)).exists()


def test_it_does_only_what_was_chosen() -> None:
    token = made(browser_of(), scopes=["matters.report"], acts="file dispatch")
    assert ApiToken.objects.get(hash=token_hash(token)).scopes == ["matters.report", "file", "dispatch"]
    assert Caller(token=token).report().status_code == 201
    assert Caller(token=made(browser_of())).report().status_code == 403


def test_the_administrator_ends_it_at_once() -> None:
    browser = browser_of()
    token = made(browser)
    row = ApiToken.objects.get(hash=token_hash(token))
    assert browser_of("system").post(f"/admin/tokens/{row.pk}/revoke").status_code == 403
    assert asks(token) == 200
    assert browser.post(f"/admin/tokens/{row.pk}/revoke").status_code == 302
    assert asks(token) == 401
    assert AuditEntry.objects.filter(action="token.revoke", words="security").count() == 1
    assert browser.post("/admin/tokens/999999999/revoke").status_code == 404


def test_its_last_use_is_noted_without_a_statement_for_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    token = made(browser_of())
    row = ApiToken.objects.get(hash=token_hash(token))
    caches.forget_all()
    monkeypatch.setattr(tokens, "EVERY", 3600.0)
    assert asks(token) == 200
    row.refresh_from_db()
    assert row.last_used_at is None
    monkeypatch.setattr(tokens, "EVERY", 0.0)
    with clock.at(world.START + timedelta(minutes=5)):
        assert asks(token) == 200
    row.refresh_from_db()
    assert row.last_used_at == world.START + timedelta(minutes=5)
    assert asks("cl_wrong") == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_day": "2026-03-01"}, {"last_day": "2028-03-01"}, {"last_day": ""}, {"scopes": [], "acts": ""},
        {"scopes": ["units.everything"]}, {"acts": "file; drop"}, {"post": "grid-post"}, {"username": "nobody"},
        {"name": ""},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_missing_or_wrong_makes_no_token(wrong: dict[str, object]) -> None:
    number = ApiToken.objects.count()
    assert browser_of().post("/admin/tokens/", ASKED | wrong).status_code == 422
    assert ApiToken.objects.count() == number


@pytest.mark.parametrize(("user", "status"), [("system", 200), ("audit", 200), ("clerk", 403)])
def test_nobody_else_makes_one(user: str, status: int) -> None:
    number = ApiToken.objects.count()
    assert browser_of(user).post("/admin/tokens/", ASKED).status_code == status
    assert ApiToken.objects.count() == number
