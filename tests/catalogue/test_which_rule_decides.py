"""Which line answers: one total order over priority, kind, place, answers, times and age; no database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from civicloop.calendars.rules.body import shift
from civicloop.catalogue.rules.answering import Case, Rule, Rules, misfit, rank
from civicloop.catalogue.rules.deciding import Picture
from civicloop.catalogue.rules.duties import Item, Lists
from tests.conftest import size

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PATH = {"city": 1, "district": 2, "subdistrict": 3}
LEVELS = {1: "city", 2: "district", 3: "subdistrict", 4: "community", 9: "district"}


def rule(number: int, scope: str = "any", target: int = 0, area: int = 1, **more) -> Rule:
    values = {"unit_id": 100 + number, "priority": 0, "valid_from": NOW - timedelta(days=1)} | more
    return Rule(id=number, scope=scope, target=target, area_id=area, level=LEVELS[area], **values)


def case(kind: int | None = 7, parent: int | None = 5, path=PATH, **more) -> Case:
    return Case(kind, parent, path, **({"moment": NOW} | more))


def found(*lines: Rule, **asked) -> int | None:
    hit = Rules(lines).find(case(**asked))
    return hit.id if hit else None


def test_a_line_for_the_kind_beats_one_for_the_class_even_of_a_deeper_area():
    assert found(rule(1, "class", 5, 3), rule(2, "kind", 7, 1), rule(3, area=3)) == 2


def test_a_line_for_the_filing_condition_beats_one_for_the_kind():
    lines = rule(1, "condition", 7, 1, condition_no=2), rule(2, "kind", 7, 3)
    assert found(*lines, condition_no=2) == 1
    assert found(*lines, condition_no=1) == 2
    assert found(*lines) == 2  # the condition is not known before filing


def test_among_lines_for_the_class_the_deeper_area_wins():
    assert found(rule(1, "class", 5, 1), rule(2, "class", 5, 2), rule(3, "class", 5, 9)) == 2


def test_an_explicit_priority_beats_everything_that_is_more_precise():
    assert found(rule(1, "kind", 7, 3), rule(2, priority=1), rule(3, priority=-1)) == 2


def test_among_equals_the_older_line_wins():
    assert found(rule(1, priority=5), rule(2, priority=5, valid_from=NOW - timedelta(days=9)), rule(3, priority=1)) == 2
    assert found(rule(2), rule(1)) == 1


def test_inside_a_compound_its_manager_answers_and_outside_the_water_authority():
    anywhere_inside = rule(2, "kind", 7, 1, layer="property")
    lines = rule(1, "kind", 7, 2), anywhere_inside, rule(3, "kind", 7, 1, layer="property", overlay_id=50)
    assert found(*lines) == 1
    assert found(*lines, overlays=(("property", 51), ("road", 50))) == 2
    assert found(*lines, overlays=(("property", 51), ("property", 50))) == 3


def test_an_overlay_counts_only_within_the_area_of_its_line():
    assert found(rule(1, "kind", 7, 9, layer="property", overlay_id=50), overlays=(("property", 50),)) is None


def test_at_night_another_unit_answers_past_midnight_too():
    lines = rule(1, "kind", 7, 2), rule(2, "kind", 7, 2, hours=(shift("22:00-06:00"),))
    assert [found(*lines, minute=hour * 60) for hour in (21, 22, 23, 0, 5, 6)] == [1, 2, 2, 2, 2, 1]


def test_on_days_of_rest_another_unit_answers():
    lines = rule(1, "kind", 7, 2), rule(2, "kind", 7, 2, days="rest")
    assert (found(*lines, working=True), found(*lines, working=False)) == (1, 2)


def test_an_answer_decides_and_is_asked_for_only_where_it_can():
    inside = rule(2, "kind", 7, 2, answers=(("inside", "yes"),))
    lines = rule(1, "kind", 7, 2), inside, rule(3, answers=(("far", "yes"),))
    rules = Rules(lines)
    assert found(*lines) == 1
    assert found(*lines, answers={"inside": "yes"}) == 2
    assert found(*lines, answers={"inside": "no"}) == 1
    assert rules.questions(case()) == ["inside"]  # the line that asks how far comes after the one that decides
    assert rules.questions(case(answers={"inside": "no"})) == []
    assert rules.questions(case(kind=8, parent=6)) == ["far"]


def test_a_line_counts_only_while_it_is_in_force():
    over = rule(1, "kind", 7, 3, valid_to=NOW)
    ahead = rule(2, "kind", 7, 3, valid_from=NOW + timedelta(seconds=1))
    assert found(over, ahead, rule(3)) == 3
    assert found(over, ahead, rule(3), moment=NOW - timedelta(seconds=1)) == 1


def test_without_a_kind_only_lines_for_anything_count():
    assert found(rule(1, "kind", 7, 3), rule(2, "class", 5, 3), rule(3), kind=None, parent=None) == 3


def test_outside_every_area_no_line_applies():
    assert found(rule(1), path={}) is None


def test_every_line_looked_at_is_named_in_order_with_what_came_of_it():
    lines = (
        rule(1, "kind", 7, 2), rule(2, "kind", 7, 2, hours=(shift("22:00-06:00"),)), rule(3), rule(4, "kind", 8, 2),
        rule(5, "kind", 7, 1, layer="property"), rule(6, area=2, valid_to=NOW), rule(7, priority=9, days="rest"),
        rule(8, area=2, valid_from=NOW + timedelta(days=1)),
    )  # fmt: skip
    looks = Rules(lines).look(case(minute=600))
    assert [(look.rule.id, look.verdict) for look in looks] == [
        (7, "days"), (5, "overlay"), (2, "hours"), (1, "decides"), (8, "later"), (3, "lower"),
    ]  # fmt: skip


# -- lists of duties -------------------------------------------------------------------------------------------------


def item(number: int, part: str, **more) -> Item:
    values = {"scope": "kind", "target": 7, "area_id": 2, "level": "district", "unit_id": None}
    return Item(id=number, part=part, **(values | {"valid_from": NOW - timedelta(days=1)} | more))


BOTH = (rule(1, "kind", 7, 3), rule(2, "class", 5, 2))


def picture(*items: Item, lines=BOTH, of_subdistrict=(101,)) -> Picture:
    return Picture(Rules(lines), Lists(items), frozenset(of_subdistrict))


def test_a_duty_taken_back_is_not_led_by_the_subdistrict():
    assert picture().decide(case()).unit_id == 101
    assert picture(item(1, "basic")).decide(case()).unit_id == 101
    for part in ("supporting", "taken_back"):
        known = picture(item(1, part))
        assert known.decide(case()).unit_id == 102
        assert [(look.rule.id, look.verdict) for look in known.look(case())] == [(1, "barred"), (2, "decides")]
        assert known.bars(case(), 101)
        assert not known.bars(case(), 102)


def test_where_no_line_is_left_the_department_that_the_list_names_leads():
    known = picture(item(1, "taken_back", unit_id=300), lines=(rule(1, "kind", 7, 3),))
    assert (known.decide(case()).unit_id, known.decide(case()).rule) == (300, None)


def test_the_newest_list_of_the_deepest_area_holds():
    older, newer = item(1, "taken_back", valid_from=NOW - timedelta(days=9)), item(2, "basic")
    assert picture(older, newer).decide(case()).unit_id == 101
    assert picture(older, newer).decide(case(moment=NOW - timedelta(days=5))).unit_id is None
    own = item(3, "basic", area_id=3, level="subdistrict", valid_from=NOW - timedelta(days=99))
    assert picture(own, item(4, "taken_back")).decide(case()).unit_id == 101


def test_an_item_for_the_kind_beats_one_for_its_class():
    assert picture(item(1, "taken_back", scope="class", target=5), item(2, "basic")).decide(case()).unit_id == 101


# -- whatever the lines are ------------------------------------------------------------------------------------------

ABOUT = st.sampled_from([("any", 0, 0), ("class", 5, 0), ("kind", 7, 0), ("condition", 7, 1), ("kind", 8, 0)])
OVERLAYS = st.sets(st.sampled_from([("property", 50), ("property", 51), ("road", 50), ("road", 51)]))
HOURS = st.sampled_from([(), (shift("22:00-06:00"),), (shift("08:00-12:00"), shift("14:00-18:00"))])


@st.composite
def lines_of(draw, most: int = 12) -> list[Rule]:
    found = []
    for number in range(draw(st.integers(0, most))):
        scope, target, no = draw(ABOUT)
        layer = draw(st.sampled_from(["", "", "property", "road"]))
        found.append(
            rule(
                number, scope, target, draw(st.sampled_from([1, 2, 3, 4, 9])), condition_no=no, layer=layer,
                overlay_id=draw(st.sampled_from([None, 50, 51])) if layer else None, hours=draw(HOURS),
                days=draw(st.sampled_from(["", "working", "rest"])), priority=draw(st.integers(-1, 1)),
                answers=draw(st.sampled_from([(), (("inside", "yes"),), (("far", "no"), ("inside", "no"))])),
                valid_from=NOW + timedelta(days=draw(st.integers(-3, 1))),
                valid_to=draw(st.sampled_from([None, None, NOW])),
            )
        )  # fmt: skip
    return found


@st.composite
def cases(draw) -> Case:
    return case(
        kind=draw(st.sampled_from([7, 8, None])), parent=draw(st.sampled_from([5, 6, None])),
        path=dict(list(PATH.items())[: draw(st.integers(0, 3))]), condition_no=draw(st.integers(0, 2)),
        overlays=tuple(draw(OVERLAYS)),
        answers=draw(st.sampled_from([{}, {"inside": "yes"}, {"inside": "no", "far": "no"}])),
        minute=draw(st.integers(0, 1439)), working=draw(st.booleans()),
    )  # fmt: skip


def fits(rule_: Rule, asked: Case) -> bool:
    """Whether a line applies, said without any index."""
    about = {
        "any": True,
        "class": rule_.target == asked.class_id,
        "kind": rule_.target == asked.kind_id,
        "condition": (rule_.target, rule_.condition_no) == (asked.kind_id, asked.condition_no),
    }
    return about[rule_.scope] and rule_.area_id in asked.path.values() and misfit(rule_, asked) is None


@given(lines_of(), cases(), st.randoms())
def test_the_first_fitting_line_of_the_order_decides_however_the_lines_are_read(lines, asked, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    expected = min((each for each in lines if fits(each, asked)), key=rank, default=None)
    assert Rules(lines).find(asked) == Rules(shuffled).find(asked) == expected


@given(lines_of(), lines_of(3), cases())
def test_a_line_that_does_not_fit_changes_nothing(lines, more, asked):
    strange = [
        rule(100 + n, each.scope, each.target, 3, layer=each.layer, hours=each.hours, valid_to=NOW)
        for n, each in enumerate(more)
    ]
    assert Rules([*lines, *strange]).find(asked) == Rules(lines).find(asked)


@given(lines_of(), cases())
def test_what_decides_stands_in_the_explanation_and_above_all_that_fits(lines, asked):
    looks = Rules(lines).look(asked)
    deciding = [look.rule for look in looks if look.verdict == "decides"]
    found_rule = Rules(lines).find(asked)
    assert deciding == ([found_rule] if found_rule else [])
    assert [look.rule.id for look in looks if look.verdict in {"decides", "lower"}] == [
        each.id for each in sorted(lines, key=rank) if fits(each, asked)
    ]


@given(lines_of(), st.lists(cases(), max_size=size(5, 50)), st.sets(st.integers(100, 111)))
def test_many_at_once_are_answered_like_one_by_one(lines, asked, of_subdistrict):
    known = picture(item(1, "supporting", unit_id=7), lines=lines, of_subdistrict=of_subdistrict)
    answers = known.decide_all(asked)
    assert answers == [known.decide(each) for each in asked]
    for each, answer in zip(asked, answers, strict=True):
        assert answer.unit_id is None or not known.bars(each, answer.unit_id)


@given(lines_of(), cases(), st.dictionaries(st.sampled_from(["inside", "far"]), st.sampled_from(["yes", "no"])))
def test_a_question_that_is_not_asked_would_not_have_changed_the_unit(lines, asked, more):
    rules = Rules(lines)
    unasked = {name: value for name, value in more.items() if name not in rules.questions(asked)}
    answered = replace(asked, answers={**unasked, **asked.answers})
    assert rules.find(answered) == rules.find(asked)
