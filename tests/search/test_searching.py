"""Somebody types words and finds the matters in which they stand, and only those that this person may see."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import translation

from civicloop.foundation import clock
from civicloop.matters.models import Matter
from civicloop.search.rules import snippets
from tests import world
from tests.api.calls import Caller, done, refusal
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """Two reports of yesterday, one of a month ago; now it is the day after."""
    with translation.override("zh-hans"), clock.at(world.START + timedelta(days=31)):
        with clock.at(world.START):
            loop.report(title="旧井盖", text="很久以前的井盖 <b>破损</b>")
        with clock.at(world.START + timedelta(days=30)):
            loop.report(title="井盖缺失", text=f"{'前' * 60}这里的井盖丢了{'后' * 60}", address="解放路8号")
            loop.report(title="路灯不亮", text="在井盖旁边", point=(117.25, 39.05))
        yield


def titles(page: str) -> list[str]:
    """What the page's hits say, without the marks."""
    lines = page.split('<li class="hit"')[1:]
    return [line.split("data-open>")[1].split("</a>")[0].replace("<mark>", "").replace("</mark>", "") for line in lines]


def test_words_are_found_and_marked_with_the_text_around_them() -> None:
    page = text(signed_in("clerk").get("/search/?q=井盖"))
    assert titles(page) == ["井盖缺失", "旧井盖"]  # newest first; the third lies in another district
    assert "<mark>井盖</mark>缺失" in page
    assert "前这里的<mark>井盖</mark>丢了后" in page
    assert "前" * 40 not in page
    assert "&lt;b&gt;破损&lt;/b&gt;" in page
    assert "解放路8号" in page


def test_a_number_leads_to_its_matter_and_a_part_of_it_finds_it() -> None:
    row = Matter.objects.get(title="旧井盖")
    clerk = signed_in("clerk")
    assert clerk.get("/search/", {"q": f" {row.number.lower()} "}).url == f"/matters/{row.id}"
    assert titles(text(clerk.get("/search/", {"q": row.number.split("-")[1]}))) == ["旧井盖"]
    other = Matter.objects.get(title="路灯不亮")
    assert "没有找到" in text(clerk.get("/search/", {"q": other.number}))


def test_area_time_and_state_narrow_and_can_be_taken_off() -> None:
    clerk = signed_in("clerk")
    assert titles(text(clerk.get("/search/?q=井盖&days=7"))) == ["井盖缺失"]
    assert titles(text(clerk.get("/search/?q=井盖&state=ended"))) == []
    page = text(clerk.get("/search/?q=井盖&state=ended&days=30"))
    assert "在全部范围内搜索" in page
    assert f'href="/search/?q={quote("井盖")}"' in page
    assert titles(text(clerk.get("/search/?q=井盖&area=990101001"))) == ["井盖缺失", "旧井盖"]
    assert titles(text(clerk.get("/search/?q=井盖&area=990101002"))) == []
    for wrong in ("area=nowhere", "days=8", "state=x"):
        page = text(clerk.get(f"/search/?q=井盖&{wrong}"))
        assert titles(page) == [], wrong
        assert "没有找到" not in page, wrong


@pytest.mark.parametrize(
    ("asked", "words"),
    [("", "您要找什么？"), ("井", "内容太少"), ("-井盖", "内容太少"), ("！", "内容太少"), ("没有的词", "没有找到")],
)
def test_an_empty_page_says_what_to_do(asked: str, words: str) -> None:
    assert words in text(signed_in("clerk").get("/search/", {"q": asked}))


def test_pages_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller("clerk")
    first = done(caller.get("/search", q="井盖", limit=1))
    second = done(caller.get("/search", q="井盖", limit=1, after=first["next"]))
    assert [each["items"][0]["number"] for each in (first, second)] == list(
        Matter.objects.filter(title__contains="井盖").order_by("-id").values_list("number", flat=True)
    )
    assert second["next"] is None
    refusal(caller.get("/search", q="井盖", after="x"), 422, "no_key")
    assert signed_in("clerk").get("/search/?q=井盖&after=x").status_code == 400


def test_the_api_gives_the_same_with_the_places_of_the_words() -> None:
    found = done(Caller("clerk").get("/search", q="解放路 井盖"))
    [hit] = found["items"]
    assert found["understood"]
    assert hit["title"] == [{"text": "井盖", "hit": True}, {"text": "缺失", "hit": False}]
    assert hit["address"] == [{"text": "解放路", "hit": True}, {"text": "8号", "hit": False}]
    assert done(Caller("clerk").get("/search", q="井")) == {"items": [], "next": None, "understood": False}
    refusal(Caller().get("/search", q="井盖"), 401, "unauthenticated")
    refusal(Caller("clerk").get("/search", q="井" * 201), 422, "malformed")


def test_what_is_confidential_is_not_found_by_those_it_is_about() -> None:
    loop.report(title="投诉物业井盖", text="不处理", confidentiality=1, complained_of=("s1-property",))
    assert [hit["title"] for hit in done(Caller("property").get("/search", q="投诉物业"))["items"]] == []


def test_a_page_costs_the_same_however_many_it_finds() -> None:
    from tests.api.test_statements_per_request import statements

    caller = Caller("clerk")
    done(caller.get("/search", q="井盖"))
    with statements() as few:
        done(caller.get("/search", q="旧井盖"))
    with statements() as more:
        done(caller.get("/search", q="井盖"))
    assert len(few) == len(more)


@pytest.mark.parametrize(
    ("words", "pieces", "shown"),
    [
        ("短文", ("没有",), "短文"),
        ("一" * 30 + "井盖" + "二" * 200, ("井盖",), "…" + "一" * 16 + "[井盖]" + "二" * 72 + "…"),
        ("一" * 200, ("井盖",), "一" * 90 + "…"),
        ("井盖\n\n  坏了", ("井盖",), "[井盖] 坏了"),
        ("井盖" + "一" * 200 + "井盖", ("井盖",), "[井盖]" + "一" * 88 + "…"),
    ],
)
def test_the_part_around_the_words(words: str, pieces: tuple[str, ...], shown: str) -> None:
    parts = snippets.around(words, pieces)
    assert "".join(f"[{part}]" if hit else part for part, hit in parts) == shown
