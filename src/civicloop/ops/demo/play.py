"""The replay: many scripts in the order of simulated time, each acting through the real actions.

Repeating a replay is harmless: ids come from the seed, so what is there already answers that it is. Several processes
may share the matters by number; they meet nowhere but in the database.
"""

import heapq
import random
import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from django.db import connection

from civicloop.figures import folding
from civicloop.foundation import clock
from civicloop.ops.demo import scenarios, scripts, waiting
from civicloop.ops.demo.cast import Cast
from civicloop.ops.demo.components import Register
from civicloop.ops.demo.orders import Pushed
from civicloop.ops.demo.player import Place, Player
from civicloop.people.models import Holding, Unit
from civicloop.places.models import AreaVersion

DAYS = 60
FOLD_EVERY = 200  # steps of scripts between two foldings, at the simulated time
HOMES = {"community": 0.05, "subdistrict": 0.07, "district": 0.08}
LATELY = 0.2  # share of the matters reported within the last day and a half: what is open when somebody looks
FRESH = len(waiting.WAITING)  # the last matters wait at the desks of the sign-ins: nobody looks at an empty one
Progress = Callable[[int, int], None]


def begin(now: datetime) -> datetime:
    """The first moment of the replay: everything of the city is in force before it."""
    return now - timedelta(days=DAYS)


def places_of(number: int, draw: random.Random) -> list[Place]:
    """Points inside grids: spread over the city, and thicker where those who sign in to look have their posts."""
    from civicloop.places import selectors

    versions = AreaVersion.objects.filter(valid_to=None, area__level="grid").order_by("code")
    grids = list(versions.values_list("area_id", "polygon", "code"))
    shares = [(share, [g for g in grids if g[2].startswith(code)]) for code, share in _homes()]
    found = []
    for index in range(number):
        at, among = draw.random(), grids
        if _is_fresh(index, number):
            at = _begin_of(_waiting(index, number)[1], shares)
        for share, near in shares:
            if at < share and near:
                among = near
                break
            at -= share
        area, polygon, _code = among[draw.randrange(len(among))]
        point = shapely.point_on_surface(shapely.from_wkb(bytes(polygon or b"")))
        path = selectors.path(area)
        found.append(Place(point.x, point.y, {level: ref.id for level, ref in path.items() if level != "city"}))
    return found


def _is_fresh(index: int, number: int) -> bool:
    return index >= max(2 * len(scenarios.SCENARIOS), number - FRESH)


def _waiting(index: int, number: int) -> tuple[scripts.Scenario, str, int]:
    """What waits, where, and since when at most: the last matter takes the last line."""
    return waiting.WAITING[index - number]


def _begin_of(level: str, shares: Sequence[tuple[float, object]]) -> float:
    """Where the areas of a level begin among the shares."""
    place = next((place for place, (share, _near) in enumerate(shares) if share == HOMES[level]), len(shares))
    return sum(share for share, _near in shares[:place])


def _homes() -> list[tuple[str, float]]:
    """(code of an area, share of all matters) of the areas where the sign-ins of the demonstration have their posts."""
    holders = Holding.objects.filter(until=None, account__demonstration=True, post__area__level__in=HOMES)
    areas = set(holders.values_list("post__area_id", "post__area__level"))
    codes = dict(AreaVersion.objects.filter(valid_to=None).values_list("area_id", "code"))
    # codes of lower areas begin with those of the upper ones, whose trailing zeros say nothing
    cut = {"community": 12, "subdistrict": 9, "district": 6}
    return sorted(((codes[area][: cut[level]], HOMES[level]) for area, level in areas), reverse=True)


def play(
    *, folder: Path, number: int, seed: int, now: datetime, part: int = 0, parts: int = 1, progress: Progress
) -> list[str]:
    """Replay `number` matters ending at `now`; this process takes those whose number is `part` modulo `parts`.

    Returns the faults of scripts, as words; a fault ends its matter's script only.
    """
    texts = tomllib.loads((folder / "demo" / "texts.toml").read_text(encoding="utf-8"))
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # the load may be repeated; what people do later is durable
    with clock.at(now):
        cast = Cast.read()
        units = dict(Unit.objects.values_list("id", "code"))
        codes = dict(
            AreaVersion.objects.filter(valid_to=None).exclude(area__level="grid").values_list("area_id", "code")
        )
        places = places_of(number, random.Random(f"{seed}:places"))
        register = Register()
    players: dict[int, Player] = {}
    heap: list[tuple[datetime, int, Any]] = []
    for index in range(number):
        if index % parts != part:
            continue
        draw = random.Random(f"{seed}:{index}")
        players[index] = Player(
            cast, texts, draw, places[index], units, codes, Pushed(cast, texts, seed), register
        )  # fmt: skip
        heapq.heappush(heap, (_start(index, number, now, draw), index, _script(index, number, draw)(players[index])))
    total, done, faults, steps = len(heap), 0, [], 0
    while heap:
        moment, index, script = heapq.heappop(heap)
        with clock.at(moment):
            try:
                pause = next(script)
            except StopIteration:
                pause = None
            except Exception as fault:
                faults.append(f"matter {index}: {fault}")
                pause = None
            steps += 1
            if steps % FOLD_EVERY == 0:
                folding.round()
        if pause is None or moment + pause >= now:
            players.pop(index).left_alone(moment, now)
            done += 1
            if done % 20 == 0 or done == total:
                progress(done, total)
            continue
        heapq.heappush(heap, (moment + pause, index, script))
    folding.round()
    return faults


def _script(index: int, number: int, draw: random.Random) -> scripts.Scenario:
    """Each scenario once at the beginning, so that every one is there; by weight afterwards."""
    if index < 2 * len(scenarios.SCENARIOS):
        return scenarios.SCENARIOS[index % len(scenarios.SCENARIOS)][0]
    if _is_fresh(index, number):
        return _waiting(index, number)[0]
    return scenarios.scenario(draw)


def _start(index: int, number: int, now: datetime, draw: random.Random) -> datetime:
    """When a matter is reported: spread over the days; the first of each scenario early enough to end."""
    if _is_fresh(index, number):
        longest = _waiting(index, number)[2]
        return now - timedelta(minutes=draw.uniform(longest / 2, longest))
    spread = DAYS * (1 - index / max(1, number)) * draw.uniform(0.9, 1.0)
    lately = index >= len(scenarios.SCENARIOS) and draw.random() < LATELY
    spread = draw.uniform(0.02, 1.5) if lately else spread
    days = DAYS - 4 if index < len(scenarios.SCENARIOS) else spread
    at = now - timedelta(days=max(0.02, days))
    if draw.random() < 0.85 and days > 2:
        at = at.replace(hour=draw.randint(0, 10), minute=draw.randint(0, 59))  # 08:00–18:00 in the east
    for _number in range(4 * lately):
        if at.hour < 14:  # 08:00–22:00 in the east: few report at night
            break
        at = now - timedelta(days=draw.uniform(0.02, 1.5))
    return min(at, now - timedelta(minutes=5))
