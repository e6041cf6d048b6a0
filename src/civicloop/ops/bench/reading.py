"""What is measured of reading: first pages of lists and searches over HTTP, for several roles, while most has ended."""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from civicloop.foundation import clock
from civicloop.matters.actions import NewMatter
from civicloop.matters.models import Matter
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import City, _unit, token
from civicloop.ops.bench.client import Connection, Tally, quantiles, request, run
from civicloop.ops.bench.grounds import grounds
from civicloop.ops.bench.wording import RARE, words
from civicloop.places import selectors as areas

Json = dict[str, Any]
Say = Callable[[str], None]
ROLES = ("grid_worker", "receiving_clerk", "acceptance_clerk")


def report_of(draw: random.Random, city: City, at: datetime) -> NewMatter:
    """A report whose words are as unequally common as in life."""
    title, text, address = words(draw)
    return replace(seeding.report_of(draw, city, at), title=title, text=text, address=address)


@dataclass(frozen=True)
class Asked:
    """One question: its name in the results, and the address."""

    name: str
    path: str


def _lists(city: City) -> list[Asked]:
    area = areas.by_code("990101002").code
    narrowed: dict[str, Json] = {
        "newest": {}, "soonest": {"order": "due"}, "desk": {"desk": "true", "order": "due"}, "open": {"open": "true"},
        "ended": {"open": "false"}, "overdue": {"due": "overdue"}, "today": {"due": "today"},
        "stage": {"stage": "file"}, "step": {"step": "filing"}, "procedure": {"procedure": "grid-event"},
        "card": {"card": "yellow"}, "raised": {"raised": "district"}, "kind": {"kind": "01001"}, "area": {"area": area},
        "unit": {"unit": "s2-office"}, "words": {"text": "井盖 缺失"},
    }  # fmt: skip
    return [Asked(name, f"/api/v1/matters?{urlencode(values)}") for name, values in narrowed.items()]


def _searches(_city: City) -> list[Asked]:
    number = Matter.objects.order_by("id").values_list("number", flat=True)[0]
    asked = {
        "common": "井盖", "common, as it stands": "路口井盖", "two words": "井盖 路灯", "without": "路灯 -井盖",
        "less common": "解放大街", "rare": RARE, "nothing": "飞机跑道", "number": number,
        "part of a number": number.split("-")[1],
    }  # fmt: skip
    return [Asked(name, f"/api/v1/search?{urlencode({'q': text})}") for name, text in asked.items()]


def worklist(
    clients: Sequence[int], seconds: float, sizes: Sequence[int], say: Say, names: Sequence[str] = ()
) -> Json:  # fmt: skip
    """The first page of each list that the pages offer, for each role."""
    return _read(_lists, clients, seconds, sizes, say, names)


def search(
    clients: Sequence[int], seconds: float, sizes: Sequence[int], say: Say, names: Sequence[str] = ()
) -> Json:  # fmt: skip
    """Common and rare words, words that stand together, numbers, for each role."""
    return _read(_searches, clients, seconds, sizes, say, names)


def _filled(size: int, city: City, owner: str, progress: Callable[[int], None]) -> None:
    seeding.fill(size, city, owner, progress, report=report_of)
    seeding.end_most(owner)


def _over_all() -> str:
    """The token of a supervisor of the whole city; a new one each time."""
    with clock.at(datetime(2020, 1, 1, tzinfo=clock.now().tzinfo)):
        whole, name = areas.by_code("99").id, f"over-all-{secrets.token_hex(3)}"
        return token(name, "supervisor", (), _unit(f"{name}-watch", "grid_centre", whole), whole)


def _read(
    questions: Callable[[City], list[Asked]], clients: Sequence[int], seconds: float, sizes: Sequence[int], say: Say,
    names: Sequence[str] = (),
) -> Json:  # fmt: skip
    results: Json = {}
    over_all = ""
    for size, here, city in grounds(sizes, names, say, _filled):
        over_all = _over_all() if names or not over_all else over_all
        readers = {role: city.teams[1].tokens[role] for role in ROLES} | {"city": over_all}
        here.serve()
        asked = questions(city)
        _ask(here.port, 1, 0.5, readers, asked)  # connections open, statements prepared
        results[str(size)] = {}
        for number in clients:
            say(f"{size:,} matters, {number} clients")
            results[str(size)][str(number)] = _told(*_ask(here.port, number, seconds, readers, asked))
    return {"results": results, "ratios": {"flatness_of_p95": _flatness(results)}}


def _ask(
    port: int, clients: int, seconds: float, readers: dict[str, str], asked: Sequence[Asked]
) -> tuple[float, Tally]:  # fmt: skip
    """Every question by every role in turn, again and again; at least once each."""
    turns = [(f"{role}: {each.name}", request("GET", each.path, token)) for role, token in readers.items()
             for each in asked]  # fmt: skip
    connections = {number: Connection(port) for number in range(clients)}

    def work(client: int, tally: Tally) -> None:
        for position in range(len(turns)):
            name, sent = turns[(position + client * 7) % len(turns)]
            status = _timed(connections[client], sent, name, tally)
            if status != 200:
                tally.error(f"{name}: status {status}")

    return run(clients, seconds, work)


def _timed(connection: Connection, sent: bytes, name: str, tally: Tally) -> int:
    began = time.perf_counter()
    status, _body = connection.send(sent)
    tally.call(name, time.perf_counter() - began)
    return status


def _told(took: float, tally: Tally) -> Json:
    every = [seconds for times in tally.calls.values() for seconds in times]
    by_name = {name: quantiles(times) for name, times in sorted(tally.calls.items())}
    slowest = sorted(by_name, key=lambda name: -by_name[name]["p95_ms"])[:5]
    return {
        "requests_per_second": round(len(every) / took, 1), **quantiles(every), "errors": tally.errors,
        "slowest_p95_ms": {name: by_name[name]["p95_ms"] for name in slowest},
        "p95_ms_by_question": {name: each["p95_ms"] for name, each in by_name.items()},
    }  # fmt: skip


def _flatness(results: Json) -> dict[str, float]:
    """The 95th percentile at the smallest size over that at the largest; 1 is flat, less is slower when larger."""
    sizes = sorted(results, key=int)
    small, large = results[sizes[0]], results[sizes[-1]]
    return {
        clients: round(small[clients]["p95_ms"] / large[clients]["p95_ms"], 3) for clients in small if len(sizes) > 1
    }
