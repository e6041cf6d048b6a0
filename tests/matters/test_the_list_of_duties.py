"""履职事项清单 at dispatch: who may not lead is refused with the paper, suggestions obey, answers decide."""

from datetime import date
from typing import Any

import pytest

from civicloop.catalogue.models import DutyItem, Kind, Question, Responsibility, Revision
from civicloop.foundation import caches, clock, ids
from civicloop.matters import reading, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.models import Unit
from civicloop.places.models import AreaVersion
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
PAPER = "津委办〔2025〕1号"


def area(code: str) -> int:
    return int(AreaVersion.objects.get(code=code, valid_to=None).area_id)


def unit(code: str) -> int:
    return int(Unit.objects.get(code=code).id)


def kind() -> Kind:
    return Kind.objects.get(standard__code="GB/T 47678.5-2026", family="matter", code="01001")


def listed(part: str, **more: Any) -> DutyItem:
    """An item of the list of the first district."""
    made = DutyItem.objects.create(
        part=part, kind=kind(), area_id=area("990101"), number="88", names={"zh-hans": "井盖管理"}, paper=PAPER,
        paper_date=date(2025, 6, 1), valid_from=world.BEGINNING, **more,
    )  # fmt: skip
    _noticed()
    return made


def _noticed() -> None:
    Revision.objects.update(number=99)
    caches.forget_all()


@pytest.fixture
def filed() -> Any:
    matter = loop.report()
    loop.act("clerk", matter, "file", condition=loop.condition())
    return matter


def leads(matter: Any) -> int:
    return int(Matter.objects.get(id=matter).unit_id)


@pytest.mark.parametrize(("part", "words"), [("taken_back", "收回"), ("supporting", "配合")])
def test_a_subdistrict_cannot_be_made_lead_of_what_is_not_its_duty(filed: Any, part: str, words: str) -> None:
    item = listed(part)
    with pytest.raises(Refused) as refused:
        loop.act("clerk", filed, "dispatch", answering="s1-office")
    assert (refused.value.code, refused.value.status) == ("kept_from_leading", 409)
    assert refused.value.extra == {"duty_item": item.id, "part": part, "paper": PAPER}
    assert words in refused.value.words
    assert PAPER in refused.value.words
    assert "东风街道办事处" in refused.value.words
    assert loop.step(filed) == "filed"


def test_a_department_can_and_the_basic_part_lets_the_subdistrict(filed: Any) -> None:
    listed("taken_back")
    loop.act("clerk", filed, "dispatch", answering="d1-urban")
    assert leads(filed) == unit("d1-urban")
    other = loop.report()
    loop.act("clerk", other, "file", condition=loop.condition())
    DutyItem.objects.update(part="basic")
    _noticed()
    loop.act("clerk", other, "dispatch", answering="s1-office")
    assert leads(other) == unit("s1-office")


def test_the_suggestion_obeys_and_the_entry_keeps_the_line(filed: Any) -> None:
    listed("taken_back", unit_id=unit("d1-power"))
    loop.act("clerk", filed, "dispatch")
    assert leads(filed) == unit("d1-urban")  # the next line; the office's was passed over
    rule = Responsibility.objects.get(unit__code="d1-urban")
    data = selectors.timeline(filed)[-1].data
    assert (data["seat:answering.why"], data["seat:answering.rule"]) == ("rule_any", rule.id)


def test_where_no_line_is_left_the_department_of_the_list_leads(filed: Any) -> None:
    item = listed("taken_back", unit_id=unit("d1-power"))
    Responsibility.objects.filter(unit__code="d1-urban").update(valid_to=world.BEGINNING)
    _noticed()
    loop.act("clerk", filed, "dispatch")
    assert leads(filed) == unit("d1-power")
    data = selectors.timeline(filed)[-1].data
    assert (data["seat:answering.why"], data["seat:answering.duty_item"]) == ("duty_list", item.id)


def test_a_supporting_subdistrict_may_be_a_co_unit(filed: Any) -> None:
    listed("supporting")
    loop.act("clerk", filed, "dispatch", answering="d1-urban")
    loop.act("d1-receiver", filed, "accept")
    loop.act("d1-receiver", filed, "split", co_units=["s1-office"], note="请街道配合")
    seen = reading.read(filed)
    assert seen is not None
    assert unit("s1-office") in {task["unit_id"] for task in seen.tasks if not task["lead"]}


def test_in_an_emergency_nobody_reads_lists_first() -> None:
    listed("taken_back")
    matter = loop.report(kind="01001")
    now = clock.now().isoformat()
    loop.act("clerk", matter, "order_orally", ordered_at=now, note="先围挡", answering="s1-office")
    assert leads(matter) == unit("s1-office")


def test_the_first_entry_keeps_who_would_answer() -> None:
    matter = loop.report(kind="01001")
    data = selectors.timeline(matter)[0].data
    assert (data["suggested"], data["suggested.why"]) == (unit("s1-office"), "rule_any")


# -- answers to questions --------------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> None:
    """Inside a compound its manager answers."""
    Question.objects.create(
        code="inside", names={"zh-hans": "在小区里吗"}, valid_from=world.BEGINNING,
        answers={"yes": {"zh-hans": "是"}, "no": {"zh-hans": "否"}},
    )  # fmt: skip
    Responsibility.objects.create(
        kind=kind(), area_id=area("990101001"), unit_id=unit("s1-property"), answers={"inside": "yes"}, priority=20,
        reason={"zh-hans": "小区内归物业"}, valid_from=world.BEGINNING,
    )  # fmt: skip
    _noticed()


def test_an_answer_given_with_the_report_decides_at_dispatch(asked: None) -> None:
    matter = loop.report(kind="01001", answers={"inside": "yes"})
    assert selectors.timeline(matter)[0].data["suggested"] == unit("s1-property")
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    assert leads(matter) == unit("s1-property")


def test_an_answer_given_at_dispatch_decides_and_is_kept(asked: None, filed: Any) -> None:
    loop.act("clerk", filed, "dispatch", answers={"inside": "yes"})
    assert leads(filed) == unit("s1-property")
    assert Matter.objects.get(id=filed).answers == {"inside": "yes"}
    assert selectors.timeline(filed)[-1].data["answers"] == {"inside": "yes"}


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"inside": "maybe"}, "not_offered"), ({"colour": "red"}, "unknown_question"), ("yes", "not_offered"),
     ({"inside": ["yes"]}, "not_offered")],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused_and_nothing_is_written(
    asked: None, filed: Any, answers: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        loop.act("clerk", filed, "dispatch", answers=answers)
    assert (refused.value.code, refused.value.status) == (code, 422)
    assert loop.step(filed) == "filed"


def test_a_report_with_answers_sent_again_is_the_same_and_with_others_is_not(asked: None) -> None:
    identifier = ids.uuid7()
    assert loop.report(id=identifier, answers={"inside": "yes"}) == identifier
    assert loop.report(id=identifier, answers={"inside": "yes"}) == identifier
    with pytest.raises(Refused) as refused:
        loop.report(id=identifier, answers={"inside": "no"})
    assert refused.value.code == "id_reused"
