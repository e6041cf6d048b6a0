"""The pages of orders: register and files, a new order, the unit's answer with a photo, the review, suggestions."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter
from civicloop.records.models import AuditEntry
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order, OrderDemand
from tests.api.calls import jpeg
from tests.matters import loop
from tests.site.desks import signed_in, text
from tests.supervision.orders import MONDAY, WHY, answer, fresh, handled, opened

pytestmark = pytest.mark.django_db


def form(**values: Any) -> dict[str, Any]:
    return {
        "act_id": str(ids.uuid7()), "level": "ordinary", "source": "inspection", "unit": "东风街道办事处",
        "title": "井盖专项督查", "text": "限期补齐。", "limit": "", "matters": "", "paper": "", "proof_text": "on",
        "why_text": "说明原因",
    } | values  # fmt: skip


def test_a_supervisor_opens_an_order_from_the_page_of_a_matter() -> None:
    matter = handled()
    number = Matter.objects.get(id=matter).number
    with clock.at(MONDAY):
        desk = signed_in("supervisor")
        assert f"/orders/new?matter={matter}" in text(desk.get(f"/matters/{matter}"))
        page = text(desk.get(f"/orders/new?matter={matter}"))
        assert number in page
        assert 'value="东风街道办事处"' in page
        sent = form(matters=number, proof_after="on", why_after="恢复原状")
        done = desk.post("/orders/new", sent)
        order = Order.objects.get()
        assert (done.status_code, done["Location"]) == (302, f"/orders/{order.id}")
        assert desk.post("/orders/new", sent)["Location"] == f"/orders/{order.id}"  # sent twice
        assert Order.objects.count() == 1
        page = text(desk.get(f"/orders/{order.id}"))
        for words in ("限期补齐", "处置后照片", "恢复原状", "尚未提供", order.number, number, "怎么算的"):
            assert words in page
        assert order.number in text(desk.get(f"/matters/{matter}"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"unit": "没有这个"}, "没有这个名称或编码的单位"), ({"unit": "甲区"}, "有多个单位符合"),
        ({"matters": "20260302-0000000-0"}, "没有这个编号的事项"), ({"limit": "3 天"}, "小时"),
        ({"why_text": ""}, "哪一项结案条件"), ({"source": "instruction"}, "请写明领导批示"),
        ({"title": ""}, "必填项"), ({"unit": "甲区网格化服务管理中心"}, "上级开立"), ({"level": "summons"}, "有效"),
    ],
)  # fmt: skip
def test_a_refused_form_keeps_what_was_typed(values: dict[str, str], words: str) -> None:
    with clock.at(MONDAY):
        page = signed_in("supervisor").post("/orders/new", form(**values))
    assert page.status_code == 422
    errors = re.findall(r"(?:form-error|trouble).*?</p>", text(page), re.S)
    assert any(words in error for error in errors), errors
    assert "限期补齐。" in text(page)
    assert not Order.objects.exists()


def test_the_unit_answers_with_a_photo_and_somebody_else_writes_it_off() -> None:
    matter = handled()
    with clock.at(MONDAY):
        order = opened(matter, demands=(Wanted("after", "恢复原状"), WHY))
        unit, desk = signed_in("receiver"), signed_in("supervisor")
        assert "发给本单位的督办件" in text(unit.get("/receiving/"))
        assert "提交答复" in text(unit.get(f"/orders/{order.id}"))
        assert "提交答复" not in text(desk.get(f"/orders/{order.id}"))
        bare = {"act_id": str(ids.uuid7()), "text": "已补齐井盖。", "said_2": "配件缺货"}
        refused = unit.post(f"/orders/{order.id}/answer", bare)
        assert refused.status_code == 422
        assert "已补齐井盖。" in text(refused)
        sent = bare | {"file_1": SimpleUploadedFile("after.jpg", jpeg(90), "image/jpeg")}
        assert unit.post(f"/orders/{order.id}/answer", sent).status_code == 302
        photo = Evidence.objects.get(matter_id=matter)
        assert (photo.stage, OrderDemand.objects.get(order=order, no=1).evidence_id) == ("after", photo.id)
        assert unit.post(f"/orders/{order.id}/review", {"act_id": str(ids.uuid7())}).status_code == 403
        page = text(desk.get(f"/orders/{order.id}"))
        for words in ("已补齐井盖。", "配件缺货", "已补充提供", f"/evidence/{photo.id}/thumbnail", "销号"):
            assert words in page
        act = {"act_id": str(ids.uuid7()), "outcome": "sent_back", "reason": ""}
        back = desk.post(f"/orders/{order.id}/review", act)
        assert back.status_code == 422
        assert desk.post(f"/orders/{order.id}/review", act | {"reason": "照片模糊"}).status_code == 302
        assert "照片模糊" in text(unit.get(f"/orders/{order.id}"))
        answer(order, said={2: "已换新照片"})
        act = {"act_id": str(ids.uuid7()), "outcome": "accepted", "reason": ""}
        assert desk.post(f"/orders/{order.id}/review", act).status_code == 302
        assert fresh(order).state == "written_off"
        assert "发给本单位的督办件" not in text(unit.get("/receiving/"))
        assert desk.post(f"/orders/{order.id}/review", act | {"outcome": "maybe"}).status_code == 404
        assert desk.post(f"/orders/{order.id}/review", act | {"act_id": "none"}).status_code == 404


def test_raising_and_withdrawing_from_the_page() -> None:
    with clock.at(MONDAY):
        order = opened()
        desk = signed_in("supervisor")
        sent = {"act_id": str(ids.uuid7()), "doing": "raise", "level": "listed", "reason": "屡次不答复"}
        assert desk.post(f"/orders/{order.id}/raise", sent | {"reason": ""}).status_code == 422
        assert desk.post(f"/orders/{order.id}/raise", sent).status_code == 302
        assert "挂牌督办" in text(desk.get(f"/orders/{order.id}"))
        sent = {"act_id": str(ids.uuid7()), "doing": "withdraw", "reason": "与另一件重复"}
        assert desk.post(f"/orders/{order.id}/withdraw", sent).status_code == 302
        page = text(desk.get(f"/orders/{order.id}"))
        assert "与另一件重复" in page
        assert "撤回督办件" not in page


def test_the_register_with_filters_and_its_files() -> None:
    with clock.at(MONDAY):
        opened(title="=1+1")
        listed = opened(title="井盖专项督查", level="listed")
        answer(listed)
        desk = signed_in("supervisor")
        page = text(desk.get("/orders/"))
        assert "井盖专项督查" in page
        assert "单位黄牌红牌" in page
        assert "井盖专项督查" not in text(desk.get("/orders/", {"state": "open"}))
        assert "有多个单位符合" in text(desk.get("/orders/", {"unit": "甲区"}))
        assert desk.get("/orders/", {"after": "x"}).status_code == 400
        csv = desk.get("/orders/export.csv", {"state": "unended"})
        assert csv["Content-Type"].startswith("text/csv")
        rows = csv.content.decode().splitlines()
        assert len(rows) == 3
        assert "'=1+1" in csv.content.decode()
        book = zipfile.ZipFile(io.BytesIO(desk.get("/orders/export.xlsx", {"level": "listed"}).content))
        cells = book.read("xl/sharedStrings.xml").decode()
        assert all(words in cells for words in (listed.number, "挂牌督办", "督查", "井盖专项督查", "东风街道办事处"))
        assert "1+1" not in cells
        assert desk.get("/orders/export.pdf").status_code == 404
        lines = AuditEntry.objects.filter(action="orders.export").order_by("id")
        assert [line.detail["rows"] for line in lines] == [2, 1]


def test_other_areas_and_roles_find_no_page() -> None:
    with clock.at(MONDAY):
        order = opened(handled())
        for user in ("d2-clerk", "s2-clerk", "property"):
            assert signed_in(user).get(f"/orders/{order.id}").status_code == 404, user
            assert order.number not in text(signed_in(user).get("/orders/"))
            assert order.number not in text(signed_in(user).get("/orders/export.csv"))
        assert signed_in("grid").get("/orders/").status_code == 403
        assert signed_in("receiver").get("/orders/new").status_code == 403
        assert signed_in("receiver").get("/orders/suggestions").status_code == 403


def test_one_press_on_a_suggestion_opens_the_order() -> None:
    with clock.at(MONDAY):
        for _each in range(3):
            loop.report(kind="01001")
        desk = signed_in("supervisor")
        assert "1 条建议" in text(desk.get("/orders/"))
        page = text(desk.get("/orders/suggestions"))
        assert "反映 3 次" in page
        cause = page.split('name="cause" value="')[1].split('"')[0]
        for _twice in range(2):
            sent = desk.post("/orders/suggestions/take", {"cause": cause, "act_id": str(ids.uuid7())})
            assert sent["Location"] == f"/orders/{Order.objects.get().id}"
        gone = desk.post("/orders/suggestions/take", {"cause": "repeated:0:0", "act_id": str(ids.uuid7())}, follow=True)
        assert "这条建议已不存在" in text(gone)
