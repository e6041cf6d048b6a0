"""Personal data on the page of a matter: masked, opened for a purpose with a line in the read log, shown once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.utils import translation

from civicloop.evidence.models import Evidence
from civicloop.foundation import caches, clock, ids
from civicloop.matters import actions
from civicloop.people import access
from civicloop.records.actions import set_setting
from civicloop.records.models import ReadEntry, SealedValue
from tests import world
from tests.evidence.pictures import PDF, from_a_phone
from tests.matters import loop
from tests.site.desks import dispatched, signed_in, text

pytestmark = pytest.mark.django_db
NAME, PHONE = "张三丰", "13812341234"
PURPOSE = {"purpose": "call_back", "words": "核实井盖位置"}


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def matter() -> UUID:
    """Reported by somebody who gave name and phone; it waits at the unit, which sees it."""
    return dispatched(reporter={"name": NAME, "phone": PHONE})


def number(matter: UUID, field: str) -> str:
    return str(SealedValue.objects.get(matter_id=matter, field=field).no)


def opening(client: Client, matter: UUID, *fields: str, **values: Any) -> Any:
    data = {"no": [number(matter, field) for field in fields], **PURPOSE, **values}
    return client.post(f"/matters/{matter}/open", data)


def lines(matter: UUID) -> list[tuple[Any, ...]]:
    """The read log of a matter: who, for which purpose, what."""
    rows = ReadEntry.objects.filter(matter_id=matter).order_by("id")
    return list(rows.values_list("words", "purpose", "field"))


def sent(user: str | None, matter: UUID, content: bytes, stage: str = "before") -> Evidence:
    """A photo or file, by somebody on the staff or by the reporter."""
    actor = world.actor(user) if user else access.outsider("reporter", matter)
    prepared = actions.take_upload(
        actor, upload=content, filename="a.bin", stage=stage, matter_id=matter, evidence_id=ids.uuid7()
    )
    return actions.add_evidence(actor, prepared)[0]


# -- masked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", ("个人信息", "上报人", "姓名")), ("en", ("Personal data", "Reporter", "Name"))]
)
def test_who_may_open_sees_masked_values_and_a_form(matter: UUID, language: str, words: tuple[str, ...]) -> None:
    page = text(signed_in("clerk").get(f"/matters/{matter}", headers={"Accept-Language": language}))
    shown = page.split('id="personal-data"')[1].split('class="matter-aside"')[0]
    for word in ("张**", "138****1234", f"/matters/{matter}/open", *words):
        assert word in shown, word
    assert NAME not in page
    assert PHONE not in page
    assert lines(matter) == []


@pytest.mark.parametrize("user", ["receiver", "leader", "grid", "audit"])
def test_the_page_of_who_may_not_open_shows_nothing_of_it(matter: UUID, user: str) -> None:
    response = signed_in(user).get(f"/matters/{matter}")
    assert response.status_code == 200
    for word in ("张*", "138*", 'id="personal-data"', f"/matters/{matter}/open", f"/matters/{matter}/original"):
        assert word not in text(response), word


def test_a_household_is_called_by_its_grid_worker_and_a_reporter_is_not() -> None:
    visit = loop.report("grid", procedure="visit-problem", channel="visit", reporter={"phone": PHONE})
    assert "138****1234" in text(signed_in("grid").get(f"/matters/{visit}"))
    assert PHONE in text(opening(signed_in("grid"), visit, "household_phone", purpose="visit"))
    event = loop.report(reporter={"phone": PHONE})
    assert "138****" not in text(signed_in("grid").get(f"/matters/{event}"))
    assert opening(signed_in("grid"), event, "reporter_phone").status_code == 403


# -- opened ---------------------------------------------------------------------------------------------------------


def test_an_opening_shows_the_value_once_under_a_watermark_and_stands_in_the_read_log(matter: UUID) -> None:
    client = signed_in("clerk")
    response = opening(client, matter, "reporter_phone")
    page = text(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert PHONE in page
    assert NAME not in page  # only what was ticked
    mark = page.split('class="watermark"')[1].split("</svg>")[0]
    assert "东风街道网格中心 · " in mark
    assert "2026-03-02 09:00" in mark
    assert lines(matter) == [("clerk", "办理后回访：核实井盖位置", "reporter_phone")]
    entry = ReadEntry.objects.get(matter_id=matter)
    clerk = world.actor("clerk")
    assert (entry.account_id, entry.post_id, entry.at) == (clerk.account_id, clerk.post_id, world.START)
    assert PHONE not in text(client.get(f"/matters/{matter}"))  # and masked again


def test_several_values_leave_a_line_each(matter: UUID) -> None:
    page = text(opening(signed_in("checker"), matter, "reporter_name", "reporter_phone"))
    assert NAME in page
    assert PHONE in page
    assert [field for _who, _what, field in lines(matter)] == ["reporter_name", "reporter_phone"]


def test_nobody_opens_without_end_whatever_the_post(matter: UUID) -> None:
    set_setting(code="openings.most_hour", value=5, actor_id=None, post_id=None, actor_words="tests")
    caches.forget_all()
    client = signed_in("clerk")
    answers = [opening(client, matter, "reporter_phone").status_code for _each in range(6)]
    assert answers == [200] * 5 + [429]
    page = text(opening(client, matter, "reporter_phone"))
    assert "您一小时内已查看个人信息 5 次" in page
    assert PHONE not in page
    assert len(lines(matter)) == 5  # what was refused was not opened
    assert opening(signed_in("checker"), matter, "reporter_phone").status_code == 200


def test_an_opening_in_english(matter: UUID) -> None:
    client = signed_in("clerk")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = text(opening(client, matter, "reporter_phone"))
    for word in (PHONE, "Opened by", "Call back after the work: 核实井盖位置", "Back to the matter"):
        assert word in page, word


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"purpose": ""}, "请选择查看用途"),
        ({"purpose": "curiosity"}, "请选择查看用途"),
        ({"words": ""}, "请用几个字说明用途"),
        ({"words": " \t "}, "请用几个字说明用途"),
        ({"words": "字" * 151}, "最多 150 个字"),
        ({"no": []}, "请勾选需要查看的内容"),
        ({"no": ["99"]}, "已不再保存"),
        ({"no": ["x"]}, "请勾选需要查看的内容"),
    ],
)
def test_without_a_purpose_nothing_opens_and_what_was_typed_stays(
    matter: UUID, values: dict[str, Any], words: str
) -> None:
    response = opening(signed_in("clerk"), matter, "reporter_phone", **values)
    page = text(response)
    assert response.status_code == 422
    assert words in page
    assert PHONE not in page
    assert "no-store" in response["Cache-Control"]
    if values.get("words") is None:
        assert 'value="核实井盖位置"' in page
    assert lines(matter) == []


@pytest.mark.parametrize(("user", "status"), [("receiver", 403), ("leader", 403), ("s2-clerk", 404), ("system", 403)])
def test_the_wrong_post_opens_nothing(matter: UUID, user: str, status: int) -> None:
    response = opening(signed_in(user), matter, "reporter_phone")
    assert response.status_code == status
    assert PHONE not in text(response)
    assert lines(matter) == []


def test_nobody_opens_without_signing_in_or_by_a_link(matter: UUID) -> None:
    assert opening(Client(), matter, "reporter_phone").status_code == 302
    assert signed_in("clerk").get(f"/matters/{matter}/open").status_code == 405
    assert signed_in("clerk").get(f"/matters/{matter}/original").status_code == 405
    assert opening(Client(enforce_csrf_checks=True), matter, "reporter_phone").status_code == 403
    assert lines(matter) == []


def test_a_lost_key_is_said_in_words_and_masks_everything(matter: UUID, tmp_path: Path) -> None:
    (tmp_path / "keys" / "sealing.key").unlink()
    client = signed_in("clerk")
    assert "138" not in text(client.get(f"/matters/{matter}")).split('id="personal-data"')[1].split("</dl>")[0]
    response = opening(client, matter, "reporter_phone")
    assert response.status_code == 503
    assert "无法打开" in text(response)
    assert lines(matter) == []


# -- originals ------------------------------------------------------------------------------------------------------


def original(client: Client, matter: UUID, evidence: UUID, **values: Any) -> Any:
    return client.post(f"/matters/{matter}/original", {"file": str(evidence), **PURPOSE, **values})


def test_the_original_of_a_photo_opens_for_a_purpose_with_what_the_phone_wrote(matter: UUID) -> None:
    photo = from_a_phone()
    row = sent(None, matter, photo)
    client = signed_in("checker")
    assert str(row.id) in text(client.get(f"/matters/{matter}")).split('id="personal-data"')[1]
    response = original(client, matter, row.id, purpose="check")
    assert response.content == photo
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert "no-store" in response["Cache-Control"]
    assert lines(matter) == [("checker", "核对取证是否属实：核实井盖位置", "file")]


def test_an_original_stays_closed_without_a_purpose_or_for_the_wrong_post(matter: UUID) -> None:
    row = sent(None, matter, from_a_phone())
    other = sent(None, loop.report(), from_a_phone(), "other")
    for user, evidence, values, status in (
        ("checker", row.id, {"purpose": ""}, 422), ("checker", row.id, {"words": ""}, 422),
        ("receiver", row.id, {}, 403), ("leader", row.id, {}, 403), ("s2-clerk", row.id, {}, 404),
        ("checker", other.id, {}, 403), ("checker", "nothing", {}, 403),
    ):  # fmt: skip
        response = original(signed_in(user), matter, evidence, **values)  # type: ignore[arg-type]
        assert response.status_code == status, (user, values)
        assert b"JFIF" not in response.content[:64]
    assert lines(matter) == []


def test_a_paper_of_the_staff_is_opened_by_the_unit_and_a_letter_from_outside_is_not(matter: UUID) -> None:
    paper, letter = sent("clerk", matter, PDF, "other"), sent(None, matter, PDF)
    client = signed_in("receiver")
    page = text(client.get(f"/matters/{matter}"))
    assert str(paper.id) in page
    assert f'value="{letter.id}"' not in page
    answer = original(client, matter, paper.id, purpose="apply")
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert original(client, matter, letter.id).status_code == 403
    assert original(signed_in("clerk"), matter, letter.id).content == PDF


def test_a_store_that_has_lost_an_original_says_so(matter: UUID, tmp_path: Path) -> None:
    row = sent(None, matter, from_a_phone())
    name = row.sealed_original
    (tmp_path / "evidence" / name[:2] / name[2:4] / name).unlink()
    response = original(signed_in("checker"), matter, row.id)
    assert response.status_code == 503
    assert "无法打开" in text(response)
    assert lines(matter) == []
