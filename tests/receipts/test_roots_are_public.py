"""Anybody may read the daily roots and the keys: as pages in both languages, and as programs read them."""

import json
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from civicloop.foundation import chain
from civicloop.receipts import actions, keys, publishing
from tests.api.calls import Caller, done, is_chinese, refusal
from tests.conftest import ROOT
from tests.matters import loop
from tests.receipts.conftest import at, on

pytestmark = pytest.mark.django_db


def closed_days(number: int) -> None:
    """As many days, each with a report, each closed."""
    for day in range(number):
        with on(day):
            loop.report()
    with on(number):
        assert len(actions.close_due()) == number


def test_roots_come_newest_first_in_pages() -> None:
    closed_days(5)
    first = done(Caller().get("/roots", limit=2))
    assert [each["day"] for each in first["items"]] == ["2026-03-06", "2026-03-05"]
    second = done(Caller().get("/roots", limit=2, before=first["next"]))
    last = done(Caller().get("/roots", limit=2, before=second["next"]))
    assert [each["no"] for each in second["items"] + last["items"]] == [3, 2, 1]
    assert last["next"] is None
    assert done(Caller().get("/roots", before="2020-01-01")) == {"items": [], "next": None}
    for wrong in ({"limit": 0}, {"limit": 100_000}, {"before": "gestern"}):
        refusal(Caller().get("/roots", **wrong), 422, "malformed")


def test_a_day_and_its_keys_are_all_that_a_program_needs() -> None:
    closed_days(2)
    first, second = done(Caller().get("/roots/2026-03-02")), done(Caller().get("/roots/2026-03-03"))
    for root, previous in ((first, chain.GENESIS.hex()), (second, first["hash"])):
        assert root["previous"] == previous
        body = bytes.fromhex(root["body"])
        assert chain.entry_hash(bytes.fromhex(previous), body).hex() == root["hash"]
        told = chain.content(body)
        assert {
            name: root[name] for name in ("day", "no", "until", "leaves", "root", "previous", "made_at", "key")
        } == {name: value for name, value in told.items() if name not in {"form", "logs"}}
    answer = done(Caller().get("/roots/key"))["keys"]
    assert answer[0]["current"]
    assert answer[0]["id"] == second["key"]
    public, signature = bytes.fromhex(answer[0]["public"]), bytes.fromhex(second["signature"])
    assert keys.signed(keys.ROOT, bytes.fromhex(second["hash"]), signature, public)
    publishing.publish()
    assert json.loads(publishing.path_of(at().date()).read_text()) == first


def test_a_day_without_a_root_is_not_there() -> None:
    closed_days(1)
    for day in ("2026-03-03", "2026-02-30", "heute", "99999-01-01"):
        body = refusal(Caller().get(f"/roots/{day}"), 404, "not_found")
        assert is_chinese(body["detail"])
        assert Client().get(f"/roots/{day}").status_code == 404


def test_the_page_hands_out_the_program_that_checks_receipts() -> None:
    page = Client().get("/roots").content.decode()
    assert 'href="/static/receipts/verify_receipt.py"' in page
    assert f"--key {keys.current().public.hex()}" in page
    found = finders.find("receipts/verify_receipt.py")
    assert Path(str(found)).read_bytes() == (ROOT / "tools" / "verify_receipt.py").read_bytes()


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "每日存证"), ("en", "Daily roots")])
def test_the_pages_say_it_in_both_languages(language: str, words: str) -> None:
    client = Client(headers={"Accept-Language": language})
    assert words in client.get("/roots").content.decode()
    closed_days(2)
    page = client.get("/roots").content.decode()
    assert words in page
    assert "2026-03-02" in page
    assert keys.current().public.hex() in page
    root = done(Caller().get("/roots/2026-03-02"))
    page = client.get("/roots/2026-03-02").content.decode()
    for value in (root["hash"], root["root"], root["signature"], root["key"], "/roots/2026-03-03", "SM3 (GB/T 32905)"):
        assert value in page
    assert "/roots/2026-03-01" not in page


def test_the_list_is_turned_by_keys_not_by_counting(django_assert_max_num_queries) -> None:
    closed_days(3)
    with django_assert_max_num_queries(2):
        page = Client().get("/roots", {"before": "2026-03-04"}).content.decode()
    assert "2026-03-03" in page
    assert ">2026-03-04<" not in page
    assert Client().get("/roots", {"before": "nonsense"}).status_code == 200
    assert Client().post("/roots").status_code == 405
