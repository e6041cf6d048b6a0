"""What is measured when matters come in waves: they arrive at their moments, whether the ones before are done or not.

The shape is the one on which a published rival was measured: calm, a spike, calm, a higher one, calm, the highest, an
end. Between arrivals nothing waits for an answer (open loop), so a server that falls behind gathers a backlog.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from civicloop.ops.bench.client import Tally, Work, quantiles, succeeds, together
from civicloop.ops.bench.grounds import grounds
from civicloop.ops.bench.runs import ShortRoad, _warm

Json = dict[str, Any]
Say = Callable[[str], None]
RATES = (1, 15, 1, 25, 2, 35, 10, 0)  # lifecycles per second, each for an eighth of the time
SPIKES = (1, 3, 5)  # which of them are spikes
CLIENTS = 96


@dataclass
class Waves:
    """What was seen: by part of the shape, when its last matter was done, how late matters began, how many came."""

    tally: Tally
    came: list[int] = field(default_factory=lambda: [0] * len(RATES))
    done_at: list[float] = field(default_factory=lambda: [0.0] * len(RATES))
    late: list[float] = field(default_factory=list)
    unfinished: int = 0


def arrivals(seconds: float, factor: float) -> list[tuple[float, int]]:
    """(moment from the beginning, part of the shape) of every matter, evenly within each part."""
    part = seconds / len(RATES)
    found = []
    for number, rate in enumerate(RATES):
        count = round(rate * factor * part)
        found += [(number * part + (each + 0.5) * part / count, number) for each in range(count)]
    return found


def spikes(seconds: float, factor: float, size: int, say: Say, names: Sequence[str] = ()) -> Json:
    """The whole shape once, in a database of `size` matters, or in the largest of the seeded ones."""
    for there, here, city in grounds([size], names, say):
        here.serve()
        road = ShortRoad(here, city)
        _warm(here, road.work)
        seen, size = ride(road.work, arrivals(seconds, factor), say), there
    part = seconds / len(RATES)
    calls = [each for times in seen.tally.calls.values() for each in times]
    failed = sum(seen.tally.errors.values())
    results = {
        "matters": size, "lifecycles": sum(seen.came), "finished": len(seen.tally.pieces),
        "unfinished": seen.unfinished, "calls": len(calls), "failed": failed, "errors": seen.tally.errors,
        "call": quantiles(calls),
        "lifecycle": quantiles(seen.tally.pieces), "began_late": quantiles(seen.late),
        "seconds_to_recover": {
            f"{RATES[number] * factor:g}/s": round(max(0.0, seen.done_at[number] - (number + 1) * part), 2)
            for number in SPIKES
        },
    }  # fmt: skip
    return {"results": results, "ratios": {"failed": round(failed / max(1, sum(seen.came)), 4)}}


def ride(work: Work, wanted: list[tuple[float, int]], say: Say) -> Waves:
    """Do `work` for every arrival at its moment, by as many clients as are needed, at most CLIENTS at once."""
    waiting: queue.SimpleQueue[tuple[float, int] | None] = queue.SimpleQueue()
    tallies = [Tally() for _ in range(CLIENTS)]
    seen, lock = Waves(Tally()), threading.Lock()
    began = time.perf_counter()

    def client(number: int) -> None:
        while (next_ := waiting.get()) is not None:
            moment, part = next_
            started = time.perf_counter()
            good = succeeds(work, number, tallies[number])
            now = time.perf_counter()
            if good:
                tallies[number].pieces.append(now - began - moment)  # from its arrival, the wait included
            with lock:
                seen.late.append(started - began - moment)
                seen.done_at[part] = max(seen.done_at[part], now - began)

    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    told = -1
    for moment, part in wanted:
        time.sleep(max(0.0, began + moment - time.perf_counter()))
        if part != told:
            told = part
            say(f"{RATES[part]} lifecycles a second at factor 1")
        seen.came[part] += 1
        waiting.put((moment, part))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join(120)
    seen.tally = together(tallies)
    seen.unfinished = sum(seen.came) - len(seen.late)
    return seen
