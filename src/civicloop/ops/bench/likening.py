"""Reports of the same: how many planted repetitions are found, how many suggestions are right, how long a hint takes.

Planted are pairs told in other words, up to 60 m away, up to three days later, the kind known half the time, among as
many others as a quarter reports. The hint's times are taken in process, at places where reports lie.
"""

import math
import random
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicloop.foundation import coordinates
from civicloop.matters import likeness
from civicloop.matters.likeness import Told
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import KIND, build
from civicloop.ops.bench.client import quantiles
from civicloop.ops.bench.instance import instance
from civicloop.ops.bench.runs import Json, Say

OTHERS, PLANTED = 400, 100
AROUND, APART = 1000.0, 60.0  # metres
SEEDS = (7, 11, 23)
WARM = 20
Placed = tuple[Told, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Quality:
    """How many of the planted were found, and which share of what was suggested was planted."""

    recall: float
    precision: float
    suggested: int


def moved(lon: float, lat: float, metres: float, bearing: float) -> tuple[float, float]:
    """The point so many metres away in a direction (radians from the east)."""
    east, north = metres * math.cos(bearing), metres * math.sin(bearing)
    return lon + east / (111_320 * math.cos(math.radians(lat))), lat + north / 111_320


def quality(folder: Path, seeds: Sequence[int] = SEEDS, centre: tuple[float, float] = (117.02, 39.05)) -> Quality:
    """Recall and precision over the planted pairs of some seeds; `folder` holds a demonstration's texts."""
    texts = tomllib.loads((folder / "texts.toml").read_text(encoding="utf-8"))
    found = right = planted = 0
    for seed in seeds:
        rows, pairs = _plant(texts, random.Random(seed), centre)
        planted += len(pairs)
        for repetition, original in pairs:
            said = _suggested(rows, repetition)
            found += len(said)
            right += original in said
    return Quality(right / planted, right / found if found else 0.0, found)


def _plant(
    texts: Mapping[str, Any], draw: random.Random, centre: tuple[float, float]
) -> tuple[list[Placed], list[tuple[int, int]]]:
    kinds = [each for each in texts["kind"] if len(each["texts"]) > 1]

    def told(kind: Mapping[str, Any], text: str, at: str) -> Told:
        known = str(kind["code"]) if draw.random() < 0.5 else ""
        return Told.of("", text.replace("{at}", at), known, known[:2])

    def somewhere() -> tuple[float, float]:
        return moved(*centre, AROUND * math.sqrt(draw.random()), draw.random() * 2 * math.pi)

    rows: list[Placed] = []
    for _n in range(OTHERS):
        kind = draw.choice(kinds)
        rows.append((told(kind, draw.choice(kind["texts"]), draw.choice(texts["places"])), somewhere()))
    pairs = []
    for _n in range(PLANTED):
        kind, at, place = draw.choice(kinds), draw.choice(texts["places"]), somewhere()
        one, other = draw.sample(kind["texts"], 2)
        away = moved(*place, APART * draw.random(), draw.random() * 2 * math.pi)
        rows += [(told(kind, one, at), place), (told(kind, other, at), away)]
        pairs.append((len(rows) - 1, len(rows) - 2))
    return rows, pairs


def _suggested(rows: Sequence[Placed], number: int) -> set[int]:
    """What is suggested for one of the rows, as matters.alike compares it."""
    mine, here = rows[number]
    away = {at: coordinates.metres(here, there) for at, (_told, there) in enumerate(rows) if at != number}
    near = [at for at, metres in away.items() if metres < likeness.FAR]
    weights = likeness.rarity([mine, *(rows[at][0] for at in near)])
    return {at for at in near if likeness.compare(mine, rows[at][0], away[at], weights).suggested}


def alike(folder: Path, sizes: Sequence[int], asked: int, say: Say) -> Json:
    """Recall and precision on the city's texts, and the hint's times at each number of matters."""
    say("planted repetitions")
    good = quality(folder)
    times: dict[str, Any] = {}
    with instance() as here:
        say("a small city and its matters")
        city = build()
        for size in sizes:
            seeding.fill(size, city, here.owner, lambda done: say(f"{done:,} matters"))
            say(f"{asked} hints at {size:,}")
            times[str(size)] = _hints(asked)
    return {
        "results": {
            "planted": {"recall": round(good.recall, 3), "precision": round(good.precision, 3),
                        "suggested": good.suggested},
            "hint_ms": times,
        },
        "ratios": {"p95_largest_by_smallest": round(
            times[str(sizes[-1])]["p95_ms"] / max(0.001, times[str(sizes[0])]["p95_ms"]), 2)},
    }  # fmt: skip


def _hints(asked: int) -> dict[str, Any]:
    """Times of hints at places of matters that are there, and the most rows that one of them looked at."""
    from civicloop.matters import hints, nearby
    from civicloop.matters.models import Matter

    draw = random.Random(5)
    points = list(Matter.objects.exclude(lon=None).order_by("-id").values_list("lon", "lat", "text")[:2000])
    measured, told, rows = [], 0, 0
    for number in range(WARM + asked):
        lon, lat, text = draw.choice(points)
        x, y = moved(lon or 0.0, lat or 0.0, APART * draw.random(), draw.random() * 2 * math.pi)
        wanted = hints.about(x, y, "wgs84", text=text, kind=KIND)
        if wanted is None:
            continue
        began = time.perf_counter()
        found = hints.hints(wanted)
        if number >= WARM:
            measured.append(time.perf_counter() - began)
            told += bool(found)
            rows = max(rows, len(nearby.near(x, y, likeness.FAR, days=hints.DAYS)))
    return {**quantiles(measured), "hinted": told, "most_rows": rows}
