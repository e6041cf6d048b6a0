"""The picture, the draw of the sample, and moving open matters to another version."""

import uuid
from xml.etree import ElementTree

import pytest

from civicloop.procedures.rules import draw, migration, reading, sampling
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


def test_about_the_declared_share_is_drawn_and_everybody_can_repeat_it() -> None:
    sample = shipped()["grid-event"].samples["on_the_spot"]
    ids = [uuid.UUID(int=number).bytes for number in range(5_000)]
    first = [sampling.drawn(sample, b"seed of a day", each, 0.1) for each in ids]
    assert 400 < sum(first) < 600
    assert first == [sampling.drawn(sample, b"seed of a day", each, 0.1) for each in ids]
    assert first != [sampling.drawn(sample, b"seed of another", each, 0.1) for each in ids]
    risky = [sampling.drawn(sample, b"seed of a day", each, 0.1, frozenset({"album_photo"})) for each in ids]
    assert all(now or not before for now, before in zip(risky, first, strict=True))
    assert 1_350 < sum(risky) < 1_650


def test_a_failed_sample_raises_the_share_up_to_all() -> None:
    sample = shipped()["grid-event"].samples["on_the_spot"]
    assert sampling.raised(sample, 0.1) == 0.2
    assert sampling.raised(sample, 0.95) == 1.0


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
