"""The picture of a procedure, and moving open matters to another version."""

from xml.etree import ElementTree

import pytest

from civicloop.procedures.rules import draw, migration, reading
from civicloop.procedures.rules.migration import MigrationRefused
from tests.procedures.shipped import CODES, shipped
from tests.procedures.small import SMALL, no_fragments, small


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_picture_names_every_step(code: str, language: str) -> None:
    procedure = shipped()[code]
    root = ElementTree.fromstring(draw.svg(procedure, language))
    texts = " ".join(element.text or "" for element in root.iter() if element.tag.endswith(("text", "title")))
    chart = draw.mermaid(procedure, language)
    for step in procedure.steps.values():
        assert step.names[language] in texts
        assert step.names[language] in chart


def test_names_cannot_break_the_picture() -> None:
    procedure = small(('zh = "待派"', 'zh = "<b>&\'\\"待派"'))
    assert ElementTree.fromstring(draw.svg(procedure)) is not None
    assert "<b>&'\"" not in draw.mermaid(procedure)


RENAMED = SMALL.replace("version = 1", "version = 2").replace("handling", "working")
STEPS = {"new": "new", "handling": "working", "to_check": "to_check", "review": "review"}


def test_a_renamed_step_is_moved_with_its_state() -> None:
    plan = migration.plan(small(), reading.read(RENAMED, no_fragments), {"step": STEPS})
    assert plan.configurations > 4
    from civicloop.procedures.rules import run

    state = run.apply(small(), run.start(small()).state, "assign").state
    assert plan.moved(state).step == "working"
    assert plan.moved(state).clock("handle") == "running"


def test_a_step_without_a_mapping_is_refused() -> None:
    with pytest.raises(MigrationRefused) as refused:
        migration.plan(small(), reading.read(RENAMED, no_fragments), {"step": {"new": "new"}})
    assert (refused.value.code, refused.value.step) == ("unmapped_step", "handling")


def test_landing_where_no_matter_can_be_is_refused_with_the_way() -> None:
    new = reading.read(RENAMED, no_fragments)
    with pytest.raises(MigrationRefused) as refused:
        migration.plan(small(), new, {"step": {**STEPS, "handling": "to_check"}})
    assert (refused.value.code, refused.value.step, refused.value.path) == ("lands_nowhere", "handling", ("assign",))
