"""The limit: the same rows written by a bare driver loop, without HTTP, Django or any rule.

Two processes share the connections, as the server has two. Each connection repeats the statement of a report, prepared,
with parameters made beforehand from real reports; only the id is new each time.
"""

import multiprocessing
import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from civicloop.foundation import clock, hot, ids
from civicloop.matters import actions, sql
from civicloop.ops.bench.city import City
from civicloop.ops.bench.seeding import report_of
from civicloop.people.access import Actor
from civicloop.settings import SESSION

READY_FOR = 5.0  # seconds that connections may take to open and prepare
Parameters = dict[str, Any]


def parameters(city: City, actor: Actor, number: int = 200) -> list[Parameters]:
    """What real reports send to the database, caught on the way and not sent."""
    caught: list[Parameters] = []

    def catch(_run: Callable[..., Any], statement: str, params: Any, _many: bool, _context: Any) -> Any:
        if statement == sql.REPORT:
            caught.append(dict(params))
            return [(201, "", None)]
        return _run(statement, params, _many, _context)

    draw = random.Random(11)
    with connection.execute_wrapper(catch):
        for _ in range(number):
            actions.report(actor, report_of(draw, city, clock.now()))
    connection.close()
    return caught


def per_second(url: str, connections: int, seconds: float, prebuilt: list[Parameters]) -> float:
    """Reports per second that a bare loop writes through `connections` connections."""
    context = multiprocessing.get_context("fork")
    counts: multiprocessing.Queue[int] = context.Queue()
    begin = time.time() + 0.5 + connections / 20
    shares = [connections // 2 + connections % 2, connections // 2]
    loops = [
        context.Process(target=_loops, args=(url, share, begin, seconds, prebuilt, counts), daemon=True)
        for share in shares
        if share
    ]
    for loop in loops:
        loop.start()
    written = 0
    for _ in loops:
        try:
            written += counts.get(timeout=seconds + READY_FOR + 30)
        except queue.Empty:
            raise RuntimeError("a loop of the limit ended without a count") from None
    for loop in loops:
        loop.join()
    return written / seconds


def _loops(
    url: str, share: int, begin: float, seconds: float, prebuilt: list[Parameters], counts: "multiprocessing.Queue[int]"
) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=_loop, args=(url, begin, seconds, prebuilt, found)) for _ in range(share)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.put(sum(found))


def _loop(url: str, begin: float, seconds: float, prebuilt: list[Parameters], found: list[int]) -> None:
    text, names = hot.numbered(sql.REPORT)
    place = names.index("id")
    rows = [[values[name] for name in names] for values in prebuilt]
    with psycopg.connect(url, autocommit=True, prepare_threshold=0, options=SESSION) as loop:
        cursor = psycopg.RawCursor(loop)

        def write(values: list[Any]) -> None:
            values[place] = ids.uuid7()
            cursor.execute(text, values, prepare=True).fetchone()

        write(rows[0])
        written, number = 0, random.randrange(len(rows))
        time.sleep(max(0.0, begin - time.time()))
        until = begin + seconds
        while time.time() < until:
            number = (number + 1) % len(rows)
            write(rows[number])
            written += 1
        found.append(written)
