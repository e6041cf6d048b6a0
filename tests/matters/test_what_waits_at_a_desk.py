"""What a post is told to do is what it may do: the desk of a place is not that of every post of the same unit."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock
from civicloop.matters import selectors
from civicloop.matters.models import Matter
from civicloop.matters.selectors import Filters
from civicloop.people.access import Actor
from civicloop.procedures import selectors as procedures
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
ELSEWHERE = (117.07, 39.05)  # in the second grid of the same community


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def desk(actor: Actor) -> set[UUID]:
    return {row.id for row in selectors.matters(actor, Filters(desk=True), order="due").rows}


def to_verify(**values: Any) -> UUID:
    matter = loop.report(**values)
    loop.act("clerk", matter, "send_pre_verify")
    return matter


def test_a_grid_worker_is_shown_the_verifications_of_the_own_grid() -> None:
    """The colleague's as well can be seen, for the unit answers for both; but nothing is to be done with them."""
    here, there = to_verify(), to_verify(point=ELSEWHERE)
    first, second = (
        world.hire(f"worker-{number}", "grid_worker", "s1-centre", f"99010100100100{number}") for number in (1, 2)
    )
    assert {row.unit_id for row in Matter.objects.filter(id__in=[here, there])} == {first.unit_id}
    assert (desk(first), desk(second)) == ({here}, {there})
    assert (selectors.waits_at(first, here), selectors.waits_at(first, there)) == (True, False)
    assert selectors.seen_by(first, there).id == there
    assert selectors.open_at(first) == selectors.open_at(second) == 1


def test_a_post_of_several_roles_is_shown_what_its_unit_was_given_wherever_it_lies() -> None:
    verify, handle = to_verify(point=ELSEWHERE), loop.report(point=ELSEWHERE)
    loop.act("clerk", handle, "file", condition=loop.condition())
    loop.act("clerk", handle, "dispatch")
    both = world.hire("both", "grid_worker", "s1-office", "990101001001001", "receiving_clerk")
    assert desk(both) == {handle}
    assert verify not in desk(both)


def test_whatever_waits_at_a_desk_can_be_acted_on_there() -> None:
    """In every step of the ordinary way, for every post of the tiny city; and somebody has it on the desk."""
    made = [loop.report(), to_verify(), loop.report(), loop.report(), loop.report(point=ELSEWHERE)]
    loop.act("clerk", made[2], "file", condition=loop.condition())
    loop.to_handling(made[3])
    loop.to_handling(made[4])
    loop.to_check(made[4])
    waits: set[UUID] = set()
    for user in world.POSTS:
        actor = world.actor(user)
        for matter in desk(actor):
            assert selectors.offered(actor, selectors.seen_by(actor, matter)), (user, loop.step(matter))
            waits.add(matter)
    assert waits == set(made)


def test_posts_that_are_chosen_are_told_from_those_of_a_place() -> None:
    seated = procedures.seated()
    assert {"receiving_clerk", "unit_worker"} <= set(seated)
    assert not {"acceptance_clerk", "checker"} & set(seated)
    assert set(seated["unit_worker"]) <= {each.id for each in procedures.versions()}
