"""Every figure is the number of the matters that it opens to, and the parts are the whole."""

import random
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from civicloop.figures import definitions, folding, ledger, opening, rules, selectors
from civicloop.foundation import clock, ids
from civicloop.matters import counting, intake
from civicloop.matters.choices import EVENTS
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Fact, Matter
from civicloop.people.access import Actor
from civicloop.procedures.rules.language import ENDS
from tests import statements, world
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
                shown.append((cut, row, figure.indicator, opening.NUMERATOR, value.of))
                if value.per is not None:
                    shown.append((cut, row, figure.indicator, opening.DENOMINATOR, value.per))
                    shown.append((cut, row, figure.indicator, opening.LEFT_OUT, value.left_out))
    something = [each for each in shown if each[4]]
    nothing = [each for each in shown if not each[4]]
    assert len(something) > 30
    number = size(70, 5_000)
    for cut, row, indicator, part, wanted in [
        *draw.sample(something, min(number, len(something))), *draw.sample(nothing, number // 5)
    ]:  # fmt: skip
        rows = opening.matters_of(actor, cut, indicator, part, row.member)
        assert rows.count() == wanted, (cut, indicator.code, part, row.member)
        assert opening.number(actor, cut, indicator, part, row.member) == wanted, (cut, indicator.code, part)
        if wanted:
            pages = list(every_page(actor, cut, indicator, part, row.member))
            assert [each.id for page in pages for each in page] == sorted((each.id for each in rows), reverse=True)


def every_page(
    actor: Actor, cut: selectors.Cut, indicator: rules.Indicator, part: str, member: str
) -> Iterator[list[Matter]]:
    """The pages of a figure's matters, one after the other."""
    after: str | None = ""
    while after is not None:
        page = opening.behind(actor, cut, indicator, part, member, after=after, limit=7)
        yield list(page.rows)
        after = page.next


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


def test_a_table_costs_the_same_statements_however_many_indicators_and_areas(city: None) -> None:
    actor, counted = world.actor("audit"), set()
    for area in ("", "990101", "990101001"):
        cut = selectors.cut_for(actor, by="area", area=area, period="2026-03")
        for codes in (["reported"], []):
            selectors.table(actor, cut, codes)
            with statements.seen() as asked:
                selectors.table(actor, cut, codes)
            counted.add(len(asked))
    assert counted == {7}  # definitions; parts and whole of three periods
    with statements.seen() as asked:
        selectors.running(actor, "990101")
    assert len(asked) <= 3
    with statements.seen() as asked:
        selectors.flow(actor, area="990101", period="2026-03")
    assert len(asked) <= 4
    cut = selectors.cut_for(actor, by="area", area="", period="2026-03")
    reported = definitions.in_force(cut.period.since).indicators["reported"]
    with statements.seen() as asked:
        found = opening.behind(actor, cut, reported)
    assert len(asked) <= len(opening.SPANS) + 3  # subdistricts; keys in every span and in all; their matters
    assert found.rows
    with statements.seen() as asked:
        selectors.table(actor, cut, [], compared=False)
    assert len(asked) == 3


def test_a_year_is_read_twice_only(city: None) -> None:
    """The period before a year is that of a year ago."""
    actor = world.actor("audit")
    cut = selectors.cut_for(actor, by="area", area="", period="2026")
    selectors.table(actor, cut)
    with statements.seen() as asked:
        selectors.table(actor, cut)
    assert len(asked) == 5


def test_what_is_not_folded_is_looked_up_once_in_a_reading(city: None) -> None:
    """However many parts of a reading ask for it: the month that goes on is its months less the days to come."""
    actor = world.actor("audit")
    for area, period in (("", "2026-03"), ("990101001", "2026-03"), ("", "2026")):
        cut = selectors.cut_for(actor, by="area", area=area, period=period)
        with statements.seen() as asked:
            selectors.table(actor, cut)
        readings = [sql for sql, _values in asked if "figures_count" in sql]
        assert readings
        assert {sql.count("matters_unfolded") for sql in readings} == {1}


def test_nothing_is_anchored_before_the_report_or_ahead_but_what_is_said_to_be(city: None) -> None:
    """What the pages of a figure and the months that go on rely on."""
    facts = Fact.objects.exclude(name__in=EVENTS).values_list("name", "at", "matter__received_at", "matter__id")
    early = {name for name, at, received, _key in facts if at < received}
    written = dict(Entry.objects.values_list("matter_id", "at").order_by("at"))
    ahead = {name for name, at, _received, key in facts if at > written[key]}
    assert early == counting.EARLY
    assert {"due", "done", "watched"} <= ahead <= counting.AHEAD
    assert all(ids.moment_of(key) <= received + intake.AHEAD for _name, _at, received, key in facts)


def test_a_first_page_looks_at_the_facts_of_some_days_only(city: None) -> None:
    actor = world.actor("audit")
    cut = selectors.cut_for(actor, by="area", area="", period="2026")
    reported = definitions.in_force(cut.period.since).indicators["reported"]
    with CaptureQueriesContext(connection) as asked:
        page = opening.behind(actor, cut, reported, limit=2)
    assert [row.received_at for row in page.rows] == sorted((row.received_at for row in page.rows), reverse=True)
    found = [re.findall(r"f\.at >= '([^']+)'", each["sql"]) for each in asked if "matters_fact" in each["sql"]]
    begins = [datetime.fromisoformat(moment) for moments in found for moment in moments]
    first = cut.period.since.replace(month=2)
    assert begins
    assert min(begins).date() > first
    assert all(begin == sorted(begins, reverse=True)[place] for place, begin in enumerate(begins))


def test_every_indicator_counts_something_here(city: None) -> None:
    """What the other tests of this module hold of every indicator they hold of numbers, not of zeros."""
    actor = world.actor("audit")
    found = selectors.table(actor, selectors.cut_for(actor, by="area", area="", period="2026"))
    empty = {code for code, figure in found.whole.figures.items() if not figure.value.of}
    assert empty == one_of_each.NOT_HERE
