"""The desks: what each role sees, the one-screen act, batches, approvals."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def signed_in(user: str) -> Client:
    """A browser in which `user` has signed in."""
    from civicloop.people.models import Account

    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("clerk", "/desk/", 200),
        ("receiver", "/receiving/", 200),
        ("worker", "/receiving/", 200),
        ("supervisor", "/approvals/", 200),
        ("leader", "/matters/", 200),
        ("audit", "/admin/audit", 200),
        ("system", "/admin/units/", 200),
        ("security", "/admin/posts/", 200),
        ("system", "/admin/areas/", 200),
        ("system", "/admin/areas/990101", 200),
        ("system", "/admin/settings", 200),
        ("clerk", "/admin/", 200),
        ("clerk", "/admin/posts/", 403),
        ("clerk", "/admin/audit", 403),
        ("system", "/desk/", 403),
        ("channel", "/matters/", 403),
    ],
)
def test_each_role_sees_its_own_pages(user: str, path: str, status: int) -> None:
    loop.report()
    assert signed_in(user).get(path).status_code == status


def test_somebody_without_an_account_is_asked_to_sign_in() -> None:
    response = Client().get("/desk/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in")


def test_accepting_and_dispatching_on_one_screen() -> None:
    from civicloop.catalogue.models import Kind

    matter = loop.report()
    kind = Kind.objects.get(standard__code="GB/T 47678.5-2026", family="matter", code="01001")
    client = signed_in("clerk")
    page = client.get(f"/desk/?m={matter}&kind={kind.id}")
    assert "东风街道办事处" in text(page)
    values = {"act_id": str(ids.uuid7()), "kind": str(kind.id), "condition": str(loop.condition()), "answering": ""}
    for _sending in range(2):
        assert client.post(f"/desk/{matter}/file-and-dispatch", values).status_code in {302, 409}
    row = Matter.objects.get(id=matter)
    assert (row.step, row.seq, row.unit_id) == ("dispatched", 3, world.unit("s1-office"))


def test_a_matter_elsewhere_is_not_found() -> None:
    matter = loop.report()
    assert signed_in("s2-clerk").get(f"/matters/{matter}").status_code == 404
    assert signed_in("clerk").get(f"/matters/{matter}").status_code == 200


def test_accepting_twenty_at_once() -> None:
    matters = []
    for _number in range(20):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition())
        loop.act("clerk", matter, "dispatch")
        matters.append(matter)
    client = signed_in("receiver")
    assert text(client.get("/receiving/")).count('name="matter"') == 20
    chosen = [f"{matter}:{ids.uuid7()}" for matter in matters]
    response = client.post("/receiving/bulk", {"action": "accept", "tab": "dispatched", "matter": chosen})
    assert response.status_code == 302
    assert {Matter.objects.get(id=matter).step for matter in matters} == {"accepted"}


def test_a_refused_act_keeps_what_was_typed() -> None:
    matter = loop.report()
    client = signed_in("clerk")
    values = {
        "action": "decline", "act_result": "", "act_id": str(ids.uuid7()), "step_version": "1",
        "not_filed_reason": "", "reason": "与现场不符的说明文字",
    }  # fmt: skip
    response = client.post(f"/matters/{matter}/act", values)
    assert response.status_code == 422
    assert "与现场不符的说明文字" in text(response)
    assert Matter.objects.get(id=matter).step == "reported"


def test_an_extension_is_approved_by_somebody_else() -> None:
    matter = loop.report(kind="01001")
    loop.to_handling(matter)
    asked = loop.act("receiver", matter, "request_extension", reason="等待配件")
    assert asked.requested
    before = Matter.objects.get(id=matter).due_at
    page = text(signed_in("head").get("/approvals/"))
    assert "等待配件" in page
    answer = {"request": "1", "yes": "yes", "act_id": str(ids.uuid7())}
    assert signed_in("head").post(f"/matters/{matter}/decide", answer).status_code == 302
    answer["act_id"] = str(ids.uuid7())
    assert signed_in("clerk").post(f"/matters/{matter}/decide", answer).status_code == 302
    after = Matter.objects.get(id=matter).due_at
    assert before is not None
    assert after is not None
    assert after > before


def test_the_export_holds_what_is_seen_and_no_formula() -> None:
    loop.report(title="=HYPERLINK(1)")
    body = text(signed_in("clerk").get("/matters/export.csv"))
    assert "'=HYPERLINK(1)" in body
    assert text(signed_in("s2-clerk").get("/matters/export.csv")).count("\n") == 1


def test_a_list_taken_away_has_no_formulas_and_leaves_its_line() -> None:
    from civicloop.records.models import AuditEntry

    loop.report(title="=1+1")
    answer = signed_in("clerk").get("/matters/export.csv")
    assert answer.status_code == 200
    content = answer.content.decode()
    assert content.startswith("\ufeff")
    assert "'=1+1" in content
    entry = AuditEntry.objects.get(action="matters.export")
    assert entry.detail["rows"] == content.count("\n") - 1
