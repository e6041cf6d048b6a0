"""`catalogue import` and `catalogue export` on the command line."""

import pytest
from click.testing import CliRunner

from civicloop.catalogue.commands import catalogue
from civicloop.catalogue.models import Kind
from tests.catalogue.conftest import CITY_DIR

pytestmark = pytest.mark.django_db


def run(*words: object):
    return CliRunner().invoke(catalogue, [str(word) for word in words])


def test_a_city_goes_in_and_out_and_in_again(city, tmp_path):
    first = run("import", "--national", CITY_DIR / "catalogue")
    assert first.exit_code == 0, first.output
    assert "429 kinds added" in first.stdout
    assert run("export", tmp_path / "out").exit_code == 0
    again = run("import", tmp_path / "out")
    assert (again.exit_code, again.stdout.strip()) == (0, "nothing has changed")


def test_faults_are_said_with_file_and_line_and_nothing_is_written(city, folder):
    place = folder({"kinds.csv": "standard,family,code,class,name\nX,matter,01001,01,甲\n"})
    answer = run("import", place)
    assert answer.exit_code == 1
    assert "kinds.csv line 2: there is no standard 'X'" in answer.stderr
    assert Kind.objects.count() == 0


@pytest.mark.parametrize("words", [("--effective", "soon"), ("--effective", "2026-01-01T00:00")])
def test_a_moment_needs_a_zone(city, words):
    answer = run("import", CITY_DIR / "catalogue", *words)
    assert answer.exit_code == 1
    assert "--effective" in answer.stderr
