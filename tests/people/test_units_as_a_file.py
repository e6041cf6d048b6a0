"""`units export` and `units import`: out and in again, changed, ended, refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from civicloop.foundation import clock
from civicloop.people import access, selectors, unit_files
from civicloop.people.actions import PeopleError
from civicloop.people.commands import units
from civicloop.people.models import Unit, UnitEdition
from civicloop.records.models import AuditEntry
from tests import world
from tests.people import files

pytestmark = pytest.mark.django_db

NEW = {
    "code": "s1-lamps", "name": "东风街道路灯所", "name_en": "Lamps", "kind": "station", "area": "990101001",
    "parent": "s1-office", "duty_phone": "+86 22 5550", "valid_from": "", "valid_to": "",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "units.csv"


def take(path: Path, *rows: dict[str, str], words: tuple[str, ...] = ()) -> list[dict[str, object]]:
    found: list[dict[str, object]] = files.imported(units, files.file(path, rows), *words)["changes"]
    return found


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="units.import").order_by("id"))


def test_an_exported_file_taken_in_again_changes_nothing(path: Path) -> None:
    take(path, NEW)
    text = files.exported(units)
    path.write_text(text, encoding="utf-8")
    outcome = files.imported(units, path)
    assert (outcome["changes"], outcome["unchanged"]) == ([], len(world.UNITS) + 1)
    assert files.exported(units) == text
    assert files.run(units, "import", "--file", path).stdout == "nothing has changed\n"
    assert UnitEdition.objects.count() == 0


def test_an_exported_file_fills_an_empty_city_with_the_same_units(path: Path) -> None:
    take(path, NEW, NEW | {"code": "aa-below", "parent": "zz-above"}, NEW | {"code": "zz-above", "parent": ""})
    text = files.exported(units)
    files.emptied()
    path.write_text(text, encoding="utf-8")
    assert len(files.imported(units, path)["changes"]) == len(world.UNITS) + 3
    assert files.exported(units) == text
    below = Unit.objects.get(code="aa-below")
    assert below.parent is not None
    assert below.parent.code == "zz-above"


def test_a_file_can_be_written_to_disk_for_the_owner_only(path: Path) -> None:
    answer = files.run(units, "export", "--file", path)
    assert answer.exit_code == 0
    assert path.read_text(encoding="utf-8") == files.exported(units)
    assert path.stat().st_mode & 0o077 == 0


def test_cells_that_look_like_formulas_are_neutral_outside_and_plain_inside(path: Path) -> None:
    take(path, NEW | {"name": "=cmd|' /C calc'!A0", "name_en": "@SUM(1)"})
    row = next(row for row in files.rows(files.exported(units)) if row["code"] == "s1-lamps")
    assert (row["name"], row["name_en"], row["duty_phone"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)", "'+86 22 5550")
    unit = Unit.objects.get(code="s1-lamps")
    assert (unit.names["zh-hans"], unit.duty_phone) == ("=cmd|' /C calc'!A0", "+86 22 5550")
    assert take(path, row) == []


def test_a_new_unit_begins_when_the_file_or_the_command_says(path: Path) -> None:
    take(path, NEW, NEW | {"code": "s1-parks", "valid_from": "2026-01-01"}, words=("--effective", "2026-07-01"))
    begun = dict(Unit.objects.filter(code__in=["s1-lamps", "s1-parks"]).values_list("code", "valid_from"))
    assert begun["s1-lamps"].isoformat() == "2026-06-30T16:00:00+00:00"  # midnight in the city
    assert begun["s1-parks"].isoformat() == "2025-12-31T16:00:00+00:00"
    assert [unit.code for unit in selectors.units() if unit.code in begun] == ["s1-parks"]


def test_a_changed_unit_keeps_its_id_and_what_it_was(path: Path) -> None:
    before = Unit.objects.get(code="s1-office")
    row = next(row for row in files.rows(files.exported(units)) if row["code"] == "s1-office")
    changes = take(path, row | {"name": "东风街道办", "name_en": "Office", "kind": "station", "parent": "d1-centre"})
    assert changes == [
        {
            "what": "unit", "code": "s1-office", "did": "changed",
            "fields": {
                "name": ["东风街道办事处", "东风街道办"], "name_en": ["", "Office"],
                "kind": ["subdistrict_office", "station"], "parent": ["", "d1-centre"],
            },
        }
    ]  # fmt: skip
    after = Unit.objects.get(code="s1-office")
    assert (after.id, after.names, after.parent_id) == (
        before.id, {"zh-hans": "东风街道办", "en": "Office"}, world.unit("d1-centre"),
    )  # fmt: skip
    (former,) = selectors.editions(after.id)
    assert (former.names, former.kind, former.until) == (before.names, before.kind, world.START)


def test_columns_and_units_that_a_file_leaves_out_stay_as_they_are(path: Path) -> None:
    take(path, {"code": "s1-office", "name": "东风街道办", "kind": "subdistrict_office", "area": "990101001"})
    assert Unit.objects.get(code="s1-office").duty_phone == "022-0000"
    assert Unit.objects.filter(valid_to=None).count() == len(world.UNITS)


def test_a_unit_ends_on_the_date_that_the_file_gives(path: Path) -> None:
    take(path, NEW)
    row = next(row for row in files.rows(files.exported(units)) if row["code"] == "s1-lamps")
    (change,) = take(path, row | {"valid_to": "2026/4/1"})
    assert (change["did"], change["fields"]) == ("ended", {"valid_to": ["", "2026-04-01T00:00:00+08:00"]})
    with clock.at(world.START + timedelta(days=60)):
        assert "s1-lamps" not in files.exported(units)
        assert "the unit ended on" in files.refused(units, files.file(path, [row]))[0]


def test_a_dry_run_says_what_would_change_and_changes_nothing(path: Path) -> None:
    outcome = files.imported(units, files.file(path, [NEW]), "--dry-run")
    assert outcome["dry_run"] is True
    assert [(change["code"], change["did"]) for change in outcome["changes"]] == [("s1-lamps", "created")]
    assert "dry run" in files.run(units, "import", "--file", path, "--dry-run").stdout
    assert not Unit.objects.filter(code="s1-lamps").exists()
    assert entries() == []


def test_each_import_leaves_an_audit_entry(path: Path) -> None:
    take(path, NEW)
    take(path, NEW | {"name": "路灯所"})
    first, second = entries()
    assert (first.words, first.object, first.outcome) == ("command line", "units.csv", "done")
    assert first.detail["counts"] == {"unit created": 1}
    assert second.detail["changes"] == [["unit", "s1-lamps", "changed", {"name": ["东风街道路灯所", "路灯所"]}]]


@pytest.mark.parametrize(
    ("wrong", "column", "words"),
    [
        ({"code": ""}, "code", "it is missing"),
        ({"code": "s1 lamps"}, "code", "without blanks"),
        ({"name": " "}, "name", "a Chinese name is required"),
        ({"kind": "shop"}, "kind", "it must be one of department"),
        ({"area": "000000"}, "area", "there is no area with the code 000000"),
        ({"level": "grid"}, "level", "the area is of level subdistrict"),
        ({"parent": "nobody"}, "parent", "there is no unit with the code nobody"),
        ({"parent": "s1-bad"}, "parent", "the unit would stand above itself"),
        ({"duty_phone": "5" * 33}, "duty_phone", "at most 32 characters"),
        ({"valid_from": "soon"}, "valid_from", "this is no date"),
        ({"valid_from": "2026-13-01"}, "valid_from", "this is no date"),
        ({"valid_from": "2026-05-01", "valid_to": "2026-05-01"}, "valid_to", "later than the beginning"),
        ({"code": "s1-office", "parent": "", "valid_to": "2026-01-01"}, "valid_to", "it lies in the past"),
        (
            {"code": "s1-office", "parent": "", "valid_to": "2026-05-01"},
            "valid_to",
            "posts of the unit go on after that: head-post",
        ),
        ({"name": "甲" * 121}, "name", "at most 120 characters"),
        ({"name": "甲\n乙"}, "name", "one line of at most"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_the_file_is_taken(
    path: Path, wrong: dict[str, str], column: str, words: str
) -> None:
    before = files.exported(units)
    good, bad = NEW | {"level": ""}, {**NEW, "code": "s1-bad", "level": "", **wrong}
    (fault,) = files.refused(units, files.file(path, [good | {"code": "s1-good"}, bad]))
    assert fault.startswith(f"line 3, column {column}: ")
    assert words in fault
    assert files.exported(units) == before
    assert entries() == []


def test_a_circle_of_units_is_refused(path: Path) -> None:
    take(path, NEW, NEW | {"code": "s1-lower", "parent": "s1-lamps"})
    faults = files.refused(units, files.file(path, [NEW | {"parent": "s1-lower"}]))
    assert faults == ["line 2, column parent: the unit would stand above itself"]


def test_a_unit_said_twice_is_refused(path: Path) -> None:
    faults = files.refused(units, files.file(path, [NEW, NEW]))
    assert faults == ["line 3, column code: the unit stands on line 2 already"]


def test_the_city_never_loses_its_last_duty_desk(path: Path) -> None:
    row = next(row for row in files.rows(files.exported(units)) if row["code"] == "city-duty")
    for change in ({"valid_to": "2026-05-01"}, {"kind": "station"}, {"area": "990101", "level": "district"}):
        faults = files.refused(units, files.file(path, [row | change]))
        assert faults == ["line 2, column code: the city would have no duty desk any more"]


def test_a_change_of_a_unit_cannot_be_dated_ahead(path: Path) -> None:
    row = next(row for row in files.rows(files.exported(units)) if row["code"] == "s1-office")
    (fault,) = files.refused(units, files.file(path, [row | {"name": "东风街道办"}]), "--effective", "2026-07-01")
    assert fault == (
        "line 2, column name: a unit that is there changes at once: take this line in on the day, without a later date"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("code,name,kind\n", "Column area is missing."),
        ("code,name,kind,area,password\n", "Column 'password' is not known"),
        ("code,name,kind,area,area\n", "A column is named twice."),
        ("code,name,kind,area\na,b,c,d,e\n", "there are more cells than columns"),
        ('code,name,kind,area\n"a"x,b,c,d\n', "This is no CSV file in UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused(path: Path, text: str, words: str) -> None:
    path.write_text(text, encoding="utf-8")
    assert words.lower() in files.refused(units, path)[0].lower()


def test_an_effective_date_that_is_none_is_refused(path: Path) -> None:
    answer = files.run(units, "import", "--file", files.file(path, [NEW]), "--effective", "soon")
    assert answer.exit_code == 2
    assert "soon is no date or moment" in answer.stderr


def test_only_who_may_change_units_takes_them_from_a_file(path: Path) -> None:
    raw = files.file(path, [NEW]).read_bytes()
    with pytest.raises(PeopleError) as refused:
        unit_files.take(world.actor("security"), raw=raw, name="units.csv")
    assert refused.value.code == "forbidden"
    assert len(unit_files.take(world.actor("system"), raw=raw, name="units.csv").changes) == 1
    assert unit_files.take(access.system("tests"), raw=raw, name="units.csv").unchanged == 1
