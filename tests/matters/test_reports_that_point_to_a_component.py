"""A matter points to a component of the register: kept in row and entry, and its owner answers."""

import uuid
from typing import Any

import pytest

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, ids
from civicloop.matters import actions, dry_run, proof, reading, selectors
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.access import ANONYMOUS
from tests import world
from tests.api.calls import Caller
from tests.catalogue.components import FAR_LID, LAMP, LID, owner_answers, some, take
from tests.matters import loop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def standing() -> None:
    some()


def row(matter: uuid.UUID) -> Matter:
    return Matter.objects.select_related("component", "kind", "unit").get(id=matter)


def entries(matter: uuid.UUID) -> list[dict[str, Any]]:
    return [dict(line.data) for line in selectors.timeline(matter)]


def test_a_report_keeps_its_component_in_row_and_entry_and_takes_its_kind_over() -> None:
    matter = loop.report(component=LID)
    found = row(matter)
    assert (found.component and found.component.code, found.kind and found.kind.code) == (LID, "01001")
    assert entries(matter)[0]["component"] == LID
    assert proof.verify(matter) == []
    other = loop.report(component=LAMP, kind="06010")  # what was chosen stays
    assert row(other).kind.code == "06010"


def test_without_a_place_the_matter_lies_where_the_component_stands() -> None:
    new = NewMatter(id=ids.uuid7(), text="井盖坏了", component=LID)
    found = row(actions.report(ANONYMOUS, new).id)
    assert (found.lon, found.lat) == (117.02, 39.05)
    assert found.grid_id is not None


@pytest.mark.parametrize(
    ("code", "reason"), [("99010101001000099", "unknown_component"), ("x" * 40, "unknown_component"),
                         (FAR_LID, "component_far")],
)  # fmt: skip
def test_what_is_no_component_of_this_place_is_refused(code: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        loop.report(component=code)
    assert (refused.value.code, refused.value.status, refused.value.extra["field"]) == (reason, 422, "component")
    assert Matter.objects.count() == 0


def test_the_same_report_again_is_harmless_also_when_the_component_has_ended_since() -> None:
    new = NewMatter(id=ids.uuid7(), text="井盖坏了", lon=117.02, lat=39.05, crs="wgs84", component=LID)
    assert actions.report(ANONYMOUS, new).status == 201
    take(f"code,ended\n{LID},yes\n")
    assert actions.report(ANONYMOUS, new).status == 200
    with pytest.raises(Refused) as refused:
        actions.report(ANONYMOUS, NewMatter(**{**vars(new), "component": LAMP}))
    assert refused.value.code == "id_reused"


def test_the_owner_is_dispatched_to_and_the_entry_keeps_why() -> None:
    owner_answers()
    matter = loop.report(component=LID)
    assert entries(matter)[0]["suggested"] == world.unit("d1-power")
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    assert row(matter).unit.code == "d1-power"
    last = entries(matter)[-1]
    assert (last["seat:answering.why"], last["seat:answering"]) == ("rule_kind", world.unit("d1-power"))
    said = Caller("clerk").get(f"/matters/{matter}/why-unit").json()
    assert "部件权属单位" in said["words"]
    assert said["rules"]["unit"] == "d1-power"


def test_without_an_owner_the_next_rule_answers() -> None:
    owner_answers("01037")
    matter = loop.report(component=LAMP)
    assert entries(matter)[0]["suggested"] == world.unit("s1-office")


def test_whoever_files_or_dispatches_may_point_to_another_or_to_none() -> None:
    owner_answers()
    matter = loop.report(kind="01001")
    assert row(matter).component is None
    loop.act("clerk", matter, "file", condition=loop.condition(), component=LID)
    assert row(matter).component.code == LID
    assert entries(matter)[-1]["component"] == LID
    act = Act(matter, "dispatch", ids.uuid7(), None, {"component": ""})
    assert actions.act(world.actor("clerk"), act).status == 201
    assert actions.act(world.actor("clerk"), act).status == 200  # sent twice
    assert row(matter).component is None
    assert entries(matter)[-1]["component"] == ""
    assert row(matter).unit.code == "s1-office"
    later = loop.report(kind="01001")
    with pytest.raises(Refused) as refused:
        loop.act("clerk", later, "file", condition=loop.condition(), component=FAR_LID)
    assert refused.value.code == "component_far"


def test_the_component_stays_through_later_acts() -> None:
    matter = loop.report(component=LID)
    loop.to_handling(matter)
    loop.to_check(matter)
    assert row(matter).component.code == LID
    assert [each.get("component") for each in entries(matter)].count(LID) == 1


def test_other_rules_are_tried_on_the_matters_that_point_to_something() -> None:
    matter = loop.report(component=LID)
    loop.report(kind="01001")
    before = catalogue.picture()
    owner_answers()
    after = catalogue.picture()
    now = clock.now()
    found = dry_run.run(before, after, as_of=now, since=now.replace(year=now.year - 1), until=now)
    assert [(each.matter_id, each.after) for each in found.moved] == [(matter, world.unit("d1-power"))]


def test_over_http_a_matter_says_its_component_and_is_found_by_it() -> None:
    caller = Caller("clerk")
    sent = {"text": "井盖坏了", "lon": 117.02, "lat": 39.05, "crs": "wgs84", "component": LID}
    made = caller.post("/matters", sent)
    assert made.status_code == 201, made.content
    loop.report(kind="01001")
    matter = made.json()["id"]
    assert caller.get(f"/matters/{matter}").json()["component"] == LID
    assert [each["id"] for each in caller.get(f"/matters?component={LID}").json()["items"]] == [matter]
    assert caller.get("/matters?component=99010101001000099").status_code == 422
    assert caller.post("/matters", sent | {"component": FAR_LID}).status_code == 422


def test_the_owner_of_the_moment_is_asked_not_that_of_today() -> None:
    owner_answers()
    matter = loop.report(component=LID)
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    take(f"code,owner_code\n{LID},city-centre\n")
    assert register.parties(row(matter).component_id).owner_id == world.unit("city-centre")
    said = Caller("clerk").get(f"/matters/{matter}/why-unit").json()
    assert said["rules"]["unit"] == "d1-power"  # as it was when it was named
    seen = reading.read(matter)
    assert seen is not None
    assert seen.row["component_id"] is not None
