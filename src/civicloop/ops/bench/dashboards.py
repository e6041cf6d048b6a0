"""What is measured of the figures: pages and calls over HTTP, for signed-in posts of each level."""

import http.cookiejar
import re
import secrets
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from civicloop.foundation import clock
from civicloop.ops.bench.city import BEGINNING
from civicloop.ops.bench.client import Connection, quantiles, run
from civicloop.ops.bench.client import Tally as Seen
from civicloop.ops.bench.grounds import fold, grounds
from civicloop.ops.bench.reading import _filled, _flatness, _timed

Json = dict[str, Any]
Say = Callable[[str], None]
ONCE, WARMING = 0.01, 5  # seconds of one round; connections, one after the other
LEVELS = {"city": "99", "district": "990101", "subdistrict": "990101002"}
# what a reader opens: {month}, {year}, {before} (the month before) and {area} of the reader are put in
ADDRESSES: dict[str, str] = {
    "figures, month": "/figures/?period={month}",
    "figures, year": "/figures/?period={year}",
    "figures, month before": "/figures/?period={before}",
    "figures by unit": "/figures/?by=unit&period={before}",
    "table, month": "/api/v1/figures/table?period={before}",
    "table, year": "/api/v1/figures/table?period={year}",
    "table by class": "/api/v1/figures/table?by=class&period={before}&indicator=on_time_handling_rate",
    "running": "/api/v1/figures/running",
    "flow": "/api/v1/figures/flow?period={before}",
    "behind a figure": "/figures/matters?period={before}&indicator=reported",
    "behind a rate": "/api/v1/figures/matters?period={before}&indicator=on_time_handling_rate&part=per",
    "operations": "/operations/",
    "map": "/map/",
    "counts of the map": "/map/areas",
    "news of the map": "/map/news",
}


def dashboard(
    clients: Sequence[int], seconds: float, sizes: Sequence[int], say: Say, names: Sequence[str] = ()
) -> Json:  # fmt: skip
    """Every address by every reader in turn, at each size and number of clients.

    `first` is what the first showing of each address took; the others are taken when both processes have shown all.
    """
    results: Json = {}
    first: Json = {}
    for size, here, _city in grounds(sizes, names, say, _folded):
        readers = {level: _reader(level, code) for level, code in LEVELS.items()}
        here.serve()
        turns = [
            (f"{level}: {name}", path, request_as(cookie, path))
            for level, cookie in ((level, signed_in(here.port, *who)) for level, who in readers.items())
            for name, path in addresses().items()
        ]
        first[str(size)] = _told(*_ask(here.port, 1, ONCE, turns))
        for _connection in range(WARMING):  # each is answered by either process; templates read, statements prepared
            _ask(here.port, 1, ONCE, turns)
        results[str(size)] = {}
        for number in clients:
            say(f"{size:,} matters, {number} clients")
            results[str(size)][str(number)] = _told(*_ask(here.port, number, seconds, turns))
    return {"results": results, "first": first, "ratios": {"flatness_of_p95": _flatness(results)}}


def addresses() -> dict[str, str]:
    """The addresses with this month, the one before and this year."""
    now = clock.now()
    before = now.replace(day=1) - timedelta(days=1)
    return {
        name: path.format(month=f"{now:%Y-%m}", before=f"{before:%Y-%m}", year=f"{now:%Y}")
        for name, path in ADDRESSES.items()
    }


def _folded(size: int, city: Any, owner: str, progress: Callable[[int], None]) -> None:
    from civicloop.onemap import actions as onemap

    _filled(size, city, owner, progress)
    fold()
    onemap.rebuild()


def _reader(level: str, code: str) -> tuple[str, str]:
    """(sign-in name, password) of a new supervisor of an area."""
    from civicloop.people import access, actions
    from civicloop.places import selectors as areas

    system, name, password = access.system("bench"), f"reader-{level}-{secrets.token_hex(3)}", secrets.token_urlsafe(24)
    with clock.at(BEGINNING):
        area = areas.by_code(code).id
        unit = actions.create_unit(
            system, code=name, unit_names={"zh-hans": name}, kind="grid_centre", area_id=area
        )  # fmt: skip
        account = actions.create_account(
            system, username=name, account_names={"zh-hans": name}, password=password, demonstration=True
        )
        post = actions.create_post(
            system, code=f"{name}-post", role="supervisor", also=(), unit_id=unit.id, area_id=area
        )
        actions.hold(system, account_id=account.id, post_id=post.id)
    return name, password


def signed_in(port: int, name: str, password: str) -> str:
    """The cookies of somebody who has signed in on the page."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{port}/sign-in"
    page = opener.open(address).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    sent = {"username": name, "password": password, "csrfmiddlewaretoken": found[1]}
    opener.open(address, urllib.parse.urlencode(sent).encode())
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def request_as(cookie: str, path: str) -> bytes:
    """The bytes of a page's request, as a browser that takes it packed would send it."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nAccept-Language: zh-CN\r\n"
    return f"{head}Accept-Encoding: gzip\r\n\r\n".encode()


Turns = Sequence[tuple[str, str, bytes]]


def _ask(port: int, clients: int, seconds: float, turns: Turns) -> tuple[float, Seen]:
    """Every address by every reader in turn, again and again; at least once each."""
    connections = {number: Connection(port) for number in range(clients)}

    def work(client: int, tally: Seen) -> None:
        for position in range(len(turns)):
            name, _path, sent = turns[(position + client * 7) % len(turns)]
            status = _timed(connections[client], sent, name, tally)
            if status != 200:
                tally.error(f"{name}: status {status}")

    return run(clients, seconds, work)


def _told(took: float, tally: Seen) -> Json:
    every = [seconds for times in tally.calls.values() for seconds in times]
    by_name = {name: quantiles(times) for name, times in sorted(tally.calls.items())}
    return {
        "requests_per_second": round(len(every) / took, 1), **quantiles(every), "errors": tally.errors,
        "by_address": by_name,
    }  # fmt: skip
