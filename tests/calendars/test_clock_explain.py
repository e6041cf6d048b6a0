"""`clock explain` on the command line, without a database."""

import json

import pytest
from click.testing import CliRunner

from civicloop.calendars.commands import clock


def run(*words: str):
    return CliRunner().invoke(clock, ["explain", *words])


def test_it_says_the_due_moment_and_every_interval():
    result = run("--calendar", "cn-8h", "--start", "2026-02-13T16:00:00+08:00", "--limit", "4 工作时", "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["due"] == "2026-02-14T10:00:00+08:00"
    assert answer["provisional"] is False
    assert [(each["from"][11:16], each["to"][11:16], each["counted"]) for each in answer["intervals"]] == [
        ("16:00", "18:00", True),
        ("18:00", "08:00", False),
        ("08:00", "10:00", True),
    ]
    assert answer["intervals"][2]["why"] == "Saturday 2026-02-14, make-up working day (Spring Festival)"


def test_pauses_are_left_out():
    result = run(
        "--start", "2026-03-04T09:00:00+08:00", "--limit", "4 work_hour",
        "--pause", "2026-03-04T01:30:00Z/2026-03-04T02:00:00Z", "--pause", "2026-03-04T14:00/2026-03-04T14:30",
        "--json",
    )  # fmt: skip
    answer = json.loads(result.stdout)
    assert answer["due"] == "2026-03-04T16:00:00+08:00"
    assert [each["code"] for each in answer["intervals"]].count("paused") == 2


def test_the_same_in_chinese_for_people():
    result = run("--start", "2026-03-04T11:00", "--limit", "2 工作时", "--language", "zh-hans")
    assert "午间" in result.stdout or "班次之间" in result.stdout
    assert "2026-03-04T15:00:00+08:00" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "yesterday", "--limit", "4 工作时"], "no moment"),
        (["--start", "2026-03-04T09:00", "--limit", "4小时"], "工作时/紧急工作时"),
        (["--start", "2026-03-04T09:00", "--limit", "soon"], "number and a unit"),
        (["--start", "2026-03-04T09:00", "--limit", "1 work_day", "--pause", "2026-03-04"], "no interval"),
        (["--start", "2026-03-04T09:00", "--limit", "1 work_day", "--pause", "2026-03-05T09:00/2026-03-04T09:00"],
         "before it begins"),
        (["--start", "9999-12-30T09:00", "--limit", "25000 work_day"], "9998"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_in_plain_words(words, said):
    result = run(*words, "--json")
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""
