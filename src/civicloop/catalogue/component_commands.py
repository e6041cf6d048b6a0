"""`components` on the command line: the register in and out, and what has no owner."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click
from django.utils import translation

from civicloop.catalogue import component_actions as actions
from civicloop.catalogue import component_files as files
from civicloop.catalogue import component_selectors as register
from civicloop.catalogue.actions import CatalogueError
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.selectors import kind as kind_of
from civicloop.foundation import clock, coordinates, locality, moments
from civicloop.foundation.names import own
from civicloop.people import access
from civicloop.places import selectors as places

SHOWN_FAULTS = 40
SYSTEMS = click.Choice(coordinates.SYSTEMS)


@click.group()
def components() -> None:
    """The register of components (部件), as CSV or GeoJSON."""


@components.command("import")
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", required=True, type=SYSTEMS, help="system of the points in the file")
@click.option("--effective", default=None, help="date or moment from which changes are in force; default: now")
@click.option("--json", "as_json", is_flag=True, help="one JSON document that says what was kept and what not")
def import_components(path: Path, crs: str, effective: str | None, as_json: bool) -> None:
    """Take a file over. Sound lines are kept and the others named (exit 1); the same file again changes nothing."""
    at = _moment(effective)
    try:
        with translation.override("en"):
            taken = actions.take_over(
                access.system("command line"), lines=files.read(path.name, path.read_bytes()), crs=crs,
                what=path.name, at=at,
            )  # fmt: skip
    except (CatalogueRefused, CatalogueError) as refused:
        faults = refused.faults if isinstance(refused, CatalogueRefused) else [str(refused)]
        _refuse("nothing was imported:", faults[:SHOWN_FAULTS])
    if as_json:
        click.echo(json.dumps(asdict(taken), ensure_ascii=False))
        sys.exit(1 if taken.faults else 0)
    click.echo(f"{taken.added} new, {taken.changed} changed, {taken.ended} ended, {taken.unchanged} unchanged")
    if taken.faults:
        more = len(taken.faults) - SHOWN_FAULTS
        shown = taken.faults[:SHOWN_FAULTS] + ([f"… and {more} more"] if more > 0 else [])
        _refuse(f"{len(taken.faults)} lines were not taken; the {taken.kept} others were kept:", shown)


def _refuse(head: str, faults: Sequence[str]) -> NoReturn:
    click.echo("\n  ".join([f"civicloop: {head}", *faults]), err=True)
    sys.exit(1)


def _moment(text: str | None) -> datetime:
    try:
        return moments.read(text, locality.zone_name()) if text else clock.now()
    except ValueError:
        sys.exit(f"civicloop: --effective: {text!r} is no date or moment; write 2026-07-01")


@components.command("export")
@click.option("--file", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--crs", default="wgs84", type=SYSTEMS, help="system of the points in the file; default: wgs84")
@click.option("--kind", default="", help="only this kind, by its five digits")
@click.option("--area", default="", help="only inside the area with this code")
@click.option("--ownerless", is_flag=True, help="only components without an owner")
def export_components(path: Path, crs: str, kind: str, area: str, ownerless: bool) -> None:
    """Write the components in force, as CSV, or as GeoJSON when the file is named .geojson or .json."""
    kind_view = register.kind_named(kind) if kind else None
    if kind and kind_view is None:
        sys.exit(f"civicloop: there is no kind of components {kind!r}")
    try:
        inside = places.by_code(area) if area else None
    except places.UnknownArea:
        sys.exit(f"civicloop: there is no area {area!r}")
    wanted = register.Wanted(kind_id=kind_view.id if kind_view else None, area=inside, ownerless=ownerless)
    write = files.WRITERS["geojson" if path.suffix.lower() in {".geojson", ".json"} else "csv"]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(write(register.each(wanted, crs)))
    click.echo(f"{register.number(wanted)} components  {path}")


@components.command("gaps")
def gaps() -> None:
    """How many components have no owner, by kind and subdistrict."""
    lines = sorted(
        ((kind_of(kind).code, area or 0), kind, area, number) for (kind, area), number in register.ownerless().items()
    )
    for _place, kind, area, number in lines:
        name = own(places.area(area).names) if area else "—"
        click.echo(f"{number:>7}  {kind_of(kind).code} {kind_of(kind).names['zh-hans']}  {name}")
    click.echo(f"{sum(line[3] for line in lines)} components without an owner")


COMMANDS: list[click.Command] = [components]
