"""`catalogue` on the command line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from civicloop.catalogue import actions, component_commands, exporting
from civicloop.catalogue.files import CatalogueRefused
from civicloop.people import access

SHOWN_FAULTS = 40


def _refuse(words: str) -> NoReturn:
    click.echo(f"civicloop: {words}", err=True)
    sys.exit(1)


@click.group()
def catalogue() -> None:
    """Kinds, filing conditions and who answers for what where, as CSV files."""


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"--effective: {text!r} is no moment; write 2026-07-01T00:00:00+08:00")
    if moment.tzinfo is None:
        _refuse(f"--effective: {text!r} needs a zone; write 2026-07-01T00:00:00+08:00")
    return moment


@catalogue.command("import")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--national", is_flag=True, help="first the national lists that come with the product")
@click.option("--effective", default=None, help="ISO moment from which changes are in force; default: now")
def import_catalogue(folders: tuple[Path, ...], national: bool, effective: str | None) -> None:
    """Take over one or several folders; with one fault nothing is written. Prints what changed."""
    lists = (actions.NATIONAL,) if national else ()
    try:
        changes = actions.load_folders(
            access.system("command line"), folders=[*lists, *folders], valid_from=_moment(effective)
        )
    except CatalogueRefused as refused:
        more = len(refused.faults) - SHOWN_FAULTS
        shown = refused.faults[:SHOWN_FAULTS] + ([f"… and {more} more"] if more > 0 else [])
        _refuse("nothing was imported:\n  " + "\n  ".join(shown))
    for what, number in sorted(changes.items()):
        click.echo(f"{number:>7} {what}")
    if not changes:
        click.echo("nothing has changed")


@catalogue.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_catalogue(folder: Path) -> None:
    """Write the catalogue in force into a folder, as the files that `catalogue import` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in exporting.EXPORTS:
        text = exporting.text_of(name)
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"{text.count(chr(10)) - 1:>7} lines  {folder / name}")


COMMANDS: list[click.Command] = [catalogue, *component_commands.COMMANDS]
