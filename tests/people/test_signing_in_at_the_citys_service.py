"""Signing in at the city's own sign-in service, a real one on this machine: what opens a session, what does not."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from civicloop.foundation import caches
from civicloop.people import factors, locks, oidc
from civicloop.people.actions import PeopleError
from civicloop.people.models import Account, OutsideIdentity
from civicloop.records import actions as records
from civicloop.records import settings as kept
from civicloop.records.models import AuditEntry
from tests import world
from tests.people import provider as local
from tests.people.provider import Provider
from tests.people.test_a_second_factor import with_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings: Any) -> Iterator[Provider]:
    with local.serving() as found:
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = found.issuer, local.CLIENT
        settings.OIDC_SECRET, settings.OIDC_HOSTS = local.SECRET, []
        caches.forget_all()
        yield found
    caches.forget_all()


def put(code: str, value: str) -> None:
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code=code, value=value)
    kept.forget()


def link(user: str = "clerk", subject: str = "person-1") -> OutsideIdentity:
    account = Account.objects.get(username=user)
    return oidc.link(world.actor("security"), account_id=account.pk, subject=subject)


def way_back(browser: Client, onward: str = "") -> str:
    """Go to the service as a browser does; the address that it sends the browser back to."""
    start = browser.get("/sign-in/provider", {"next": onward} if onward else {})
    assert start.status_code == 302, start.content.decode()
    there = urlsplit(start["Location"])
    connection = HTTPConnection(there.hostname or "", there.port or 0)
    connection.request("GET", f"{there.path}?{there.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    back = urlsplit(answer.headers["Location"])
    assert (back.hostname, back.path) == ("testserver", "/sign-in/provider/back")
    return f"{back.path}?{back.query}"


def signed_in(browser: Client | None = None, onward: str = "") -> tuple[Client, Any]:
    browser = browser or Client()
    return browser, browser.get(way_back(browser, onward))


def refused(answer: Any, why: str) -> None:
    """Nobody is signed in, the page says so, and the audit log says why."""
    assert answer.status_code == 403
    assert 'role="alert"' in answer.content.decode()
    assert "_auth_user_id" not in answer.client.session
    line = AuditEntry.objects.filter(action="sign_in").latest("id")
    assert (line.outcome, line.detail) == ("refused", {"by": "provider", "why": why})


def test_a_linked_person_comes_to_the_own_desk(service: Provider) -> None:
    link()
    browser, answer = signed_in()
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert browser.get("/desk/").status_code == 200
    line = AuditEntry.objects.get(action="sign_in")
    assert (line.words, line.outcome, line.detail["by"]) == ("clerk", "done", "provider")
    assert OutsideIdentity.objects.get().last_used_at is not None


def test_the_button_stands_on_the_sign_in_page_only_where_there_is_a_service(service: Provider, settings: Any) -> None:
    put("sign_in.provider_label", "样例市统一认证")
    assert "样例市统一认证" in Client().get("/sign-in").content.decode()
    settings.OIDC_ISSUER = ""
    assert "样例市统一认证" not in Client().get("/sign-in").content.decode()
    assert Client().get("/sign-in/provider").status_code == 404
    assert Client().get("/sign-in/provider/back").status_code == 404


def test_who_is_not_linked_is_told_what_to_tell_the_administrator(service: Provider) -> None:
    _browser, answer = signed_in()
    refused(answer, "not_linked")
    assert "person-1" in answer.content.decode()


def test_the_name_opens_an_account_once_the_installation_says_so(service: Provider) -> None:
    put("sign_in.provider_name_claim", "preferred_username")
    _browser, answer = signed_in()
    assert answer["Location"] == "/desk/"
    assert OutsideIdentity.objects.get().account.username == "clerk"
    assert AuditEntry.objects.get(action="identity.link").detail["by"] == "name"
    # another person who has got the same name at the service since then is not let in by it
    service.claims = {"sub": "person-2", "preferred_username": "clerk"}
    refused(signed_in()[1], "not_linked")
    # a link that an administrator has ended does not come back by the name
    oidc.unlink(world.actor("security"), identity_id=OutsideIdentity.objects.get().pk)
    service.claims = {"sub": "person-1", "preferred_username": "clerk"}
    refused(signed_in()[1], "not_linked")


def test_an_unknown_name_makes_no_account_and_no_right(service: Provider) -> None:
    put("sign_in.provider_name_claim", "preferred_username")
    service.claims = {"sub": "stranger", "preferred_username": "stranger", "groups": ["system_admin"]}
    number = Account.objects.count()
    refused(signed_in()[1], "not_linked")
    assert Account.objects.count() == number


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "of another sign-in"}, {"nonce": None}, {"aud": "another client"}, {"aud": []},
        {"aud": [local.CLIENT, "another client"]}, {"aud": local.CLIENT, "azp": "another client"},
        {"iss": "http://127.0.0.1:1"}, {"exp": 1_700_000_000}, {"iat": 4_000_000_000, "exp": 4_000_000_300},
        {"sub": ""}, {"sub": 7}, {"exp": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_says_anything_wrong_is_refused(service: Provider, wrong: dict[str, Any]) -> None:
    link()
    service.override = wrong
    refused(signed_in()[1], "not_proved")


def test_clocks_may_differ_by_a_minute_and_no_more(service: Provider) -> None:
    link()
    service.override = {"exp": int(time.time()) - oidc.SKEW // 2}
    assert signed_in()[1].status_code == 302
    service.override = {"exp": int(time.time()) - oidc.SKEW - 5}
    refused(signed_in()[1], "not_proved")


def test_a_forged_signature_is_refused(service: Provider) -> None:
    link()
    service.sign_with = (local.new_key(), "RS256")
    refused(signed_in()[1], "not_proved")


def test_a_token_without_signature_or_with_a_shared_secret_is_refused(service: Provider) -> None:
    link()
    public = service.keys["one"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for forger in ("none", "HS256"):
        service.forge = (forger, public)  # the public key as if it were a secret that both share
        refused(signed_in()[1], "not_proved")


def test_the_services_keys_may_change_at_any_time(service: Provider) -> None:
    link()
    assert signed_in()[1].status_code == 302
    assert signed_in()[1].status_code == 302
    assert service.asked.count("/keys") == 1  # kept meanwhile
    service.keys, service.kid = {"two": local.new_key()}, "two"
    assert signed_in()[1].status_code == 302
    service.kid = "three"
    service.sign_with = (local.new_key(), "RS256")
    refused(signed_in()[1], "key_unknown")


def test_an_answer_is_good_once_and_only_in_the_browser_that_asked(service: Provider) -> None:
    link()
    browser = Client()
    address = way_back(browser)
    refused(Client().get(address), "state")
    assert browser.get(address).status_code == 302
    browser.post("/sign-out")
    refused(browser.get(address), "state")
    refused(browser.get("/sign-in/provider/back"), "state")


def test_a_code_without_its_verifier_is_worth_nothing(service: Provider) -> None:
    link()
    browser = Client()
    stolen = parse_qs(urlsplit(way_back(Client())).query)["code"][0]
    state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
    refused(browser.get("/sign-in/provider/back", {"code": stolen, "state": state}), "code_refused")


def test_the_service_says_no_or_is_another_one(service: Provider) -> None:
    browser = Client()
    state = parse_qs(urlsplit(way_back(browser)).query)["state"][0]
    refused(browser.get("/sign-in/provider/back", {"error": "access_denied", "state": state}), "provider_refused")
    address = way_back(browser).replace("iss=", "iss=x")
    refused(browser.get(address), "issuer")


def test_a_closed_or_locked_account_is_refused(service: Provider) -> None:
    link()
    for _try in range(locks.FREE):
        Client().post("/sign-in", {"username": "clerk", "password": "a wrong password"})
    refused(signed_in()[1], "locked")
    locks.succeeded("clerk")
    Account.objects.filter(username="clerk").update(is_active=False)
    refused(signed_in()[1], "closed")


def test_nobody_is_led_to_a_place_outside_this_site(service: Provider) -> None:
    link()
    assert signed_in(onward="/matters/?q=1")[1]["Location"] == "/matters/?q=1"
    for outside in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:x"):
        assert signed_in(onward=outside)[1]["Location"] == "/desk/"


def test_only_the_configured_service_is_asked(service: Provider) -> None:
    link()
    with local.serving() as other:
        other.claims = {"sub": "person-1"}
        for name in ("jwks_uri", "token_endpoint", "authorization_endpoint"):
            service.description = {name: f"{other.issuer}/keys"}
            caches.forget_all()
            refused(Client().get("/sign-in/provider"), "provider_away")
        service.description, service.redirect_keys_to = {}, f"{other.issuer}/keys"
        caches.forget_all()
        refused(signed_in()[1], "provider_away")
        service.redirect_keys_to, service.description = "", {"issuer": other.issuer}
        caches.forget_all()
        refused(Client().get("/sign-in/provider"), "provider_away")
        assert other.asked == []


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://id.city.example/keys", True), ("https://keys.city.example/keys", True),
        ("http://id.city.example/keys", False), ("https://id.city.example:8443/keys", False),
        ("https://id.city.example@elsewhere.example/", False), ("https://a:b@id.city.example/", False),
        ("https://elsewhere.example/id.city.example", False), ("file:///etc/passwd", False), ("", False),
        ("https://[broken", False), ("http://127.0.0.1/", False),
    ],
)  # fmt: skip
def test_which_addresses_belong_to_the_service(address: str, asked: bool) -> None:
    found = oidc.Provider("https://id.city.example", "c", "", frozenset({"keys.city.example"}))
    assert found.asks(address) is asked


def test_a_service_without_https_on_another_machine_is_never_asked() -> None:
    assert not oidc.Provider("http://id.city.example", "c", "", frozenset()).asks("http://id.city.example/keys")


def test_a_service_that_is_away_is_said_in_plain_words(service: Provider, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    refused(Client().get("/sign-in/provider"), "provider_away")


def test_the_own_second_factor_is_asked_for_unless_the_installation_takes_the_services(service: Provider) -> None:
    link()
    key, codes = with_app("clerk")
    service.override = {"amr": ["pwd", "otp"]}
    browser, answer = signed_in()
    assert answer["Location"] == "/sign-in/second"
    assert browser.get("/desk/").status_code == 302  # not yet
    assert browser.post("/sign-in/second", {"code": codes[0]})["Location"] == "/desk/"
    assert key
    put("sign_in.provider_second_factor", "mfa otp")
    assert signed_in()[1]["Location"] == "/desk/"
    service.override = {"amr": ["pwd"]}
    assert signed_in()[1]["Location"] == "/sign-in/second"
    service.override = {"acr": "mfa"}
    assert signed_in()[1]["Location"] == "/desk/"


def test_who_needs_a_second_factor_and_has_none_sets_one_up(service: Provider) -> None:
    put("sign_in.second_factor", "everybody")
    link()
    Account.objects.filter(username="clerk").update(demonstration=False)
    assert signed_in()[1]["Location"] == "/security/"
    put("sign_in.provider_second_factor", "mfa")
    service.override = {"amr": ["mfa"]}
    assert signed_in()[1]["Location"] == "/desk/"
    assert factors.of(Account.objects.get(username="clerk")) == []


def test_signing_out_names_the_way_out_of_the_service(service: Provider) -> None:
    link()
    browser, _answer = signed_in()
    page = browser.post("/sign-out")
    assert f"{service.issuer}/end?client_id={local.CLIENT}" in page.content.decode()
    assert browser.get("/desk/")["Location"].startswith("/sign-in")


def test_only_the_security_administrator_links(service: Provider) -> None:
    account = Account.objects.get(username="clerk")
    for user in ("clerk", "system", "audit"):
        with pytest.raises(PeopleError) as caught:
            oidc.link(world.actor(user), account_id=account.pk, subject="person-1")
        assert caught.value.code == "forbidden"
    link()
    with pytest.raises(PeopleError) as caught:
        link("grid")
    assert caught.value.code == "taken"


def test_the_administrator_links_and_ends_on_a_page(service: Provider) -> None:
    browser = Client()
    browser.force_login(Account.objects.get(username="security"))
    wrong = browser.post("/admin/sign-ins/", {"username": "nobody", "subject": "person-1"})
    assert wrong.status_code == 422
    assert browser.post("/admin/sign-ins/", {"username": "clerk", "subject": "person-1"}).status_code == 302
    assert "person-1" in browser.get("/admin/sign-ins/").content.decode()
    assert signed_in()[1].status_code == 302
    made = OutsideIdentity.objects.get()
    assert browser.post(f"/admin/sign-ins/{made.pk}/end").status_code == 302
    assert "person-1" not in browser.get("/admin/sign-ins/").content.decode()
    refused(signed_in()[1], "not_linked")
    assert set(AuditEntry.objects.filter(action__startswith="identity.").values_list("action", flat=True)) == {
        "identity.link", "identity.end",
    }  # fmt: skip
    other = Client()
    other.force_login(Account.objects.get(username="system"))
    other.post("/admin/sign-ins/", {"username": "clerk", "subject": "person-9"})
    assert not OutsideIdentity.objects.filter(subject="person-9").exists()
    assert other.post(f"/admin/sign-ins/{made.pk}/end").status_code == 403
