"""How long it takes to find the owner of a report: place, rules and reason, in process, with a whole city's rules."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from civicloop.ops.bench.client import quantiles
from civicloop.ops.bench.instance import instance
from civicloop.ops.bench.locating import random_points

WARM = 200


def route(folder: Path, number: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Percentiles, and who was found by what, for `number` random points, each with the next kind of the catalogue."""
    from civicloop.calendars import actions as calendars
    from civicloop.catalogue import actions as catalogue
    from civicloop.foundation import caches
    from civicloop.people import access, city_files
    from civicloop.places import actions as places

    with instance():
        system = access.system("bench")
        say("the areas of the city")
        places.load_city(folder=folder, progress=lambda part, _share: say(part))
        caches.forget_all()
        calendars.load_shipped(actor_id=None, actor_words="bench")
        say("units and rules")
        city_files.load_units(system, folder=folder)
        catalogue.load_city(system, city_dir=folder)
        caches.forget_all()
        say("owners")
        return measured(random_points(number))


def measured(points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Ask for each point who answers there; kinds in turn, and none at all now and then."""
    from civicloop.catalogue import routing
    from civicloop.catalogue import selectors as catalogue
    from civicloop.places import selectors as places

    kinds: list[int | None] = [kind.id for kind in catalogue.kinds(family="matter")]
    random.Random(7).shuffle(kinds)
    kinds.append(None)

    def ask(place: int, lon: float, lat: float) -> routing.Answer:
        located = places.locate(lon, lat, "wgs84")
        path = {level: ref.id for level, ref in located.areas.items()}
        overlays = routing.overlays_of(located)
        return routing.answering_unit(kinds[place % len(kinds)], path, overlays=overlays)

    for place, point in enumerate(points[:WARM]):
        ask(place, *point)
    times: list[float] = []
    reasons: Counter[str] = Counter()
    for place, point in enumerate(points):
        began = time.perf_counter()
        found = ask(place, *point)
        times.append(time.perf_counter() - began)
        why = f"duty_desk: {found.reason_params['why']}" if found.reason_code == "duty_desk" else found.reason_code
        reasons[why] += bool(found.unit_id)
    total = len(points)
    return {
        "results": {**quantiles(times), "kinds": len(kinds) - 1, "answered": sum(reasons.values()),
                    "by": dict(sorted(reasons.items()))},
        "ratios": {"with_owner_and_reason": sum(reasons.values()) / total,
                   **{name: round(times / total, 4) for name, times in sorted(reasons.items())}},
    }  # fmt: skip
