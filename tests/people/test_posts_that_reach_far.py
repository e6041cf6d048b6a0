"""Nobody gives a post to the own account, and what reaches far is given by two administrators."""

import html

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from civicloop.foundation import clock
from civicloop.people import access, actions, granting, people_files, selectors
from civicloop.people.actions import PeopleError
from civicloop.people.exchange import FileRefused
from civicloop.people.models import Account, Holding, Post, PostRequest
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world
from tests.site import desks

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


def account(user: str) -> int:
    return Account.objects.get(username=user).pk


def post(code: str, role: str = "checker", area: str = "990101001", **values: int) -> Post:
    return actions.create_post(
        SYSTEM, code=code, role=role, unit_id=world.unit("city-centre"), area_id=places.by_code(area).id, **values
    )


def actor(user: str) -> access.Actor:
    return selectors.actors_of_account(account(user))[0]


def second_security() -> access.Actor:
    """Another security administrator."""
    made = actions.create_account(SYSTEM, username="security-2", account_names={"zh-hans": "安全二"}, password=None)
    actions.hold(SYSTEM, account_id=made.pk, post_id=Post.objects.get(code="security-post").pk)
    return actor("security-2")


def refused(why: str, work, *given: object, **named: object) -> None:  # type: ignore[no-untyped-def]
    before = (Holding.objects.count(), AuditEntry.objects.count())
    with pytest.raises(PeopleError) as reason:
        work(*given, **named)
    assert reason.value.code == why
    assert (Holding.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.parametrize("confidentiality", [0, 1])
def test_nobody_gives_a_post_to_the_own_account(confidentiality: int) -> None:
    giver, target = world.actor("security"), post("extra", confidentiality=confidentiality).pk
    refused("own_gain", actions.hold, giver, account_id=account("security"), post_id=target)
    refused("own_gain", granting.give, giver, account_id=account("security"), post_id=target)
    assert not PostRequest.objects.exists()


@pytest.mark.parametrize(
    ("role", "area", "confidentiality", "by_two"),
    [
        ("checker", "990101001", 0, False), ("checker", "990101001", 1, True), ("checker", "990101", 0, True),
        ("unit_worker", "99", 0, False), ("leader", "99", 0, False), ("leader", "99", 2, True),
        ("audit_admin", "990101001", 0, True), ("system_admin", "99", 0, True), ("acceptance_clerk", "99", 0, True),
    ],
)  # fmt: skip
def test_what_reaches_far_is_asked_for_and_everything_else_is_given(
    role: str, area: str, confidentiality: int, by_two: bool
) -> None:
    target = post("extra", role, area, confidentiality=confidentiality)
    given = granting.give(world.actor("security"), account_id=account("worker"), post_id=target.pk)
    assert isinstance(given, PostRequest) is by_two
    assert Holding.objects.filter(post=target).exists() is not by_two
    if by_two:
        refused("needs_second", actions.hold, world.actor("security"), account_id=account("worker"), post_id=target.pk)


@pytest.mark.parametrize("second", ["audit", "security-2"])
def test_a_second_administrator_agrees_and_the_post_begins_then(second: str) -> None:
    second_security()
    asker, target = world.actor("security"), post("far", confidentiality=1)
    request = granting.give(asker, account_id=account("worker"), post_id=target.pk)
    again = granting.give(asker, account_id=account("worker"), post_id=target.pk)
    assert again == request
    assert AuditEntry.objects.filter(action="post.ask").count() == 1
    refused("own_request", granting.decide, asker, request_id=request.pk, yes=True)
    refused("forbidden", granting.decide, world.actor("system"), request_id=request.pk, yes=True)
    refused("forbidden", granting.decide, world.actor("leader"), request_id=request.pk, yes=True)
    granting.decide(actor(second), request_id=request.pk, yes=True)
    assert Holding.objects.get(post=target).account_id == account("worker")
    said = {"user": "worker", "asked_by": "security"}
    last = AuditEntry.objects.order_by("-id")[0]
    assert (last.words, last.action, last.object, last.detail) == (second, "post.hold", "far", said)
    refused("decided_already", granting.decide, actor(second), request_id=request.pk, yes=True)


def test_nobody_agrees_to_a_request_for_the_own_account() -> None:
    second_security()
    target = post("far", confidentiality=1)
    request = granting.give(world.actor("security"), account_id=account("security-2"), post_id=target.pk)
    refused("own_gain", granting.decide, actor("security-2"), request_id=request.pk, yes=True)
    granting.decide(world.actor("audit"), request_id=request.pk, yes=True)
    assert Holding.objects.filter(post=target).exists()


def test_a_refused_request_gives_nothing_and_may_be_asked_again() -> None:
    target = post("far", confidentiality=1)
    first = granting.give(world.actor("security"), account_id=account("worker"), post_id=target.pk)
    granting.decide(world.actor("audit"), request_id=first.pk, yes=False)
    assert not Holding.objects.filter(post=target).exists()
    assert granting.give(world.actor("security"), account_id=account("worker"), post_id=target.pk) != first


def test_a_post_that_has_ended_meanwhile_is_not_given() -> None:
    target = post("far", confidentiality=1)
    request = granting.give(world.actor("security"), account_id=account("worker"), post_id=target.pk)
    Post.objects.filter(pk=target.pk).update(valid_to=clock.now())
    refused("post_ended", granting.decide, world.actor("audit"), request_id=request.pk, yes=True)


def test_the_database_itself_knows_no_decision_of_one_hand() -> None:
    target = post("far", confidentiality=1)
    request = granting.give(world.actor("security"), account_id=account("worker"), post_id=target.pk)
    for hand in ("security", "worker"):
        with pytest.raises(IntegrityError), transaction.atomic():
            PostRequest.objects.filter(pk=request.pk).update(decided_by=account(hand))


def test_a_file_of_an_administrator_gives_nothing_that_the_page_would_not_give() -> None:
    giver = world.actor("security")
    line = (
        "user,name,post,role,unit,area,confidentiality\r\n{user},测试{user},extra,checker,s1-watch,990101001,{number}"
    )
    for user, number, words in (("security", 0, "另一名管理员"), ("worker", 1, "两名管理员")):
        with pytest.raises(FileRefused) as faults:
            people_files.take(giver, raw=line.format(user=user, number=number).encode(), name="people.csv")
        assert words in str(faults.value.faults)
    assert not Post.objects.filter(code="extra").exists()
    people_files.take(SYSTEM, raw=line.format(user="worker", number=1).encode(), name="people.csv")
    assert Holding.objects.filter(post__code="extra").exists()


def page(browser: Client) -> str:
    return html.unescape(browser.get("/admin/posts/").content.decode())


def test_the_page_asks_and_a_second_administrator_decides_there() -> None:
    target = post("far", confidentiality=1)
    asking, deciding = desks.signed_in("security"), desks.signed_in("audit")
    asking.post("/admin/posts/hold", {"username": "worker", "post": "far"})
    assert "等另一名管理员" in page(asking)
    request = PostRequest.objects.get()
    address = f"/admin/posts/requests/{request.pk}/decide"
    assert address not in page(asking)
    assert address in page(deciding)
    assert "另一名管理员" in html.unescape(asking.post(address, {"yes": "1"}, follow=True).content.decode())
    assert not Holding.objects.filter(post=target).exists()
    deciding.post(address, {"yes": "1"})
    assert Holding.objects.filter(post=target, account__username="worker").exists()
    assert address not in page(deciding)
    assert deciding.post("/admin/posts/requests/999999/decide", {"yes": "1"}).status_code == 404
    assert desks.signed_in("system").post(address, {"yes": "1"}).status_code in (403, 404)
