"""Why this unit: one line on the matter's page, the page with every rule, the same over HTTP; questions at dispatch."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from civicloop.catalogue.models import Question, Responsibility, Revision
from civicloop.foundation import caches, clock
from civicloop.matters.models import Matter
from civicloop.people.models import Unit
from civicloop.places.models import AreaVersion
from tests import world
from tests.api.calls import Caller, done
from tests.matters import loop
from tests.site.desks import dispatched, kind, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


@pytest.fixture
def asked() -> None:
    """Inside a compound its manager answers."""
    Question.objects.create(
        code="inside", names={"zh-hans": "在小区里吗？"}, valid_from=world.BEGINNING,
        answers={"yes": {"zh-hans": "在"}, "no": {"zh-hans": "不在"}},
    )  # fmt: skip
    Responsibility.objects.create(
        kind_id=kind(), area_id=AreaVersion.objects.get(code="990101001").area_id, answers={"inside": "yes"},
        unit_id=Unit.objects.get(code="s1-property").id, priority=20, reason={"zh-hans": "小区内归物业"},
        paper="物管〔2025〕8号", valid_from=world.BEGINNING,
    )  # fmt: skip
    Revision.objects.update(number=99)
    caches.forget_all()


def test_the_page_says_which_rule_named_the_unit(asked: None) -> None:
    matter = dispatched()
    client = signed_in("clerk")
    page = text(client.get(f"/matters/{matter}"))
    assert "测试权责" in page
    assert f"/matters/{matter}/why-unit" in page
    why = text(client.get(f"/matters/{matter}/why-unit"))
    assert "东风街道办事处" in why
    lines = why.split("<tbody>")[1]
    assert lines.index("所需问题尚未回答") < lines.index("由此条决定") < lines.index("也符合，但排序在后")


def test_a_unit_named_by_hand_is_said_and_what_the_rules_say_beside_it() -> None:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition())
    before = text(signed_in("clerk").get(f"/matters/{matter}/why-unit"))
    assert "尚未派遣" in before
    loop.act("clerk", matter, "dispatch", answering="d1-power")
    why = text(signed_in("clerk").get(f"/matters/{matter}/why-unit"))
    assert "派遣时人工指定" in why
    assert "甲区供电公司" in why
    assert "按现有规则应为" in why


def test_a_rule_that_began_later_decides_nothing_backwards() -> None:
    matter = dispatched()
    with clock.at(world.START.replace(hour=3)):
        Responsibility.objects.create(
            kind_id=kind(), area_id=AreaVersion.objects.get(code="990101001").area_id, priority=99,
            unit_id=Unit.objects.get(code="s1-property").id, reason={"zh-hans": "后来的"}, valid_from=clock.now(),
        )  # fmt: skip
        Revision.objects.update(number=99)
        caches.forget_all()
        why = text(signed_in("clerk").get(f"/matters/{matter}/why-unit"))
    assert "后来的" in why
    assert "尚未生效" in why
    assert "按现有规则应为" not in why


def test_who_may_not_see_the_matter_is_not_told() -> None:
    matter = dispatched()
    assert signed_in("s2-clerk").get(f"/matters/{matter}/why-unit").status_code == 404
    assert Caller("s2-clerk").get(f"/matters/{matter}/why-unit").status_code == 404


def test_the_same_over_http(asked: None) -> None:
    matter = dispatched()
    body = done(Caller("clerk").get(f"/matters/{matter}/why-unit"), 200)
    assert (body["by"], body["rules"]["unit"]) == ("rule_any", "s1-office")
    assert [look["verdict"] for look in body["rules"]["looks"]] == ["answer_missing", "decides", "lower"]
    found = done(Caller("clerk").get("/who-answers?kind=01001&area=990101001&answers=inside=yes"), 200)
    assert found["unit"] == "s1-property"
    assert Caller("channel").get("/who-answers?area=990101001").status_code == 403
    assert Caller().get("/who-answers").status_code == 401


def _sheet(page: str, code: str) -> str:
    return page.split(f'id="act-{code}"')[1].split("</form>")[0]


def test_at_dispatch_the_question_is_asked_and_its_answer_decides(asked: None) -> None:
    matter = loop.report(kind="01001")
    loop.act("clerk", matter, "file", condition=loop.condition())
    client = signed_in("clerk")
    form = _sheet(text(client.get(f"/matters/{matter}")), "dispatch")
    assert "在小区里吗？" in form
    given: dict[str, Any] = {"action": "dispatch", "act_id": "", "question_inside": "yes"}
    assert client.post(f"/matters/{matter}/act", given).status_code == 302
    row = Matter.objects.get(id=matter)
    assert (row.unit.code, row.answers) == ("s1-property", {"inside": "yes"})
    assert "小区内归物业" in text(client.get(f"/matters/{matter}"))


def test_a_question_that_changes_nothing_is_not_asked(asked: None) -> None:
    matter = loop.report(kind="06010")
    loop.act("clerk", matter, "file", condition=loop.condition("06010"))
    assert "在小区里吗" not in text(signed_in("clerk").get(f"/matters/{matter}"))
