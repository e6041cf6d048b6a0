"""What was sent as text stays text on every page of the staff: markup in it is shown, never run."""

import html

import pytest
from django.test import Client

from civicloop.people.models import Account
from tests.api.calls import Caller, condition, done

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)> 😀 \u202eabc {{ 7*7 }}"


def shown(user: str, path: str) -> str:
    """A page as somebody of the staff gets it."""
    staff = Client()
    staff.force_login(Account.objects.get(username=user))
    answer = staff.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.parametrize("path", ["/matters/{id}", "/desk/", "/matters/"])
def test_markup_in_a_report_is_shown_as_text(path: str) -> None:
    clerk = Caller("clerk")
    matter = done(clerk.report(title=HOSTILE, text=HOSTILE, address=HOSTILE), 201)["id"]
    done(clerk.act(matter, "note", note=HOSTILE), 201)
    is_text_only(shown("clerk", path.format(id=matter)))


def is_text_only(page: str) -> None:
    """What was sent is there, and none of it is markup."""
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in page or "{{ 7*7 }}" in page
    assert html.escape("<script>alert('x')</script>") in page


def test_markup_in_a_report_and_in_acts_is_text_at_every_desk_of_the_loop() -> None:
    clerk, receiver, worker, grid = Caller("clerk"), Caller("receiver"), Caller("worker"), Caller("grid")
    matter = done(grid.report(title=HOSTILE, text=HOSTILE, address=HOSTILE), 201)["id"]
    is_text_only(shown("grid", "/field/mine"))
    done(clerk.act(matter, "file", condition=condition()))
    done(clerk.act(matter, "dispatch"))
    is_text_only(shown("receiver", "/receiving/?tab=dispatched"))
    is_text_only(shown("receiver", f"/matters/{matter}/order"))
    done(receiver.act(matter, "accept"))
    done(receiver.act(matter, "request_extension", reason=HOSTILE))
    is_text_only(shown("head", "/approvals/"))
    done(receiver.act(matter, "assign", worker="worker"))
    done(worker.upload(matter, "after"))
    done(worker.act(matter, "handle", result=HOSTILE))
    done(receiver.act(matter, "feed_back"))
    for path in ("/checks/", f"/checks/{matter}"):
        is_text_only(shown("checker", path))
