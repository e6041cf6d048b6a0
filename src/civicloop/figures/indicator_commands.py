"""`civicloop indicators`: the indicators of a city as files, checked, loaded for the next month, written out again."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from civicloop.figures import rules
from civicloop.foundation import toml


def _refuse(words: str) -> NoReturn:
    click.echo(f"civicloop: {words}", err=True)
    sys.exit(1)


def _read(paths: tuple[Path, ...]) -> dict[str, Any]:
    """What some files say together, checked over what ships with the product."""
    told: dict[str, Any] = {}
    try:
        for path in paths:
            told = rules.over(told, tomllib.loads(path.read_text(encoding="utf-8")))
        rules.read(rules.over(rules.shipped(), told))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, rules.WrongIndicator) as fault:
        _refuse(f"nothing was loaded: {fault}")
    return told


@click.group()
def indicators() -> None:
    """Indicators as TOML files: names, formulas, goals; a city's own over those of the product."""


@indicators.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Say whether files could be loaded; needs no database."""
    click.echo(f"{len(_read(files)['indicator'])} indicators can be loaded")


@indicators.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def load(files: tuple[Path, ...]) -> None:
    """Load files: in force from the next month on, so that nobody changes a formula in a month that it measures."""
    from civicloop.figures import keeping
    from civicloop.people import access

    told = _read(files)
    try:
        made = keeping.load(access.system("command line"), told, ", ".join(path.name for path in files))
    except rules.WrongIndicator as fault:
        _refuse(f"nothing was loaded: {fault}")
    click.echo(f"{len(told['indicator'])} indicators, in force from {made.valid_from.isoformat()}")


@indicators.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--month", default="", help="those in force for a month such as 2026-07; default: the present one")
def export(file: Path, month: str) -> None:
    """Write the indicators in force into a file, as `indicators load` takes it."""
    from civicloop.figures import definitions, periods
    from civicloop.foundation import clock
    from civicloop.records import days

    try:
        period = periods.parse(month) if month else periods.of_kind(periods.MONTH, days.day_of(clock.now()))
    except periods.NoPeriod:
        _refuse(f"--month: {month!r} is no month; write 2026-07")
    content = definitions.content(period.since)
    file.write_text(written(content), encoding="utf-8")
    click.echo(f"{len(content['indicator']):>7} indicators  {file}")


def written(content: Mapping[str, Any]) -> str:
    """Groups and indicators as TOML."""
    return toml.document({part: content[part] for part in ("group", "indicator") if content[part]})


COMMANDS: list[click.Command] = [indicators]
