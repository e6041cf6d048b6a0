"""The sweeper: what a round costs while nothing is due, and how marks are kept up with that fall due in one minute.

The workers do what the real one does: fire the marks, then tell what the outbox holds.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
from django.db import connection

from civicloop.foundation import clock
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import build
from civicloop.ops.bench.instance import instance
from civicloop.ops.bench.runs import Json, Say
from civicloop.ops.rounds import PAUSE

MINUTE = 60.0
IDLE_ROUNDS = 200
PATIENCE = 1800.0  # seconds after the minute in which all must have fired


def sweep(sizes: Sequence[int], due: int, workers: int, say: Say) -> Json:
    """Idle rounds at each size; then `due` marks fall due in one minute, then as many at once, at the largest."""
    idle, rounds, quiet = dict[str, float](), dict[str, float](), dict[str, float]()
    with instance() as here:
        say("a small city and its matters")
        city = build()
        for size in sizes:
            seeding.fill(size, city, here.owner, lambda done: say(f"{done:,} matters"))
            _all_later(here.owner)
            idle[str(size)], rounds[str(size)], quiet[str(size)] = _idle(_fire), _idle(_round), _idle(_tell)
        due = min(due, sizes[-1])
        say(f"{due:,} marks in one minute")
        minute = _stream(here.owner, due, workers, MINUTE)
        say(f"{due:,} marks at once")
        _all_later(here.owner)
        burst = _stream(here.owner, due, workers, 0.0)
    return {
        "results": {
            "idle_marks_ms": idle, "idle_round_ms": rounds, "idle_notices_ms": quiet, "due": due, "workers": workers,
            "in_one_minute": minute, "at_once": burst,
        },
        "ratios": {"idle_largest_by_smallest": round(rounds[str(sizes[-1])] / rounds[str(sizes[0])], 2)},
    }  # fmt: skip


def _all_later(owner: str) -> None:
    """No mark is due for a year, and nothing waits to be told."""
    with psycopg.connect(owner, autocommit=True) as line:
        line.execute("UPDATE matters_clock SET mark_at = %s, leased_until = NULL", [clock.now() + timedelta(days=365)])
        line.execute("UPDATE matters_outbox SET taken_at = at WHERE taken_at IS NULL")
        line.execute("VACUUM (ANALYZE) matters_clock")
        line.execute("VACUUM (ANALYZE) matters_outbox")


def _fire() -> int:
    from civicloop.matters import marks

    return marks.fire_due()


def _round() -> int:
    """All that the worker looks for in matters: marks, acts by clocks, pauses, requests, what was left behind."""
    from civicloop.matters import jobs

    return jobs.sweep()


def _tell() -> int:
    from civicloop.notices import jobs

    return jobs.round()


def _idle(work: Callable[[], int]) -> float:
    """Milliseconds of a round that finds nothing, the median of many."""
    took = []
    for _round in range(IDLE_ROUNDS):
        began = time.perf_counter()
        if work():
            raise RuntimeError("something was due")
        took.append(time.perf_counter() - began)
    return round(sorted(took)[len(took) // 2] * 1000, 3)


def _stream(owner: str, due: int, workers: int, seconds: float) -> Json:
    """Let `due` clocks fall due within `seconds` from now, sweep with `workers`, and look at what was written."""
    with psycopg.connect(owner, autocommit=True) as line:
        begin = clock.now() + timedelta(seconds=2 if seconds else 0)
        line.execute(
            """UPDATE matters_clock c SET mark = 'over',
                mark_at = %s::timestamptz + random() * %s * interval '1 second'
            FROM (SELECT matter_id, no FROM matters_clock ORDER BY md5(matter_id::text) LIMIT %s) x
            WHERE c.matter_id = x.matter_id AND c.no = x.no""",
            [begin, seconds, due],
        )
    connection.close()  # children of a fork must not share it
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        end = time.monotonic() + seconds + 2
        fired = pool.map(_work, [end] * workers, chunksize=1)
    with psycopg.connect(owner) as line:
        row = line.execute(
            """SELECT count(*), percentile_cont(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY late),
                extract(epoch FROM max(at) - greatest(min(at), %(begin)s))
            FROM (SELECT at, extract(epoch FROM at - ((convert_from(substr(body, 3), 'UTF8')::jsonb #>> '{data,at}')
                ::timestamptz)) AS late FROM matters_entry WHERE action = 'mark' AND at >= %(begin)s) x""",
            {"begin": begin},
        ).fetchone()
        twice = line.execute(
            "SELECT count(*) - count(DISTINCT (matter_id, act_id)) FROM matters_entry WHERE action = 'mark'"
        ).fetchone()
        told = line.execute(
            """SELECT count(*), count(DISTINCT matter_id), count(*) - count(DISTINCT (recipient, key)),
                percentile_cont(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM at - cause_at))
            FROM notices_notice WHERE template = 'mark' AND at >= %(begin)s""",
            {"begin": begin},
        ).fetchone()
    assert row is not None
    assert twice is not None
    assert told is not None
    took = float(row[2])
    return {
        "fired": row[0], "told_by_workers": sum(fired), "lost": due - row[0], "twice": twice[0],
        "seconds_to_fire_all": round(took, 1), "marks_per_second": round(row[0] / took) if took else 0,
        "rows_per_second": round(row[0] * 4 / took) if took else 0,  # entry, clock, fact, message
        "due_to_entry_s": _spread(row[1]), "due_to_notice_s": _spread(told[3]), "notices": told[0],
        "not_told": row[0] - told[1], "told_twice": told[2],
    }  # fmt: skip


def _spread(late: Sequence[Any] | None) -> dict[str, float]:
    return {name: round(float(each), 2) for name, each in zip(("p50", "p95", "max"), late or (), strict=False)}


def _work(end: float) -> int:
    """A worker's rounds: it pauses where it finds nothing, as the real one does, and leaves when all is over."""
    total, empty = 0, 0
    while time.monotonic() < end + PATIENCE:
        fired = _fire()
        total += fired
        done = fired + _tell()
        empty = 0 if done else empty + 1
        if done == 0:
            if time.monotonic() > end and empty > 2:
                break
            time.sleep(PAUSE)
    connection.close()
    return total
