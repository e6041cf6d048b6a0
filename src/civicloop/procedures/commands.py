"""`civicloop procedures …`: check a file, list versions, draw a picture, export, move open matters to another."""

import json
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from civicloop.foundation import clock, locality, moments, toml
from civicloop.people.choices import Role
from civicloop.procedures import guards, words
from civicloop.procedures.ladder_commands import ladders
from civicloop.procedures.rules import draw as drawing
from civicloop.procedures.rules import reading
from civicloop.procedures.rules.build import DeclarationRefused
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.lists import reading_lists
from civicloop.procedures.rules.migration import MigrationRefused
from civicloop.procedures.rules.proof import prove

POSTS = frozenset(Role.values)
HEADINGS: Mapping[str, Any] = {
    "handling": _("Acts that count as handling"),
    "approvals": _("Acts that need an approval"),
    "demands": _("What is asked of people, and why"),
    "guards": _("Guards; loading asks that they are registered"),
    "unchecked_ends": _("Ends that do not count as done"),
}


@click.group("procedures")
def procedures() -> None:
    """Declared procedures: check, load, list, draw, migrate."""


def _shipped() -> dict[str, Procedure]:
    """The shipped procedures that can be read; a broken one is reported when it is itself checked."""
    found = {}
    for path in sorted(reading.SHIPPED.glob("*.toml")):
        with suppress(DeclarationRefused):
            found[path.stem] = reading.load(path)
    return found


def examine(paths: list[Path]) -> tuple[list[dict[str, str]], dict[str, Procedure]]:
    """Read and prove files: the problems in the shape of the contract, and the procedures that could be read.

    Sub-matters are looked for among the files given and the shipped ones. Guards are listed, not required: `check`
    also serves a city whose rooms are not installed here.
    """
    problems: list[dict[str, str]] = []
    read: dict[str, Procedure] = {}
    for path in paths:
        try:
            read[str(path)] = reading.load(path)
        except DeclarationRefused as refused:
            problems += [
                {"file": str(path), "step": _step_of(fault.where), "law": "form", "message": words.fault(fault)}
                for fault in refused.faults
            ]
        except OSError as reason:
            problems.append({"file": str(path), "step": "", "law": "form", "message": str(reason)})
    children = _shipped() | {procedure.code: procedure for procedure in read.values()}
    for name, procedure in read.items():
        try:
            found = prove(procedure, POSTS, children).problems
        except OverflowError:
            message = gettext("The procedure has too many configurations to be proved")
            problems.append({"file": name, "step": procedure.start, "law": "form", "message": message})
            continue
        problems += [
            {"file": name, "step": each.step, "law": each.law, "message": words.problem(each)} for each in found
        ]
    return problems, read


def _step_of(where: str) -> str:
    parts = where.split(".")
    return parts[1] if parts[0] == "step" and len(parts) > 1 else ""


