"""退单 within its limit, 首接负责, 指定承办; 吹哨 with 报到 of the units called, rated by whoever whistled."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import actions, jobs, passage, returning, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Fact, Matter, Outbox, Task
from civicloop.people import access, desks
from civicloop.people import actions as people
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.records import actions as records
from civicloop.records import settings
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    settings.forget()
    with clock.at(world.START), translation.override("zh-hans"):
        yield
    settings.forget()


def dispatched(unit: str = "") -> UUID:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition(no=4))
    loop.act("clerk", matter, "dispatch", **({"answering": unit} if unit else {}))
    return matter


def returned(matter: UUID, user: str = "receiver") -> None:
    """Asked by the unit, granted by the desk that dispatched."""
    loop.act(user, matter, "return", reason="不属于本单位职责")
    number = Matter.objects.get(id=matter).requests.get(state="open").no
    loop.act("clerk", matter, "decide", request=number, yes=True, reason="同意")


def unit_of(matter: UUID) -> str:
    return Matter.objects.select_related("unit").get(id=matter).unit.code


def first_of(matter: UUID) -> passage.FirstReceiver | None:
    return passage.first_receiver(selectors.timeline(matter))


def test_a_return_that_comes_too_late_is_refused_and_the_unit_must_handle() -> None:
    matter = dispatched()
    seen = selectors.seen_by(world.actor("receiver"), matter)
    told = returning.of(seen)
    assert told is not None
    assert (told.times, told.most, told.late) == (0, 3, False)
    with clock.at(world.START + 2 * DAY):
        assert returning.of(seen).late  # type: ignore[union-attr]
        assert "return" not in {each.action for each in selectors.offered(world.actor("receiver"), seen)}
        with pytest.raises(Refused) as refused:
            loop.act("receiver", matter, "return", reason="不属于本单位职责")
        assert refused.value.code == "condition"
        loop.act("receiver", matter, "accept")
        assert loop.step(matter) == "accepted"


def test_the_limit_of_returning_is_a_setting_of_the_city_and_of_the_unit() -> None:
    matter = dispatched()
    for scope, value in ((settings.INSTALLATION, "2 work_day"), ("unit:s1-office", "1 urgent_hour")):
        records.set_setting(
            actor_id=None, post_id=None, actor_words="tests", code=returning.SETTING, value=value, scope=scope
        )
    settings.forget()
    with clock.at(world.START + timedelta(hours=2)), pytest.raises(Refused) as refused:
        loop.act("receiver", matter, "return", reason="不属于本单位职责")
    assert refused.value.code == "condition"


def test_after_the_third_return_the_superior_designates_and_the_unit_cannot_return() -> None:
    matter = dispatched()
    for number in (1, 2, 3):
        returned(matter)
        assert selectors.seen_by(world.actor("clerk"), matter).state.count("returns") == number
        if number < 3:
            assert loop.step(matter) == "filed"
            loop.act("clerk", matter, "dispatch")
    assert loop.step(matter) == "designating"
    loop.act("supervisor", matter, "designate", answering="s1-property", reason="小区内设施归物业", catalogue="物管1")
    assert (loop.step(matter), unit_of(matter)) == ("accepted", "s1-property")
    with pytest.raises(Refused) as refused:
        loop.act("property", matter, "return", reason="不是我们的")
    assert refused.value.code == "bound_used_up"
    property_clerk = world.actor("property")
    offered = selectors.offered(property_clerk, selectors.seen_by(property_clerk, matter))
    assert "return" not in {each.action for each in offered}


def post(user: str, role: str, unit: str, area: str) -> None:
    """Somebody more in the tiny city."""
    system = access.system("tests")
    account = people.create_account(system, username=user, account_names={"zh-hans": user}, password=None)
    where = places.by_code(area).id
    made = people.create_post(system, code=f"{user}-post", role=role, unit_id=world.unit(unit), area_id=where)
    people.hold(system, account_id=account.id, post_id=made.id)
    desks.forget()


@pytest.mark.parametrize(
    ("units", "level", "superior"),
    [
        (("s1-property", "s1-property", "s1-property"), "subdistrict", "s1-supervisor"),
        (("s1-office", "s1-property", "s1-property"), "district", "supervisor"),
        (("s1-property", "d1-urban", "s1-property"), "district", "supervisor"),
        (("s1-property", "city-power", "d1-urban"), "city", "city-supervisor"),
    ],
)
def test_the_common_superior_of_all_units_that_returned_it_designates(
    units: tuple[str, ...], level: str, superior: str
) -> None:
    people.create_unit(
        access.system("tests"), code="city-power", unit_names={"zh-hans": "供电企业"}, kind="public_service",
        area_id=places.by_code("99").id,
    )  # fmt: skip
    post("power", "receiving_clerk", "city-power", "99")
    post("s1-supervisor", "supervisor", "s1-centre", "990101001")
    post("city-supervisor", "supervisor", "city-centre", "99")
    clerks = {"s1-property": "property", "s1-office": "receiver", "d1-urban": "d1-receiver", "city-power": "power"}
    matter = dispatched(units[0])
    for number, unit in enumerate(units):
        if number:
            loop.act("clerk", matter, "dispatch", answering=unit)
        returned(matter, clerks[unit])
    row = Matter.objects.get(id=matter)
    assert (row.step, row.desk_level, row.seats["superior"]) == ("designating", level, level)
    for other in sorted({"s1-supervisor", "supervisor", "city-supervisor"} - {superior}):
        with pytest.raises(Refused) as refused:
            loop.act(other, matter, "designate", answering="s1-property", reason="归物业", catalogue="物管1")
        assert refused.value.status in {403, 404}
    hop = passage.hops(selectors.timeline(matter))[-1]
    assert (hop.superior, set(hop.over)) == (level, {world.unit(code) for code in units})
    loop.act(superior, matter, "designate", answering="s1-property", reason="归物业", catalogue="物管1")
    assert (loop.step(matter), unit_of(matter)) == ("accepted", "s1-property")


def test_without_a_superior_above_the_nearest_one_there_is_designates() -> None:
    matter = dispatched("s1-property")
    for number in range(3):
        if number:
            loop.act("clerk", matter, "dispatch", answering="s1-property")
        returned(matter, "property")
    assert Matter.objects.get(id=matter).seats["superior"] == "district"  # nobody supervises in the subdistrict
    areas = selectors.seen_by(world.actor("clerk"), matter).areas
    assert desks.level_from(areas, ("city",), "supervisor") == "district"  # nor in the city
    assert desks.level_from(areas, ("district", "city"), "supervisor", {world.unit("d1-centre")}) == "city"


def test_a_refused_return_may_be_objected_to_once_and_the_superior_then_designates() -> None:
    matter = dispatched()
    loop.act("receiver", matter, "return", reason="不属于本单位职责")
    number = Matter.objects.get(id=matter).requests.get(state="open").no
    loop.act("clerk", matter, "decide", request=number, yes=False, reason="清单写明由你单位负责")
    assert loop.step(matter) == "dispatched"
    assert selectors.seen_by(world.actor("clerk"), matter).state.count("returns") == 0
    with pytest.raises(Refused):
        loop.act("receiver", matter, "object", reason="再次说明")  # the unit's head signs for it
    loop.act("head", matter, "object", reason="设施产权属小区，见权属登记")
    number = Matter.objects.get(id=matter).requests.get(state="open").no
    with pytest.raises(Refused):
        loop.act("clerk", matter, "decide", request=number, yes=True, reason="同意")  # not the desk that dispatched
    loop.act("supervisor", matter, "decide", request=number, yes=True, reason="异议成立")
    assert loop.step(matter) == "designating"
    loop.act("supervisor", matter, "designate", answering="s1-property", reason="归物业", catalogue="物管1")
    with pytest.raises(Refused):
        loop.act("property", matter, "object", reason="不服")


def test_who_received_first_answers_until_another_unit_has_received_it() -> None:
    matter = dispatched()
    assert first_of(matter) is None
    loop.act("receiver", matter, "accept")
    returned(matter)
    loop.act("clerk", matter, "dispatch", answering="s1-property")
    first = first_of(matter)
    assert first is not None
    assert (first.unit_id, first.until) == (world.unit("s1-office"), None)  # the other one has not received it yet
    loop.act("property", matter, "accept")
    assert first_of(matter).until is not None  # type: ignore[union-attr]
    words = [(hop.action, hop.after) for hop in passage.hops(selectors.timeline(matter))]
    assert [unit for _action, unit in words].count(world.unit("s1-property")) == 1
    assert words[0][0] == "report"


def test_taking_a_dispatch_back_is_an_act_of_its_own_until_the_unit_accepts() -> None:
    matter = dispatched()
    seq = Matter.objects.get(id=matter).seq
    loop.act("clerk", matter, "recall_dispatch", reason="派错单位")
    row = Matter.objects.get(id=matter)
    assert (row.step, row.seq) == ("filed", seq + 1)
    loop.act("clerk", matter, "dispatch")
    loop.act("receiver", matter, "accept")
    with pytest.raises(Refused) as refused:
        loop.act("clerk", matter, "recall_dispatch", reason="派错单位")
    assert refused.value.code == "out_of_step"


# -- 吹哨、报到 -------------------------------------------------------------------------------------------------------


def whistled() -> UUID:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition(no=4))
    loop.act("clerk", matter, "escalate", up_reason="several_departments", note="涉及供电和城管")
    return matter


def call(matter: UUID, *units: str) -> list[int]:
    loop.act("d1-dispatcher", matter, "call_responders", responders=list(units), note="请到现场会商")
    open_parts = Task.objects.filter(matter_id=matter, group="arrive", state="open")
    return list(open_parts.order_by("no").values_list("no", flat=True))


def arrive(user: str, matter: UUID, task: int, **more: object) -> actions.Done:
    return loop.act(user, matter, "answer_part", task=task, answer="arrived", **more)


def test_nobody_is_called_without_a_whistle() -> None:
    matter = dispatched()
    with pytest.raises(Refused):
        loop.act("clerk", matter, "call_responders", responders=["d1-urban"], note="请到场")


def test_units_called_arrive_with_the_place_of_the_act_and_the_whistler_rates_them() -> None:
    matter = whistled()
    tasks = call(matter, "d1-urban", "d1-power")
    told = Outbox.objects.filter(matter_id=matter, topic="called").order_by("no")
    assert {row.body["unit"] for row in told} == {world.unit("d1-urban"), world.unit("d1-power")}
    assert all(row.body["due"] for row in told)
    by_unit = dict(Task.objects.filter(matter_id=matter, group="arrive").values_list("unit__code", "no"))
    assert len(tasks) == 2
    with pytest.raises(Refused) as refused:
        arrive("property", matter, by_unit["d1-urban"])
    assert refused.value.status in {403, 404}
    for wrong in ({"lon": "x", "lat": 39, "crs": "wgs84"}, {"lon": 117, "lat": 39, "crs": "moon"}, [1]):
        with pytest.raises(Refused) as refused:
            arrive("d1-receiver", matter, by_unit["d1-urban"], place=wrong)
        assert refused.value.code == "not_a_point"
    lon, lat = world.SPOT
    arrive("d1-receiver", matter, by_unit["d1-urban"], place={"lon": lon + 0.0001, "lat": lat, "crs": "wgs84"})
    lines = selectors.timeline(matter)
    assert 5 < lines[-1].data["distance_m"] < 15
    assert "point" in lines[-1].texts
    stars = {"task": by_unit["d1-urban"], "stars": 5, "note": "十分钟到场"}
    for user in ("d1-receiver", "receiver", "property"):
        with pytest.raises(Refused) as refused:
            loop.act(user, matter, "rate_part", **stars)
        assert refused.value.status in {403, 404}
    with pytest.raises(Refused) as refused:
        loop.act("clerk", matter, "rate_part", task=by_unit["d1-power"], stars=5)
    assert refused.value.code == "not_answered"
    with pytest.raises(Refused) as refused:
        loop.act("clerk", matter, "rate_part", task=by_unit["d1-urban"], stars=9)
    assert refused.value.status == 422
    act_id = ids.uuid7()
    wanted = actions.Act(matter, "rate_part", act_id, data=stars)
    assert [actions.act(world.actor("clerk"), wanted).status for _ in range(2)] == [201, 200]
    with pytest.raises(Refused) as refused:
        loop.act("clerk", matter, "rate_part", **stars)
    assert refused.value.code == "rated"
    fact = Fact.objects.get(matter_id=matter, name="responder_rated")
    assert (fact.unit_id, fact.detail) == (Unit.objects.get(code="d1-urban").id, "5")
    seen = selectors.seen_by(world.actor("clerk"), matter)
    came = {each.no: each for each in passage.called(world.actor("clerk"), seen, selectors.timeline(matter))}
    assert came[by_unit["d1-urban"]].stars == 5
    assert came[by_unit["d1-urban"]].answered_at is not None
    assert came[by_unit["d1-power"]].state == "open"


def test_who_does_not_come_within_the_limit_is_recorded_as_absent_and_may_be_rated_too() -> None:
    matter = whistled()
    (task,) = call(matter, "d1-urban")
    with clock.at(world.START + DAY):
        assert jobs.silent_parts() == 1
        assert jobs.silent_parts() == 0
        row = Task.objects.get(matter_id=matter, no=task)
        assert (row.state, row.answer) == ("answered", "absent")
        with pytest.raises(Refused):
            arrive("d1-receiver", matter, task)
        loop.act("clerk", matter, "rate_part", task=task, stars=1)
    assert Task.objects.get(matter_id=matter, no=task).closed_at == row.closed_at


def test_the_lead_cannot_feed_back_before_the_units_called_have_answered() -> None:
    matter = whistled()
    loop.act("d1-dispatcher", matter, "dispatch", answering="d1-urban")
    loop.act("d1-receiver", matter, "accept")
    (task,) = call(matter, "d1-power")
    loop.act("d1-receiver", matter, "assign", worker="d1-worker")
    loop.photo(matter, "after")
    loop.act("d1-worker", matter, "handle", result="已处置")
    with pytest.raises(Refused) as refused:
        loop.act("d1-receiver", matter, "feed_back")
    assert refused.value.code == "tasks_open"
    with clock.at(world.START + DAY):
        jobs.silent_parts()
        loop.act("d1-receiver", matter, "feed_back")
    assert loop.step(matter) == "to_check"
    with clock.at(world.START + DAY):
        loop.photo(matter, "other")
        loop.act("d1-checker", matter, "post_check", "pass")
        with pytest.raises(Refused):
            loop.act("clerk", matter, "close")  # the level that dispatched closes
        loop.act("d1-clerk", matter, "close")
    assert loop.step(matter) == "closed"
    assert task
