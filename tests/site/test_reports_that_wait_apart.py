"""Reports that look as if no person had sent them: taken in like all others, shown apart, let through by one press."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import doubts, proof, selectors
from civicloop.matters.models import Doubt, Entry, Matter
from civicloop.records import tries
from tests import world
from tests.api.calls import Caller, done
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
LON, LAT = world.SPOT
LONG = "和顺里三号楼北侧的路灯已经坏了两个星期，晚上很黑"


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


def sent(words: str = LONG, *, address: str = "192.0.2.7", **more: str) -> UUID:
    """A resident's report by the page; the receipt must come, whatever it looks like."""
    identifier = str(ids.uuid7(world.START))
    data = {"id": identifier, "text": words, "lon": str(LON), "lat": str(LAT), "crs": "wgs84", **more}
    answer = Client(REMOTE_ADDR=address).post("/report", data)
    assert answer.status_code == 201, text(answer)[:2000]
    made = Matter.objects.get(id=identifier)
    assert made.number in text(answer).replace("&nbsp;", "").replace(" ", "") or made.number[:8] in text(answer)
    assert made.due_at is not None or made.stage
    return made.id


def at_desk(doubted: bool = False, user: str = "clerk") -> set[UUID]:
    filters = selectors.Filters(desk=True, doubted=doubted)
    return {row.id for row in selectors.matters(world.actor(user), filters, order="due").rows}


def why(matter: UUID) -> list[str]:
    return list(Doubt.objects.get(matter_id=matter).reasons)


def test_an_honest_report_comes_to_the_desk() -> None:
    page = text(Client().get("/report"))
    assert 'name="form_mark"' in page
    assert 'tabindex="-1"' in page
    matter = sent(form_mark=doubts.signing.dumps(0.0, salt=doubts._SALT))  # a page that was open for long
    assert at_desk() == {matter}
    assert at_desk(doubted=True) == set()
    assert not Doubt.objects.exists()
    assert "doubted" not in text(signed_in("clerk").get("/desk/"))


def test_each_sign_puts_a_report_apart_and_refuses_nothing() -> None:
    found = {
        sent(homepage="http://example.org"): ["trap"],
        sent(f"{LONG}！", form_mark=doubts.form_mark()): ["haste"],
        sent(f"{LONG}，见 http://a.example 和 www.b.example"): ["links"],
    }
    for matter, reasons in found.items():
        assert why(matter) == reasons
    assert at_desk() == set()
    assert at_desk(doubted=True) == set(found)
    page = text(signed_in("clerk").get("/desk/doubted"))
    for words in ("填写了人看不到的栏目", "短时间内填完"):
        assert words in page
    assert "/desk/doubted" in text(signed_in("clerk").get("/desk/"))


def test_many_from_one_network_and_the_same_words_again_wait_apart() -> None:
    same = [sent(address=f"192.0.2.{number}") for number in range(doubts.SAME)]
    assert [Doubt.objects.filter(matter_id=each).exists() for each in same] == [False] * (doubts.SAME - 1) + [True]
    assert why(same[-1]) == ["same"]
    short = [sent("路灯不亮", address=f"192.0.3.{number}") for number in range(doubts.SAME)]
    assert not Doubt.objects.filter(matter_id__in=short).exists()  # many people say that
    many = [sent(f"{LONG}{number}", address=f"2001:db8:1:1::{number}") for number in range(doubts.MANY + 1)]
    assert not Doubt.objects.filter(matter_id__in=many[:-1]).exists()
    assert why(many[-1]) == ["many"]


def test_sent_again_it_is_the_same_report_and_stands_where_it_stood() -> None:
    body: dict[str, Any] = {"text": f"{LONG} http://a.example http://b.example", "id": str(ids.uuid7(world.START))}
    for status in (201, 200, 200, 200, 200, 200):
        done(Caller().report(**body), status)
    assert Doubt.objects.count() == 1
    honest = {"text": f"{LONG}。", "id": str(ids.uuid7(world.START))}
    for status in (201, *[200] * 7):
        done(Caller().report(**honest), status)
    assert not Doubt.objects.filter(matter_id=honest["id"]).exists()


