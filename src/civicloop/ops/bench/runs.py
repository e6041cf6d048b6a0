"""What is measured: intake beside its limit, and the whole way of a matter, over HTTP in a closed loop."""

import io
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from PIL import Image

from civicloop.foundation import ids
from civicloop.ops.bench import limit, seeding
from civicloop.ops.bench.city import KIND, SIDE, City, Team, build
from civicloop.ops.bench.client import Connection, Tally, quantiles, request, run
from civicloop.ops.bench.grounds import grounds
from civicloop.ops.bench.instance import Instance, instance
from civicloop.ops.bench.seeding import words

Json = dict[str, Any]
Say = Callable[[str], None]
WARM = 2.0  # seconds; every thread of the server opens its connection and prepares its statements
BOUNDARY = "bench-boundary"


def _report(draw: random.Random, team: Team, token: str, identifier: str, procedure: str = "grid-event") -> bytes:
    body = {
        "id": identifier, "title": words(draw, 4), "text": words(draw, 30), "kind": KIND, "procedure": procedure,
        "lon": round(team.west + draw.random() * SIDE, 6), "lat": round(team.south + draw.random() * SIDE, 6),
        "crs": "wgs84", "address": words(draw, 5),
    }  # fmt: skip
    return request("POST", "/api/v1/matters", token, json.dumps(body, ensure_ascii=False).encode())


# -- intake and limit -----------------------------------------------------------------------------------------------


def intake(clients: Sequence[int], seconds: float, size: int, say: Say) -> Json:
    """Reports per second over HTTP beside the same rows by a bare loop, at each number of clients."""
    from civicloop.people.selectors import actor_of_token

    results: Json = {}
    shares: dict[str, float] = {}
    with instance() as here:
        say("a small city and its matters")
        city = build()
        seeding.fill(size, city, here.owner)
        actor = actor_of_token(city.channel)
        assert actor is not None
        prebuilt = limit.parameters(city, actor)
        here.serve()
        _warm(here, _intake_work(here, city))
        for number in clients:
            say(f"{number} clients")
            bare = limit.per_second(here.application, number, seconds, prebuilt)
            took, tally = run(number, seconds, _intake_work(here, city))
            ours = len(tally.pieces) / took
            results[str(number)] = {
                "requests_per_second": round(ours, 1), **quantiles(tally.pieces), "errors": tally.errors,
                "limit_per_second": round(bare, 1),
            }  # fmt: skip
            shares[str(number)] = round(ours / bare, 3) if bare else 0.0
    return {"results": results, "ratios": {"share_of_limit": shares}}


def _intake_work(here: Instance, city: City) -> Callable[[int, Tally], None]:
    """A client that sends reports whose text is made beforehand; only the id is new."""
    mark = "00000000-0000-7000-8000-000000000000"
    draw = random.Random(3)
    ready = [_report(draw, draw.choice(city.teams), city.channel, mark) for _ in range(200)]
    connections: dict[int, Connection] = {}

    def work(client: int, tally: Tally) -> None:
        connection = connections.setdefault(client, Connection(here.port))
        identifier = ids.uuid7()
        sent = ready[identifier.int % len(ready)].replace(mark.encode(), str(identifier).encode())
        status, _body = connection.send(sent)
        if status != 201:
            tally.error(f"status {status}")

    return work


def _warm(here: Instance, work: Callable[[int, Tally], None]) -> None:
    _took, tally = run(32, WARM, work)
    if tally.errors:
        raise RuntimeError(f"the first calls failed: {tally.errors}")


# -- lifecycle ------------------------------------------------------------------------------------------------------


def photo() -> bytes:
    """A small JPEG, as the smallest that a phone would send: the cost of decoding real photos is another benchmark."""
    out = io.BytesIO()
    Image.effect_noise((160, 120), 60).convert("RGB").save(out, "JPEG", quality=60)
    return out.getvalue()


