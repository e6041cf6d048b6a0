"""Who a token lets in, and until when."""

from datetime import timedelta

import pytest

from civicloop.foundation import clock
from civicloop.people import access, actions
from civicloop.people.models import ApiToken, Holding
from civicloop.people.selectors import token_hash
from tests import world
from tests.api.calls import Caller, condition, done, is_chinese, refusal

pytestmark = pytest.mark.django_db


def test_without_a_token_or_with_a_wrong_one_nothing_is_shown() -> None:
    for caller in (Caller(), Caller(token="cl_wrong"), Caller(token="cl_\u00e9\u00e9")):
        answer = caller.get("/matters")
        assert is_chinese(refusal(answer, 401, "unauthenticated")["detail"])
        assert answer["WWW-Authenticate"] == "Bearer"
    assert not is_chinese(refusal(Caller(language="en").get("/matters"), 401, "unauthenticated")["detail"])


def test_a_wrong_token_does_not_report_in_the_residents_name() -> None:
    refusal(Caller(token="cl_wrong").report(), 401, "unauthenticated")


def test_an_expired_token_is_refused() -> None:
    holding = Holding.objects.get(account__username="clerk", post__code="clerk-post")
    token = actions.create_token(
        access.system("tests"), account_id=holding.account_id, post_id=holding.post_id,
        expires_at=world.START + timedelta(hours=1),
    )  # fmt: skip
    caller = Caller(token=token)
    done(caller.get("/matters"))
    clock.set_process_clock(lambda: world.START + timedelta(hours=1))
    refusal(caller.get("/matters"), 401, "unauthenticated")


def test_a_revoked_token_is_refused() -> None:
    token = world.token("clerk")
    done(Caller(token=token).get("/matters"))
    ApiToken.objects.filter(hash=token_hash(token)).update(revoked_at=clock.now())
    refusal(Caller(token=token).get("/matters"), 401, "unauthenticated")


def test_a_token_ends_with_the_holding_of_its_post() -> None:
    caller = Caller("clerk")
    done(caller.get("/matters"))
    holding = Holding.objects.get(account__username="clerk", post__code="clerk-post")
    actions.release(access.system("tests"), holding_id=holding.id)
    refusal(caller.get("/matters"), 401, "unauthenticated")


def test_a_token_does_only_what_its_scopes_say() -> None:
    holding = Holding.objects.get(account__username="clerk", post__code="clerk-post")
    token = actions.create_token(
        access.system("tests"), account_id=holding.account_id, post_id=holding.post_id,
        scopes=["matters.list", "dispatch"],
    )  # fmt: skip
    narrow, matter = Caller(token=token), done(Caller().report(), 201)["id"]
    done(narrow.get(f"/matters/{matter}"))
    refusal(narrow.act(matter, "file", condition=condition()), 403, "scope_missing")
    refusal(narrow.report(), 403, "scope_missing")
    done(Caller("clerk").act(matter, "file", condition=condition()), 201)
    done(narrow.act(matter, "dispatch"), 201)
