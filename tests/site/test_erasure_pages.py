"""The lists of erasures in the browser: made by one, approved by another, with a certificate that can be checked."""

import json

import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.matters import erasure
from civicloop.matters.models import EntryText, ErasureList
from civicloop.receipts import certificates, keys
from tests.matters.test_erasure_by_schedule import LATER, ended
from tests.site.test_signals_ask_for_a_look import signed_in

pytestmark = pytest.mark.django_db


def text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def test_from_what_is_due_to_the_signed_certificate() -> None:
    matter = ended()
    security, audit = signed_in("security"), signed_in("audit")
    with clock.at(LATER):
        assert "还没有清单" in text(security, "/admin/erasure/")
        made = security.post("/admin/erasure/propose", {"rule": "texts"}, follow=True).content.decode()
        row = ErasureList.objects.get()
        assert "待审批" in made
        assert "永久销毁" not in made  # whoever made it does not decide it
        assert security.post(f"/admin/erasure/{row.id}/decide", {"yes": "1"}).status_code == 403
        assert "永久销毁" in text(audit, f"/admin/erasure/{row.id}")
        text(audit, f"/admin/erasure/{row.id}/certificate", 404)
        refused = audit.post(f"/admin/erasure/{row.id}/decide", {"yes": "0", "reason": ""}, follow=True)
        assert "请说明不批准的理由" in refused.content.decode()
        audit.post(f"/admin/erasure/{row.id}/decide", {"yes": "1"})
        again = audit.post(f"/admin/erasure/{row.id}/decide", {"yes": "1"}, follow=True)
        assert "已经审定过了" in again.content.decode()
        erasure.carry_out()
        assert "签名证明" in text(audit, f"/admin/erasure/{row.id}")
        document = json.loads(text(security, f"/admin/erasure/{row.id}/certificate"))
    assert not EntryText.objects.filter(matter_id=matter, seq=1).exists()
    assert document["counts"]["done"] == 1
    assert (document["proposed_by"]["role"], document["approved_by"]["role"]) == ("security_admin", "audit_admin")
    public = keys.current().public
    assert certificates.holds(document, public)
    assert not certificates.holds(document | {"list": 99}, public)


def test_a_matter_is_kept_and_let_go() -> None:
    from civicloop.matters.models import Matter

    number = Matter.objects.values_list("number", flat=True).get(id=ended())
    audit = signed_in("audit")
    with clock.at(LATER):
        wrong = audit.post("/admin/erasure/hold", {"number": "20260302-0000000-0", "reason": "诉讼"})
        assert wrong.status_code == 422
        assert "没有这个编号的事项" in wrong.content.decode()
        kept = audit.post("/admin/erasure/hold", {"number": number, "reason": "诉讼"}, follow=True).content.decode()
        assert number in kept
        assert "诉讼" in kept
        assert "生成清单" not in text(signed_in("security"), "/admin/erasure/")
        audit.post("/admin/erasure/hold", {"release": number})
        assert "生成清单" in text(signed_in("security"), "/admin/erasure/")


@pytest.mark.parametrize("who", ["clerk", "system", "grid", "supervisor", "leader"])
def test_others_see_no_lists(who: str) -> None:
    ended()
    browser = signed_in(who)
    text(browser, "/admin/erasure/", 403)
    assert browser.post("/admin/erasure/propose", {"rule": "texts"}).status_code == 403
    assert browser.post("/admin/erasure/hold", {"number": "x", "reason": "y"}).status_code == 403


def test_what_does_not_exist_is_not_found() -> None:
    audit = signed_in("audit")
    text(audit, "/admin/erasure/77", 404)
    text(audit, f"/admin/erasure/{'9' * 30}", 404)
    assert audit.post("/admin/erasure/77/decide", {"yes": "1"}).status_code == 404
    assert signed_in("security").post("/admin/erasure/propose", {"rule": "all"}).status_code == 404
