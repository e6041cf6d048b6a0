"""All shipped procedures are proved closed, keep their promises in random runs, and no accepted mutant breaks them."""

import random

import pytest

from civicloop.procedures.choices import End, Stage
from civicloop.procedures.rules import language, reading
from civicloop.procedures.rules.build import DeclarationRefused
from civicloop.procedures.rules.lists import reading_lists
from civicloop.procedures.rules.simulate import simulate
from tests.procedures.shipped import CODES, mutated, proved, shipped, size


def test_every_file_in_the_folder_is_tested() -> None:
    assert {path.stem for path in reading.SHIPPED.glob("*.toml")} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_it_is_closed(code: str) -> None:
    assert proved(shipped()[code]).problems == ()


@pytest.mark.parametrize("code", CODES)
def test_random_runs_end_inside_the_proof_and_checked_by_another(code: str) -> None:
    procedure = shipped()[code]
    ends = simulate(procedure, proved(procedure).explored, size(300, 10_000))
    assert set(ends) <= {step.code for step in procedure.steps.values() if step.end}
    if any(step.end in {"done", "solved", "written_off"} for step in procedure.steps.values()):
        assert any(procedure.steps[end].end in {"done", "solved", "written_off"} for end in ends)


@pytest.mark.parametrize("code", CODES)
def test_no_accepted_mutant_breaks_a_promise(code: str) -> None:
    procedure = shipped()[code]
    rng = random.Random(f"mutants of {code}")
    accepted = refused = 0
    for _number in range(size(15, 740) if code == "grid-event" else size(25, 740)):
        try:
            mutant = reading.from_expanded(mutated(procedure.expanded, rng))
        except DeclarationRefused:
            refused += 1
            continue
        proof = proved(mutant)
        if not proof.ok:
            refused += 1
            continue
        accepted += 1
        simulate(mutant, proof.explored, size(15, 60), seed=accepted)
    assert refused


@pytest.mark.parametrize("code", CODES)
def test_every_name_is_there_in_both_languages(code: str) -> None:
    procedure = shipped()[code]
    named = [
        *procedure.steps.values(),
        *procedure.needs.values(),
        *procedure.clocks.values(),
        *procedure.holders.values(),
    ]
    named += [*procedure.bounds.values(), *procedure.approvals.values(), *procedure.holds.values()]
    named += [*procedure.seats.values(), *procedure.documents.values(), *procedure.tasks.values()]
    named += [move for action in procedure.actions.values() for move in action.moves]
    for each in named:
        assert each.names["zh-hans"], each
        assert each.names["en"], each


def test_stages_and_ends_have_words() -> None:
    assert tuple(Stage.values) == language.STAGES
    assert set(End.values) == language.ENDS


def test_the_lists_for_reading_name_what_no_law_can_prove() -> None:
    lists = reading_lists(shipped()["grid-event"])
    assert [row["action"] for row in lists["handling"]] == [
        "handle_on_spot",
        "handle",
        "handle_ordered",
        "conclude_enforcement.enforced",
        "tasks co_handle",
    ]
    assert {row["approval"] for row in lists["approvals"]} == {
        "extension", "suspension", "return_review", "objection", "explanation", "force_close", "appeal", "kind_change",
    }  # fmt: skip
    assert all(row["why"] for row in lists["demands"] if row["kind"] == "photo")
    assert {row["guard"] for row in lists["guards"]} == {
        "matters.ended_overdue", "matters.urgent", "matters.supply", "matters.returnable", "matters.whistled",
    }  # fmt: skip
