"""Component and questions with a report, on the pages: next step without scripts, part of the page with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from civicloop.catalogue.models import Question, Responsibility, Revision
from civicloop.foundation import caches, clock, ids
from civicloop.matters.models import Matter
from civicloop.places.models import AreaVersion
from tests import world
from tests.catalogue.components import FAR_LID, LAMP, LID, owner_answers, some
from tests.matters import loop
from tests.site.desks import kind, signed_in, text

pytestmark = pytest.mark.django_db
PLACE = {"lon": "117.02", "lat": "39.05", "crs": "wgs84"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


@pytest.fixture
def asked() -> None:
    """Inside a compound its manager answers for noise and litter."""
    Question.objects.create(
        code="inside", names={"zh-hans": "在小区里吗？"}, valid_from=world.BEGINNING,
        answers={"yes": {"zh-hans": "在里面"}, "no": {"zh-hans": "不在里面"}},
    )  # fmt: skip
    Responsibility.objects.create(
        kind_id=kind("06010"), area_id=AreaVersion.objects.get(code="990101001").area_id, answers={"inside": "yes"},
        unit_id=world.unit("s1-property"), priority=20, reason={"zh-hans": "小区内归物业"}, valid_from=world.BEGINNING,
    )  # fmt: skip
    Revision.objects.update(number=99)
    caches.forget_all()


def form(**values: Any) -> dict[str, Any]:
    return {"id": str(ids.uuid7()), "text": "垃圾堆了三天", **PLACE} | values


@pytest.mark.parametrize(("address", "user"), [("/report", None), ("/field/report", "grid")])
def test_without_scripts_the_question_comes_on_the_next_step_and_once(
    asked: None, address: str, user: str | None
) -> None:
    client = signed_in(user) if user else Client()
    sent = form(kind="06010")
    first = client.post(address, sent)
    assert first.status_code == 200
    page = text(first)
    assert "在小区里吗？" in page
    assert "垃圾堆了三天" in page  # what was typed is still there
    assert Matter.objects.count() == 0
    assert 'name="asked"' in page
    second = client.post(address, sent | {"asked": "1", "question_inside": "yes"})
    assert second.status_code in {201, 302}
    matter = Matter.objects.get()
    assert matter.answers == {"inside": "yes"}


@pytest.mark.parametrize("values", [{"kind": "06013"}, {"kind": ""}, {"kind": "06010", "asked": "1"}])
def test_what_has_no_question_or_was_asked_is_taken_at_once(asked: None, values: dict[str, str]) -> None:
    assert Client().post("/report", form(**values)).status_code == 201


def test_what_a_phone_kept_is_never_held_up_by_a_question(asked: None) -> None:
    answer = signed_in("grid").post("/field/report", form(kind="06010"), headers={"X-Queue": "1"})
    assert answer.status_code == 302


def test_where_the_rule_does_not_count_nothing_is_asked(asked: None) -> None:
    elsewhere = form(kind="06010", lon="117.25")
    assert Client().post("/report", elsewhere).status_code == 201


def test_an_answer_that_is_none_is_not_kept(asked: None) -> None:
    answer = Client().post("/report", form(kind="06010", asked="1", question_inside="dogs", question_other="x"))
    assert answer.status_code == 201
    assert Matter.objects.get().answers == {}


def test_the_part_of_the_page_asks_when_the_kind_was_chosen(asked: None) -> None:
    client = Client()
    assert "在小区里吗？" not in text(client.get("/report/about"))
    assert "在小区里吗？" in text(client.get("/report/about", {"kind": "06010", **PLACE}))
    assert "在小区里吗？" in text(client.get("/report/about", {"kind": "06010"}))  # the place is not known yet
    assert "在小区里吗？" in text(client.get("/report/about", {"kind": "06010", "area_community": "990101001001"}))
    assert "在小区里吗？" not in text(client.get("/report/about", {"kind": "06010", "area_district": "990102"}))
    for odd in ({"kind": "99999"}, {"kind": "06010", "lon": "x", "lat": "y"}, {"kind": "06010", "area_district": "x"}):
        assert client.get("/report/about", odd).status_code == 200
    some()
    assert LID not in text(client.get("/report/about", PLACE))  # what stands where is not for everybody


def test_the_dispatcher_sees_what_was_answered(asked: None) -> None:
    matter = loop.report(kind="06010", answers={"inside": "yes"})
    client = signed_in("clerk")
    desk = text(client.get(f"/desk/?m={matter}"))
    assert '<option value="yes" selected>在里面</option>' in desk
    loop.act("clerk", matter, "file", condition=loop.condition("06010"))
    page = text(client.get(f"/matters/{matter}"))
    assert '<option value="yes" selected>在里面</option>' in page


def test_a_grid_worker_chooses_the_nearest_component() -> None:
    some()
    owner_answers()
    client = signed_in("grid")
    part = text(client.get("/field/about", PLACE))
    assert part.index(LID) < part.index(LAMP)
    assert FAR_LID not in part
    assert 'type="radio"' in part
    only = text(client.get("/field/about", {"kind": "01037", **PLACE}))
    assert LAMP in only
    assert LID not in only
    answer = client.post("/field/report", form(component=LID))
    assert answer.status_code == 302
    matter = Matter.objects.select_related("component", "kind").get()
    assert (matter.component.code, matter.kind.code) == (LID, "01001")
    page = text(signed_in("clerk").get(f"/matters/{matter.id}"))
    assert LID in page
    assert "指向部件" in page
    why = text(signed_in("clerk").get(f"/matters/{matter.id}/why-unit"))
    assert LID in why
    assert "部件权属单位" in why
    assert "甲区供电公司" in why


@pytest.mark.parametrize("address", ["/field/report", "/field/handled"])
def test_without_scripts_a_button_shows_what_stands_there_and_sends_nothing(address: str) -> None:
    some()
    client = signed_in("grid")
    assert 'name="look"' in text(client.get(address)).partition("<noscript>")[2]
    sent = form(look="1", result="已拧紧")
    page = text(client.post(address, sent))
    assert page.index(LID) < page.index(LAMP)
    assert FAR_LID not in page
    assert "垃圾堆了三天" in page  # what was typed is still there
    assert "alert" not in page.partition("<form")[0].partition("<main")[2]
    nowhere = {**sent, "lon": "", "lat": "", "crs": "", "area_community": "990101001001"}
    assert LID not in text(client.post(address, nowhere))  # of a whole community only those of a kind are listed
    of_kind = text(client.post(address, nowhere | {"kind": "01001"}))
    assert LID in of_kind
    assert LAMP not in of_kind
    assert client.post(address, nowhere | {"area_community": "没有"}).status_code == 200
    assert Matter.objects.count() == 0


def test_a_code_may_be_typed_and_a_wrong_one_leaves_everything_in_the_form() -> None:
    some()
    client = signed_in("grid")
    wrong = client.post("/field/report", form(component_code="12345"))
    assert wrong.status_code == 422
    assert "台账中没有这个标识码" in text(wrong)
    assert "垃圾堆了三天" in text(wrong)
    assert client.post("/field/report", form(component_code=LAMP)).status_code == 302
    assert Matter.objects.get().component.code == LAMP


def test_at_the_desk_the_component_is_chosen_by_radio_and_its_owner_answers() -> None:
    some()
    owner_answers()
    matter = loop.report(kind="01001")
    client = signed_in("clerk")
    desk = text(client.get(f"/desk/?m={matter}"))
    assert f'value="{LID}"' in desk
    assert "0 米" in desk
    act_id = str(ids.uuid7())
    sent = {
        "act_id": act_id, "dispatch": "1", "kind": str(kind()), "condition": str(loop.condition()), "component": LID,
        "answering": "",
    }  # fmt: skip
    for _time in range(2):  # sent twice
        assert client.post(f"/desk/{matter}/file-and-dispatch", sent).status_code == 302
    row = Matter.objects.select_related("component", "unit").get()
    assert (row.component.code, row.unit.code, row.seq) == (LID, "d1-power", 3)


def test_on_the_matters_page_the_dispatch_form_offers_and_keeps_the_component() -> None:
    some()
    owner_answers()
    matter = loop.report(component=LID)
    loop.act("clerk", matter, "file", condition=loop.condition())
    client = signed_in("clerk")
    page = text(client.get(f"/matters/{matter}"))
    assert f'name="component" value="{LID}"' in page
    sent = {"action": "dispatch", "act_id": str(ids.uuid7()), "component": LID, "answering": ""}
    for _time in range(2):
        assert client.post(f"/matters/{matter}/act", sent).status_code == 302
    assert Matter.objects.select_related("unit").get().unit.code == "d1-power"


def test_only_those_who_report_are_told_what_stands_near() -> None:
    assert Client().get("/field/about", PLACE).status_code == 302
    assert signed_in("audit").get("/field/about", PLACE).status_code == 403
