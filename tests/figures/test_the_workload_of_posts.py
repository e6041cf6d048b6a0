"""The workload of posts: amounts beside the median of like posts, for the post itself and for who is above it alone."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client

from civicloop.figures import ledger, workload
from civicloop.figures.models import PostWork
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.people.models import Account, Post
from tests import world
from tests.figures.ledgers import ledger as command
from tests.matters import loop

LATER = world.START + timedelta(days=1, hours=20)


def live() -> None:
    """A case that is handled and closed, and one that a grid worker put right on the spot."""
    with clock.at(world.START):
        matter = loop.report(kind="01001")
        loop.to_close(matter)
        spot = loop.report("grid", kind="01001")
        loop.photo(spot, "before")
        loop.photo(spot, "after")
        loop.act("grid", spot, "handle_on_spot", result="已清理")


def told(user: str, role: str = "") -> workload.Workload:
    with clock.at(LATER):
        return workload.workload(world.actor(user), period="2026-03", role=role)


@pytest.mark.django_db
def test_acts_on_what_came_are_counted_when_the_day_is_over_and_nothing_that_was_self_made() -> None:
    live()
    with clock.at(world.START + timedelta(hours=2)):
        workload.count()
        assert not PostWork.objects.exists()
    with clock.at(LATER):
        assert workload.count()
        assert not workload.count()  # once
        assert ledger.check().ok
    own = told("clerk")
    assert own.own is not None
    assert own.actions == {"close": 1, "dispatch": 1, "file": 1}
    assert own.own.acts == 3
    grid = told("grid")
    assert grid.own is not None
    assert (grid.own.acts, grid.actions) == (0, {})  # neither the report nor what was put right on the spot
    with clock.at(LATER):
        loop.act("clerk", loop.report(kind="01001"), "file", condition=loop.condition())
    assert told("clerk").actions["file"] == 1  # today is not over
    with clock.at(LATER + timedelta(days=1)):
        workload.count()
        assert told("clerk").actions["file"] == 2


@pytest.mark.django_db
def test_who_is_above_sees_the_posts_below_in_the_order_of_codes_and_others_see_their_own_alone() -> None:
    live()
    with clock.at(LATER):
        workload.count()
    head = told("head", "unit_worker")
    assert [(line.code, line.acts) for line in head.lines] == [("worker-post", 1)]
    leader = told("leader", "receiving_clerk")
    codes = [line.code for line in leader.lines]
    assert codes == sorted(codes)
    assert {"receiver-post", "d1-receiver-post"} <= set(codes)
    assert "d2-clerk-post" not in [line.code for line in told("leader", "acceptance_clerk").lines]
    for user in ("clerk", "worker", "checker", "audit"):
        assert not told(user).lines
    for line in (*leader.lines, *head.lines):
        assert not {"account", "name", "rank"} & set(type(line).__slots__)


@pytest.mark.django_db
def test_a_median_of_few_is_not_told() -> None:
    live()
    with clock.at(LATER):
        workload.count()
        worker = Post.objects.get(code="worker-post", valid_to=None)
        assert told("worker").own.like is None  # type: ignore[union-attr]
        for number in range(3):
            Post.objects.create(
                code=f"more-{number}", role="unit_worker", unit=worker.unit, area=worker.area, valid_from=world.START
            )
        assert told("worker").own.like is None  # type: ignore[union-attr]
        Post.objects.create(
            code="more-4", role="unit_worker", unit=worker.unit, area=worker.area, valid_from=world.START
        )
        assert told("worker").own.like == 0  # type: ignore[union-attr]


@pytest.mark.django_db
def test_the_page_shows_amounts_and_no_name_of_a_person() -> None:
    live()
    with clock.at(LATER):
        workload.count()
        leader = Client()
        account = Account.objects.get(username="leader")
        leader.force_login(account)
        page = leader.get("/figures/workload", {"period": "2026-03", "role": "receiving_clerk"}).content.decode()
        assert "receiver-post" in page
        for each in Account.objects.exclude(id=account.id).values_list("names", flat=True):
            assert not [name for name in each.values() if name and f">{name}<" in page]
        worker = Client()
        worker.force_login(Account.objects.get(username="worker"))
        assert "receiver-post" not in worker.get("/figures/workload", {"period": "2026-03"}).content.decode()
        assert worker.get("/figures/workload", {"period": "2026"}).status_code == 400


@pytest.mark.django_db
def test_who_acts_from_outside_has_none() -> None:
    from civicloop.people.access import ANONYMOUS

    with pytest.raises(Refused) as refused:
        workload.workload(ANONYMOUS)
    assert refused.value.code == "forbidden"


def test_a_count_that_somebody_changed_is_named_and_made_anew(committing: str, database_server) -> None:  # type: ignore[no-untyped-def]
    live()
    with clock.at(LATER):
        workload.count()
    with psycopg.connect(database_server.addresses(connection.settings_dict["NAME"]).superuser) as owner:
        owner.execute("UPDATE figures_postwork SET n = n + 5 WHERE action = 'dispatch'")
    code, found = command(database_server, "check")
    assert (code, [each["what"] for each in found["differences"]]) == (1, ["workload"])
    assert command(database_server, "rebuild")[0] == 0
    with clock.at(LATER):
        workload.count()
        assert told("clerk").actions["dispatch"] == 1
    assert command(database_server, "check")[0] == 0
