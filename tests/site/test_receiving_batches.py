"""收单台: tabs, batches with an answer for each row, orders on paper, parts of co-units."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters.models import ApprovalRequest, Matter
from tests import world
from tests.matters import loop
from tests.site.desks import dispatched, signed_in, step, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def chosen(*matters: UUID) -> list[str]:
    return [f"{matter}:{ids.uuid7()}" for matter in matters]


@pytest.mark.parametrize(("user", "status"), [("receiver", 200), ("worker", 200), ("head", 200), ("system", 403)])
def test_the_receiving_desk_opens_for_the_unit(user: str, status: int) -> None:
    assert signed_in(user).get("/receiving/").status_code == status


def test_accepting_twenty_at_once() -> None:
    matters = [dispatched() for _number in range(20)]
    client = signed_in("receiver")
    assert text(client.get("/receiving/?all=1")).count(" checked") == 20
    values = {"action": "accept", "tab": "dispatched", "matter": chosen(*matters)}
    assert client.post("/receiving/bulk", values).status_code == 302
    assert client.post("/receiving/bulk", values).status_code == 302  # sent twice, done once
    assert {(row.step, row.seq) for row in Matter.objects.filter(id__in=matters)} == {("accepted", 4)}


def test_each_row_of_a_batch_has_its_own_answer() -> None:
    fine, elsewhere, late = dispatched(), dispatched(), dispatched()
    loop.act("receiver", late, "accept")
    loop.act("receiver", late, "assign", worker="worker")
    values = {"action": "accept", "tab": "dispatched", "matter": [*chosen(fine, elsewhere, late), "nonsense"]}
    response = signed_in("receiver").post("/receiving/bulk", values)
    assert response.status_code == 422
    page = text(response)
    assert page.count("✓") == 2
    assert page.count("✗") == 2
    assert "没有这件事项" in page
    assert [step(matter) for matter in (fine, elsewhere, late)] == ["accepted", "accepted", "handling"]


def test_the_desk_looks_first_and_gives_one_answer_to_many() -> None:
    matters = [dispatched(), dispatched()]
    client = signed_in("receiver")
    page = text(client.post("/bulk/look", {"from": "receiving", "matter": chosen(*matters)}))
    assert 'value="accept|"' in page
    assert 'value="return|"' in page
    values = {"from": "receiving", "matter": [str(matter) for matter in matters], "act": "return|", "do": "look",
              "reason": "{number} 不属于本单位职责"}  # fmt: skip
    page = text(client.post("/bulk/look", values))
    assert "提出申请，待审批" in page
    assert client.post("/bulk/begin", values | {"do": "begin"}).status_code == 302
    asked = ApprovalRequest.objects.filter(matter_id__in=matters, action="return")
    numbers = set(Matter.objects.filter(id__in=matters).values_list("number", flat=True))
    assert {row.data["data"]["reason"].split()[0] for row in asked} == numbers


def test_returning_many_without_a_reason_keeps_the_selection_and_with_one_asks_for_approval() -> None:
    matters = [dispatched(), dispatched()]
    client, values = signed_in("receiver"), {"action": "return", "tab": "dispatched", "matter": chosen(*matters)}
    response = client.post("/receiving/bulk", values)
    assert response.status_code == 422
    assert text(response).count(" checked") == 2
    assert client.post("/receiving/bulk", values | {"reason": "不属于本单位职责"}).status_code == 302
    assert ApprovalRequest.objects.filter(matter_id__in=matters, action="return").count() == 2
    assert {step(matter) for matter in matters} == {"dispatched"}
    assert text(client.get("/receiving/?tab=other")).count("退单：已提出，待审批") == 2


def test_assigning_and_feeding_back_many() -> None:
    matters = [dispatched(), dispatched()]
    client = signed_in("receiver")
    for action, more in (("accept", {}), ("assign", {"worker": "worker"})):
        client.post("/receiving/bulk", {"action": action, "matter": chosen(*matters), **more})
    worker = signed_in("worker")
    assert text(worker.get("/receiving/")).count('name="matter"') == 2  # the tab of what is being handled opens
    for matter in matters:
        loop.photo(matter, "after")
        page = text(worker.get(f"/matters/{matter}"))
        sheet = page.split('id="act-handle"')[1].split("</form>")[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', sheet))
        values = {name: value for name, value in hidden.items() if name not in {"csrfmiddlewaretoken", "result"}}
        values["result"] = [*([hidden["result"]] if "result" in hidden else []), "已更换"]
        assert worker.post(f"/matters/{matter}/act", values | {"next": "/receiving/"}).status_code == 302
    client.post("/receiving/bulk", {"action": "feed_back", "matter": chosen(*matters)})
    assert {step(matter) for matter in matters} == {"to_check"}


def test_a_worker_sees_the_own_matters_only_and_no_batches() -> None:
    dispatched()
    page = text(signed_in("worker").get("/receiving/?tab=dispatched"))
    assert 'name="matter"' not in page
    assert 'value="accept"' not in page


def test_a_phone_offers_no_box_to_tick_where_nothing_is_done_for_many() -> None:
    dispatched()
    box = '<td class="bulk-print"><label class="pick">'  # the style sheet hides it on a phone
    assert box in text(signed_in("head").get("/receiving/?tab=dispatched"))
    assert box not in text(signed_in("receiver").get("/receiving/?tab=dispatched"))


def test_an_unknown_act_is_not_found() -> None:
    matter = dispatched()
    values = {"action": "close", "matter": chosen(matter)}
    assert signed_in("receiver").post("/receiving/bulk", values).status_code == 404


def test_orders_are_printed_alone_or_together_and_only_those_that_may_be_seen() -> None:
    matters = [dispatched(title="井盖缺失甲"), dispatched(title="井盖缺失乙")]
    client = signed_in("receiver")
    page = text(client.get(f"/matters/{matters[0]}/order"))
    assert "井盖缺失甲" in page
    assert "结案条件" in page
    page = text(client.post("/receiving/orders", {"matter": chosen(*matters)}))
    assert page.count('class="order"') == 2
    stranger = signed_in("d1-receiver")
    assert stranger.get(f"/matters/{matters[0]}/order").status_code == 404
    assert stranger.post("/receiving/orders", {"matter": chosen(*matters)}).status_code == 302


def test_a_co_unit_finds_its_part_and_answers_it() -> None:
    matter = dispatched()
    loop.act("receiver", matter, "accept")
    loop.act("receiver", matter, "split", co_units=["s1-property"], note="请配合清场")
    client = signed_in("property")
    assert str(matter) in text(client.get("/receiving/"))
    page = text(client.get(f"/matters/{matter}"))
    assert "已完成" in page
    task = page.split('name="task" value="')[1].split('"')[0]
    values = {"task": task, "act_id": str(ids.uuid7()), "answer": "done", "result": "已清场"}
    silent = client.post(f"/matters/{matter}/part", values | {"result": ""})
    assert (silent.status_code, "办理结果" in text(silent)) == (422, True)
    refused = client.post(f"/matters/{matter}/part", values | {"answer": "perhaps"})
    assert refused.status_code == 422
    assert "已清场</textarea>" in text(refused)
    assert client.post(f"/matters/{matter}/part", values).status_code == 302
    assert "已清场" in text(signed_in("receiver").get(f"/matters/{matter}"))
