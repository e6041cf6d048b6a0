"""Who reported a matter adds photos to it, and to no other, though it sees nothing more of it."""

from typing import Any

import pytest

from civicloop.evidence.models import Evidence
from civicloop.matters.models import Entry
from civicloop.people import access, actions
from civicloop.people.models import Account, Holding, Post
from tests.api.calls import Caller, done, jpeg, refusal

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


def token(post: str, **values: Any) -> str:
    """A token of the account that holds a post."""
    holding = Holding.objects.get(post__code=post)
    return actions.create_token(SYSTEM, account_id=holding.account_id, post_id=holding.post_id, **values)


@pytest.fixture
def second_channel() -> Caller:
    """Another resident channel of the city, such as a hotline beside the app."""
    first = Post.objects.get(code="channel-post")
    account = actions.create_account(SYSTEM, username="hotline", account_names={"zh-hans": "热线"}, password=None)
    post = actions.create_post(
        SYSTEM, code="hotline-post", role="resident_channel", unit_id=first.unit_id, area_id=first.area_id
    )
    actions.hold(SYSTEM, account_id=account.pk, post_id=post.pk)
    return Caller(token=token("hotline-post"))


def nothing_was_kept(matter: str) -> None:
    assert not Evidence.objects.filter(matter_id=matter).exists()
    assert Entry.objects.filter(matter_id=matter).count() == 1


def test_the_channel_adds_photos_to_what_it_reported_once_each() -> None:
    channel = Caller("channel")
    matter = done(channel.report(), 201)["id"]
    first = done(channel.upload(matter, "before", id="019e0000-0000-7000-8000-000000000001"), 201)
    again = done(channel.upload(matter, "before", id="019e0000-0000-7000-8000-000000000001"), 200)
    assert again == first
    done(channel.upload(matter, "other", jpeg(20)), 201)
    kept = done(Caller("clerk").get(f"/matters/{matter}/evidence"))
    assert sorted(line["stage"] for line in kept) == ["before", "other"]
    entry = Entry.objects.get(matter_id=matter, seq=2)
    assert (entry.action, entry.role, entry.account_id) == (
        "evidence", "resident_channel", Account.objects.get(username="channel").pk,
    )  # fmt: skip


def test_the_channel_sees_no_more_of_it_than_before() -> None:
    channel = Caller("channel")
    matter = done(channel.report(), 201)["id"]
    done(channel.upload(matter, "before"), 201)
    for path in ("", "/timeline", "/clocks", "/actions", "/evidence"):
        refusal(channel.get(f"/matters/{matter}{path}"), 404, "not_found")


def test_another_token_is_refused_as_if_there_were_no_matter(second_channel: Caller) -> None:
    matter = done(Caller("channel").report(), 201)["id"]
    refusal(second_channel.upload(matter, "before"), 404, "not_found")
    refusal(Caller("d2-clerk").upload(matter, "before"), 404, "not_found")
    refusal(Caller("receiver").upload(matter, "before"), 404, "not_found")
    refusal(Caller("channel").upload("019e0000-0000-7000-8000-000000000009", "before"), 404, "not_found")
    refusal(Caller().upload(matter, "before"), 401, "unauthenticated")
    nothing_was_kept(matter)


def test_a_report_without_a_token_belongs_to_no_channel() -> None:
    matter = done(Caller().report(), 201)["id"]
    refusal(Caller("channel").upload(matter, "before"), 404, "not_found")
    nothing_was_kept(matter)


def test_a_token_that_may_not_report_adds_nothing_either() -> None:
    matter = done(Caller("channel").report(), 201)["id"]
    narrow = Caller(token=token("channel-post", scopes=["style.view"]))
    refusal(narrow.upload(matter, "before"), 404, "not_found")
    nothing_was_kept(matter)
    done(Caller(token=token("channel-post", scopes=["matters.report"])).upload(matter, "before"), 201)


def test_a_grid_worker_adds_photos_to_a_report_from_elsewhere() -> None:
    grid = Caller("grid")
    matter = done(grid.report(lon=117.25, lat=39.05), 201)["id"]
    refusal(grid.get(f"/matters/{matter}"), 404, "not_found")
    done(grid.upload(matter, "before"), 201)
