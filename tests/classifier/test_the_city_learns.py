"""Suggestions learn from what the city has filed, from nothing that is nobody's business, and are measured by week."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicloop.classifier import actions, jobs, selectors, store
from civicloop.classifier.models import Making, Measure
from civicloop.classifier.rules import training
from civicloop.foundation import caches, clock
from civicloop.people.choices import Role
from civicloop.records.models import AuditEntry
from tests import world
from tests.api.calls import Caller
from tests.matters import loop
from tests.site.test_signals_ask_for_a_look import signed_in

pytestmark = pytest.mark.django_db
KINDS = {"01001": "{at}井盖松动，车一压就响", "06012": "{at}路面落叶没人扫，道路很脏"}
PLACES = (
    "学校门口", "菜市场旁", "公交站前", "小区北门", "桥下", "医院对面", "河边", "超市门前", "路口", "公园南门",
    "巷子里",
    "停车场",
)  # fmt: skip


@pytest.fixture(autouse=True)
def models(tmp_path: Path, settings: object) -> Iterator[None]:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    caches.forget_all()
    yield
    caches.forget_all()


def filed(code: str, text: str, **values: object) -> None:
    matter = loop.report(title="请处理", text=text, kind=code, **values)
    loop.act("clerk", matter, "file", condition=loop.condition(code))


def a_week() -> None:
    for code, words in KINDS.items():
        for at in PLACES:
            filed(code, words.format(at=at))


def test_the_catalogues_words_come_first_and_then_what_was_filed() -> None:
    with clock.at(world.START):
        assert selectors.suggest("楼下很吵") is None
        a_week()
    with clock.at(world.START + timedelta(days=7)):
        done = actions.learn()
    assert done.making.taken
    assert done.making.rows == 24
    found = selectors.suggest("井盖又松动了，车一压就响")
    assert found is not None
    assert (found.kind.code, found.learnt) == ("01001", True)
    assert AuditEntry.objects.filter(action="classifier.learn", outcome="taken").count() == 1


def test_what_is_nobodys_business_is_not_learnt() -> None:
    with clock.at(world.START):
        filed("01001", "井盖松动")
        filed("01001", "楼上王某某的事", confidentiality=1)
        filed("01001", "办事处不作为", confidentiality=1, complained_of=("s1-office",))
        loop.report(text="还没有立案的")
    assert [matter.text for matter in actions.filed()] == ["井盖松动"]


def test_a_week_is_measured_once_by_who_had_not_learnt_from_it() -> None:
    with clock.at(world.START):
        a_week()
        assert actions.measure_due() == 0  # the week is not over
    with clock.at(world.START + timedelta(days=7)):
        assert actions.measure_due() == 1
        assert actions.measure_due() == 0
        lines = selectors.by_kind(actions.week_of(world.START))
        assert {line.code: line.matters for line in lines} == {"01001": 12, "06012": 12}
        assert sum(line.right for line in lines) == sum(
            1 for code, words in KINDS.items() for at in PLACES
            if (found := store.in_use().answer(f"请处理\n{words.format(at=at)}")).spoken and found.label == code
        )  # fmt: skip


def test_the_worker_learns_when_enough_was_filed() -> None:
    with clock.at(world.START):
        a_week()
    with clock.at(world.START + timedelta(days=7)):
        assert jobs.look() == 1  # measured; 24 are not enough to learn from
        assert not Making.objects.exists()
        assert not actions.wanted()
    assert Measure.objects.exists()


def test_a_model_that_is_worse_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = training.train

    def beaten(*texts: Any, **values: Any) -> training.Trained:
        return replace(honest(*texts, **values), rival_accuracy=1.01)

    monkeypatch.setattr(actions.training, "train", beaten)
    with clock.at(world.START):
        a_week()
        done = actions.learn()
    assert not done.making.taken
    assert not store.folder().exists()
    assert AuditEntry.objects.filter(action="classifier.learn", outcome="left").count() == 1


def test_the_desk_is_told_and_takes_it() -> None:
    with clock.at(world.START):
        a_week()
        actions.learn()
        matter = loop.report(title="井盖", text="井盖松动，车一压就响，很危险")
        page = signed_in("clerk").get(f"/desk/?m={matter}").content.decode()
        assert "建议类别：01001" in page
        link = re.search(r'href="(/desk/\?m=[^"]+kind=\d+)"', page)
        assert link is not None
        taken = signed_in("clerk").get(link[1].replace("&amp;", "&")).content.decode()
    assert "采用建议类别" not in taken
    assert "建议类别：01001" in taken


@pytest.mark.parametrize("user", ["clerk", "supervisor", "audit", "grid", "worker"])
def test_who_sees_the_measures(user: str) -> None:
    allowed = world.actor(user).roles & {
        Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.AUDIT_ADMIN,
    }  # fmt: skip
    answer = signed_in(user).get("/admin/classifier/")
    assert answer.status_code == (200 if allowed else 403)
    if allowed:
        assert "还没有按周核对过" in answer.content.decode()


def test_measures_are_shown_with_too_few_said() -> None:
    with clock.at(world.START):
        a_week()
    with clock.at(world.START + timedelta(days=7)):
        actions.measure_due()
        actions.learn()
        page = signed_in("supervisor").get("/admin/classifier/").content.decode()
    assert "01001" in page
    assert "本市已立案的事项" in page


def test_a_program_asks_with_a_token_only() -> None:
    answer = Caller("clerk").post("/kinds/suggest", {"text": "楼下很吵"})
    assert answer.status_code == 200
    assert answer.json() == {"kind": None, "name": "", "confidence": None, "reasons": []}
    assert Client().post("/api/v1/kinds/suggest", {"text": "x"}, content_type="application/json").status_code == 401
    assert Caller("clerk").post("/kinds/suggest", {"text": ""}).status_code == 422
    assert Caller("clerk").post("/kinds/suggest", {"text": "长" * 10_001}).status_code == 422