@procedures.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Prove the procedures in FILES closed, or say which step breaks which law (exit 1). Needs no database."""
    problems, read = examine(list(files))
    lists = {name: reading_lists(procedure) for name, procedure in read.items()}
    if as_json:
        click.echo(json.dumps({"ok": not problems, "problems": problems, "lists": lists}, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(gettext("%(file)s, law %(law)s: %(message)s") % problem, err=True)
        for name, procedure in read.items():
            closed = not any(problem["file"] == name for problem in problems)
            state = pgettext("procedure", "closed") if closed else pgettext("procedure", "NOT closed")
            click.echo(f"{procedure.code} {procedure.version}: {state}  {procedure.digest}")
            _print_lists(lists[name])
    sys.exit(1 if problems else 0)


def _print_lists(lists: Mapping[str, list[Mapping[str, Any]]]) -> None:
    language = get_language() or "zh-hans"
    registered = guards.known()
    for key, rows in lists.items():
        if not rows:
            continue
        click.echo(f"  {HEADINGS[key]}:")
        for row in rows:
            code = row.get("action") if key != "demands" else row["need"]
            name = drawing.shown(row["names"], language) if "names" in row else ""
            if key == "guards":
                missing = "" if row["guard"] in registered else gettext(" (not registered here)")
                code, name = row["guard"], f"{row['action']}{missing}"
            elif key == "unchecked_ends":
                code, name = row["step"], f"{name} · {row['end']}"
            elif key == "approvals":
                name += f" · {row['approval']}"
            elif key == "demands":
                why = drawing.shown(row["why"], language) if row["why"] else "—"
                name += f" · {row['kind']} · {', '.join(row['actions'])} · {why}"
            click.echo(f"    {code}: {name}")


@procedures.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--effective", default=None, help="date or moment from which new matters take it (default: now)")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def load(files: tuple[Path, ...], effective: str | None, as_json: bool) -> None:
    """Prove and store the procedures in FILES, all or none; of a version that is stored only words may change."""
    from civicloop.procedures import actions, selectors

    try:
        at = moments.read(effective, locality.zone_name()) if effective else clock.now()
    except ValueError:
        sys.exit(f"civicloop: --effective: {effective!r} is no date or moment; write 2026-07-01")
    before = {(row.code, row.version) for row in selectors.versions()}
    try:
        stored = actions.load_files(actor_id=None, paths=files, effective_from=at)
    except DeclarationRefused as refused:
        _nothing_loaded([words.fault(fault) for fault in refused.faults])
    except actions.NotClosed as refused:
        _nothing_loaded([words.problem(problem) for problem in refused.problems])
    except actions.OtherContent as other:
        _nothing_loaded(
            [gettext("%(version)s is stored with other content; give it a new version") % {"version": other}]
        )
    except OSError as reason:
        _nothing_loaded([f"{reason.filename}: {reason.strerror}"])
    rows = [
        {"code": row.code, "version": row.version, "digest": row.digest, "new": (row.code, row.version) not in before}
        for row in stored
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        state = gettext("loaded") if row["new"] else gettext("was there already; its words are those of the file")
        click.echo(f"{row['code']} {row['version']}  {state}  {row['digest']}")


def _nothing_loaded(reasons: list[str]) -> NoReturn:
    click.echo("\n  ".join([gettext("Nothing was loaded:"), *reasons]), err=True)
    sys.exit(1)


@procedures.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def list_(as_json: bool) -> None:
    """The versions stored in the database."""
    from civicloop.procedures import selectors

    rows = [
        {
            "code": row.code,
            "version": row.version,
            "digest": row.digest,
            "names": dict(selectors.by_id(row.pk).names),
            "effective_from": row.effective_from.isoformat(),
            "retired_at": row.retired_at.isoformat() if row.retired_at else None,
        }
        for row in selectors.versions()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        name = drawing.shown(row["names"], get_language() or "zh-hans")  # type: ignore[arg-type]
        retired = gettext(", retired %(at)s") % {"at": row["retired_at"]} if row["retired_at"] else ""
        click.echo(f"{row['code']} {row['version']}  {name}  {row['effective_from']}{retired}  {row['digest']}")


@procedures.command("draw")
@click.argument("code")
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@click.option("--language", type=click.Choice(["zh-hans", "en"]), default="zh-hans", show_default=True)
def draw(code: str, form: str, language: str) -> None:
    """Draw CODE: a shipped procedure, or a file."""
    path = Path(code) if code.endswith(".toml") else reading.SHIPPED / f"{code}.toml"
    if not path.is_file():
        raise click.ClickException(gettext("There is no procedure %(code)s") % {"code": code})
    try:
        procedure = reading.load(path)
    except DeclarationRefused as refused:
        raise click.ClickException("\n".join(words.fault(fault) for fault in refused.faults)) from refused
    click.echo(drawing.svg(procedure, language) if form == "svg" else drawing.mermaid(procedure, language), nl=False)


@procedures.command("export")
@click.argument("code", required=False)
@click.option("--version", type=int, default=None, help="default: the one in force now")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="write CODE.toml here instead")
def export(code: str | None, version: int | None, folder: Path | None) -> None:
    """Print the procedure CODE as the file that `procedures load` takes; with --to and no CODE all that are in force.

    The file is whole: fragments and what a city changed are in it, and its digest is that of the stored version.
    """
    from civicloop.procedures import selectors

    if code is None and folder is None:
        raise click.UsageError(gettext("Name a procedure, or a folder with --to for all of them"))
    try:
        if code is None:
            rows = selectors.all_in_force(clock.now())
        else:
            rows = [selectors.row_in_force(code, clock.now()) if version is None else selectors.version(code, version)]
    except selectors.NoProcedure as missing:
        raise click.ClickException(gettext("There is no procedure %(code)s") % {"code": missing}) from missing
    for row in rows:
        text = toml.document(selectors.procedure_file(row))
        if folder is None:
            click.echo(text, nl=False)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row.code}.toml").write_text(text, encoding="utf-8")
        click.echo(f"{row.code} {row.version}  {folder / row.code}.toml")


@procedures.command("migrate")
@click.argument("code")
@click.argument("old", type=int)
@click.argument("new", type=int)
@click.option("--map", "map_file", required=True, type=click.Path(exists=True, path_type=Path), help="TOML: [step] …")
@click.option("--apply", "really", is_flag=True, help="Move the matters; without it only the report is made.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def migrate(code: str, old: int, new: int, map_file: Path, really: bool, as_json: bool) -> None:
    """Move open matters of CODE from version OLD to NEW; proved first, a dry run unless --apply is given."""
    from civicloop.procedures import actions, selectors

    try:
        names = tomllib.loads(map_file.read_text(encoding="utf-8"))
        done = actions.migrate(actor_id=None, code=code, old=old, new=new, names=names, dry_run=not really)
    except tomllib.TOMLDecodeError as reason:
        raise click.ClickException(str(reason)) from reason
    except MigrationRefused as refused:
        raise click.ClickException(words.migration(refused)) from refused
    except selectors.NoProcedure as missing:
        raise click.ClickException(gettext("There is no procedure %(code)s") % {"code": missing}) from missing
    report = {
        "code": code,
        "from": old,
        "to": new,
        "configurations": done.plan.configurations,
        "matters": done.matters,
        "dry_run": not really,
    }
    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(
        gettext("%(code)s %(from)s → %(to)s: %(configurations)s configurations land where the new proof has been")
        % report
    )
    if done.matters is None:
        click.echo(gettext("Nothing here moves matters; only the proof was made."))
    elif really:
        click.echo(gettext("%(matters)s matters moved.") % report)
    else:
        click.echo(gettext("%(matters)s matters would move; nothing was changed.") % report)


COMMANDS: list[click.Command] = [procedures, ladders]
