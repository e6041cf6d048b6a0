"""The indicators of the field are all there, by their names and formulas; what is filed late or wrongly is told."""

from datetime import timedelta

import pytest

from civicloop.figures import ledger, opening, rules, selectors
from civicloop.foundation import clock
from tests import world
from tests.figures.one_of_each import decide
from tests.matters import loop

REPORTED = {f"reported:{channel}" for channel in ("resident", "grid", "desk", "visit", "api", "parent")}
HANDLED = {"done:handle:on_time", "done:handle:late"}
DISPATCHED = {"done:dispatch:on_time", "done:dispatch:late"}
# name → what is counted, what is taken away from it, by what it is divided
RATES = {
    "有效上报率": ({"valid"}, set(), REPORTED),
    "立案率": ({"filed"}, set(), REPORTED),
    "按时立案率": ({"filed"}, {"filed_late", "filed_late:exempt"}, {"filed"}),
    "准确立案率": ({"filed"}, {"misfiled"}, {"filed"}),
    "按期派遣率": ({"done:dispatch:on_time"}, set(), {"due:dispatch"}),
    "准确派遣率": (DISPATCHED, {"misdispatched"}, {"due:dispatch"}),
    "处置率": (HANDLED, set(), {"due:handle"}),
    "按期处置率": ({"done:handle:on_time"}, set(), {"due:handle"}),
    "超期待处置率": ({"due:handle"}, HANDLED, {"due:handle"}),
    "延期率": ({"extended"}, set(), {"due:handle"}),
    "结案率": ({"closed:on_time", "closed:late"}, set(), {"due:handle"}),
    "按期结案率": ({"closed:on_time"}, set(), {"due:handle"}),
    "超期结案率": ({"closed:late"}, set(), {"due:handle"}),
    "未结案率": (REPORTED, {"settled"}, REPORTED),
    "按期核实率": ({"done:field:on_time"}, set(), {"due:field"}),
    "按期核查率": ({"done:field.check:on_time"}, set(), {"due:field.check"}),
    "返工率": ({"rework"}, set(), {"due:handle"}),
}
COUNTS = (
    "上报数", "受理数", "按时受理数", "立案数", "按时立案数", "准确立案数", "应派遣数", "按时派遣数",
    "准确派遣数", "应处置数", "处置数", "按期处置数", "超期处置数", "未处置数", "应结案数", "结案数",
    "按期结案数", "超期结案数", "未结案数", "应核实数", "按期核实数", "应核查数", "按期核查数", "返工数",
    "延期数", "退单数", "作废", "不予受理", "不予立案", "自行处置", "公众举报数",
)  # fmt: skip


def test_every_indicator_of_the_field_has_its_name_and_its_formula() -> None:
    found = {each.names["zh-hans"]: each for each in rules.read(rules.shipped()).indicators.values()}
    for name, (counted, taken, per) in RATES.items():
        indicator = found[name]
        assert {m for sign, m in indicator.of if sign > 0} == counted, name
        assert {m for sign, m in indicator.of if sign < 0} == taken, name
        assert {m for _sign, m in indicator.per} == per, name
    assert [name for name in COUNTS if name not in found or found[name].rate] == []


def figures(*codes: str) -> dict[str, tuple[int, int | None, list[int]]]:
    """code → (counted, divided by, how many each opens to) in the city, in the month of the start."""
    actor = world.actor("audit")
    cut = selectors.cut_for(actor, by="area", area="", period="2026-03")
    told = {}
    for code, figure in selectors.table(actor, cut, codes).whole.figures.items():
        parts = ("of", "per") if figure.indicator.rate else ()
        opens = [opening.matters_of(actor, cut, figure.indicator, part, "").count() for part in parts]
        told[code] = (figure.value.of, figure.value.per, opens)
    return {code: told[code] for code in codes}


@pytest.mark.django_db
def test_what_was_filed_late_or_as_another_kind_is_counted_so_and_opens() -> None:
    with clock.at(world.START):
        right, other, late = (loop.report(kind="01001") for _each in range(3))
        for matter in (right, other):
            loop.act("clerk", matter, "file", condition=loop.condition())
            loop.act("clerk", matter, "dispatch")
        loop.act("receiver", other, "accept")
    with clock.at(world.START + timedelta(days=2)):
        loop.act("clerk", late, "file", condition=loop.condition())
        assert figures("accurate_filing_rate")["accurate_filing_rate"] == (3, 3, [3, 3])
        loop.act("clerk", other, "change_kind", condition=loop.condition("06010"), reason="实为垃圾")
        decide(other, "checker")
        assert figures("accurate_filing_rate", "on_time_filing_rate") == {
            "accurate_filing_rate": (2, 3, [2, 3]),
            "on_time_filing_rate": (2, 3, [2, 3]),
        }
        assert ledger.check().ok


@pytest.mark.django_db
def test_a_dispatch_that_was_returned_was_not_accurate_once_it_is_made_anew() -> None:
    with clock.at(world.START):
        kept, returned = loop.report(kind="01001"), loop.report(kind="01001")
        for matter in (kept, returned):
            loop.act("clerk", matter, "file", condition=loop.condition())
            loop.act("clerk", matter, "dispatch")
        loop.act("receiver", returned, "accept")
        loop.act("receiver", returned, "return", reason="不归我办")
        decide(returned, "clerk")
    with clock.at(world.START + timedelta(minutes=5)):
        assert figures("accurate_dispatch_rate")["accurate_dispatch_rate"][0] == 1
        loop.act("clerk", returned, "dispatch")
        assert figures("accurate_dispatch_rate", "returned") == {
            "accurate_dispatch_rate": (1, 2, [1, 2]),
            "returned": (1, None, []),
        }
        assert ledger.check().ok


@pytest.mark.django_db
def test_what_has_come_to_an_end_is_open_no_longer() -> None:
    with clock.at(world.START):
        matter = loop.report(kind="01001")
        loop.report(kind="01001")
        assert figures("open_rate")["open_rate"] == (2, 2, [2, 2])
        loop.act("clerk", matter, "decline", not_filed_reason="not_met", reason="不符合")
        assert figures("open_rate")["open_rate"] == (1, 2, [1, 2])
        assert ledger.check().ok
