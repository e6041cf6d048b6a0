"""Rules that let the owner or the maintainer of the component answer to which a matter points."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from civicloop.catalogue import actions, exporting, routing, rule_actions, selectors, words
from civicloop.catalogue import component_selectors as register
from civicloop.catalogue.component_selectors import Parties
from civicloop.catalogue.models import Component, Responsibility
from civicloop.catalogue.rules import reports
from civicloop.foundation import caches, clock
from civicloop.people.models import Account
from civicloop.places import selectors as places
from tests import world
from tests.catalogue.components import LAMP, LID, SYSTEM, some

pytestmark = pytest.mark.django_db
GB = "GB/T 47678.5-2026"
RULES = f"""kind_or_class,area_code,unit_code,priority,reason,paper
*,990101001,s1-office,0,属地先行,
{GB}:01001,990101,d1-urban,0,井盖归城管,
{GB}:01001,990101,{{owner}},0,谁的井盖谁负责,市政发〔2026〕1号
{GB}:01037,990101,{{owner}},1,路灯归权属单位,
{GB}:01037,990101,{{maintainer}},0,没有权属单位的由养护单位负责,
"""


@pytest.fixture
def ruled(tmp_path):
    """The rules above alone, and three components."""
    some()
    (tmp_path / "responsibilities.csv").write_text(RULES, encoding="utf-8")
    actions.load_folders(SYSTEM, folders=[tmp_path])
    return tmp_path


def path() -> dict[str, int]:
    return {level: ref.id for level, ref in places.path(places.by_code("990101001001001").id).items()}


def asked(kind: str, component: str = "", **more):
    """Who answers for a kind, perhaps about a component."""
    row = Component.objects.filter(code=component).first()
    return routing.explain(routing.case(
        selectors.kind_by_code(GB, "matter", kind).id, path(), component_id=row.id if row else None,
        parties=register.parties(row.id) if row else register.NOBODY, **more,
    ))  # fmt: skip


def page_of(name: str, **asked: str) -> str:
    """A page of the catalogue as a clerk sees it."""
    client = Client()
    client.force_login(Account.objects.get(username="clerk"))
    return client.get(reverse(f"catalogue:{name}"), asked).content.decode()


def verdicts(found) -> list[str]:
    return [look.verdict for look in found.looks]


def test_the_owner_answers_before_the_unit_that_the_kind_names(ruled):
    found = asked("01001", LID)
    assert found.answer.unit_id == world.unit("d1-power")
    assert verdicts(found) == ["decides", "lower", "lower"]
    said = words.reason_words(found.answer.reason_code, found.answer.reason_params)
    assert "部件权属单位" in said
    assert "谁的井盖谁负责" in said
    assert "市政发〔2026〕1号" in said


def test_without_a_component_the_line_does_not_count(ruled):
    found = asked("01001")
    assert (found.answer.unit_id, verdicts(found)[0]) == (world.unit("d1-urban"), "no_component")


def test_a_component_without_an_owner_falls_to_the_next_line(ruled):
    found = asked("01037", LAMP)
    assert (found.answer.unit_id, verdicts(found)) == (world.unit("d1-urban"), ["no_party", "decides", "lower"])


def test_a_unit_that_a_list_keeps_from_leading_does_not_lead_as_owner_either(ruled, tmp_path):
    lists = "part,kind_or_class,area_code,number,name,lead_unit_code,paper,paper_date\n"
    folder = tmp_path / "lists"
    folder.mkdir()
    line = f"taken_back,{GB}:01001,990101,1,井盖上收,d1-urban,市委办〔2026〕1号,2026-01-01\n"
    (folder / "duty-lists.csv").write_text(lists + line, encoding="utf-8")
    actions.load_folders(SYSTEM, folders=[folder])
    Component.objects.filter(code=LID).update(owner_id=world.unit("s1-office"))
    found = asked("01001", LID)
    assert (found.answer.unit_id, verdicts(found)[0]) == (world.unit("d1-urban"), "barred")


def test_the_rules_go_out_and_come_in_again_unchanged(ruled):
    text = exporting.text_of("responsibilities.csv")
    assert "{owner}" in text
    assert not rule_actions.of_text(text)
    assert Responsibility.objects.filter(party="owner", unit=None, valid_to=None).count() == 2


def test_owner_and_maintainer_of_one_rank_contradict_each_other(ruled):
    change = rule_actions.of_text(RULES.replace("{owner},1", "{owner},0"))
    _before, after, moment = rule_actions.pictures(change)
    (pair,) = reports.overlaps(after.rules, moment)
    assert {pair.first.party, pair.second.party} == {"owner", "maintainer"}


def test_a_gap_stays_one_where_only_owners_answer(ruled):
    change = rule_actions.of_text(RULES.replace("*,990101001,s1-office,0,属地先行,\n", ""))
    _before, after, moment = rule_actions.pictures(change)
    kind = selectors.kind_by_code(GB, "matter", "01037")
    (gap,) = reports.gaps(after, [(kind.id, kind.class_id)], [path()], moment)
    assert gap.conditional


def test_the_owner_of_that_time_is_asked_for(ruled):
    row = Component.objects.get(code=LID)
    before = row.since - timedelta(days=1)
    assert register.parties(row.id, before) == Parties(row.owner_id, row.maintainer_id)  # no earlier edition is known
    caches.forget_all()
    assert asked("01001", LID, moment=clock.now()).answer.unit_id == world.unit("d1-power")


def test_whoever_looks_up_who_answers_may_name_a_component(ruled):
    token = world.token("clerk")
    calls = Client(headers={"Authorization": f"Bearer {token}"})
    answer = calls.get("/api/v1/who-answers", {"kind": "01001", "area": "990101001", "component": LID}).json()
    assert answer["unit"] == "d1-power"
    assert answer["looks"][0]["unit"] == "{owner}"
    # the component alone says kind and place
    alone = calls.get("/api/v1/who-answers", {"component": LID}).json()
    assert alone["unit"] == "d1-power"
    assert calls.get("/api/v1/who-answers", {"component": "99010101001000099"}).status_code == 404
    shown = page_of("responsibilities", component=LID, area="", point="")
    assert "甲区供电公司" in shown
    assert "谁的井盖谁负责" in shown


def test_the_gap_report_names_components_without_an_owner(ruled):
    table = page_of("gaps", district="990102", main_class="01", **{"as": "csv"})
    assert table.splitlines()[0].endswith("conditional,ownerless")
    Component.objects.update(owner=None)
    table = page_of("gaps", district="990102", main_class="01", **{"as": "csv"})
    (line,) = [line for line in table.splitlines() if line.startswith("01001,")]
    assert line.endswith(",no,1")
    assert "1 个部件没有权属单位" in page_of("gaps", district="990102", main_class="01")
