"""Every figure is the number of the matters that it opens to, and the parts are the whole."""

import random
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from civicloop.figures import definitions, folding, ledger, rules, selectors
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.procedures.rules.language import ENDS
from tests import world
from tests.conftest import size
from tests.figures import months, one_of_each

PERIODS = ("2026-03", "2026-04", "2026-W11", "2026-Q1", "2026", "2026-03-10")


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """A month in the city, in a transaction that is rolled back after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        months.live(size(20, 120))
        one_of_each.live()
        with clock.at(months.NOW):
            yield
        transaction.set_rollback(True)


def cuts(user: str) -> list[selectors.Cut]:
    """Every cut that a user may look at."""
    actor, found = world.actor(user), []
    for area in ("", "990101", "990101001", "990101001001"):
        for by in selectors.BY:
            for period in PERIODS[: size(3, len(PERIODS))]:
                try:
                    found.append(selectors.cut_for(actor, by=by, area=area, period=period))
                except Refused:
                    continue
    return found


def test_the_counters_are_true(city: None) -> None:
    report = ledger.check()
    assert report.ok, report.differences


@pytest.mark.parametrize("user", ["audit", "leader", "clerk", "head"])
def test_every_figure_opens_to_exactly_as_many_matters(city: None, user: str) -> None:
    actor, draw = world.actor(user), random.Random(9)
    shown = []
    for cut in cuts(user):
        found = selectors.table(actor, cut)
        for row in (found.whole, *found.rows):
            for figure in row.figures.values():
                value = figure.value
                shown.append((cut, row, figure.indicator, selectors.NUMERATOR, value.of))
                if value.per is not None:
                    shown.append((cut, row, figure.indicator, selectors.DENOMINATOR, value.per))
                    shown.append((cut, row, figure.indicator, selectors.LEFT_OUT, value.left_out))
    something = [each for each in shown if each[4]]
    nothing = [each for each in shown if not each[4]]
    assert len(something) > 30
    number = size(70, 5_000)
    for cut, row, indicator, part, wanted in [
        *draw.sample(something, min(number, len(something))), *draw.sample(nothing, number // 5)
    ]:  # fmt: skip
        rows = selectors.matters_of(actor, cut, indicator, part, row.member)
        assert rows.count() == wanted, (cut, indicator.code, part, row.member)


def test_the_parts_are_the_whole_for_every_indicator(city: None) -> None:
    actor, compared = world.actor("audit"), 0
    for cut in cuts("audit"):
        found = selectors.table(actor, cut)
        for code, whole in found.whole.figures.items():
            values = [row.figures[code].value for row in found.rows]
            assert sum(value.of for value in values) == whole.value.of, (cut, code)
            assert sum(value.per or 0 for value in values) == (whole.value.per or 0), (cut, code)
            compared += whole.value.of
    assert compared > 100


def test_whatever_is_not_folded_is_counted_at_once(city: None) -> None:
    actor = world.actor("audit")
    cut = selectors.cut_for(actor, by="area", area="", period="2026-03")
    before = selectors.table(actor, cut)
    assert folding.waiting()
    folding.round()
    after = selectors.table(actor, cut)
    for code, figure in before.whole.figures.items():
        assert after.whole.figures[code].value == figure.value


def test_the_ends_are_kept_apart(city: None) -> None:
    found = definitions.in_force(months.NOW.date()).indicators
    ends = {
        measure
        for each in found.values()
        if not each.rate
        for _sign, measure in each.of
        if measure.startswith("ended:")
    }

    assert {f"ended:{end}" for end in ENDS - {"suspended_listed"}} | {"ended:on_the_spot", "ended:joined"} == ends
    assert all(found[code].beside for code in ("closing_rate", "on_time_closing_rate", "late_closing_rate"))
    spot = found["end_on_the_spot"].measures
    assert not spot & found["on_time_handling_rate"].measures


@pytest.mark.parametrize(
    ("user", "area", "code"),
    [("leader", "990102", "not_found"), ("clerk", "990101", "not_found"), ("receiver", "", "forbidden"),
     ("grid", "", "forbidden"), ("system", "", "forbidden"), ("leader", "999999", "not_found")],
)  # fmt: skip
def test_nobody_looks_beyond_the_own_area(city: None, user: str, area: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        selectors.cut_for(world.actor(user), by="area", area=area, period="2026-03")
    assert refused.value.code == code


def test_a_unit_sees_itself_alone(city: None) -> None:
    actor = world.actor("head")
    found = selectors.table(actor, selectors.cut_for(actor, by="area", area="990102", period="2026-03"))
    assert [row.member for row in found.rows] in ([], [str(world.unit("s1-office"))])


def test_a_rate_of_nothing_is_no_rate_and_a_zero_base_no_change() -> None:
    found = rules.read(rules.shipped()).indicators
    rate, number = found["on_time_handling_rate"], found["reported"]
    nothing, three = rules.value_of(rate, {}), rules.value_of(number, {"reported:grid": 3})
    assert nothing.value is None
    assert rules.change(rate, rules.value_of(rate, {"due:handle": 2, "done:handle:on_time": 1}), nothing) is None
    assert rules.change(number, three, rules.value_of(number, {})) is None
    assert rules.change(number, three, rules.value_of(number, {"reported:grid": 2})) == 50.0


def test_few_are_not_compared() -> None:
    rate = rules.read(rules.shipped()).indicators["on_time_handling_rate"]

    def value(of: int, per: int) -> rules.Value:
        return rules.value_of(rate, {"due:handle": per, "done:handle:on_time": of})

    whole = value(900, 1000)
    assert rules.band(rate, value(1, 5), whole) == rules.TOO_FEW
    assert rules.band(rate, value(88, 100), whole) == rules.SIMILAR
    assert rules.band(rate, value(50, 100), whole) == rules.BELOW
    assert rules.band(rate, value(199, 200), whole) == rules.ABOVE


def number(asked: CaptureQueriesContext) -> int:
    """How many statements; whether areas and settings have changed is looked up now and then, by real time."""
    by_time = ("places_layerrevision", "records_setting")
    return sum(not any(table in each["sql"] for table in by_time) for each in asked)


def test_a_table_costs_the_same_statements_however_many_indicators_and_areas(city: None) -> None:
    actor, counted = world.actor("audit"), set()
    for area in ("", "990101", "990101001"):
        cut = selectors.cut_for(actor, by="area", area=area, period="2026-03")
        for codes in (["reported"], []):
            selectors.table(actor, cut, codes)
            with CaptureQueriesContext(connection) as asked:
                selectors.table(actor, cut, codes)
            counted.add(number(asked))
    assert counted == {8}  # definitions, subdistricts; parts and whole of three periods
    with CaptureQueriesContext(connection) as asked:
        selectors.running(actor, "990101")
    assert number(asked) <= 3
    with CaptureQueriesContext(connection) as asked:
        selectors.flow(actor, area="990101", period="2026-03")
    assert number(asked) <= 4
    cut = selectors.cut_for(actor, by="area", area="", period="2026-03")
    reported = definitions.in_force(cut.period.since).indicators["reported"]
    with CaptureQueriesContext(connection) as asked:
        found = selectors.behind(actor, cut, reported)
    assert number(asked) <= 2
    assert found.rows
    with CaptureQueriesContext(connection) as asked:
        selectors.table(actor, cut, [], compared=False)
    assert number(asked) == 4


def test_every_indicator_counts_something_here(city: None) -> None:
    """What the other tests of this module hold of every indicator they hold of numbers, not of zeros."""
    actor = world.actor("audit")
    found = selectors.table(actor, selectors.cut_for(actor, by="area", area="", period="2026"))
    empty = {code for code, figure in found.whole.figures.items() if not figure.value.of}
    assert empty == one_of_each.NOT_HERE
