"""What a reporter sees with number and check code, and how often a code may be tried."""

import pytest

from civicloop.matters import api
from tests import world
from tests.api.calls import Caller, condition, done, is_chinese, refusal

pytestmark = pytest.mark.django_db


def test_number_and_code_show_who_has_it_by_when_where_it_stands_and_whom_to_call() -> None:
    reported = done(Caller().report(reporter={"name": "张女士", "phone": "13800000000"}), 201)
    assert len(reported["check_code"]) == 8
    clerk = Caller("clerk")
    done(clerk.act(reported["id"], "file", condition=condition()))
    done(clerk.act(reported["id"], "dispatch"))
    for language, name in (("zh-hans", "待接收"), ("en", "Dispatched")):
        receipt = done(Caller(code=reported["check_code"], language=language).get(f"/receipts/{reported['number']}"))
        assert receipt["who"].startswith("东风街道办事处")
        assert (receipt["step"], receipt["phone"]) == (name, "022-0000")
        assert receipt["due_at"].startswith("2026-03-02T")
        assert [line["words"] for line in receipt["story"]][-1] == name
        assert "张女士" not in str(receipt)
        assert "13800000000" not in str(receipt)


def test_a_code_is_read_however_it_is_typed() -> None:
    reported = done(Caller().report(), 201)
    code, number = reported["check_code"], reported["number"]
    for typed in (code, code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} {code[4:]} "):
        assert done(Caller(code=typed).get(f"/receipts/{number}"))["number"] == number
    assert done(Caller(code=code).get(f"/receipts/{number.lower()}"))["number"] == number
    form = Caller().client.post(f"/api/v1/receipts/{number}", {"check_code": code})
    assert done(form)["number"] == number


def test_a_wrong_code_and_a_wrong_number_are_answered_alike() -> None:
    reported, other = done(Caller().report(), 201), done(Caller().report(), 201)
    bodies = [
        refusal(Caller(code=code).get(f"/receipts/{number}"), 404, "not_found")
        for number, code in (
            (reported["number"], "AAAAAAAA"),
            (reported["number"], other["check_code"]),
            (reported["number"], ""),
            ("20260302-9999999-0", reported["check_code"]),
            ("nonsense", reported["check_code"]),
        )
    ]
    assert all(body == bodies[0] for body in bodies)
    assert is_chinese(bodies[0]["detail"])


def test_codes_cannot_be_tried_without_end() -> None:
    reported = done(Caller().report(), 201)
    for number in range(api.CODE_TRIES_OF_MATTER.most):
        assert Caller(code=f"AAAAAA{number:02}").get(f"/receipts/{reported['number']}").status_code == 404
    refused = Caller(code=reported["check_code"]).get(f"/receipts/{reported['number']}")
    refusal(refused, 429, "too_often")
    assert int(refused["Retry-After"]) > 0
    assert world.SPOT