class Road:
    """The shortest ordinary way of a grid event to a close that another has verified, over HTTP.

    report, file, dispatch, accept, assign, photo, handle, feed_back, photo, post_check, close, find. The two photos
    are what handling and check must prove; each is decoded, sealed and stored durably.
    """

    PROCEDURE, FILES = "grid-event", "file"
    CALLS: tuple[tuple[str, str], ...] = (
        ("report", ""), ("file", "acceptance_clerk"), ("dispatch", "acceptance_clerk"), ("accept", "receiving_clerk"),
        ("assign", "receiving_clerk"), ("photo_after", "unit_worker"), ("handle", "unit_worker"),
        ("feed_back", "receiving_clerk"), ("photo_check", "checker"), ("post_check", "checker"),
        ("close", "acceptance_clerk"), ("find", "acceptance_clerk"),
    )  # fmt: skip

    def __init__(self, here: Instance, city: City) -> None:
        self.here = here
        self.city = city
        self.photo = photo()
        self.connections: dict[int, Connection] = {}
        self.draws: dict[int, random.Random] = {}

    def work(self, client: int, tally: Tally) -> None:
        """One matter from report to being found again, closed."""
        connection = self.connections.setdefault(client, Connection(self.here.port))
        draw = self.draws.setdefault(client, random.Random(client))
        team, matter, number = draw.choice(self.city.teams), str(ids.uuid7()), ""
        for name, role in self.CALLS:
            sent = self._request(name, team, team.tokens.get(role, ""), matter, number, draw)
            began = time.perf_counter()
            status, body = connection.send(sent)
            tally.call(name, time.perf_counter() - began)
            if status not in (200, 201):
                tally.error(f"{name}: status {status} {_code(body)}".strip())
                return
            if name == "report":
                number = json.loads(body)["number"]
            elif name == "find" and b'"closed"' not in body:
                tally.error("find: not found")

    def _request(
        self, name: str, team: Team, token: str, matter: str, number: str, draw: random.Random
    ) -> bytes:  # fmt: skip
        path = f"/api/v1/matters/{matter}"
        if name == "report":
            return _report(draw, team, self.city.channel, matter, self.PROCEDURE)
        if name == "find":
            return request("GET", f"/api/v1/matters?text={number}", token)
        if name.startswith("photo"):
            return request(
                "POST", f"{path}/evidence", token, self._form(name), f"multipart/form-data; boundary={BOUNDARY}"
            )
        result, data = self._data(name, team)
        body = {"act_id": str(ids.uuid7()), "result": result, "data": data}
        return request("POST", f"{path}/actions/{name}", token, json.dumps(body, ensure_ascii=False).encode())

    def _data(self, name: str, team: Team) -> tuple[str | None, Json]:
        if name == self.FILES:
            return None, {"condition": self.city.condition}
        if name == "assign":
            return None, {"worker": team.worker}
        if name == "handle":
            return None, {"result": "已更换井盖，恢复通行"}
        return ("pass" if name == "post_check" else None), {}

    def _form(self, name: str) -> bytes:
        stage = "after" if name == "photo_after" else "other"
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="stage"\r\n\r\n{stage}\r\n'
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        head += "Content-Type: image/jpeg\r\n\r\n"
        return head.encode() + self.photo + f"\r\n--{BOUNDARY}--\r\n".encode()


class ShortRoad(Road):
    """The seven calls of a published rival's cycle, on the shortest loop that the laws of procedures allow.

    report, dispatch, accept, handle, check, close, find; the same checks and rules, but no photo is asked for.
    """

    PROCEDURE, FILES = "direct-event", "dispatch"
    CALLS = (
        ("report", ""), ("dispatch", "acceptance_clerk"), ("accept", "receiving_clerk"), ("handle", "receiving_clerk"),
        ("post_check", "checker"), ("close", "acceptance_clerk"), ("find", "acceptance_clerk"),
    )  # fmt: skip


def _code(body: bytes) -> str:
    try:
        return str(json.loads(body).get("code", ""))
    except (ValueError, AttributeError):
        return ""


ROADS: dict[str, type[Road]] = {"results": ShortRoad, "grid_event": Road}


