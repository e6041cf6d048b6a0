"""`civicloop bench seed`, `bench sizes` and `bench forget`: large databases that other benchmarks measure on."""

import json
import sys
from datetime import datetime
from typing import Any

import click

from civicloop.ops.bench_commands import _lines, _say, bench

Report = dict[str, Any]
_name = click.argument("name", callback=lambda _context, _parameter, value: _plain(value))
_json = click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")


def _plain(value: str) -> str:
    """A name that can be one of a folder and of a database."""
    if not value.isascii() or not value.isalnum() or value != value.lower() or len(value) > 30:
        raise click.BadParameter("up to 30 small letters and digits")
    return value


def _tell(found: Report, as_json: bool) -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for key, value in _lines(found):
            print(f"{key:<60} {value}")


def _said(words: str) -> None:
    """Progress; where nobody looks at a terminal, a line each."""
    if sys.stderr.isatty():
        _say(words)
    else:
        print(words, file=sys.stderr, flush=True)


@bench.command()
@click.argument("size", type=click.IntRange(20, 50_000_000))
@click.option("--name", default="", help="under which it is kept; else its size")
@click.option("--seed", "number", default=1, type=click.IntRange(0), help="another one makes other matters")
@click.option("--days", default=420, type=click.IntRange(10, 2000), help="over which they spread")
@click.option("--until", default=None, type=click.DateTime(), help="the end of these days (UTC); else now")
@click.option("--again", is_flag=True, help="anew, instead of going on or leaving it as it is")
@click.option("--prove", is_flag=True, help="also prove all timelines, all figures and the map's counts; takes long")
@_json
def seed(
    size: int, name: str, number: int, days: int, until: datetime | None, again: bool, prove: bool, as_json: bool
) -> None:  # fmt: skip
    """SIZE matters with true, whole histories in a city of 304 subdistricts; killed, it goes on where it was."""
    from civicloop.ops.bench import disk, instance, seeded, sizes

    here = instance.kept(_plain(name or str(size)))
    if again:
        instance.forget_kept(here)
    wanted = seeded.Plan(size, number, days, seeded.moment(until))
    try:
        plan, seconds = seeded.timed(here, wanted, _said)
    except (disk.NoRoom, ValueError) as reason:
        sys.exit(f"civicloop: {reason}")
    found: Report = {"bench": "seed", "name": here.folder.name, "seconds": seconds, **sizes.measured(here, plan.size)}
    if prove:
        found["proved"] = sizes.proved(here, _said)
    _tell(found, as_json)
    if prove and not found["proved"]["ok"]:
        sys.exit(1)


@bench.command("sizes")
@_name
@_json
def sizes_(name: str, as_json: bool) -> None:
    """Bytes by table and per million matters, rows of every cube, partitions, what retention gives back."""
    from civicloop.ops.bench import instance, seeded, sizes

    here = instance.kept(name)
    try:
        plan = seeded.ready(here)
    except seeded.NotReady as reason:
        sys.exit(f"civicloop: {reason}")
    _tell({"bench": "sizes", "name": name, **sizes.measured(here, plan.size)}, as_json)


@bench.command()
@_name
def forget(name: str) -> None:
    """Remove a seeded database with its folder."""
    from civicloop.ops.bench import instance

    instance.forget_kept(instance.kept(name))
    print("removed")


COMMANDS: list[click.Command] = []
