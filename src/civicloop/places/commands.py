"""`places` on the command line: load a city, import a layer, ask where a point lies."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click
import shapely

from civicloop.foundation import clock, coordinates, locality, moments, names, spreadsheets
from civicloop.places import actions, cities, proposals, reading, selectors
from civicloop.places.areas import ImportRefused
from civicloop.places.models import LEVELS, OVERLAY
from civicloop.places.reading import COLUMNS


@click.group()
def places() -> None:
    """Areas, grids and boundaries."""


@places.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def load(folder: Path) -> None:
    """All areas of a city's folder; repeating it changes nothing."""
    try:
        change = actions.load_city(
            folder=folder, progress=lambda part, share: click.echo(f"{share:4.0%} {part}", err=True)
        )
    except (cities.CityRefused, ImportRefused) as reason:
        sys.exit(f"civicloop: {reason}")
    _say(change)


@places.command("import")
@click.option("--level", required=True, type=click.Choice([*LEVELS, OVERLAY]))
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", required=True, type=click.Choice(coordinates.SYSTEMS))
@click.option("--layer", default=None, help="full_grid for grids; for overlays a name such as police or court")
@click.option("--effective", default=None, help="date or moment from which it holds (default: now)")
@click.option("--field", "fields", multiple=True, metavar="OURS=THEIRS", help="a column of another name: code=zone_id")
@click.option("--json", "as_json", is_flag=True, help="one JSON document that says what changed")
def import_(
    level: str, path: Path, crs: str, layer: str | None, effective: str | None, fields: tuple[str, ...], as_json: bool
) -> None:
    """CSV (code, name and what `export` writes beside) or GeoJSON in; new versions, never an overwrite."""
    try:
        at = moments.read(effective, locality.zone_name()) if effective else clock.now()
    except ValueError:
        sys.exit(f"civicloop: --effective: {effective!r} is no date or moment; write 2026-07-01")
    try:
        named = dict(each.split("=", 1) for each in fields)
        found = reading.areas(path.read_bytes(), path.name, level=level, crs=crs, layer=layer, fields=named)
        change = actions.take(found.areas, at=at)
    except (ImportRefused, ValueError, csv.Error) as reason:
        faults = reason.faults if isinstance(reason, ImportRefused) else [str(reason)]
        print(f"civicloop: nothing of {path.name} was taken:", *faults[:20], sep="\n  ", file=sys.stderr)
        sys.exit(1)
    if as_json:
        said: dict[str, Any] = {"created": change.created, "changed": change.changed}
        said |= {"unchanged": len(change.unchanged)} | ({"mended": found.mended} if found.mended else {})
        print(json.dumps(said, ensure_ascii=False))
        return
    _say(change)
    for line in found.mended:
        print(f"  {line}")


@places.command(context_settings={"ignore_unknown_options": True})  # a number may begin with a minus
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--crs", required=True)
@click.option("--at", default=None, help="date or moment; boundaries of that time")
@click.option("--json", "as_json", is_flag=True)
def locate(lon: float, lat: float, crs: str, at: str | None, as_json: bool) -> None:
    """The areas that hold a point, from the city down to the grid."""
    try:
        moment = moments.read(at, locality.zone_name()) if at else None
        found = selectors.locate_at(lon, lat, crs, moment) if moment else selectors.locate(lon, lat, crs)
    except (selectors.ImpossibleCoordinates, ValueError) as reason:
        sys.exit(f"civicloop: impossible point: {reason}")
    answer: dict[str, Any] = {
        "areas": [
            {"level": level, "code": ref.code, "name": names.own(ref.names), "synthetic": ref.synthetic}
            for level, ref in found.areas.items()
        ],
        "overlays": [
            {"level": ref.level, "layer": ref.layer, "code": ref.code, "name": names.own(ref.names),
             "synthetic": ref.synthetic}
            for ref in found.overlays
        ],
        "crs_in": crs,
    }  # fmt: skip
    if found.reason:
        answer["reason"] = found.reason
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["areas"]:
        print(f"{each['level']:<12} {each['code']:<16} {each['name']}")
    if found.reason:
        print(found.reason)
    for each in answer["overlays"]:
        print(f"{each['layer']:<12} {each['code']:<16} {each['name']}")


