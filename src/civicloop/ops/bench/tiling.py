"""How long tiles of the map take: over HTTP, by zoom, plain and filtered, where matters lie densest most often."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connection

from civicloop.foundation import morton
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import City, build, token
from civicloop.ops.bench.client import Connection, Tally, quantiles, request, run
from civicloop.ops.bench.instance import instance

Json = dict[str, Any]
ZOOMS = (9, 10, 11, 12, 13, 14, 15, 16, 18)
FILTERS: Mapping[str, str] = {
    "plain": "", "all": "?state=all", "class": "?class=01", "overdue": "?due=overdue",
    "months": "?state=all&since={month}", "cells": "?by=cell", "district": "?area=990101",
}  # fmt: skip
FOLDED = 200  # reports that are folded at once


def tiles(size: int, clients: Sequence[int], number: int, say: Callable[[str], None]) -> Json:
    """p50, p95 and p99 of tiles by zoom and filter at each number of clients; the slowest p95 of all as a ratio."""
    from civicloop.onemap import actions

    results: Json = {}
    with instance() as here:
        say("a small city and its matters")
        city = build()
        leader = token("leader", "leader", (), *_centre())
        seeding.fill(size, city, here.owner, lambda done: say(f"{done:,} matters"), spread=True)
        say("counts")
        began = time.perf_counter()
        counts = actions.rebuild()
        results["rebuild"] = {"counts": counts, "seconds": round(time.perf_counter() - began, 2)}
        results["fold"] = _fold(city)
        _analyse(here.owner)
        here.serve()
        draw = random.Random(11)
        asked = {zoom: _addresses(zoom, number, draw) for zoom in ZOOMS}
        for at_once in clients:
            results[str(at_once)] = {}
            for name, query in FILTERS.items():
                say(f"{name}, {at_once} clients")
                results[str(at_once)][name] = {
                    str(zoom): _measured(
                        here.port, leader, at_once, [path + query.format(month=_month()) for path in paths]
                    )
                    for zoom, paths in asked.items()
                }
    worst = [
        (line["p95_ms"], f"{clients_} {name} z{zoom}")
        for clients_ in map(str, clients)
        for name, zooms in results[clients_].items()
        for zoom, line in zooms.items()
        if "p95_ms" in line
    ]  # fmt: skip
    slowest = max(worst)
    return {"results": results, "ratios": {"slowest_p95_ms": slowest[0], "slowest": slowest[1]}}


def _centre() -> tuple[int, int]:
    """The unit and the area of a post of the whole city."""
    from civicloop.people.models import Unit

    unit = Unit.objects.get(code="city-duty")
    return unit.id, unit.area_id


def _month() -> str:
    from civicloop.foundation import clock

    return f"{clock.now():%Y-%m}"


def _fold(city: City) -> Json:
    """Reports by the real action, then one folding of what they left."""
    from civicloop.foundation import clock
    from civicloop.matters import actions as matters
    from civicloop.onemap import actions
    from civicloop.people import access

    draw, now = random.Random(13), clock.now()
    for _number in range(FOLDED):
        matters.report(access.system("bench"), seeding.report_of(draw, city, now))
    began = time.perf_counter()
    moved = actions.fold()
    return {"changes": moved, "seconds": round(time.perf_counter() - began, 3), "differences": actions.differences()}


def _analyse(owner: str) -> None:
    import psycopg

    with psycopg.connect(owner, autocommit=True) as line:
        line.execute("VACUUM (ANALYZE)")


def _addresses(zoom: int, number: int, draw: random.Random) -> list[str]:
    """Tiles that hold matters drawn by chance: dense ones come more often."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cell FROM matters_matter WHERE cell IS NOT NULL ORDER BY id LIMIT 200000")
        cells = [cell for (cell,) in cursor.fetchall()]
    shift = morton.ZOOM - zoom
    return [
        f"/tiles/matters/{zoom}/{morton.column(cell) >> shift}/{morton.column(cell >> 1) >> shift}.mvt"
        for cell in draw.choices(cells, k=number)
    ]  # fmt: skip


def _measured(port: int, token_: str, clients: int, paths: Sequence[str]) -> Json:
    """Every tile asked for once by each client; the first round warms and is not counted."""
    ready = [request("GET", path, token_) for path in paths]
    connections: dict[int, Connection] = {}
    turns: dict[int, int] = {}

    def work(client: int, tally: Tally) -> None:
        connection_ = connections.setdefault(client, Connection(port))
        turn = turns[client] = turns.get(client, -1) + 1
        status, _body = connection_.send(ready[turn % len(ready)])
        if status != 200:
            tally.error(f"status {status}")

    run(clients, 0.3, work)
    _took, tally = run(clients, max(0.5, len(paths) / 60), work)
    return {**quantiles(tally.pieces), "errors": tally.errors} if tally.errors else quantiles(tally.pieces)
