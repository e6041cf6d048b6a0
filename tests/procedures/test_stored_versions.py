"""Versions in the database: proved before they are stored, unchangeable, found without a query."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from civicloop.foundation import clock
from civicloop.procedures import actions, guards, selectors
from civicloop.procedures.commands import procedures
from civicloop.procedures.models import ProcedureVersion
from civicloop.procedures.rules import migration, reading
from civicloop.records.models import AuditEntry
from tests.procedures.small import SMALL

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 2, tzinfo=UTC)
POSTS = {
    'post = "clerk"': 'post = "acceptance_clerk"',
    'post = "worker"': 'post = "unit_worker"',
    'post = "chief"': 'post = "leader"',
}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    selectors.forget()
    yield
    selectors.forget()


def file(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SMALL
    for old, new in (*POSTS.items(), *changes):
        assert old in text, old
        text = text.replace(old, new)
    path = folder / f"small-{len(list(folder.iterdir()))}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(*paths: Path, day: datetime = DAY) -> list[ProcedureVersion]:
    return actions.load_files(actor_id=None, paths=list(paths), effective_from=day)


VERSION_2 = (("version = 1", "version = 2"), ("returns = { max = 3 }", "returns = { max = 2 }"))


def test_all_shipped_procedures_can_be_loaded_once_their_guards_are_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {f"matters.{name}" for name in ("ended_overdue", "urgent", "supply", "returnable", "whistled")}
    names |= {"law.mediation.chosen_by_all", "law.mediation.confirmable"}
    monkeypatch.setattr(guards, "_guards", {name: lambda matter, actor, moment: True for name in names})
    rows = load(*sorted(reading.SHIPPED.glob("*.toml")))
    assert {row.code for row in rows} == {path.stem for path in reading.SHIPPED.glob("*.toml")}
    assert selectors.missing_guards() == []
    monkeypatch.setattr(guards, "_guards", {})
    assert set(selectors.missing_guards()) == names


def test_a_procedure_that_is_not_closed_is_not_stored(tmp_path: Path) -> None:
    good, bad = (
        file(tmp_path),
        file(
            tmp_path,
            ('code = "small"', 'code = "bad"'),
            ('stage = "check", holder = ["checker"]', 'stage = "check", holder = ["worker"]'),
        ),
    )
    with pytest.raises(actions.NotClosed) as refused:
        load(good, bad)
    assert refused.value.problems[0].step == "to_check"
    assert not ProcedureVersion.objects.filter(code__in=("small", "bad")).exists()


def test_loading_the_same_again_changes_nothing_and_other_content_is_refused(tmp_path: Path) -> None:
    first = load(file(tmp_path))[0]
    assert load(file(tmp_path))[0].pk == first.pk
    with pytest.raises(actions.OtherContent):
        load(file(tmp_path, ("returns = { max = 3 }", "returns = { max = 2 }")))
    assert selectors.by_id(first.pk).bounds["returns"].max == 3


def test_words_may_change_under_the_same_version(tmp_path: Path) -> None:
    row = load(file(tmp_path))[0]
    load(file(tmp_path, ('zh = "待派"', 'zh = "待分派"')))
    assert selectors.by_id(row.pk).steps["new"].names["zh-hans"] == "待分派"
    row.refresh_from_db()
    assert row.digest == selectors.by_id(row.pk).digest


def test_a_matter_takes_the_version_in_force_when_it_is_reported(tmp_path: Path) -> None:
    old = load(file(tmp_path))[0]
    new = load(file(tmp_path, *VERSION_2), day=DAY + timedelta(days=30))[0]
    assert selectors.in_force("small", DAY + timedelta(days=1)).id == old.pk
    assert selectors.in_force("small", DAY + timedelta(days=31)).id == new.pk
    with pytest.raises(selectors.NoProcedure):
        selectors.in_force("small", DAY - timedelta(days=1))
    actions.retire(actor_id=None, version=new, moment=DAY + timedelta(days=40))
    assert selectors.in_force("small", DAY + timedelta(days=41)).id == old.pk


def test_what_runs_is_read_without_a_query(tmp_path: Path, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    row = load(file(tmp_path))[0]
    selectors.in_force("small", DAY)
    with django_assert_num_queries(0):
        assert selectors.in_force("small", DAY).id == row.pk
        assert selectors.by_id(row.pk).code == "small"


def test_order_of_the_declaration_survives_storage(tmp_path: Path) -> None:
    path = file(tmp_path)
    row = load(path)[0]
    selectors.forget()
    assert list(selectors.by_id(row.pk).actions) == list(reading.load(path).actions)


def test_a_migration_is_proved_and_reported_before_anything_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(file(tmp_path), file(tmp_path, *VERSION_2))
    steps = {"step": {code: code for code in ("new", "handling", "to_check", "review")}}
    report = actions.migrate(actor_id=None, code="small", old=1, new=2, names=steps)
    assert (report.matters, report.plan.configurations > 4) == (None, True)
    asked: list[bool] = []

    def mover(actor_id, old, new, plan: migration.Plan, dry_run: bool) -> int:  # type: ignore[no-untyped-def]
        asked.append(dry_run)
        return 7

    monkeypatch.setattr(actions, "_movers", [mover])
    names = tmp_path / "map.toml"
    names.write_text("[step]\nnew = 'new'\nhandling = 'handling'\nto_check = 'to_check'\nreview = 'review'\n")
    result = CliRunner().invoke(procedures, ["migrate", "small", "1", "2", "--map", str(names), "--json"])
    assert json.loads(result.output) == {
        "code": "small",
        "from": 1,
        "to": 2,
        "configurations": report.plan.configurations,
        "matters": 7,
        "dry_run": True,
    }
    CliRunner().invoke(procedures, ["migrate", "small", "1", "2", "--map", str(names), "--apply"])
    assert asked == [True, False]
    names.write_text("[step]\nnew = 'new'\n")
    refused = CliRunner().invoke(procedures, ["migrate", "small", "1", "2", "--map", str(names)])
    assert refused.exit_code == 1
    assert "handling" in refused.output


def test_list_names_every_version(tmp_path: Path) -> None:
    load(file(tmp_path), file(tmp_path, *VERSION_2))
    result = CliRunner().invoke(procedures, ["list", "--json"])
    assert [(row["code"], row["version"]) for row in json.loads(result.output) if row["code"] == "small"] == [
        ("small", 1),
        ("small", 2),
    ]


def test_a_city_loads_its_procedures_from_files(tmp_path: Path) -> None:
    one, two = file(tmp_path), file(tmp_path, *VERSION_2)
    told = CliRunner().invoke(procedures, ["load", str(one), str(two), "--effective", "2026-03-02", "--json"])
    assert [(row["code"], row["version"], row["new"]) for row in json.loads(told.output)] == [
        ("small", 1, True), ("small", 2, True),
    ]  # fmt: skip
    assert (
        ProcedureVersion.objects.get(code="small", version=2).effective_from.isoformat() == "2026-03-01T16:00:00+00:00"
    )
    again = CliRunner().invoke(procedures, ["load", str(file(tmp_path, ('en = "Small"', 'en = "Tiny"')))])
    assert again.exit_code == 0
    assert selectors.by_id(ProcedureVersion.objects.get(code="small", version=1).pk).names["en"] == "Tiny"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (VERSION_2[1:], "small 1"),  # the same version with other content
        ((("version = 1", "version = 3"), ('from = ["review"]', 'from = ["nowhere"]')), "nowhere"),
    ],
)
def test_what_is_not_taken_is_named_and_nothing_is_stored(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], said: str
) -> None:
    load(file(tmp_path))
    before = ProcedureVersion.objects.count()
    good = file(tmp_path, *VERSION_2)
    refused = CliRunner().invoke(procedures, ["load", str(good), str(file(tmp_path, *changes))])
    assert refused.exit_code == 1
    assert said in refused.output
    assert ProcedureVersion.objects.count() == before
    missing = CliRunner().invoke(procedures, ["load", str(tmp_path / "none.toml")])
    assert (missing.exit_code, "none.toml" in missing.output) == (1, True)


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action, at__gte=DAY).order_by("id"))


def test_every_load_leaves_an_audit_entry_that_says_what_became_of_each_version(tmp_path: Path) -> None:
    with clock.at(DAY):
        row = load(file(tmp_path))[0]
        load(file(tmp_path), file(tmp_path, *VERSION_2))
        load(file(tmp_path, ('en = "Small"', 'en = "Tiny"')))
    first, second, third = entries("procedures.load")
    assert (first.words, first.account_id, first.object, first.outcome) == ("installation", None, "small 1", "done")
    assert first.detail == {
        "effective_from": DAY.isoformat(), "versions": {"small 1": {"did": "stored", "digest": row.digest}},
    }  # fmt: skip
    assert second.object == "small 1, small 2"
    assert {name: each["did"] for name, each in second.detail["versions"].items()} == {
        "small 1": "unchanged", "small 2": "stored",
    }  # fmt: skip
    assert third.detail["versions"]["small 1"]["did"] == "words"


def test_a_refused_load_leaves_no_audit_entry(tmp_path: Path) -> None:
    with clock.at(DAY):
        load(file(tmp_path))
        with pytest.raises(actions.OtherContent):
            load(file(tmp_path, ("returns = { max = 3 }", "returns = { max = 2 }")))
    assert len(entries("procedures.load")) == 1


def test_retiring_leaves_an_audit_entry_in_the_name_of_who_did_it(tmp_path: Path) -> None:
    with clock.at(DAY):
        row = load(file(tmp_path))[0]
        for days in (10, 20):
            actions.retire(actor_id=7, post_id=8, actor_words="chief", version=row, moment=DAY + timedelta(days=days))
    first, second = entries("procedure.retire")
    assert (first.account_id, first.post_id, first.words, first.object) == (7, 8, "chief", "small 1")
    assert first.detail == {"before": None, "after": (DAY + timedelta(days=10)).isoformat()}
    assert second.detail["before"] == first.detail["after"]
