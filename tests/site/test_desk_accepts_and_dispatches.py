"""受理派遣台: who sees it, what it shows first, filing and dispatching on one screen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters.models import Entry, Matter
from tests import world
from tests.matters import loop
from tests.site.desks import kind, signed_in, step, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def filled(**values: str) -> dict[str, str]:
    return {
        "act_id": str(ids.uuid7()), "dispatch": "1", "kind": str(kind()), "condition": str(loop.condition()),
        "answering": "",
    } | values  # fmt: skip


@pytest.mark.parametrize("user", ["clerk", "d1-clerk", "d1-dispatcher", "supervisor", "leader"])
def test_the_desk_opens_for_its_roles(user: str) -> None:
    loop.report()
    assert signed_in(user).get("/desk/").status_code == 200


@pytest.mark.parametrize("user", ["system", "security", "channel"])
def test_the_desk_does_not_open_for_others(user: str) -> None:
    assert signed_in(user).get("/desk/").status_code == 403


def test_what_is_lost_soonest_stands_first_and_is_open() -> None:
    late = loop.report(title="先到的事项")
    with clock.at(world.START + timedelta(minutes=5)):
        loop.report(title="后到的事项")
        page = text(signed_in("clerk").get("/desk/"))
    assert page.index("先到的事项") < page.index("后到的事项")
    assert f"/desk/{late}/file-and-dispatch" in page


def test_choosing_a_kind_shows_its_conditions_with_limit_and_source() -> None:
    matter = loop.report()
    client = signed_in("clerk")
    assert 'name="condition"' not in text(client.get(f"/desk/?m={matter}"))
    for address in (f"/desk/?m={matter}&kind={kind()}", f"/desk/{matter}/form?kind={kind()}"):
        page = text(client.get(address))
        assert page.count('name="condition"') == 4
        assert "条件1 · 2 紧急工作时 · 本市设置" in page
        assert "东风街道办事处" in page


def test_filing_and_dispatching_are_two_acts_of_one_form_done_once() -> None:
    matter = loop.report()
    client, values = signed_in("clerk"), filled()
    for _sending in range(2):
        response = client.post(f"/desk/{matter}/file-and-dispatch", values)
        assert (response.status_code, response["Location"]) == (302, "/desk/")
    assert list(Entry.objects.filter(matter_id=matter).order_by("seq").values_list("action", flat=True)) == [
        "report", "file", "dispatch",
    ]  # fmt: skip
    assert Matter.objects.get(id=matter).unit_id == world.unit("s1-office")


def test_the_dispatcher_may_name_another_unit_than_the_suggested_one() -> None:
    matter = loop.report()
    signed_in("clerk").post(f"/desk/{matter}/file-and-dispatch", filled(answering="s1-property"))
    assert Matter.objects.get(id=matter).unit_id == world.unit("s1-property")


def test_a_clerk_who_does_not_dispatch_files_only() -> None:
    matter = loop.report()
    client = signed_in("d1-clerk")
    assert "受理并派遣" not in text(client.get(f"/desk/?m={matter}&kind={kind()}")).split("<main")[1].split("</h3>")[0]
    client.post(f"/desk/{matter}/file-and-dispatch", filled(dispatch="0"))
    assert step(matter) == "filed"


def test_a_form_without_a_condition_keeps_what_was_chosen() -> None:
    matter = loop.report()
    response = signed_in("clerk").post(
        f"/desk/{matter}/file-and-dispatch", filled(condition="", answering="s1-property")
    )
    assert response.status_code == 422
    assert '<option value="s1-property" selected>' in text(response)
    assert f'<option value="{kind()}" selected>' in text(response)
    assert step(matter) == "reported"


def test_declining_asks_for_a_reason_and_keeps_the_words() -> None:
    matter = loop.report()
    client = signed_in("clerk")
    values = {"action": "decline", "act_id": str(ids.uuid7()), "step_version": "1", "reason": "<b>现场核实不属实</b>"}
    response = client.post(f"/matters/{matter}/act", values)
    assert response.status_code == 422
    assert "&lt;b&gt;现场核实不属实&lt;/b&gt;" in text(response)
    assert client.post(f"/matters/{matter}/act", values | {"not_filed_reason": "not_met"}).status_code == 302
    assert step(matter) == "not_filed"


def test_sending_to_verify_comes_back_to_the_desk() -> None:
    matter = loop.report()
    values = {"action": "send_pre_verify", "act_id": str(ids.uuid7()), "step_version": "1", "next": "/desk/"}
    response = signed_in("clerk").post(f"/matters/{matter}/act", values)
    assert response["Location"] == "/desk/"
    assert step(matter) == "pre_verifying"


def test_others_nearby_show_the_same_kind_first() -> None:
    matter = loop.report(kind="01001", title="这一件")
    loop.report(kind="06010", title="别的类别")
    loop.report(kind="01001", title="同类的")
    with clock.at(world.START - timedelta(days=31)):
        loop.report(kind="01001", title="很久以前的")
    nearby = text(signed_in("clerk").get(f"/desk/?m={matter}")).split('class="pane-around"')[1]
    assert nearby.index("同类的") < nearby.index("别的类别")
    assert "很久以前的" not in nearby


def test_new_matters_are_announced_without_moving_the_list() -> None:
    loop.report()
    client = signed_in("clerk")
    page = text(client.get("/desk/"))
    address = page.split('data-poll="')[1].split('"')[0].replace("&amp;", "&")
    assert "新到" not in text(client.get(address))
    with clock.at(world.START + timedelta(minutes=1)):
        loop.report()
        assert "新到 1 件" in text(client.get(address))


def test_a_matter_elsewhere_cannot_be_opened_or_filed() -> None:
    matter = loop.report()
    client = signed_in("s2-clerk")
    assert client.get(f"/desk/?m={matter}").status_code == 404
    assert client.get(f"/desk/{matter}/form").status_code == 404
    assert client.post(f"/desk/{matter}/file-and-dispatch", filled()).status_code == 404
    assert client.get("/desk/?m=nonsense").status_code == 404
