"""已有人反映: who is about to report the same is told what everybody may know, adds a voice, and is never held up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import doubts, hints, nearby
from civicloop.matters.models import Matter
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
LON, LAT = world.SPOT
WORDS = "路口的井盖丢了，只剩一个洞"
SECRET = "张家后院那口井盖被老李搬走了"


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(doubts, "HASTE", -1.0)
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def form(**values: str) -> dict[str, str]:
    return {
        "id": str(ids.uuid7()), "text": WORDS, "kind": "", "lon": str(LON), "lat": str(LAT), "crs": "wgs84",
        "form_mark": doubts.form_mark(), **values,
    }  # fmt: skip


def hinted(**values: object) -> list[hints.Hint]:
    wanted = hints.about(LON, LAT, "wgs84", text=str(values.get("text", WORDS)), kind=str(values.get("kind", "01001")))
    assert wanted is not None
    return hints.hints(wanted)


def lead_of(matter: UUID) -> UUID | None:
    return Matter.objects.get(id=matter).lead_id


def test_the_hint_tells_kind_rough_place_day_and_state_and_nothing_else() -> None:
    lead = loop.report(kind="01001", text=SECRET, title="我家门口", address="和平路 5 号 302 室")
    page = text(Client().post("/report/alike", form()))
    assert "是否已有人反映" in page
    assert "和顺里社区 · 50 米以内 · 今天上报 · 已收到" in page
    row = Matter.objects.get(id=lead)
    for secret in ("张家", "老李", "302", "我家门口", str(lead), row.number):
        assert secret not in page
    found = Client().post("/api/v1/matters/alike", json.dumps({"lon": LON, "lat": LAT, "crs": "wgs84", "text": WORDS}),
                          content_type="application/json").json()  # fmt: skip
    assert [set(each) for each in found] == [
        {"voice", "kind", "kind_name", "community", "within_metres", "since", "state", "many"}
    ]
    assert (found[0]["kind"], found[0]["within_metres"], found[0]["state"]) == ("01001", 50, "received")


@pytest.mark.parametrize(
    "values",
    [{"confidentiality": 1}, {"confidentiality": 1, "complained_of": ("s2-centre",)}, {"procedure": "visit-problem"},
     {"point": (117.025, 39.05)}, {"kind": "06012", "text": "落叶没有人打扫"}],
)  # fmt: skip
def test_what_not_everybody_may_know_or_is_something_else_is_not_hinted_at(values: dict[str, object]) -> None:
    loop.report(**({"kind": "01001", "text": WORDS} | values))
    assert hinted() == []
    assert text(Client().post("/report/alike", form())).strip() == ""


def test_what_may_accuse_somebody_is_told_after_a_day_or_when_many_have_said_it() -> None:
    lead = loop.report(kind="06012", text="店主把垃圾倒在路边")
    words = {"kind": "06012", "text": "有人把垃圾倒在路边"}
    assert hinted(**words) == []
    for _n in range(4):
        loop.act("clerk", loop.report(kind="06012", text="垃圾倒在路边"), "join", lead=str(lead))
    assert [(each.many, each.voice) for each in hinted(**words)] == [(True, hints.voice_of(lead))]
    with clock.at(world.START - timedelta(hours=30)):
        old = loop.report(kind="06012", text="垃圾倒在路边")
    assert {each.voice for each in hinted(**words)} == {hints.voice_of(lead), hints.voice_of(old)}


def test_nobody_tries_out_what_somebody_else_wrote() -> None:
    """Words that only a report holds, and not the catalogue, change nothing in what is hinted at."""
    loop.report(kind="", text=SECRET)
    with clock.at(world.START + timedelta(days=2)):
        assert [each.voice for each in hinted(kind="", text="老李")] == []
        assert hinted(kind="", text="井盖 老李搬走") == hinted(kind="", text="井盖 小王搬走")


def test_without_scripts_a_step_lies_between_and_the_voice_is_a_report_of_its_own() -> None:
    lead = loop.report(kind="01001")
    browser, wanted = Client(), form()
    between = browser.post("/report", wanted)
    assert between.status_code == 200
    assert "是否已有人反映" in text(between)
    assert WORDS in text(between)
    assert Matter.objects.count() == 1
    answer = browser.post("/report", wanted | {"hinted": "1", "voice": hints.voice_of(lead)})
    assert answer.status_code == 201
    page = text(answer)
    made = Matter.objects.get(id=wanted["id"])
    assert made.number in page
    assert "已为您加上一票" in page
    assert (made.lead_id, made.end) == (lead, "")
    again = browser.post("/report", wanted | {"hinted": "1", "voice": hints.voice_of(lead)})
    assert again.status_code == 200
    assert Matter.objects.count() == 2


@pytest.mark.parametrize("voice", ["", "0" * 24, "x", "井盖"])
def test_something_else_or_a_made_up_voice_is_a_report_that_stands_alone(voice: str) -> None:
    lead, wanted = loop.report(kind="01001"), form(hinted="1", voice=voice)
    assert Client().post("/report", wanted).status_code == 201
    assert lead_of(UUID(wanted["id"])) is None
    assert lead_of(lead) is None


def test_a_voice_for_what_has_ended_meanwhile_or_is_far_away_is_never_lost() -> None:
    lead, far = loop.report(kind="01001"), loop.report(kind="01001", point=(117.03, 39.05))
    loop.act("clerk", lead, "void", void_reason="empty")
    for voice in (hints.voice_of(lead), hints.voice_of(far)):
        wanted = form(hinted="1", voice=voice)
        assert Client().post("/report", wanted).status_code == 201
        assert lead_of(UUID(wanted["id"])) is None
        Matter.objects.filter(id=wanted["id"]).update(end="void")


def test_where_photos_came_along_the_receipt_asks_afterwards() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    lead, browser, wanted = loop.report(kind="01001"), Client(), form()
    photo = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")
    answer = browser.post("/report", {**wanted, "photo": photo})
    assert answer.status_code == 201
    assert "是否已有人反映" in text(answer)
    made = UUID(wanted["id"])
    assert lead_of(made) is None
    assert Client().post(f"/status/{made}/voice", {"voice": hints.voice_of(lead)}).status_code == 302  # no code shown
    assert lead_of(made) is None
    browser.post(f"/status/{made}/voice", {"voice": hints.voice_of(lead)})
    assert lead_of(made) == lead


def test_over_the_api_a_voice_comes_with_the_report() -> None:
    lead = loop.report(kind="01001")
    body = {"id": str(ids.uuid7()), "text": WORDS, "kind": "01001", "lon": LON, "lat": LAT, "crs": "wgs84"}
    sent = json.dumps(body | {"voice": hints.voice_of(lead)})
    made = Client().post("/api/v1/matters", sent, content_type="application/json")
    assert made.status_code == 201
    assert set(made.json()) == {"id", "number", "check_code"}
    assert lead_of(UUID(str(body["id"]))) == lead
    bad = {"lon": LON, "lat": LAT, "crs": "wgs84", "kind": "nonsense"}
    assert Client().post("/api/v1/matters/alike", json.dumps(bad), content_type="application/json").status_code == 422


def test_a_grid_worker_sees_the_titles_and_adds_the_voice_of_a_confirmed_sight() -> None:
    lead = loop.report(kind="06012", text="店主把垃圾倒在路边", title="店外垃圾")
    other = loop.report(kind="06012", text="店主把垃圾倒在路边", confidentiality=1, complained_of=("s1-centre",))
    grid = signed_in("grid")
    page = text(grid.post("/field/alike", form(kind="06012", text="垃圾倒在路边")))
    assert "店外垃圾" in page
    assert hints.voice_of(other) not in page
    found = hints.About(LON, LAT, "", "垃圾倒在路边", Matter.objects.get(id=lead).kind_id)
    assert [each.row.id for each in hints.for_staff(world.actor("grid"), found)] == [lead]
    mine = loop.report("grid", kind="06012", text="垃圾倒在路边")
    assert hints.add_voice(mine, hints.voice_of(lead), world.actor("grid"))
    assert lead_of(mine) == lead


def test_how_many_reports_a_crowded_place_has_changes_nothing_in_what_is_read() -> None:
    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            hinted()
        return len(queries), len(nearby.near(LON, LAT, 120.0, days=30))

    loop.report(kind="01001")
    hinted()
    before = asked()[0]
    for _n in range(nearby.PER_BLOCK + 15):
        loop.report(kind="01001")
    statements, rows = asked()
    assert statements == before
    assert rows <= nearby.PER_BLOCK  # all of them lie in one block
    assert len(nearby.blocks(LON, LAT, 120.0)) <= 16
