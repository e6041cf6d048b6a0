"""What was sent as text stays text on every page of the staff: markup in it is shown, never run."""

import html

import pytest
from django.test import Client

from civicloop.people.models import Account
from tests.api.calls import Caller, done

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)> 😀 \u202eabc {{ 7*7 }}"


@pytest.mark.parametrize("path", ["/matters/{id}", "/desk/", "/matters/"])
def test_markup_in_a_report_is_shown_as_text(path: str) -> None:
    clerk = Caller("clerk")
    matter = done(clerk.report(title=HOSTILE, text=HOSTILE, address=HOSTILE), 201)["id"]
    done(clerk.act(matter, "note", note=HOSTILE), 201)
    staff = Client()
    staff.force_login(Account.objects.get(username="clerk"))
    answer = staff.get(path.format(id=matter))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in page or "{{ 7*7 }}" in page
    assert html.escape("<script>alert('x')</script>") in page
