"""A method that an address does not take: a problem with a machine code, and what the address does take."""

from typing import Any

import pytest
from django.test import Client

from tests.api.calls import Caller, is_chinese, refusal

pytestmark = pytest.mark.django_db

CALLS = [
    ("PUT", "/matters", "GET, POST"),
    ("DELETE", "/matters/0192f0c0-0000-7000-8000-000000000000", "GET"),
    ("GET", "/matters/0192f0c0-0000-7000-8000-000000000000/actions/file", "POST"),
    ("PATCH", "/places/locate", "GET"),
    ("OPTIONS", "/units", "GET"),
    ("POST", "/kinds", "GET"),
]


def called(method: str, path: str, language: str = "zh-hans") -> Any:
    return Client().generic(method, f"/api/v1{path}", headers={"Accept-Language": language})


@pytest.mark.parametrize(("method", "path", "allowed"), CALLS)
def test_it_is_refused_with_a_code_words_and_the_methods_that_are_taken(method: str, path: str, allowed: str) -> None:
    answer = called(method, path)
    found = refusal(answer, 405, "method_not_allowed")
    assert answer["Allow"] == allowed
    assert method in found["detail"]
    assert is_chinese(found["detail"])
    assert not is_chinese(refusal(called(method, path, "en"), 405, "method_not_allowed")["detail"])


def test_a_head_request_gets_the_status_and_no_body() -> None:
    answer = called("HEAD", "/matters")
    assert (answer.status_code, answer["Content-Type"], answer.content) == (405, "application/problem+json", b"")


def test_what_an_address_takes_goes_on_as_before() -> None:
    assert Caller().get("/kinds").status_code == 200
    assert Caller().report().status_code == 201
    assert Caller().get("/openapi.json").status_code == 200


@pytest.mark.parametrize("address", ["/matters/a%0Ab", "/matters/%0A/clocks", "/units?after=%00", "/m%00"])
def test_an_address_that_nobody_types_is_answered_as_a_problem(address: str) -> None:
    for user in ("clerk", None):
        answer = Caller(user).client.get(f"/api/v1{address}", headers=Caller(user).headers if user else {})
        assert answer.status_code in {404, 422}
        assert answer["Content-Type"] == "application/problem+json"


def test_a_page_with_a_zero_byte_is_not_found() -> None:
    assert Caller().client.get("/matters/?text=%00").status_code == 404
    assert Caller().client.get("/track%00").status_code == 404
