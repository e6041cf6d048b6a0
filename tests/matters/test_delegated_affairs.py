"""帮办代办: without a delegation the grid neither sees nor does such a matter; the authorisation comes first."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import actions, reading, selectors
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people import access, delegation
from civicloop.people.delegation import Wanted
from civicloop.people.models import Delegation
from civicloop.places import selectors as places
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")
ELSEWHERE = (117.12, 39.05)  # in 新开街道


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def delegated(**values: Any) -> Delegation:
    """The one delegation to the grid centre of s1 is replaced by another one."""
    Delegation.objects.update(revoked_at=world.START - timedelta(days=1))
    base: dict[str, Any] = {
        "from_unit": "d1-urban", "to_unit": "s1-centre", "area_id": places.by_code("990101001").id, "query": True,
        "act": True, "purpose": "帮办代办", "valid_from": world.START, "valid_to": world.START + timedelta(days=9),
        "paper_number": "甲〔2026〕1号", "paper_date": date(2026, 3, 1), "kinds": ("01",),
    }  # fmt: skip
    return delegation.delegate(SYSTEM, Wanted(**base | values))


def service(user: str = "grid", **values: Any) -> UUID:
    return loop.report(user, **({"procedure": "delegated-service", "kind": "01001", "channel": "visit"} | values))


def forbidden(work: Any, code: str = "no_delegation") -> None:
    with pytest.raises(Refused) as refused:
        work()
    assert refused.value.code == code


def sees(user: str, matter: UUID) -> bool:
    """Whether a user may open the matter; lists and pages agree on it."""
    actor = world.actor(user)
    found = reading.read(matter)
    assert found is not None
    opened = access.sees(actor, found.subject).allowed
    listed = Matter.objects.filter(selectors.visible(actor), id=matter).exists()
    paged = matter in {row.id for row in selectors.matters(actor, selectors.Filters()).rows}
    assert opened == listed == paged
    return opened


def ways_of_having_none() -> dict[str, dict[str, Any]]:
    return {
        "another kind": {"kinds": ("06",)},
        "another area": {"area_id": places.by_code("990101002").id},
        "another unit": {"to_unit": "s2-centre"},
        "another post": {"to_unit": "", "to_post": "clerk-post"},
        "not yet": {"valid_from": world.START + timedelta(hours=1)},
    }


@pytest.mark.parametrize("why", ["another kind", "another area", "another unit", "another post", "not yet"])
def test_without_a_fitting_delegation_the_grid_neither_sees_nor_does(why: str) -> None:
    matter = service()
    assert sees("grid", matter)
    delegated(**ways_of_having_none()[why])
    assert not sees("grid", matter)
    forbidden(lambda: loop.act("grid", matter, "decline", reason="不属于代办范围"), "not_found")
    forbidden(lambda: loop.act("grid", matter, "note", note="请补材料"), "not_found")
    forbidden(service)
    assert sees("clerk", matter)  # desks of the place do not work by delegation


def test_an_expired_and_a_revoked_delegation_are_none() -> None:
    matter = service()
    made = delegated(kinds=())
    assert sees("grid", matter)
    with clock.at(world.START + timedelta(days=9)):
        assert not sees("grid", matter)
        forbidden(service)
    delegation.revoke(SYSTEM, delegation_id=made.pk, paper_number="收回1号", paper_date=date(2026, 3, 2))
    assert not sees("grid", matter)
    forbidden(service)


def test_who_may_only_query_looks_and_does_nothing() -> None:
    matter = service()
    delegated(act=False)
    assert sees("grid", matter)
    found = reading.read(matter)
    assert found is not None
    assert selectors.offered(world.actor("grid"), found) == []
    forbidden(lambda: loop.act("grid", matter, "decline", reason="不属于代办范围"))
    forbidden(lambda: loop.act("grid", matter, "note", note="请补材料"))
    forbidden(lambda: actions.may_add(world.actor("grid"), matter), "not_found")
    forbidden(service)


def test_kinds_are_delegated_one_by_one_or_as_a_main_class() -> None:
    for kinds in (("01001",), ("01",), ()):
        delegated(kinds=kinds)
        service()
        delegated(kinds=("06010",))
        forbidden(service)
    delegated(kinds=("01",))
    forbidden(lambda: service(kind=""))  # what kind it is nobody knows: only who has all of them may
    delegated(kinds=())
    service(kind="")


def test_the_place_decides_and_other_kinds_of_work_need_no_delegation() -> None:
    forbidden(lambda: service(point=ELSEWHERE))
    Delegation.objects.update(revoked_at=world.START)
    matter = loop.report("grid")
    assert sees("grid", matter)


def test_residents_and_desks_need_no_delegation_to_ask() -> None:
    Delegation.objects.update(revoked_at=world.START)
    for user in (None, "clerk"):
        new = {"procedure": "delegated-service", "kind": "01001"}
        matter = loop.report(user, **new)
        assert sees("clerk", matter)
        assert not sees("grid", matter)


def test_the_residents_authorisation_is_on_file_before_anything_is_applied_for() -> None:
    matter = service()
    forbidden(lambda: loop.act("grid", matter, "apply"), "out_of_step")
    forbidden(lambda: loop.act("grid", matter, "authorise", signature="已签署"), "evidence_missing")
    loop.photo(matter, "other")
    forbidden(lambda: loop.act("grid", matter, "authorise"), "missing")
    loop.act("grid", matter, "authorise", signature="已签署授权书")
    assert loop.step(matter) == "authorised"
    delegated(act=False)
    loop.photo(matter, "other")
    forbidden(lambda: loop.act("grid", matter, "apply"))
    delegated()
    with clock.at(world.START + timedelta(minutes=1)):
        actions.act(world.actor("grid"), Act(matter, "apply", ids.uuid7(), None, {"answering": world.unit("d1-urban")}))
    assert loop.step(matter) == "to_accept"
    loop.act("d1-receiver", matter, "accept", "yes")  # the unit whose affair it is needs no delegation


def test_somebody_standing_in_for_the_grid_has_its_delegations_and_not_more() -> None:
    from tests.matters.test_a_stand_in_acts import stand_in

    matter = service()
    actor = stand_in("s2-clerk", "grid")
    found = reading.read(matter)
    assert found is not None
    assert access.sees(actor, found.subject).allowed
    assert actor.delegated == world.actor("grid").delegated
    assert world.actor("s2-clerk").delegated == ()
    where = {"lon": world.SPOT[0], "lat": world.SPOT[1], "crs": "wgs84"}
    new = NewMatter(id=ids.uuid7(), text="代办", procedure="delegated-service", kind="01001", **where)  # type: ignore[arg-type]
    assert actions.report(actor, new).status == 201
