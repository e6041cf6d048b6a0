"""A program without a token reports for a resident; a foreign page never acts with a signed-in person's cookie."""

import pytest
from django.test import Client
from django.utils.crypto import get_random_string

from civicloop.foundation import ids
from civicloop.people.models import Account
from tests import world
from tests.api.calls import MANHOLE, done

pytestmark = pytest.mark.django_db


def body() -> dict[str, object]:
    return {**MANHOLE, "id": str(ids.uuid7(world.START))}


def test_a_program_without_token_and_cookie_may_report() -> None:
    program = Client(enforce_csrf_checks=True)
    assert done(program.post("/api/v1/matters", body(), content_type="application/json"), 201)["number"]


def test_a_cookie_alone_lets_no_foreign_page_report() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(Account.objects.get(username="clerk"))
    refused = browser.post("/api/v1/matters", body(), content_type="application/json")
    assert refused.status_code == 403
    secret = get_random_string(32)
    browser.cookies["csrftoken"] = secret
    taken = browser.post("/api/v1/matters", body(), content_type="application/json", headers={"X-CSRFToken": secret})
    assert taken.status_code == 201, taken.content
