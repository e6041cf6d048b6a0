"""`civicloop ladders …`: a city's own ladders as files."""

import json
import sys
from pathlib import Path

import click
from django.db import transaction
from django.utils.translation import get_language, gettext

from civicloop.foundation import toml
from civicloop.foundation.names import shown
from civicloop.procedures import words
from civicloop.procedures.rules.build import DeclarationRefused


@click.group("ladders")
def ladders() -> None:
    """Ladders of deadlines: load, list, export."""


@ladders.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(files: tuple[Path, ...]) -> None:
    """Store the ladders in FILES, all or none; the newest version of each counts from the next mark on."""
    from civicloop.procedures import actions

    try:
        with transaction.atomic():
            for path in files:
                row = actions.load_ladder(actor_id=None, text=path.read_text(encoding="utf-8"))
                click.echo(f"{row.code} {row.version}")
    except (DeclarationRefused, actions.OtherContent, UnicodeDecodeError) as refused:
        click.echo("\n  ".join([gettext("Nothing was loaded:"), *_reasons(path, refused)]), err=True)
        sys.exit(1)


def _reasons(path: Path, refused: Exception) -> list[str]:
    from civicloop.procedures import actions

    if isinstance(refused, DeclarationRefused):
        return [f"{path}: {words.fault(fault)}" for fault in refused.faults]
    if isinstance(refused, actions.OtherContent):
        return [gettext("%(version)s is stored with other content; give it a new version") % {"version": refused}]
    return [f"{path}: UTF-8"]


@ladders.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def list_(as_json: bool) -> None:
    """The ladders in force."""
    from civicloop.procedures import selectors

    found = sorted(selectors.all_ladders().values(), key=lambda each: each.code)
    if as_json:
        rows = [{"code": f.code, "version": f.version, "names": f.names, "marks": len(f.marks)} for f in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in found:
        marks = ", ".join(mark.code for mark in each.marks)
        click.echo(f"{each.code} {each.version}  {shown(each.names, get_language() or 'zh-hans')}  {marks}")


@ladders.command("export")
@click.argument("code")
def export(code: str) -> None:
    """Print the ladder CODE that is in force as the file that `ladders load` takes."""
    from civicloop.procedures import selectors

    try:
        click.echo(toml.document(selectors.ladder_file(code)), nl=False)
    except LookupError:
        raise click.ClickException(gettext("There is no ladder %(code)s") % {"code": code}) from None
