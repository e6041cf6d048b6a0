"""`demo`: load a city from its files and replay matters through the real actions."""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import click

from civicloop.foundation import caches, clock
from civicloop.ops import loading

PARTS = 2
CITIES = Path(__file__).resolve().parents[3] / "cities"
BEFORE = timedelta(days=5)  # the city's own data are in force before the first matter


def _say(words: str, share: float) -> None:
    loading.tell(words, share)
    print(f"{share:5.0%}  {words}", file=sys.stderr, flush=True)


@click.command()
@click.option("--city", "folder", default=None, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--matters", "number", default=3000, type=click.IntRange(0, 1_000_000))
@click.option("--seed", default=1, type=int)
@click.option("--resume", is_flag=True, help="go on with a load that was begun (the same as running it again)")
@click.option("--part", default=None, type=int, hidden=True)
def demo(folder: Path | None, number: int, seed: int, resume: bool, part: int | None) -> None:
    """Load a city and replay its last 60 days; repeating it changes nothing."""
    city = folder or only_city()
    loading.begin()
    now = loading.started() or clock.now()
    if part is not None:
        _play(city, number, seed, now, part)
        return
    started = time.monotonic()
    try:
        _reference(city, now, seed)
        _children(city, number, seed)
        _orders(city, seed, now)
    except Exception as trouble:
        loading.fail(str(trouble))
        raise
    loading.finish()
    print(f"The city is loaded ({time.monotonic() - started:.0f} s).", file=sys.stderr)


def only_city() -> Path:
    """The city that ships with the project. Raises click.UsageError when there is none, or several."""
    found = sorted(path.parent for path in CITIES.glob("*/city.toml"))
    if len(found) != 1:
        raise click.UsageError(f"{len(found)} cities in {CITIES}: name one with --city DIR")
    return found[0]


def _reference(city: Path, now: datetime, seed: int) -> None:
    """Areas, calendars, units, people, catalogue, components, procedures: in force before the first matter."""
    from civicloop.calendars import actions as calendars
    from civicloop.catalogue import actions as catalogue
    from civicloop.deskwork import actions as deskwork
    from civicloop.deskwork import files
    from civicloop.ops.demo import components, play
    from civicloop.people import access, city_files
    from civicloop.places import actions as places
    from civicloop.procedures import actions as procedures
    from civicloop.procedures.rules.reading import SHIPPED
    from civicloop.site.demonstration import PASSWORD

    system = access.system("demo")
    with clock.at(play.begin(now) - BEFORE):
        places.load_city(folder=city, progress=lambda part, share: _say(part, share * 0.15))
        caches.forget_all()
        _say("calendars", 0.15)
        calendars.load_shipped(actor_id=None, actor_words="demo")
        _say("units", 0.17)
        city_files.load_units(system, folder=city)
        _say("people", 0.2)
        city_files.load_people(system, folder=city, password=PASSWORD)
        city_files.load_delegations(system, folder=city)
        _say("catalogue", 0.25)
        catalogue.load_city(system, city_dir=city)
        _say("components", 0.27)
        components.load(city, seed=seed)
        _say("procedures", 0.28)
        # procedures whose guards no room registers yet are proved by the tests and loaded later
        paths = [path for path in sorted(SHIPPED.glob("*.toml")) if path.stem != "mediation"]
        paths += sorted((city / "procedures").glob("*.toml"))  # the city's own numbers: files that adapt ours
        procedures.load_files(actor_id=None, paths=paths, effective_from=clock.now())
        for phrases in (files.SHIPPED, city / "phrases.csv"):  # what comes with the product, then the city's own
            if phrases.exists():
                deskwork.save_phrases(system, files.read(phrases.read_bytes()), unit=None)
    caches.forget_all()


def _children(city: Path, number: int, seed: int) -> None:
    """Replay in several processes; each takes a share of the matters."""
    environment = os.environ | {"CIVICLOOP_FSYNC": "0"}
    command = [sys.executable, "-m", "civicloop.ops.cli", "demo", "--city", str(city), "--matters", str(number)]
    running = [
        subprocess.Popen([*command, "--seed", str(seed), "--part", str(part)], env=environment) for part in range(PARTS)
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise RuntimeError(f"a part of the replay ended with {max(codes)}")


def _orders(city: Path, seed: int, now: datetime) -> None:
    """What becomes of supervision orders, when all matters are told, and what many report at once."""
    from civicloop.ops.demo import cluster, orders

    _say("supervision orders", 0.99)
    orders.play(folder=city, seed=seed, now=now)
    _say("reports of the same", 0.995)
    cluster.play(folder=city, seed=seed, now=now)


def _play(city: Path, number: int, seed: int, now: datetime, part: int) -> None:
    from civicloop.ops.demo import play

    def progress(done: int, total: int) -> None:
        if part == 0:
            _say(f"matters: {done * PARTS} of {total * PARTS}", 0.3 + 0.7 * done / max(1, total))

    faults = play.play(folder=city, number=number, seed=seed, now=now, part=part, parts=PARTS, progress=progress)
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    if faults:  # the city lives without them; a test holds that there are none
        print(f"{len(faults)} scripts ended before their end", file=sys.stderr)


COMMANDS: list[click.Command] = [demo]
