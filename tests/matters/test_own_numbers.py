"""The city and its districts set own numbers for clocks where that is lawful; each clock says whose number it has."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import translation

from civicloop.foundation import clock
from civicloop.matters import limits, reading, reckoning
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock
from civicloop.procedures import selectors as procedures
from civicloop.records import settings
from civicloop.records.models import AuditEntry, Setting
from tests import world
from tests.matters import loop
from tests.matters.test_the_ladder import MONDAY

pytestmark = pytest.mark.django_db
ACCEPTANCE = "limits.grid-event.acceptance"
RECEIVE = "limits.grid-event.receive"
DISTRICT = "990101"


def put(code: str, text: str, area: str = "", at: datetime = MONDAY - timedelta(days=1)) -> None:
    with clock.at(at):
        limits.set_own(world.actor("system"), code=code, area_code=area, text=text)
    settings.forget()


def minutes(matter: UUID, name: str = "acceptance") -> float:
    row = Clock.objects.get(matter_id=matter, name=name)
    assert row.due_at is not None
    return (row.due_at - row.started_at).total_seconds() / 60


def came_from(matter: UUID, name: str = "acceptance") -> limits.Origin:
    seen = reading.read(matter)
    assert seen is not None
    with translation.override("en"):
        found = next(each for each in reckoning.clocks(seen) if each.name == name).origin
    assert found is not None
    return found


def test_a_district_may_be_stricter_and_only_there() -> None:
    put(ACCEPTANCE, "0.1 urgent_hour", DISTRICT)
    with clock.at(MONDAY):
        here, elsewhere = loop.report(kind="01001"), loop.report(kind="01001", point=(117.25, 39.05))
        assert (minutes(here), minutes(elsewhere)) == (6, 15)
        assert came_from(here).words == "set by 甲区〔中〕 on 2026-03-01"
        assert (came_from(here).kind, came_from(here).area) == ("district", DISTRICT)
        assert came_from(elsewhere).kind == "procedure"
        assert came_from(elsewhere).words.startswith("the procedure Grid event, version ")


def test_the_citys_number_holds_where_the_district_has_none_and_bounds_it() -> None:
    put(ACCEPTANCE, "0.5 urgent_hour")
    put(ACCEPTANCE, "0.4 urgent_hour", DISTRICT)
    with clock.at(MONDAY):
        here, elsewhere = loop.report(kind="01001"), loop.report(kind="01001", point=(117.25, 39.05))
        assert (minutes(here), minutes(elsewhere)) == (24, 30)
        assert came_from(elsewhere).words == "set by the city on 2026-03-01"
    put(ACCEPTANCE, "0.25 urgent_hour", at=MONDAY + timedelta(minutes=1))  # the city becomes stricter than its district
    with clock.at(MONDAY + timedelta(minutes=2)):
        assert minutes(loop.report(kind="01001")) == 15
        assert minutes(here) == 24  # a clock that runs keeps its number, and still says whose it is
        assert came_from(here).kind == "district"


def test_an_empty_number_takes_it_back_and_each_change_is_told() -> None:
    put(ACCEPTANCE, "0.1 urgent_hour", DISTRICT)
    put(ACCEPTANCE, "", DISTRICT)
    with clock.at(MONDAY):
        assert minutes(loop.report(kind="01001")) == 15
    assert Setting.objects.filter(code=ACCEPTANCE).count() == 2
    assert AuditEntry.objects.filter(action="setting.set", object=f"{ACCEPTANCE} district:{DISTRICT}").count() == 2


def test_of_several_limits_only_what_holds_without_a_condition_is_an_own_one() -> None:
    put(RECEIVE, "0.5 work_day", DISTRICT)
    with clock.at(MONDAY):
        usual, urgent = loop.report(kind="06010"), loop.report(kind="01001")
        for matter, kind in ((usual, "06010"), (urgent, "01001")):
            loop.act("clerk", matter, "file", condition=loop.condition(kind))
            loop.act("clerk", matter, "dispatch")
        assert Clock.objects.get(matter_id=usual, name="receive").limit == "0.5 work_day"
        assert minutes(urgent, "receive") == 15
        assert came_from(urgent, "receive").kind == "procedure"
        assert came_from(usual, "receive").kind == "district"


def test_what_the_catalogue_gives_says_so() -> None:
    with clock.at(MONDAY):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        found = came_from(matter, "handle")
    assert found.kind == "condition"
    assert found.words.startswith("filing condition 3 of ")


def test_numbers_of_the_law_of_the_catalogue_and_chosen_days_are_never_own_ones() -> None:
    with clock.at(MONDAY):
        found = {each.code for each in limits.lines()}
        for row in procedures.all_in_force(MONDAY):
            procedure = procedures.by_id(row.pk)
            for name, declared in procedure.clocks.items():
                last = declared.limits[-1].limit or ""
                counted = any(unit in last for unit in ("_hour", " work_day", "natural_day"))
                lawful = counted and not last.startswith("@") and not declared.fixed
                assert (limits.code_of(procedure.code, name) in found) == lawful, (procedure.code, name)
    assert not found & {"limits.grid-event.enforcement", "limits.judicial-confirmation.file"}


@pytest.mark.parametrize(
    ("code", "area", "text", "refused"),
    [
        (ACCEPTANCE, DISTRICT, "1 urgent_hour", "laxer"),
        (ACCEPTANCE, DISTRICT, "0.1 work_hour", "other_unit"),
        (ACCEPTANCE, "", "2 legal_day", "other_unit"),
        (ACCEPTANCE, "", "soon", "no_limit"),
        (ACCEPTANCE, "", "0 urgent_hour", "no_limit"),
        ("limits.grid-event.enforcement", "", "60 legal_day", "not_found"),
        ("limits.nothing.here", "", "1 work_day", "not_found"),
        (ACCEPTANCE, "990101001", "0.1 urgent_hour", "not_found"),
        (ACCEPTANCE, "nowhere", "0.1 urgent_hour", "not_found"),
    ],
)
def test_a_number_that_may_not_be_is_refused_and_nothing_is_set(code: str, area: str, text: str, refused: str) -> None:
    with pytest.raises(Refused) as reason:
        put(code, text, area)
    assert reason.value.code == refused
    assert not Setting.objects.filter(code=code).exists()


@pytest.mark.parametrize("user", ["supervisor", "clerk", "audit"])
def test_who_does_not_look_after_settings_sets_none(user: str) -> None:
    with pytest.raises(Refused) as reason:
        limits.set_own(world.actor(user), code=ACCEPTANCE, area_code="", text="0.1 urgent_hour")
    assert reason.value.code == "forbidden"
