"""脱敏转发卡: a matter is passed on without personal data, and each card stands in the audit log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from django.utils import translation

from civicloop.foundation import clock, identifiers
from civicloop.matters import cards
from civicloop.matters.models import Matter
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
DOCUMENT = "11010519491231002X"
TEXT = f"路口井盖不见了，请打 138-1234-1234 或 022-27654321，我的证件 {DOCUMENT}，第 15 号楼"


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def matter() -> UUID:
    return loop.report(
        text=TEXT, title="井盖 13812341234", address="和平路 12 号 3 单元 401 室", reporter={"name": "张三丰"}
    )


def card(user: str, matter: UUID) -> Any:
    return signed_in(user).post(f"/matters/{matter}/card")


def test_a_card_shows_no_number_no_house_no_photo_and_leaves_a_line(matter: UUID) -> None:
    answer = card("clerk", matter)
    page = text(answer)
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    sheet = page.split('<article class="order">')[1].split("</article>")[0]
    for words in ("路口井盖不见了", "138****1234", "第 15 号楼", "和平路", Matter.objects.get(id=matter).number):
        assert words in sheet, words
    for words in ("138-1234-1234", "13812341234", "27654321", DOCUMENT, "12 号", "401", "张三", "<img"):
        assert words not in sheet, words
    line = AuditEntry.objects.get(action="matter.card")
    assert (line.words, line.object) == ("clerk", Matter.objects.get(id=matter).number)


def test_the_page_of_the_matter_offers_it(matter: UUID) -> None:
    assert f"/matters/{matter}/card" in text(signed_in("clerk").get(f"/matters/{matter}"))


def test_who_sees_no_such_matter_gets_no_card_and_a_look_makes_none(matter: UUID) -> None:
    assert card("s2-clerk", matter).status_code == 404
    assert signed_in("clerk").get(f"/matters/{matter}/card").status_code == 405
    assert not AuditEntry.objects.filter(action="matter.card").exists()


def test_a_confidential_matter_and_a_complaint_have_no_card_without_clearance(matter: UUID) -> None:
    Matter.objects.filter(id=matter).update(confidentiality=1)
    for _each in range(2):
        answer = signed_in("clerk").post(f"/matters/{matter}/card", follow=True)
        assert 'class="order"' not in text(answer)
        Matter.objects.filter(id=matter).update(confidentiality=0, complained_of=[world.unit("d1-urban")])
    assert not AuditEntry.objects.filter(action="matter.card").exists()


@pytest.mark.parametrize(
    ("address", "road"),
    [
        ("和平路 1 号门口", "和平路"), ("中山大道12弄3号", "中山大道"), ("3 Peace Road, door 4", "Peace Road"),
        ("我家楼下 401", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_place_ends_at_the_road(address: str, road: str) -> None:
    assert cards.road_of(address) == road


def test_numbers_are_masked_wherever_they_stand() -> None:
    assert identifiers.without_numbers("电+86 138 1234 1234。") == "电138****1234。"
    assert identifiers.without_numbers(f"证{DOCUMENT}") == "证1****************X"
    assert identifiers.without_numbers("尾号 1234，卡 6222 0000 1111 2222") == "尾号 1234，卡 ****"
    assert identifiers.without_numbers("3 号楼 2 单元") == "3 号楼 2 单元"
