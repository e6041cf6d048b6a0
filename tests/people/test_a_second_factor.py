"""What is shown beside the password: codes of an app, codes on paper, and what happens to tries and old sessions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client

from civicloop.people import actions, factors, locks, middleware
from civicloop.people.models import Account, RecoveryCode, SecondFactor, SignInLock
from civicloop.records import actions as records
from civicloop.records import settings
from civicloop.records.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> Iterator[None]:
    """The installation asks posts that may see personal data for a second factor."""
    records.set_setting(
        actor_id=None, post_id=None, actor_words="tests", code="sign_in.second_factor", value="personal_data"
    )
    settings.forget()
    yield
    settings.forget()


def signed_in(user: str = "clerk", browser: Client | None = None) -> tuple[Client, Any]:
    browser = browser or Client()
    return browser, browser.post("/sign-in", {"username": user, "password": world.PASSWORD})


def with_app(user: str = "clerk") -> tuple[str, list[str]]:
    """An account with a code app in use; (key, codes on paper)."""
    account = Account.objects.get(username=user)
    _factor, key = factors.begin_app(account, name="")
    codes = factors.confirm_app(account, code=pyotp.TOTP(key).now())
    # the code of this moment is used up; so that the next one need not be waited for
    SecondFactor.objects.filter(account=account).update(counter=0)
    return key, codes


def test_a_post_with_personal_data_has_to_set_one_up_first(asked: None) -> None:
    browser, answer = signed_in()
    assert answer["Location"] == "/security/"
    assert browser.get("/desk/")["Location"] == "/security/"
    refused = browser.get("/api/v1/matters")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor")
    assert "请先设置双因素认证" in browser.get("/security/").content.decode()

    browser.post("/security/app")
    page = browser.get("/security/").content.decode()
    account = Account.objects.get(username="clerk")
    waiting = factors.waiting_app(account)
    assert waiting is not None
    assert waiting[1] in page
    assert "<svg" in page
    assert waiting[1].encode() not in bytes(waiting[0].secret or b"")  # sealed in the table

    wrong = browser.post("/security/app/confirm", {"code": "000000"})
    assert wrong.status_code == 422
    assert browser.get("/desk/").status_code == 302
    done = browser.post("/security/app/confirm", {"code": pyotp.TOTP(waiting[1]).now()})
    assert done.content.decode().count("<li><code>") == factors.CODES
    assert browser.get("/desk/").status_code == 200
    assert list(AuditEntry.objects.filter(action__startswith="factor.").values_list("action", flat=True)) == [
        "factor.begin", "factor.add", "factor.codes",
    ]  # fmt: skip


def test_a_post_without_personal_data_is_not_asked(asked: None) -> None:
    account = Account.objects.get(username="worker")
    actions.set_password(world.actor("security"), account_id=account.pk, password=world.PASSWORD)
    assert signed_in("worker")[1]["Location"] == "/receiving/"


def test_who_has_one_is_asked_for_it_each_time_and_a_code_is_good_once() -> None:
    key, codes = with_app()
    browser, answer = signed_in()
    assert answer["Location"] == "/sign-in/second"
    assert browser.get("/desk/")["Location"].startswith("/sign-in")  # the password alone opens nothing
    assert browser.post("/sign-in/second", {"code": "000000"}).status_code == 422
    code = pyotp.TOTP(key).now()
    done = browser.post("/sign-in/second", {"code": code})
    assert (done.status_code, done["Location"]) == (302, "/desk/")
    assert browser.get("/desk/").status_code == 200

    again, _answer = signed_in()
    assert again.post("/sign-in/second", {"code": code}).status_code == 422
    assert again.post("/sign-in/second", {"code": codes[0].lower()}).status_code == 302
    once_more, _answer = signed_in()
    assert once_more.post("/sign-in/second", {"code": codes[0]}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == factors.CODES - 1


def test_the_second_step_needs_the_first() -> None:
    with_app()
    assert Client().get("/sign-in/second")["Location"] == "/sign-in"
    assert Client().post("/sign-in/second", {"code": "1"})["Location"] == "/sign-in"
    assert Client().get("/security/")["Location"].startswith("/sign-in")


def test_another_ones_factor_cannot_be_removed_and_removing_asks_for_the_password() -> None:
    key, _codes = with_app("grid")
    browser, _answer = signed_in("clerk")
    factor = SecondFactor.objects.get(account__username="grid")
    browser.post("/security/remove", {"factor": factor.pk, "password": world.PASSWORD})
    assert SecondFactor.objects.get(pk=factor.pk).removed_at is None

    own, _answer = signed_in("grid")
    own.post("/sign-in/second", {"code": pyotp.TOTP(key).now()})
    own.post("/security/remove", {"factor": factor.pk, "password": "not this"})
    assert SecondFactor.objects.get(pk=factor.pk).removed_at is None
    own.post("/security/remove", {"factor": factor.pk, "password": world.PASSWORD})
    assert SecondFactor.objects.get(pk=factor.pk).removed_at is not None


def test_a_security_administrator_takes_a_lost_one_away() -> None:
    with_app()
    account = Account.objects.get(username="clerk")
    with pytest.raises(actions.PeopleError) as refused:
        factors.take_away(world.actor("clerk"), account_id=account.pk)
    assert refused.value.code == "forbidden"
    assert factors.take_away(world.actor("security"), account_id=account.pk) == 1
    assert signed_in()[1]["Location"] == "/desk/"
    assert factors.codes_left(account) == 0


def test_new_codes_on_paper_end_the_former_ones() -> None:
    _key, codes = with_app()
    account = Account.objects.get(username="clerk")
    fresh = factors.fresh_codes(account)
    assert not factors.code_fits(account, codes[0])
    assert factors.code_fits(account, fresh[0])


def test_a_printed_sign_in_stays_as_it_is() -> None:
    account = Account.objects.get(username="clerk")
    Account.objects.filter(pk=account.pk).update(demonstration=True)
    browser, _answer = signed_in()
    assert browser.post("/security/app").status_code == 422
    answer = browser.post("/security/password", {"password": world.PASSWORD, "new_password": "quite another one 7"})
    assert answer.status_code == 422
    assert signed_in()[1].status_code == 302


def test_another_password_ends_the_other_sessions() -> None:
    here, _answer = signed_in()
    there, _answer = signed_in()
    short = here.post("/security/password", {"password": world.PASSWORD, "new_password": "short"})
    assert short.status_code == 422
    wrong = here.post("/security/password", {"password": "not this", "new_password": "quite another one 7"})
    assert wrong.status_code == 422
    done = here.post("/security/password", {"password": world.PASSWORD, "new_password": "quite another one 7"})
    assert done.status_code == 302
    assert here.get("/desk/").status_code == 200
    assert there.get("/desk/").status_code == 302


def test_waits_grow_and_are_forgotten_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    monkeypatch.setattr(locks, "_now", lambda: now)
    assert [locks.begin("someone") for _try in range(locks.FREE)] == [0.0] * locks.FREE
    waits = []
    for _try in range(9):
        waits.append(locks.begin("Someone "))
        now += timedelta(seconds=waits[-1])
        assert locks.begin("someone") == 0.0
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert locks.begin("somebody else") == 0.0
    now += timedelta(days=1, seconds=1)
    assert [locks.begin("someone") for _try in range(locks.FREE)] == [0.0] * locks.FREE
    now += timedelta(days=2)
    assert locks.forget_old() == 2
    assert not SignInLock.objects.exists()


def test_the_right_password_forgets_the_tries() -> None:
    for _try in range(locks.FREE - 1):
        Client().post("/sign-in", {"username": "clerk", "password": "wrong"})
    assert signed_in()[1].status_code == 302
    assert locks.begin("clerk") == 0.0
    assert SignInLock.objects.get().tries == 1


def test_tries_at_the_same_moment_are_counted_each(committing: str) -> None:
    allowed: list[float] = []

    def attempt() -> None:
        allowed.append(locks.begin("clerk"))
        connection.close()

    threads = [Thread(target=attempt) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wait > 0 for wait in allowed) == [False] * locks.FREE + [True] * (12 - locks.FREE)


@pytest.mark.parametrize(
    ("steps", "ended"),
    [
        pytest.param([700 * 60], False, id="used within twelve hours"),
        pytest.param([721 * 60], True, id="idle for longer"),
        pytest.param([600 * 60] * 16, False, id="used again and again within a week"),
        pytest.param([600 * 60] * 17, True, id="older than a week in any case"),
    ],
)
def test_sessions_end(monkeypatch: pytest.MonkeyPatch, steps: list[int], ended: bool) -> None:
    browser, _answer = signed_in()
    began = middleware.time.time()
    passed = 0
    for step in steps:
        passed += step
        monkeypatch.setattr(middleware.time, "time", lambda at=began + passed: at)
        answer = browser.get("/desk/")
    assert (answer.status_code == 302) is ended
