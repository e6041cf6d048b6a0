"""Who stands in sees and does what the post may, the timeline keeps both, and nobody checks the own work that way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, proof, reading, selectors
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from civicloop.matters.permission import took_part
from civicloop.people import access, standing
from civicloop.people import selectors as people
from civicloop.people.access import Actor
from civicloop.people.models import Account
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def stand_in(user: str, for_whom: str) -> Actor:
    """`for_whom` goes on leave and `user` stands in."""
    standing.name_stand_in(SYSTEM, post=f"{for_whom}-post", stand_in=f"{user}-post")
    account = Account.objects.get(username=for_whom).pk
    until = clock.now() + timedelta(days=2)
    standing.enter_leave(SYSTEM, account_id=account, since=clock.now(), until=until, reason="leave")
    found = people.actors_of_account(Account.objects.get(username=user).pk)
    return next(each for each in found if people.post_code(each.post_id or 0) == f"{for_whom}-post")


def act(actor: Actor, matter: UUID, action: str, outcome: str | None = None, /, **data: Any) -> Any:
    return actions.act(actor, Act(matter, action, ids.uuid7(), outcome, data))


def listed(actor: Actor) -> set[UUID]:
    return set(
        Matter.objects.filter(selectors.visible(actor), selectors.at_my_desk(actor)).values_list("id", flat=True)
    )


def test_what_was_given_to_the_absent_worker_is_done_by_the_stand_in_and_the_timeline_keeps_both() -> None:
    matter = loop.report()
    loop.to_handling(matter)
    assert matter not in listed(world.actor("d1-worker"))
    with pytest.raises(Refused):
        act(world.actor("d1-worker"), matter, "handle", result="已更换井盖")
    actor = stand_in("d1-worker", "worker")
    assert matter in listed(actor)
    assert matter in {row.id for row in selectors.matters(actor, selectors.Filters(desk=True)).rows}
    assert selectors.open_at(actor) == 1
    loop.photo(matter, "after")
    act(actor, matter, "handle", result="已更换井盖")
    entry = Entry.objects.filter(matter_id=matter).order_by("-seq")[0]
    own = world.actor("d1-worker")
    assert (entry.account_id, entry.post_id, entry.unit_id, entry.role) == (
        own.account_id, world.actor("worker").post_id, world.unit("s1-office"), "unit_worker",
    )  # fmt: skip
    assert selectors.timeline(matter)[-1].data["stands_in_from"] == own.post_id
    assert proof.verify(matter) == []
    found = reading.read(matter)
    assert found is not None
    assert [own.account_id, actor.post_id, actor.unit_id] in found.row["handlers"]


def test_standing_in_is_for_the_post_and_not_for_what_the_person_has_elsewhere() -> None:
    """The absent worker also had a post in another unit, and handled something there."""
    from civicloop.people import actions as posts
    from civicloop.people.models import Post

    account = Account.objects.get(username="worker").pk
    other = Post.objects.get(code="d1-worker-post")
    posts.hold(SYSTEM, account_id=account, post_id=other.pk)
    matter = loop.report(point=(117.12, 39.05))
    loop.act("s2-clerk", matter, "file", condition=loop.condition())
    loop.act("s2-clerk", matter, "dispatch")
    loop.act("d1-receiver", matter, "accept")
    loop.act("d1-receiver", matter, "assign", worker="worker")
    actor = stand_in("receiver", "worker")
    found = reading.read(matter)
    assert found is not None
    assert account in found.subject.persons
    assert not access.sees(actor, found.subject).allowed
    assert not access.stands_for(actor, post="unit_worker", of="person", value=account, subject=found.subject)
    assert matter not in listed(actor)
    assert matter not in {row.id for row in selectors.matters(actor, selectors.Filters()).rows}
    assert access.sees(world.actor("worker"), found.subject).allowed


def test_nobody_checks_the_own_work_by_standing_in_for_the_checker() -> None:
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    handler = stand_in("worker", "checker")
    assert matter in listed(handler)
    seen = reading.read(matter)
    assert seen is not None
    assert [offer.action for offer in selectors.offered(handler, seen) if offer.check] == []
    with pytest.raises(Refused) as refused:
        act(handler, matter, "post_check", "pass")
    assert refused.value.code == "own_work"


@pytest.mark.parametrize("apart", [("person",), ("post",), ("unit",)])
def test_however_narrow_the_separation_is_the_same_person_never_counts_as_another(apart: tuple[str, ...]) -> None:
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    handler = stand_in("worker", "checker")
    seen = reading.read(matter)
    assert seen is not None
    assert took_part(handler, seen, apart)
    assert not took_part(world.actor("checker"), seen, apart)


def test_a_colleague_of_the_handlers_unit_does_not_check_by_standing_in() -> None:
    """The checker's unit is not the handler's, but the stand-in's own unit is."""
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    colleague = stand_in("receiver", "checker")
    seen = reading.read(matter)
    assert seen is not None
    assert took_part(colleague, seen, ("unit",))


def test_somebody_of_another_unit_may_check_by_standing_in() -> None:
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    other = stand_in("d1-checker", "checker")
    seen = reading.read(matter)
    assert seen is not None
    assert "post_check" in {offer.action for offer in selectors.offered(other, seen)}
    assert not took_part(other, seen, ("person", "post", "unit"))


def test_a_report_and_a_list_of_a_stand_in_are_those_of_the_post() -> None:
    actor = stand_in("s2-clerk", "grid")
    done = loop.NewMatter(id=ids.uuid7(), text="路灯不亮", lon=world.SPOT[0], lat=world.SPOT[1], crs="wgs84")
    matter = actions.report(actor, done).id
    assert selectors.timeline(matter)[0].data["stands_in_from"] == world.actor("s2-clerk").post_id
    assert proof.verify(matter) == []
    assert matter in {row.id for row in selectors.matters(actor, selectors.Filters()).rows}
    assert matter not in {row.id for row in selectors.matters(world.actor("s2-clerk"), selectors.Filters()).rows}
    with clock.at(world.START + timedelta(days=2)):
        assert all(each.stands_in_from is None for each in people.actors_of_account(actor.account_id or 0))


def test_who_asked_does_not_approve_by_standing_in_for_the_head() -> None:
    matter = loop.report()
    loop.to_handling(matter)
    act(world.actor("receiver"), matter, "request_extension", reason="等待配件")
    head = stand_in("receiver", "head")
    seen = reading.read(matter)
    assert seen is not None
    assert selectors.decisions(head, seen) == []
    with pytest.raises(Refused) as refused:
        act(head, matter, "decide", request=seen.requests[0]["no"], yes=True)
    assert refused.value.code == "own_request"
