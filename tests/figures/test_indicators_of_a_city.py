"""A city's own indicators: loaded by command, in force from the next month on, refused whole with one fault."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from civicloop.figures import baselines, definitions, keeping, rules
from civicloop.figures.indicator_commands import indicators, written
from civicloop.figures.models import Baseline, Definition
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.records.models import AuditEntry
from tests import world
from tests.figures import months

OWN = """
[indicator.on_time_handling_rate]
group = "handling"
zh = "按期办理率"
en = "On time, our way"
of = ["done:handle:on_time"]
per = ["due:handle"]
anchor = "due"
goal = "high"
small = 50
said_zh = "本市口径。"
"""


def run(*words: str) -> tuple[int, str]:
    with clock.at(months.NOW):
        done = CliRunner().invoke(indicators, words)
    return done.exit_code, done.output


@pytest.mark.django_db
def test_what_a_city_loads_holds_from_the_next_month_on_and_goes_out_again(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    assert run("check", str(file)) == (0, "1 indicators can be loaded\n")
    assert run("load", str(file)) == (0, "1 indicators, in force from 2026-05-01\n")
    assert run("load", str(file))[0] == 0  # sent twice
    assert Definition.objects.count() == AuditEntry.objects.filter(action="figures.load").count() == 1
    april, may = months.NOW.date().replace(day=1), months.NOW.date().replace(month=5, day=1)
    before, after = (definitions.in_force(day).indicators["on_time_handling_rate"] for day in (april, may))
    assert (before.without, before.small) == (("exempt:handle:late",), 30)
    assert (after.without, after.small, after.names["zh-hans"]) == ((), 50, "按期办理率")
    out = tmp_path / "out.toml"
    assert run("export", str(out), "--month", "2026-05")[0] == 0
    assert rules.read(tomllib.loads(out.read_text(encoding="utf-8"))) == definitions.in_force(may)
    with clock.at(months.NOW.replace(month=5, day=2)):
        baselines.seal_due()
    content = Baseline.objects.get(month=may).content
    assert ["checker-post", "s1-watch", "checker"] in content["posts"]
    sealed = content["indicators"]["on_time_handling_rate"]
    assert sealed["formula"] == "(done:handle:on_time) / (due:handle)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[indicator.x", "nothing was loaded"),
        (OWN.replace('["due:handle"]', '["entered:check"]'), "no fact that counts matters"),
        (OWN.replace('"handling"\n', '"nowhere"\n', 1), "no group"),
        (OWN.replace('["due:handle"]', '"due:handle"'), "another sort"),
        (OWN.replace("small = 50", 'small = "50"'), "another sort"),
        (OWN.replace('of = ["done:handle:on_time"]', 'of = ["ended:solved"]'), "a rate of ends"),
        ('[group.new]\nen = "New"\n', "has no name"),
        ("[indicators.x]\nzh = 'x'\n", "only groups and indicators"),
    ],
)
def test_a_file_with_one_fault_is_refused_whole(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    code, said = run("check", str(file))
    assert (code, why in said) == (1, True), said


@pytest.mark.django_db
def test_nobody_who_is_signed_in_loads_indicators() -> None:
    for user in ("leader", "system", "supervisor"):
        with pytest.raises(Refused) as refused:
            keeping.load(world.actor(user), tomllib.loads(OWN), "own.toml")
        assert refused.value.code == "forbidden"
    assert not Definition.objects.exists()


def test_what_is_written_out_is_what_was_read() -> None:
    content = rules.shipped()
    assert tomllib.loads(written(content)) == content
    strange = {"group": {"g": {"zh": '引"号\\ \n\t'}}, "indicator": {}}
    assert tomllib.loads(written(strange)) == {"group": strange["group"]}
