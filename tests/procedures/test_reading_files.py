"""What is wrong with a file is said with its place; fragments, changes and digests do what the language promises."""

import json
from pathlib import Path

import pytest

from civicloop.procedures.rules import conditions, reading
from civicloop.procedures.rules.build import DeclarationRefused, Fault
from civicloop.procedures.rules.conditions import ConditionRefused, Given
from civicloop.procedures.rules.proof import prove
from tests.procedures.shipped import CODES, POSTS, shipped
from tests.procedures.small import SMALL, no_fragments, small


def faults(text: str, **fragments: str) -> list[Fault]:
    def fragment(name: str) -> str:
        if name not in fragments:
            raise FileNotFoundError(name)
        return fragments[name]

    with pytest.raises(DeclarationRefused) as refused:
        reading.read(text, fragment)
    return refused.value.faults


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "about"),
    [
        ('en = "Handle"\nfrom', 'en = "Handle"\ncolour = "red"\nfrom', "unknown_key", "action.handle", "colour"),
        (
            'from = ["handling"]\nto = "to_check"',
            'from = ["handling"]\nto = "heaven"',
            "unknown_step",
            "action.handle.to",
            "heaven",
        ),
        ('from = ["new"]\nto = "declined"', 'to = "declined"', "missing_key", "action.decline", "from"),
        ('holder = ["chief"]', 'holder = ["king"]', "unknown_holder", "step.review.holder", "king"),
        (
            'limit = "3 work_day", zh = "处置"',
            'limit = "3 moons", zh = "处置"',
            "bad_limit",
            "clock.handle.limit",
            "3 moons",
        ),
        (
            'limit = "3 work_day", zh = "处置"',
            'limit = "0 work_day", zh = "处置"',
            "bad_limit",
            "clock.handle.limit",
            "0 work_day",
        ),
        (
            'limit = "3 work_day", zh = "处置"',
            'limit = "1.5 month", zh = "处置"',
            "bad_limit",
            "clock.handle.limit",
            "1.5 month",
        ),
        ('en = "Assign"\n', 'en = "Assign"\nwhen = "1 + 1"\n', "condition_not_allowed", "action.assign.when", "1 + 1"),
        ('en = "Assign"\n', 'en = "Assign"\nwhen = "overdue("\n', "condition_syntax", "action.assign.when", "overdue("),
        ('en = "Assign"\n', 'en = "Assign"\nwhen = "rich"\n', "unknown_fact", "action.assign.when", "rich"),
        ("reworks = { max = 2,", 'reworks = { max = "two",', "not_a_number", "bound.reworks.max", "two"),
        ('end = "done"', 'end = "finished"', "unknown_value", "step.closed.end", "finished"),
        ('counts = "helps"', 'counts = "hopes"', "unknown_bound", "action.help.counts", "hopes"),
        ("work = true\nstops", 'work = "yes"\nstops', "not_a_flag", "action.handle.work", "yes"),
    ],
)
def test_a_fault_is_named_with_its_place_and_line(old: str, new: str, code: str, where: str, about: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new)
    found = faults(text)
    assert (code, where, about) in [(fault.code, fault.where, fault.about) for fault in found]
    table, name = where.split(".")[:2]
    fault = next(fault for fault in found if fault.where == where)
    assert fault.line == line_of(text, f"[{table}.{name}]" if table == "action" else f"\n{name} = ") + (
        table != "action"
    )


def test_a_photo_that_nobody_says_why_is_refused() -> None:
    text = SMALL.replace("[clock]", 'photo = { kind = "photo", zh = "照片", en = "Photo" }\n[clock]')
    assert [(fault.code, fault.where) for fault in faults(text)] == [("photo_without_why", "need.photo")]


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    assert [(fault.code, fault.line) for fault in faults('code = "x"\nversion = = 2\n')] == [("not_toml", 2)]


def test_fragments_take_parameters_and_splice_lists() -> None:
    fragment = """[params]
more = []
who = "chief"
[action.stop]
zh = "停"
en = "Stop"
from = ["new", "$more"]
by = ["$who"]
to = "declined"
"""
    include = 'include = [{ fragment = "stop", more = ["handling", "to_check"] }]'
    text = SMALL.replace('start = "new"', f'start = "new"\n{include}')
    procedure = reading.read(text, lambda name: fragment)
    move = procedure.moves_of("stop")[0]
    assert (move.from_, move.by) == (("new", "handling", "to_check"), ("chief",))


