"""`procedures check` and `procedures draw`, without a database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.utils import translation

from civicloop.procedures.commands import procedures
from civicloop.procedures.rules import reading
from tests.procedures.small import SMALL

GRID = str(reading.SHIPPED / "grid-event.toml")
POSTS = {
    'post = "clerk"': 'post = "acceptance_clerk"',
    'post = "worker"': 'post = "unit_worker"',
    'post = "chief"': 'post = "leader"',
}


def small_file(folder: Path, old: str = "", new: str = "") -> str:
    text = SMALL
    for before, after in POSTS.items():
        text = text.replace(before, after)
    assert old in text
    path = folder / "small.toml"
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return str(path)


def test_all_shipped_files_are_closed_and_the_lists_are_printed() -> None:
    files = [str(path) for path in sorted(reading.SHIPPED.glob("*.toml"))]
    with translation.override("zh-hans"):
        result = CliRunner().invoke(procedures, ["check", *files])
    assert result.exit_code == 0, result.output
    assert "算作处置的操作" in result.output
    assert "结案条件要求看得出已处置" in result.output


def test_the_json_of_the_contract() -> None:
    result = CliRunner().invoke(procedures, ["check", GRID, "--json"])
    answer = json.loads(result.stdout)
    assert (answer["ok"], answer["problems"]) == (True, [])
    assert {"handling", "approvals", "demands"} <= set(answer["lists"][GRID])


@pytest.mark.parametrize(
    ("old", "new", "step", "law", "words"),
    [
        (
            "[action.decline]",
            '[step.lost]\nzh = "x"\nen = "x"\nstage = "handle"\nholder = ["clerk"]\nclock = "begin"\n[action.decline]',
            "lost",
            "1a",
            "no way leads to this step",
        ),
        ('from = ["review"]', 'from = ["review"]\nby = ["reporter"]', "review", "1b", "no end is sure"),
        (
            'stage = "check", holder = ["checker"]',
            'stage = "check", holder = ["worker"]',
            "to_check",
            "3c",
            "only to those who handle",
        ),
    ],
)
def test_an_unreachable_step_a_dead_end_and_a_check_by_the_handler_are_refused_with_words(
    tmp_path: Path, old: str, new: str, step: str, law: str, words: str
) -> None:
    with translation.override("en"):
        result = CliRunner().invoke(procedures, ["check", small_file(tmp_path, old, new), "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"]) == (1, False)
    assert any((p["step"], p["law"]) == (step, law) and words in p["message"] for p in answer["problems"])


def test_the_refusal_is_in_chinese_for_a_chinese_reader(tmp_path: Path) -> None:
    path = small_file(tmp_path, 'holder = ["checker"]', 'holder = ["worker"]')
    with translation.override("zh-hans"):
        result = CliRunner().invoke(procedures, ["check", path])
    assert result.exit_code == 1
    assert "只有处置者可以核查" in result.stderr
    assert "to_check" in result.stderr


def test_a_missing_file_and_a_broken_one_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe")
    result = CliRunner().invoke(procedures, ["check", str(tmp_path / "none.toml"), str(broken), "--json"])
    assert [p["law"] for p in json.loads(result.stdout)["problems"]] == ["form", "form"]
    assert result.exit_code == 1


@pytest.mark.parametrize(("form", "start"), [("mermaid", "flowchart TD"), ("svg", "<svg ")])
def test_draw(form: str, start: str) -> None:
    result = CliRunner().invoke(procedures, ["draw", "visit-problem", "--format", form, "--language", "en"])
    assert result.exit_code == 0
    assert result.output.startswith(start)


def test_drawing_what_does_not_exist_is_refused() -> None:
    result = CliRunner().invoke(procedures, ["draw", "nothing"])
    assert result.exit_code == 1
    assert "nothing" in result.stderr


def test_short_words_are_not_those_of_other_rooms() -> None:
    with translation.override("zh-hans"):
        result = CliRunner().invoke(procedures, ["check", GRID])
    assert "grid-event 4: 已证明闭环" in result.output
