"""`civicloop bench …`: measures this version on this machine and prints ratios taken in one run."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

DEFAULT_SIZE = 10_000


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    try:
        found = [int(part) for part in value.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1 or max(found) > 256:
        raise click.BadParameter("numbers from 1 to 256 with commas, such as 1,8,32")
    return found


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout"),
        click.option("--seconds", default=3.0, type=click.FloatRange(0.5, 600), help="length of each measurement"),
        click.option("--clients", default="1,8,32", callback=_numbers, help="how many at once, with commas"),
    ):
        command = option(command)
    return command


_sizes = click.option(
    "--size", "sizes", multiple=True, type=click.IntRange(0, 10_000_000),
    help="matters there beforehand; may be repeated",
)  # fmt: skip
_seeded = click.option(
    "--from", "names", multiple=True, metavar="NAME",
    help="measure on what bench seed has made, instead of a size; may be repeated",
)  # fmt: skip


def _measured(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    from civicloop.ops.bench.seeded import NotReady

    try:
        return work()
    except NotReady as reason:
        sys.exit(f"civicloop: {reason}")


@click.group()
def bench() -> None:
    """Measure, each in a throw-away database that is removed afterwards, or in one that bench seed has made."""


def _say(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{words} …", end="", file=sys.stderr, flush=True)


def _print(name: str, size: int | Sequence[int], clients: Sequence[int], found: dict[str, Any], as_json: bool) -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    document = {"bench": name, "size": size, "clients": list(clients), **found}
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
        return
    for key, value in _lines(found):
        print(f"{key:<48} {value}")


def _sizes_of(found: dict[str, Any]) -> int | list[int]:
    """The sizes that the results are of."""
    sizes = [int(size) for size in found["results"]]
    return sizes if len(sizes) > 1 else sizes[0]


def _lines(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in _lines(each, f"{path} {key}".strip())]
    return [(path, value)]


@bench.command()
@_options
@click.option("--size", default=DEFAULT_SIZE, type=click.IntRange(0, 10_000_000), help="matters there beforehand")
def intake(clients: list[int], seconds: float, as_json: bool, size: int) -> None:
    """Reports per second over HTTP, beside a bare driver loop that writes the same rows."""
    from civicloop.ops.bench import runs

    _print("intake", size, clients, runs.intake(clients, seconds, size, _say), as_json)


@bench.command()
@_options
@click.option("--size", default=DEFAULT_SIZE, type=click.IntRange(0, 10_000_000), help="matters there beforehand")
def limit(clients: list[int], seconds: float, as_json: bool, size: int) -> None:
    """The bare driver loop at the same connections, and which share of it the product reaches."""
    from civicloop.ops.bench import runs

    found = runs.intake(clients, seconds, size, _say)
    found["results"] = {
        number: {"rows_per_second": line["limit_per_second"], "intake_per_second": line["requests_per_second"]}
        for number, line in found["results"].items()
    }
    _print("limit", size, clients, found, as_json)


@bench.command()
@_options
@_sizes
@_seeded
def lifecycle(
    clients: list[int], seconds: float, as_json: bool, sizes: tuple[int, ...], names: tuple[str, ...]
) -> None:  # fmt: skip
    """Whole matters per second over HTTP: report, file, dispatch … check by another, close, find."""
    from civicloop.ops.bench import runs

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = _measured(lambda: runs.lifecycle(clients, seconds, wanted, _say, names))
    _print("lifecycle", _sizes_of(found), clients, found, as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--size", default=DEFAULT_SIZE, type=click.IntRange(100, 10_000_000), help="matters to prove")
def verify(as_json: bool, size: int) -> None:
    """Timelines and daily roots proved per second; and whether what the owner changed is found."""
    from civicloop.ops.bench import runs

    _print("verify", size, [1], runs.verify(size, _say), as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option(
    "--size", "sizes", multiple=True, type=click.IntRange(100, 10_000_000), help="open clocks; may be repeated"
)
@click.option("--due", default=500, type=click.IntRange(1, 1_000_000), help="marks that fall due in one minute")
@click.option("--workers", default=2, type=click.IntRange(1, 16))
def sweep(as_json: bool, sizes: tuple[int, ...], due: int, workers: int) -> None:
    """Marks of deadlines: a round while nothing is due, and many that fall due in one minute."""
    from civicloop.ops.bench import sweeping

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = sweeping.sweep(wanted, due, workers, _say)
    _print("sweep", wanted if len(wanted) > 1 else wanted[0], [workers], found, as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@_sizes
@_seeded
@click.option("--clients", default="1,4", callback=_numbers, help="how many at once, with commas")
@click.option("--tiles", "number", default=60, type=click.IntRange(5, 1000), help="tiles asked for at each zoom")
def tiles(as_json: bool, sizes: tuple[int, ...], names: tuple[str, ...], clients: list[int], number: int) -> None:
    """Tiles of the map by zoom, plain and filtered, over HTTP; and how long folding takes."""
    from civicloop.ops.bench import tiling

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = _measured(lambda: tiling.tiles(wanted, clients, number, _say, names))
    _print("tiles", _sizes_of(found), clients, found, as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--city", "folder", default=None, type=click.Path(exists=True, file_okay=False, path_type=Path))
@_sizes
@click.option("--hints", "asked", default=300, type=click.IntRange(10, 100_000), help="hints to be measured")
def alike(as_json: bool, folder: Path | None, sizes: tuple[int, ...], asked: int) -> None:
    """Reports of the same: recall and precision on planted repetitions, and how long a hint takes."""
    from civicloop.ops.bench import likening
    from civicloop.ops.demo_commands import only_city

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = likening.alike((folder or only_city()) / "demo", wanted, asked, _say)
    _print("alike", wanted if len(wanted) > 1 else wanted[0], [1], found, as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--city", "folder", default=None, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--size", default=DEFAULT_SIZE, type=click.IntRange(1, 10_000_000), help="points to ask for")
@click.option("--components", default=0, type=click.IntRange(0, 10_000_000), help="also: the nearest of so many")
def locate(as_json: bool, folder: Path | None, size: int, components: int) -> None:
    """Point to path of areas, in process, among all grids of a city; and to the nearest components of a register."""
    from civicloop.ops.bench import locating
    from civicloop.ops.demo_commands import only_city

    _print("locate", size, [1], locating.locate(folder or only_city(), size, _say, components=components), as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--city", "folder", default=None, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--size", default=DEFAULT_SIZE, type=click.IntRange(1, 10_000_000), help="random points, each with a kind"
)
def route(as_json: bool, folder: Path | None, size: int) -> None:
    """How long a point and a kind take to find who answers, and by what: rules, list of duties or duty desk."""
    from civicloop.ops.bench import routing
    from civicloop.ops.demo_commands import only_city

    _print("route", size, [1], routing.route(folder or only_city(), size, _say), as_json)


@bench.command()
@_options
@_sizes
@_seeded
def worklist(
    clients: list[int], seconds: float, as_json: bool, sizes: tuple[int, ...], names: tuple[str, ...]
) -> None:  # fmt: skip
    """First pages of lists over HTTP, with each filter that the pages offer, for several roles."""
    from civicloop.ops.bench import reading

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = _measured(lambda: reading.worklist(clients, seconds, wanted, _say, names))
    _print("worklist", _sizes_of(found), clients, found, as_json)


@bench.command()
@_options
@_sizes
@_seeded
def search(
    clients: list[int], seconds: float, as_json: bool, sizes: tuple[int, ...], names: tuple[str, ...]
) -> None:  # fmt: skip
    """Searches over HTTP: common and rare words, words that stand together, numbers, for several roles."""
    from civicloop.ops.bench import reading

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = _measured(lambda: reading.search(clients, seconds, wanted, _say, names))
    _print("search", _sizes_of(found), clients, found, as_json)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--size", default=DEFAULT_SIZE, type=click.IntRange(0, 10_000_000), help="matters there beforehand")
@_seeded
@click.option("--seconds", default=60.0, type=click.FloatRange(4, 3600), help="length of the whole shape")
@click.option("--factor", default=1.0, type=click.FloatRange(0.05, 20), help="times the published arrival rates")
def spikes(as_json: bool, size: int, names: tuple[str, ...], seconds: float, factor: float) -> None:
    """Matters that arrive in waves of 1, 15, 1, 25, 2, 35, 10 lifecycles a second, done or not."""
    from civicloop.ops.bench import spiking

    found = _measured(lambda: spiking.spikes(seconds, factor, size, _say, names))
    _print("spikes", found["results"]["matters"], [spiking.CLIENTS], found, as_json)


@bench.command()
@_options
@_sizes
@_seeded
def dashboard(
    clients: list[int], seconds: float, as_json: bool, sizes: tuple[int, ...], names: tuple[str, ...]
) -> None:  # fmt: skip
    """Pages and calls of figures over HTTP, for signed-in posts of city, district and subdistrict."""
    from civicloop.ops.bench import dashboards

    wanted = sorted(set(sizes)) or [DEFAULT_SIZE]
    found = _measured(lambda: dashboards.dashboard(clients, seconds, wanted, _say, names))
    _print("dashboard", _sizes_of(found), clients, found, as_json)


COMMANDS: list[click.Command] = [bench]
