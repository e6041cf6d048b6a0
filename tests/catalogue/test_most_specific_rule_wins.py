"""Which line answers: kind before class before any, then the deeper area, then the higher priority; no database."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from civicloop.catalogue.rules.answering import DEEPEST_FIRST, Rule, Rules

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PATH = {"city": 1, "district": 2, "subdistrict": 3}


def rule(number: int, scope: str = "any", target: int = 0, area: int = 1, priority: int = 0, **times) -> Rule:
    return Rule(
        number,
        scope,
        target,
        area,
        100 + number,
        priority,
        times.get("since", NOW - timedelta(days=1)),
        times.get("until"),
    )


def found(*lines: Rule, kind: int | None = 7, parent: int | None = 5, path=PATH, at=NOW) -> int | None:
    hit = Rules(lines).find(kind, parent, path, at)
    return hit.rule.id if hit else None


def test_a_line_for_the_kind_beats_one_for_the_class_even_of_a_deeper_area():
    assert found(rule(1, "class", 5, 3), rule(2, "kind", 7, 1), rule(3, area=3)) == 2


def test_among_lines_for_the_class_the_deeper_area_wins():
    assert found(rule(1, "class", 5, 1), rule(2, "class", 5, 2), rule(3, "class", 5, 9)) == 2


def test_among_equals_the_higher_priority_then_the_older_line_wins():
    assert found(rule(1, priority=1), rule(2, priority=5), rule(3, priority=5)) == 2


def test_a_line_counts_only_while_it_is_in_force():
    over = rule(1, "kind", 7, 3, until=NOW)
    ahead = rule(2, "kind", 7, 3, since=NOW + timedelta(seconds=1))
    assert found(over, ahead, rule(3)) == 3
    assert found(over, ahead, rule(3), at=NOW - timedelta(seconds=1)) == 1


def test_without_a_kind_only_lines_for_anything_count():
    assert found(rule(1, "kind", 7, 3), rule(2, "class", 5, 3), rule(3), kind=None, parent=None) == 3


def test_outside_every_area_no_line_applies():
    assert found(rule(1), path={}) is None


@given(st.permutations(range(6)), st.data())
def test_the_order_in_which_lines_are_read_changes_nothing(order, data):
    lines = []
    for number in range(6):
        scope, target = data.draw(st.sampled_from([("any", 0), ("class", 5), ("kind", 7)]))
        lines.append(rule(number, scope, target, data.draw(st.integers(1, 4)), data.draw(st.integers(0, 2))))
    assert found(*lines) == found(*(lines[n] for n in order))
    assert set(PATH) <= set(DEEPEST_FIRST)