def lifecycle(
    clients: Sequence[int], seconds: float, sizes: Sequence[int], say: Say, names: Sequence[str] = ()
) -> Json:  # fmt: skip
    """Whole ways per second at each size and number of clients, in one database that grows, or in seeded ones.

    `results` are those of seven calls; `grid_event` has the same of twelve calls with two photos.
    """
    found: Json = {name: {} for name in ROADS}
    for size, here, city in grounds(sizes, names, say):
        here.serve()
        for name, kind in ROADS.items():
            road = kind(here, city)
            _warm(here, road.work)
            lines = found[name][str(size)] = {}
            for number in clients:
                say(f"{size:,} matters, {number} clients, {len(road.CALLS)} calls")
                lines[str(number)] = _measured(*run(number, seconds, road.work))
    ratios = {f"flatness_{name}".removesuffix("_results"): _flatness(lines) for name, lines in found.items()}
    calls = {name: len(road.CALLS) for name, road in ROADS.items()}
    return {**found, "ratios": {**ratios, "calls_per_lifecycle": calls}}


def _measured(took: float, tally: Tally) -> Json:
    calls = sum(map(len, tally.calls.values()))
    every = [seconds for times in tally.calls.values() for seconds in times]
    return {
        "lifecycles_per_second": round(len(tally.pieces) / took, 1), "calls_per_second": round(calls / took, 1),
        "call": quantiles(every), "lifecycle": quantiles(tally.pieces), "errors": tally.errors,
        "p50_ms_by_call": {name: quantiles(times)["p50_ms"] for name, times in tally.calls.items()},
    }  # fmt: skip


def _flatness(results: Json) -> dict[str, float]:
    """Lifecycles per second at the largest size over those at the smallest; 1 is flat, less is slower when larger."""
    sizes = sorted(results, key=int)
    small, large = results[sizes[0]], results[sizes[-1]]
    return {
        clients: round(large[clients]["lifecycles_per_second"] / small[clients]["lifecycles_per_second"], 3)
        for clients in small
        if len(sizes) > 1 and small[clients]["lifecycles_per_second"]
    }


# -- verify ---------------------------------------------------------------------------------------------------------


def verify(size: int, say: Say) -> Json:
    """Timelines and daily roots proved per second, and whether what the owner has changed behind them is found."""
    from civicloop.receipts import jobs, proof

    with instance() as here:
        say("a small city and its matters")
        city = build()
        seeding.fill(size, city, here.owner, lambda done: say(f"{done:,} matters"))
        say("daily roots")
        began = time.perf_counter()
        while jobs.round():
            continue
        rooted = time.perf_counter() - began
        began = time.perf_counter()
        report = proof.verify_all(lambda so_far: say(f"{so_far.matters:,} timelines"))
        took = time.perf_counter() - began
        say("with changes by the owner")
        changed = _change(here.owner)
        found = {each.matter for each in proof.verify_all().findings}
    return {
        "results": {
            "timelines_per_second": round(report.matters / took), "timelines": report.matters,
            "entries": report.entries, "roots": report.roots, "findings": len(report.findings),
            "seconds": round(took, 1), "seconds_for_roots": round(rooted, 1),
            "changed_by_owner": len(changed), "named": len(found & changed),
        },
        "ratios": {"found": len(found & changed) / len(changed), "found_beyond": len(found - changed)},
    }  # fmt: skip


def _change(owner: str) -> set[UUID]:
    """Change one thing each in a hundred timelines, as somebody with the owner's rights might."""
    with psycopg.connect(owner) as line:
        chosen = [
            row[0] for row in line.execute("SELECT id FROM matters_matter ORDER BY md5(id::text) LIMIT 100").fetchall()
        ]
        texts, moments, hashes = chosen[:40], chosen[40:70], chosen[70:]
        line.execute("UPDATE matters_entrytext SET value = value || '。' WHERE matter_id = ANY(%s)", [texts])
        line.execute("UPDATE matters_entry SET at = at + interval '1 hour' WHERE matter_id = ANY(%s)", [moments])
        line.execute("UPDATE matters_entry SET hash = sha256(hash) WHERE matter_id = ANY(%s)", [hashes])
    return set(chosen)
