"""`phrases` on the command line: the phrase bank of the city or of a unit as a CSV file."""

import sys
from pathlib import Path

import click

from civicloop.deskwork import actions, files, selectors
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people import selectors as directory


@click.group()
def phrases() -> None:
    """Reply templates and lawful grounds that the desks offer, as a CSV file."""


def _unit(code: str | None) -> int | None:
    if code is None:
        return None
    found = directory.units().filter(code=code).values_list("id", flat=True).first()
    if found is None:
        click.echo(f"civicloop: there is no unit {code}", err=True)
        sys.exit(1)
    return found


@phrases.command("import")
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--unit", default=None, help="code of the unit whose phrases they are; default: the whole city's")
@click.option("--shipped", is_flag=True, help="the phrases that come with the product")
@click.option("--whole", is_flag=True, help="end those that the file does not hold")
def import_phrases(path: Path | None, unit: str | None, shipped: bool, whole: bool) -> None:
    """Take over a file; with one fault nothing is written. Prints what changed."""
    source = files.SHIPPED if shipped else path
    if source is None:
        click.echo("civicloop: name a file, or --shipped", err=True)
        sys.exit(1)
    try:
        told = actions.save_phrases(
            access.system("command line"), files.read(source.read_bytes()), unit=_unit(unit), whole=whole
        )
    except Refused as reason:
        click.echo(f"civicloop: nothing was imported: {reason.words}", err=True)
        sys.exit(1)
    for what, number in told.items():
        click.echo(f"{number:>7} {what}")


@phrases.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--unit", default=None, help="code of the unit; default: the whole city's")
def export_phrases(path: Path, unit: str | None) -> None:
    """Write the phrases in force to a file; loading it again changes nothing."""
    path.write_text(files.export(selectors.in_force(_unit(unit))), encoding="utf-8")
    click.echo(str(path))


COMMANDS = (phrases,)