def test_faults_of_fragments_are_named() -> None:
    text = SMALL.replace('start = "new"', 'start = "new"\ninclude = ["gone", { fragment = "here", wrong = 1 }]')
    assert [(f.code, f.about) for f in faults(text, here="[params]\nright = 1\n")] == [
        ("unknown_fragment", "gone"),
        ("unknown_parameter", "wrong"),
    ]


def test_the_same_name_with_other_content_is_refused_and_with_the_same_is_not() -> None:
    text = SMALL.replace('start = "new"', 'start = "new"\ninclude = ["bounds"]')
    assert reading.read(text, lambda name: "[bound]\nreturns = { max = 3 }\n")
    assert [f.code for f in faults(text, bounds="[bound]\nreturns = { max = 4 }\n")] == ["declared_twice"]


def test_a_change_alters_only_what_exists() -> None:
    assert small(more="[change.bound.returns]\nmax = 1\n").bounds["returns"].max == 1
    assert [(f.code, f.about) for f in faults(SMALL + "[change.bound.returnz]\nmax = 1\n")] == [
        ("changes_nothing", "returnz")
    ]


def test_a_city_writes_only_the_numbers_that_differ(tmp_path: Path) -> None:
    """All of a shipped procedure with other limits and bounds: a file of its own, proved like any other."""
    path = tmp_path / "grid-event.toml"
    path.write_text(
        'code = "grid-event"\nversion = 7\nzh = "网格案件"\nen = "Grid event"\nadapts = "grid-event"\n'
        '[change.clock.acceptance]\nlimit = "0.5 urgent_hour"\n'
        "[change.bound.extensions]\nmax = 1\n"
        '[change.hold.suspension]\nup_to = "6 month"\n'
        '[change.approval.appeal]\nlevels = [{ by = ["supervisor"] }]\n',
        encoding="utf-8",
    )
    procedure, ours = reading.load(path), shipped()["grid-event"]
    assert (procedure.version, procedure.clocks["acceptance"].limits[0].limit) == (7, "0.5 urgent_hour")
    assert (procedure.bounds["extensions"].max, procedure.holds["suspension"].up_to) == (1, "6 month")
    assert procedure.steps == ours.steps
    assert procedure.digest != ours.digest
    assert prove(procedure, POSTS, shipped()).ok
    path.write_text(path.read_text("utf-8").replace("acceptance", "acceptanze"), encoding="utf-8")
    with pytest.raises(DeclarationRefused) as refused:
        reading.load(path)
    assert [(f.code, f.about) for f in refused.value.faults] == [("changes_nothing", "acceptanze")]
    path.write_text('code = "x"\nversion = 1\nadapts = "gone"\n', encoding="utf-8")
    with pytest.raises(DeclarationRefused) as refused:
        reading.load(path)
    assert [(f.code, f.about) for f in refused.value.faults] == [("unknown_base", "gone")]


def test_words_are_outside_the_digest_and_everything_else_is_inside() -> None:
    assert small(('zh = "派遣"', 'zh = "分派"')).digest == small().digest
    assert small(("returns = { max = 3 }", "returns = { max = 2 }")).digest != small().digest
    assert small().digest.startswith("sm3:")
    assert reading.read(SMALL, no_fragments, "sha256").digest.startswith("sha256:")


@pytest.mark.parametrize("code", CODES)
def test_a_stored_declaration_is_the_same_procedure(code: str) -> None:
    procedure = shipped()[code]
    again = reading.from_expanded(json.loads(json.dumps(procedure.expanded)))
    assert again.digest == procedure.digest
    assert again.steps == procedure.steps
    assert again.actions == procedure.actions
    assert again.clocks == procedure.clocks


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("kind == 'a'", True),
        ("not kind == 'a' or urgent", True),
        ("overdue(handle) and urgent", True),
        ("has(date)", False),
        ("guard:law.small.yes and not guard:law.small.no", True),
    ],
)
def test_conditions(text: str, true: bool) -> None:
    given = Given(frozenset({"handle"}), frozenset(), lambda name: name.endswith("yes"))
    assert conditions.parse(text).holds({"kind": "a", "urgent": True}, given) is true


@pytest.mark.parametrize(
    "text",
    [
        "kind > 'a'",
        "__import__('os')",
        "kind == 1",
        "a.b",
        "overdue(handle, 2)",
        "[x for x in y]",
        "lambda: x",
        "kind == 'a' == 'b'",
        "",
    ],
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ConditionRefused):
        conditions.parse(text)
