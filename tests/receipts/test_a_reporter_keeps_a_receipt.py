"""Number and check code give a receipt: every entry's hashed bytes and the way to a signed root."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from civicloop.foundation import chain, merkle
from civicloop.foundation.canonical import canonical
from civicloop.foundation.merkle import Leaf, Proof
from civicloop.matters import api
from civicloop.receipts import actions, keys
from tests.api.calls import Caller, done, refusal
from tests.matters import loop
from tests.receipts.conftest import on
from tests.site.test_portal_report_and_track import follow, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_bounds():
    for each in (api.CODE_TRIES, api.CODE_TRIES_OF_MATTER):
        each.forget()


def reported() -> dict[str, Any]:
    """A report with its number and check code, on the tests' Monday."""
    with on():
        made: dict[str, Any] = done(Caller().report(reporter={"name": "张女士", "phone": "13800000000"}), 201)
    return made


def receipt(made: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = done(Caller(code=made["check_code"]).get(f"/receipts/{made['number']}/proof"))
    return answer


def leads_to_its_root(proof: dict[str, Any], matter: str) -> bool:
    leaf = Leaf(UUID(matter), proof["seq"], bytes.fromhex(proof["head"]))
    path = tuple(bytes.fromhex(each) for each in proof["path"])
    return merkle.holds(leaf, Proof(proof["index"], proof["size"], path), bytes.fromhex(proof["root"]["root"]))


def test_a_receipt_leads_from_the_first_entry_to_the_newest_signed_root() -> None:
    made = reported()
    with on():
        others = [loop.report() for _each in range(4)]
        loop.act("clerk", UUID(made["id"]), "note", note="内部意见")
    for day in (2, 4):
        with on(day):
            loop.act("clerk", UUID(made["id"]), "note", note="又看过")
    with on(6):
        actions.close_due()
        found = receipt(made)
    assert (found["number"], found["matter"]) == (made["number"], made["id"])
    previous = chain.GENESIS
    for number, entry in enumerate(found["entries"], start=1):
        previous = chain.entry_hash(previous, bytes.fromhex(entry["body"]))
        assert (entry["seq"], entry["hash"]) == (number, previous.hex())
    assert len(found["entries"]) == 4
    assert [(proof["root"]["day"], proof["seq"]) for proof in found["proofs"]] == [("2026-03-02", 2), ("2026-03-06", 4)]
    assert found["proofs"][0]["size"] == 5 == len(others) + 1
    for proof in found["proofs"]:
        assert proof["head"] == found["entries"][proof["seq"] - 1]["hash"]
        assert leads_to_its_root(proof, made["id"])
    signature = found.pop("signature")
    assert signature["key"] == found["keys"][0]["id"]
    public = bytes.fromhex(found["keys"][0]["public"])
    assert keys.signed(keys.RECEIPT, canonical(found), bytes.fromhex(signature["value"]), public)


def test_before_the_first_night_a_receipt_has_the_platforms_signature_only() -> None:
    made = reported()
    with on():
        found = receipt(made)
    assert found["proofs"] == []
    assert len(found["entries"]) == 1
    assert found["signature"]["value"]


def test_a_receipt_proves_the_reporters_words_and_keeps_those_of_the_staff_inside() -> None:
    made = reported()
    with on():
        loop.act("clerk", UUID(made["id"]), "note", note="内部意见")
        found = receipt(made)
    texts = found["entries"][0]["texts"]
    assert texts["text"]["value"] == "路口井盖不见了，很危险。"
    assert set(texts) == {"title", "text", "address", "point"}
    told = chain.content(bytes.fromhex(found["entries"][0]["body"]))
    for name, text in texts.items():
        commitment = chain.commitment(bytes.fromhex(text["salt"]), text["value"].encode())
        assert told["texts"][name] == commitment.hex()  # type: ignore[index]
    assert found["entries"][1]["texts"] == {}
    whole = json.dumps(found, ensure_ascii=False)
    for inside in ("内部意见", "张女士", "13800000000"):
        assert inside not in whole
        assert inside.encode().hex() not in whole


def test_of_a_report_by_the_staff_a_household_sees_what_its_status_page_shows() -> None:
    with on():
        made = done(Caller("grid").report(channel="grid", address="和平路 1 号"), 201)
        found = receipt(made)
    assert set(found["entries"][0]["texts"]) == {"title", "text", "address"}


def test_wrong_codes_open_nothing_and_are_bounded() -> None:
    made, other = reported(), reported()
    with on():
        bodies = [
            refusal(Caller(code=code).get(f"/receipts/{number}/proof"), 404, "not_found")
            for number, code in (
                (made["number"], "AAAAAAAA"), (made["number"], other["check_code"]), (made["number"], ""),
                ("20260302-9999999-0", made["check_code"]),
            )
        ]  # fmt: skip
        assert all(body == bodies[0] for body in bodies)
        form = Caller().client.post(f"/api/v1/receipts/{made['number']}/proof", {"check_code": made["check_code"]})
        assert done(form)["number"] == made["number"]
        for number in range(api.CODE_TRIES_OF_MATTER.most):
            Caller(code=f"AAAAAA{number:02}").get(f"/receipts/{other['number']}/proof")
        refused = Caller(code=other["check_code"]).get(f"/receipts/{other['number']}/proof")
        refusal(refused, 429, "too_often")
        refusal(Caller("clerk").get(f"/receipts/{other['number']}/proof"), 429, "too_often")


def test_a_token_is_no_check_code() -> None:
    made = reported()
    with on():
        refusal(Caller("clerk").get(f"/receipts/{made['number']}/proof"), 404, "not_found")


def test_the_status_page_offers_it_as_a_file() -> None:
    client = Client()
    page = follow(client, send(client))
    content = client.get(page).content.decode()
    assert "下载回执" in content
    assert f'href="{page}/receipt.json"' in content
    answer = client.get(f"{page}/receipt.json")
    found = json.loads(answer.content)
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{found["number"]}.json"'
    assert answer["Content-Type"] == "application/json"
    signature = found.pop("signature")
    assert keys.signed(keys.RECEIPT, canonical(found), bytes.fromhex(signature["value"]), keys.current().public)
    assert "Download receipt" in client.get(page, headers={"Accept-Language": "en"}).content.decode()


def test_a_browser_that_has_not_shown_the_code_is_led_to_the_form() -> None:
    client = Client()
    page = follow(client, send(client))
    assert Client().get(f"{page}/receipt.json")["Location"] == "/track"


def test_a_receipt_costs_a_bounded_number_of_statements(django_assert_max_num_queries) -> None:
    made = reported()
    for day in range(12):
        with on(day):
            loop.act("clerk", UUID(made["id"]), "note", note="看过")
    with on(20):
        assert len(actions.close_due()) == 12
        with django_assert_max_num_queries(16):
            assert len(receipt(made)["proofs"]) == 2
