"""Stand-ins: the work of a post falls to the named one by itself, for as long as nobody who holds it is there."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import clock
from civicloop.people import access, actions, selectors, standing
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.models import Account, Holding, Post, StandIn
from tests import world
from tests.people.test_posts_and_who_holds_them import SYSTEM, account, area, last_entry, post, refused

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def at(hours: float) -> datetime:
    """A moment so many hours after the beginning of the test."""
    return world.START + timedelta(hours=hours)


def away(user: str, since: datetime = world.START, until: datetime = world.START + DAY) -> Any:
    """The leave of a user, entered by the system."""
    return standing.enter_leave(SYSTEM, account_id=account(user), since=since, until=until, reason="leave")


def standing_in(user: str) -> dict[str, Actor]:
    """The posts that a user stands in for now, by code."""
    found = selectors.actors_of_account(account(user))
    return {selectors.post_code(each.post_id or 0): each for each in found if each.stands_in_from is not None}


def name(one: str, other: str) -> StandIn:
    return standing.name_stand_in(SYSTEM, post=f"{one}-post", stand_in=f"{other}-post")


def test_a_named_stand_in_takes_over_by_itself_and_only_while_the_holder_is_away() -> None:
    name("grid", "clerk")
    assert standing_in("clerk") == {}
    away("grid", at(2), at(5))
    for hour, borrowed in ((1, False), (2, True), (4.9, True), (5, False)):
        with clock.at(at(hour)):
            assert (set(standing_in("clerk")) == {"grid-post"}) is borrowed, hour
    with clock.at(at(3)):
        (actor,) = standing_in("clerk").values()
        own = world.actor("clerk")
        grid = world.actor("grid")
        assert (actor.account_id, actor.words) == (own.account_id, "clerk")
        assert (actor.post_id, actor.roles, actor.unit_id, actor.area_id) == (
            grid.post_id, grid.roles, grid.unit_id, grid.area_id,
        )  # fmt: skip
        assert (actor.stands_in_from, actor.own_unit_id, actor.stands_in_for) == (
            own.post_id, own.unit_id, {grid.account_id},
        )  # fmt: skip
        assert own.stands_in_from is None


def test_a_vacant_post_falls_to_the_stand_in_with_what_was_given_to_who_held_it_last() -> None:
    name("worker", "receiver")
    holding = Holding.objects.get(post__code="worker-post")
    actions.release(SYSTEM, holding_id=holding.pk)
    (actor,) = standing_in("receiver").values()
    assert actor.stands_in_for == {account("worker")}
    actions.hold(SYSTEM, account_id=account("grid"), post_id=holding.post_id)
    assert standing_in("receiver") == {}


def test_a_post_with_a_second_holder_is_not_empty_and_a_blocked_account_is_not_there() -> None:
    name("worker", "receiver")
    second = actions.hold(SYSTEM, account_id=account("grid"), post_id=Post.objects.get(code="worker-post").pk)
    away("worker")
    assert standing_in("receiver") == {}
    Account.objects.filter(username="grid").update(is_active=False)
    assert set(standing_in("receiver")) == {"worker-post"}
    assert second.until is None


def test_somebody_back_early_takes_the_post_back() -> None:
    name("grid", "clerk")
    found = away("grid")
    assert set(standing_in("clerk")) == {"grid-post"}
    refused("forbidden", standing.end_leave, world.actor("worker"), absence_id=found.pk)
    standing.end_leave(world.actor("grid"), absence_id=found.pk)
    assert last_entry() == ("grid", "leave.end", "grid")
    assert standing_in("clerk") == {}
    away("grid", at(0), at(1))  # the time that is free again may be taken again


def test_two_posts_may_stand_in_for_each_other_and_nobody_does_when_both_are_away() -> None:
    name("grid", "clerk")
    name("clerk", "grid")
    away("grid")
    assert set(standing_in("clerk")) == {"grid-post"}
    away("clerk")
    assert (standing_in("clerk"), standing_in("grid")) == ({}, {})
    gaps = {line.post.code: line for line in standing.empty_posts(world.actor("supervisor")) if not line.stand_ins}
    assert {"grid-post", "clerk-post"} <= set(gaps)
    assert [person.username for person in gaps["grid-post"].away] == ["grid"]


def test_standing_in_does_not_go_on_to_a_third_post() -> None:
    name("grid", "clerk")
    name("clerk", "checker")
    away("grid")
    away("clerk")
    assert set(standing_in("checker")) == {"clerk-post"}


def test_a_ring_a_self_and_a_second_naming_are_refused() -> None:
    name("grid", "clerk")
    name("clerk", "checker")
    by_code = {"post": "checker-post", "stand_in": "grid-post"}
    refused("circular", standing.name_stand_in, SYSTEM, **by_code)
    refused("same_post", standing.name_stand_in, SYSTEM, post="grid-post", stand_in="grid-post")
    refused("named_already", standing.name_stand_in, SYSTEM, post="grid-post", stand_in="clerk-post")
    refused("no_such_post", standing.name_stand_in, SYSTEM, post="grid-post", stand_in="nobody")
    standing.end_stand_in(SYSTEM, stand_in_id=StandIn.objects.get(post_code="clerk-post").pk)
    name("checker", "grid")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12), st.integers(0, 5), st.integers(0, 5))
def test_a_ring_is_found_wherever_it_closes(lines: list[tuple[int, int]], one: int, other: int) -> None:
    from itertools import permutations

    edges = {(str(a), str(b)) for a, b in lines if a != b}
    codes = {code for edge in edges for code in edge}
    ring = any(
        all(step in edges for step in zip((str(other), *way), (*way, str(one)), strict=True))
        for size in range(1, len(codes) + 1)
        for way in permutations(sorted(codes - {str(one), str(other)}), size)
    )
    if one != other:
        assert standing._closes_a_ring(edges, str(one), str(other)) == ring


@pytest.mark.parametrize(
    ("who", "one", "other", "why"),
    [
        ("system", "grid", "clerk", "forbidden"),
        ("grid", "grid", "clerk", "forbidden"),
        ("audit", "grid", "clerk", "forbidden"),
        ("head", "worker", "receiver", None),  # both of the own unit
        ("head", "grid", "worker", "out_of_reach"),
        ("head", "worker", "grid", "out_of_reach"),
        ("head", "worker", "head", "own_gain"),
        ("supervisor", "grid", "clerk", None),  # both in the own district
        ("supervisor", "d2-clerk", "grid", "out_of_reach"),
        ("supervisor", "checker", "supervisor", "own_gain"),
        ("supervisor", "system", "clerk", "out_of_reach"),
        ("security", "d2-clerk", "s2-clerk", None),
        ("security", "audit", "system", "separate_hands"),
    ],
)
def test_who_may_name_a_stand_in(who: str, one: str, other: str, why: str | None) -> None:
    codes = {"post": f"{one}-post", "stand_in": f"{other}-post"}
    if why:
        refused(why, standing.name_stand_in, world.actor(who), **codes)
    else:
        found = standing.name_stand_in(world.actor(who), **codes)
        assert last_entry() == (who, "standin.name", f"{one}-post")
        standing.end_stand_in(world.actor(who), stand_in_id=found.pk)
        assert last_entry() == (who, "standin.end", f"{one}-post")


def test_nobody_stands_in_into_a_second_administration() -> None:
    name("audit", "clerk")
    away("audit")
    assert set(standing_in("clerk")) == {"audit-post"}
    actions.hold(SYSTEM, account_id=account("clerk"), post_id=Post.objects.get(code="system-post").pk)
    assert standing_in("clerk") == {}


def test_leave_overlaps_nothing_and_has_an_end() -> None:
    away("grid", at(2), at(5))
    enter = {"account_id": account("grid"), "reason": "leave"}
    for since, until in ((1, 3), (3, 4), (4, 9), (1, 9)):
        refused("overlapping", standing.enter_leave, SYSTEM, since=at(since), until=at(until), **enter)
    refused("no_time", standing.enter_leave, SYSTEM, since=at(9), until=at(8), **enter)
    refused("no_time", standing.enter_leave, SYSTEM, since=at(-9), until=at(-8), **enter)
    refused("too_long", standing.enter_leave, SYSTEM, since=at(9), until=at(24 * 400), **enter)
    refused("reason_unknown", standing.enter_leave, SYSTEM, since=at(9), until=at(10), **enter | {"reason": "flu"})
    away("grid", at(5), at(6))


@pytest.mark.parametrize(
    ("who", "whose", "why"),
    [
        ("grid", "grid", None),
        ("grid", "clerk", "forbidden"),
        ("head", "worker", None),
        ("head", "grid", "out_of_reach"),
        ("supervisor", "grid", None),
        ("supervisor", "d2-clerk", "out_of_reach"),
        ("security", "audit", None),
        ("system", "grid", "forbidden"),
        ("channel", "channel", "forbidden"),
    ],
)
def test_who_may_enter_leave(who: str, whose: str, why: str | None) -> None:
    values = {"account_id": account(whose), "since": at(0), "until": at(1), "reason": "leave"}
    if why:
        refused(why, standing.enter_leave, world.actor(who), **values)
    else:
        assert standing.enter_leave(world.actor(who), **values).entered_by == account(who)
        assert last_entry() == (who, "leave.enter", whose)


def grids() -> Post:
    """A second grid post of the same unit, held by the checker."""
    second = post("grid-2-post", "grid_worker", unit_id=world.unit("s1-centre"), area_id=area("990101001001"))
    actions.hold(SYSTEM, account_id=account("checker"), post_id=second.pk)
    return second


def in_post(user: str, code: str) -> Actor:
    found = selectors.actors_of_account(account(user))
    return next(each for each in found if selectors.post_code(each.post_id or 0) == code)


def test_a_shift_counts_from_its_confirmation_to_its_end() -> None:
    grids()
    values = {"taker": "grid-2-post", "note_text": "北门井盖已围挡", "until": at(8), "open_matters": 3}
    given = standing.hand_over(world.actor("grid"), **values)
    assert last_entry() == ("grid", "shift.hand_over", "grid-post")
    assert (given.open_matters, given.note, standing_in("checker")) == (3, "北门井盖已围挡", {})
    refused("handed_over_already", standing.hand_over, world.actor("grid"), **values)
    refused("not_yours", standing.confirm_shift, world.actor("clerk"), handover_id=given.pk)
    refused("not_yours", standing.confirm_shift, world.actor("checker"), handover_id=given.pk)  # another own post
    taker = in_post("checker", "grid-2-post")
    back = {"taker": "grid-post", "note_text": "", "until": at(8), "open_matters": 0}
    refused("circular", standing.hand_over, taker, **back)
    standing.confirm_shift(taker, handover_id=given.pk)
    assert last_entry() == ("checker", "shift.confirm", "grid-post")
    (actor,) = standing_in("checker").values()
    assert actor.stands_in_for == {account("grid")}
    refused("not_yours", standing.hand_over, actor, **back | {"taker": "grid-2-post"})  # not the own one
    with clock.at(at(8)):
        assert standing_in("checker") == {}
        refused("over", standing.confirm_shift, in_post("checker", "grid-2-post"), handover_id=given.pk)
    refused("not_yours", standing.end_shift, world.actor("clerk"), handover_id=given.pk)
    standing.end_shift(world.actor("grid"), handover_id=given.pk)
    assert standing_in("checker") == {}


def test_a_shift_goes_to_a_colleague_or_a_named_stand_in_and_to_nobody_else() -> None:
    values = {"note_text": "", "until": at(8), "open_matters": 0}
    refused("no_such_taker", standing.hand_over, world.actor("grid"), taker="clerk-post", **values)
    name("grid", "clerk")
    refused("too_long", standing.hand_over, world.actor("grid"), taker="clerk-post", **values | {"until": at(99)})
    refused("no_time", standing.hand_over, world.actor("grid"), taker="clerk-post", **values | {"until": at(0)})
    refused(
        "note_long", standing.hand_over, world.actor("grid"), taker="clerk-post", **values | {"note_text": "x" * 2001}
    )
    refused("forbidden", standing.hand_over, world.actor("channel"), taker="clerk-post", **values)
    standing.hand_over(world.actor("grid"), taker="clerk-post", **values)


def test_an_empty_post_is_told_to_who_looks_after_it() -> None:
    away("worker")
    seen = {who: {line.post.code for line in standing.empty_posts(world.actor(who))} for who in (
        "head", "supervisor", "leader", "system", "security", "audit",
    )}  # fmt: skip
    assert all("worker-post" in codes for codes in seen.values()), seen
    with pytest.raises(PeopleError):
        standing.name_stand_in(world.actor("system"), post="worker-post", stand_in="receiver-post")
    name("worker", "receiver")
    (line,) = [each for each in standing.empty_posts(world.actor("head")) if each.post.code == "worker-post"]
    assert [person.username for person in line.stand_ins] == ["receiver"]
    away("d2-clerk")
    assert "d2-clerk-post" not in {each.post.code for each in standing.empty_posts(world.actor("supervisor"))}
    assert {line.account.username for line in standing.leave_in_reach(world.actor("head"))} == {"worker"}
    assert [other.code for _line, _post, other in standing.named(world.actor("head")) if other] == ["receiver-post"]


def test_duties_of_standing_are_for_who_looks_after_people() -> None:
    assert access.DUTIES["standins.change"] < access.DUTIES["standins.view"]