def test_programs_with_a_token_are_never_put_apart() -> None:
    done(Caller("channel").report(text=f"{LONG} http://a.example http://b.example"), 201)
    assert not Doubt.objects.exists()
    done(Caller().report(text=f"{LONG} http://a.example http://b.example"), 201)
    assert Doubt.objects.count() == 1


def judged(user: str, matter: UUID, outcome: str, act_id: str = "") -> Any:
    data = {"outcome": outcome, "act_id": act_id or str(ids.uuid7(world.START))}
    return signed_in(user).post(f"/desk/{matter}/doubted", data)


def test_one_press_lets_it_through_with_an_entry_in_the_timeline() -> None:
    matter, act_id = sent(homepage="x"), str(ids.uuid7(world.START))
    for _each in range(2):  # pressed twice
        answer = judged("clerk", matter, "real", act_id)
        assert (answer.status_code, answer["Location"]) == (302, "/desk/doubted")
    assert at_desk() == {matter}
    assert at_desk(doubted=True) == set()
    entry = Entry.objects.get(matter_id=matter, action=doubts.ACTION)
    assert entry.account_id == world.actor("clerk").account_id
    assert b'"reasons":["trap"]' in bytes(entry.body)
    assert Doubt.objects.get(matter_id=matter).trusted_by == world.actor("clerk").account_id
    assert proof.verify(matter) == []
    assert "放行到受理台" in text(signed_in("clerk").get(f"/matters/{matter}"))
    judged("clerk", matter, "real")  # somebody else, a moment later
    assert Entry.objects.filter(matter_id=matter, action=doubts.ACTION).count() == 1


def test_the_other_press_ends_it_as_void_and_its_sender_can_see_that() -> None:
    matter = sent(homepage="x")
    assert judged("clerk", matter, "void").status_code == 302
    row = Matter.objects.get(id=matter)
    assert row.end == "void"
    assert at_desk() == at_desk(doubted=True) == set()


def test_whoever_has_it_not_at_the_desk_neither_sees_nor_judges_it() -> None:
    matter = sent(homepage="x")
    for user in ("s2-clerk", "d2-clerk"):
        assert "/matters/" + str(matter) not in text(signed_in(user).get("/desk/doubted"))
        assert judged(user, matter, "real").status_code == 404
        assert judged(user, matter, "void").status_code == 404
    assert judged("checker", matter, "real").status_code == 302  # told in words that it may not
    assert judged("system", matter, "real").status_code == 403
    assert at_desk(doubted=True) == {matter}
    assert not Entry.objects.filter(matter_id=matter, action=doubts.ACTION).exists()
    refused = Caller("clerk").act(matter, doubts.ACTION)  # only together with its row
    assert refused.status_code == 422
    for wrong in ("", "x"):
        assert judged("clerk", matter, "real", wrong or "no-id").status_code == 404


def test_whoever_finds_it_elsewhere_goes_on_with_it_as_with_any_other() -> None:
    matter = sent(homepage="x")
    loop.act("clerk", matter, "file", condition=loop.condition())
    assert matter in at_desk()
    loop.act("clerk", matter, "dispatch")
    assert matter in at_desk(user="receiver")


def test_one_statement_counts_network_and_words_each_in_its_own_window(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(tries.time, "time", lambda: now[0])
    one, other = tries.SharedThrottle("a", most=2, seconds=10), tries.SharedThrottle("b", most=9, seconds=1000)
    assert [one.wait_beside("k", other, "w") for _each in range(3)] == [(0.0, 1, 1), (0.0, 2, 2), (10.0, 3, 3)]
    now[0] += 11
    assert one.wait_beside("k", other, "w") == (0.0, 1, 4)
    now[0] += 1001
    assert one.wait_beside("k", other, "w") == (0.0, 1, 1)
    assert one.wait("k") == 0.0