@places.command()
@click.option("--level", required=True, type=click.Choice([*LEVELS, OVERLAY]))
@click.option("--layer", default=None, help="only this layer; needed for overlays when there are several")
def export(level: str, layer: str | None) -> None:
    """The areas of a level as the CSV that `import` reads."""
    versions = [row for row in selectors.versions_now(level) if layer in (None, row.layer)]
    layers = sorted({row.layer for row in versions})
    if level == OVERLAY and len(layers) > 1:
        sys.exit(f"civicloop: say which overlays with --layer: {', '.join(layers)}")
    rows = []
    for row in versions:
        parent = selectors.area(row.parent_id).code if row.parent_id else ""
        wkt = shapely.to_wkt(shapely.from_wkb(bytes(row.polygon)), rounding_precision=-1) if row.polygon else ""
        both, synthetic = (names.own(row.names), row.names.get("en", "")), "yes" if row.synthetic else "no"
        rows.append((row.code, *both, parent, row.organ_kind, synthetic, row.scheme, row.source, wkt))
    click.echo(spreadsheets.written(COLUMNS, rows), nl=False)


@places.command()
@click.option("--level", required=True, type=click.Choice(LEVELS[1:]), help="of rows that name none")
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", required=True, type=click.Choice(coordinates.SYSTEMS))
@click.option("--effective", required=True, help="date or moment from which it is to hold")
@click.option("--title", required=True)
@click.option("--reason", required=True, help="why, and by which paper")
def propose(level: str, path: Path, crs: str, effective: str, title: str, reason: str) -> None:
    """Propose new boundaries; somebody who is signed in decides about them (docs/places.md)."""
    try:
        at = moments.read(effective, locality.zone_name())
        plan = proposals.read(path.read_bytes(), path.name, level=level, crs=crs)
        row = proposals.propose(proposals.By(), title=title, reason=reason, file=path.name, plan=plan, effective_at=at)
    except (ImportRefused, proposals.ProposalRefused, ValueError, csv.Error) as refused:
        faults = refused.faults if isinstance(refused, ImportRefused) else [str(refused)]
        print("civicloop: nothing was proposed:", *faults[:20], sep="\n  ", file=sys.stderr)
        sys.exit(1)
    print(f"proposal {row.pk}: {len(plan.areas)} areas, {len(plan.ended)} end; it waits for somebody to decide")
    for line in [*plan.said, *(f"{flaw.what} {' · '.join(flaw.codes)}: {flaw.square_metres} m²"
                               for flaw in proposals.compared(row).flaws[:20])]:  # fmt: skip
        print(f"  {line}")


@places.command("proposals")
def list_proposals() -> None:
    """Proposals of new boundaries, newest first."""
    for row in proposals.listed():
        print(f"{row.pk:>6} {row.state:<10} {row.effective_at.isoformat()} {row.title}")


@places.command()
@click.argument("number", type=int)
@click.option("--reason", default="")
def withdraw(number: int, reason: str) -> None:
    """Take a proposal back that does not hold yet."""
    try:
        proposals.withdraw(proposals.By(), proposal_id=number, words=reason)
    except proposals.ProposalRefused as refused:
        sys.exit(f"civicloop: {refused}")
    print(f"proposal {number} was withdrawn")


def _say(change: actions.Change) -> None:
    print(f"{len(change.created)} new, {len(change.changed)} changed, {len(change.unchanged)} unchanged")
    for code in change.changed[:20]:
        print(f"  changed {code}")


COMMANDS: list[click.Command] = [places]
