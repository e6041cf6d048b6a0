"""How long tiles of the map take: over HTTP, by zoom, plain and filtered, where matters lie densest most often."""

import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection

from civicloop.foundation import morton
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import City, token
from civicloop.ops.bench.client import Connection, Tally, quantiles, request, run
from civicloop.ops.bench.grounds import grounds

Json = dict[str, Any]
Say = Callable[[str], None]
ZOOMS = (9, 10, 11, 12, 13, 14, 15, 16, 18)
FILTERS: Mapping[str, str] = {
    "plain": "", "all": "?state=all", "class": "?class=01", "overdue": "?due=overdue",
    "months": "?state=all&since={month}", "cells": "?by=cell", "district": "?area=990101",
    "kind": "?state=all&kind={kind}", "kind-open": "?kind={kind}",
}  # fmt: skip
FOLDED = 200  # reports that are folded at once


def tiles(
    sizes: Sequence[int], clients: Sequence[int], number: int, say: Say, names: Sequence[str] = ()
) -> Json:  # fmt: skip
    """p50, p95 and p99 of tiles by size, number of clients, filter and zoom; the slowest p95 of all as a ratio."""
    results: Json = {}
    slowest: list[tuple[float, str]] = []
    for size, here, city in grounds(sizes, names, say, partial(seeding.fill, spread=True)):
        leader = token(f"leader-{secrets.token_hex(3)}", "leader", (), *_centre())
        found = results[str(size)] = _counts(city, say, anew=not names)
        _analyse(here.owner)
        here.serve()
        draw, kind = random.Random(11), _kind()
        asked = {zoom: _addresses(zoom, number, draw) for zoom in ZOOMS}
        for at_once in clients:
            found[str(at_once)] = {}
            for name, query in FILTERS.items():
                say(f"{size:,} matters, {name}, {at_once} clients")
                lines = {
                    str(zoom): _measured(
                        here.port, leader, at_once, [path + query.format(month=_month(), kind=kind) for path in paths]
                    )
                    for zoom, paths in asked.items()
                }
                found[str(at_once)][name] = lines
                slowest += [(line["p95_ms"], f"{size} matters, {at_once} {name} z{zoom}")
                            for zoom, line in lines.items() if "p95_ms" in line]  # fmt: skip
    worst = max(slowest)
    return {"results": results, "ratios": {"slowest_p95_ms": worst[0], "slowest": worst[1]}}


def _counts(city: City, say: Say, *, anew: bool) -> Json:
    """How many counts there are; how long making them anew takes, unless they came with the matters, and folding."""
    from civicloop.onemap import actions
    from civicloop.onemap.models import KindRollup, Rollup

    say("counts")
    if not anew:
        return {"counts": Rollup.objects.count(), "of_kinds": KindRollup.objects.count(), "fold": _fold(city)}
    began = time.perf_counter()
    counts = actions.rebuild()
    return {"rebuild": {"counts": counts, "seconds": round(time.perf_counter() - began, 2)}, "fold": _fold(city)}


def _centre() -> tuple[int, int]:
    """The unit and the area of a post of the whole city."""
    from civicloop.people.models import Unit

    unit = Unit.objects.get(code="city-duty")
    return unit.id, unit.area_id


def _month() -> str:
    from civicloop.foundation import clock

    return f"{clock.now():%Y-%m}"


def _kind() -> str:
    """The kind of the most matters."""
    from civicloop.catalogue import selectors as catalogue
    from civicloop.onemap.filters import code_of

    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM onemap_kindrollup WHERE level = 1 GROUP BY 1 ORDER BY sum(n) DESC, 1 LIMIT 1")
        return code_of(catalogue.kind(cursor.fetchone()[0]))


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
