"""Procedures and ladders go out as the files that bring them in again."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import translation

from civicloop.foundation import clock
from civicloop.procedures import actions, selectors
from civicloop.procedures.commands import ladders, procedures
from civicloop.procedures.models import LadderVersion, ProcedureVersion
from civicloop.procedures.rules import reading
from tests.procedures.test_stored_versions import VERSION_2, file, load

pytestmark = pytest.mark.django_db
OWN = """
code = "standard"
version = 7
zh = "本市"
en = "Ours"
[[mark]]
code = "a"
at = "due"
zh = "到期"
en = "Due"
"""


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    selectors.forget()
    with translation.override("en"):
        yield
    selectors.forget()


def run(*words: object) -> Result:
    group = procedures if words[0] == "procedures" else ladders
    return CliRunner().invoke(group, [str(word) for word in words[1:]])


def test_every_shipped_procedure_comes_in_again_as_it_went_out(tmp_path: Path) -> None:
    before = {row.code: row.digest for row in ProcedureVersion.objects.all()}
    done = run("procedures", "export", "--to", tmp_path)
    assert done.exit_code == 0, done.output
    files = sorted(tmp_path.glob("*.toml"))
    assert {path.stem for path in files} == set(before)
    for path in files:
        row = selectors.row_in_force(path.stem, clock.now())
        assert reading.load(path).expanded == selectors.procedure_file(row)  # words too
    stored = actions.load_files(actor_id=None, paths=files, effective_from=clock.now())
    assert {row.code: row.digest for row in stored} == before


def test_one_version_is_printed_and_an_unknown_one_named(tmp_path: Path) -> None:
    load(file(tmp_path), file(tmp_path, *VERSION_2))
    first = run("procedures", "export", "small", "--version", 1)
    assert tomllib.loads(first.stdout)["bound"]["returns"]["max"] == 3
    assert tomllib.loads(run("procedures", "export", "small").stdout)["version"] == 2
    for words in (["nobody-wrote-this"], ["small", "--version", 9]):
        refused = run("procedures", "export", *words)
        assert (refused.exit_code, refused.output.startswith("Error: There is no procedure")) == (1, True)
    assert run("procedures", "export").exit_code == 2


def test_a_citys_ladder_is_loaded_listed_and_printed(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert run("ladders", "load", path).stdout == "standard 7\n"
    assert "standard 7  Ours  a" in run("ladders", "list").stdout
    assert tomllib.loads(run("ladders", "export", "standard").stdout) == tomllib.loads(OWN)
    shipped = run("ladders", "export", "legal").stdout
    assert tomllib.loads(shipped) == tomllib.loads((selectors.LADDERS / "legal.toml").read_text("utf-8"))
    assert run("ladders", "export", "nobody").exit_code == 1


def test_with_one_bad_ladder_none_is_loaded(tmp_path: Path) -> None:
    good, bad, other = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "other.toml"
    good.write_text(OWN, encoding="utf-8")
    bad.write_text(OWN.replace('"due"', '"whenever"').replace("standard", "stage"), encoding="utf-8")
    other.write_bytes(b"\xff")
    for wrong in (bad, other):
        refused = run("ladders", "load", good, wrong)
        assert refused.exit_code == 1
        assert "Nothing was loaded" in refused.stderr
        assert wrong.name in refused.stderr
    assert not LadderVersion.objects.exists()
    assert run("ladders", "load", good).exit_code == 0
    good.write_text(OWN.replace("到期", "期满"), encoding="utf-8")
    assert "stored with other content" in run("ladders", "load", good).stderr
