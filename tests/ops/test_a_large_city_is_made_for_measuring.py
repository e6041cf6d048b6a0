"""What benchmarks measure on is true in every row, survives kills, and is refused where the disk cannot hold it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock, ids
from civicloop.matters.models import Clock, Entry, Fact, Matter, Outbox, SearchToken
from civicloop.ops import environment
from civicloop.ops.bench import dashboards, disk, runs, seeded, sizes
from civicloop.ops.bench.city import Extent
from civicloop.ops.bench.instance import Instance, forget_kept, kept, opened

SIZE, DAYS = 240, 400
EXTENT = Extent(1, 2, 2, 2, 3)
# as the test, but so slowly that it can be killed in the midst of it
SLOWLY = """
import sys, time
from civicloop.ops import environment
environment.prepare()
from civicloop.ops.bench import seeded
from civicloop.ops.bench.city import Extent
from civicloop.ops.bench.instance import kept
from tests.ops.test_a_large_city_is_made_for_measuring import EXTENT, few, plan_of
few(lambda module, name, value: setattr(module, name, value))
write = seeded._write
def slow(number):
    time.sleep(0.15)
    return write(number)
seeded._write = slow
slow.__module__, slow.__qualname__ = seeded.__name__, "_write"
seeded.seed(kept(sys.argv[1]), plan_of(int(sys.argv[2])), lambda words: None, EXTENT)
"""


def few(put) -> None:  # type: ignore[no-untyped-def]
    """Small enough for a test."""
    put(seeded, "VARIANTS", 1)
    put(seeded, "FEWEST", 6)
    put(seeded, "MEASURED", 60)


def plan_of(until: int) -> seeded.Plan:
    return seeded.Plan(SIZE, 5, DAYS, until)


@pytest.fixture
def here(committing: str) -> Iterator[Instance]:
    made = kept(f"t{os.getpid()}x{time.monotonic_ns() % 10**9}")
    yield made
    forget_kept(made)


def _done(of: Instance) -> int:
    """How many batches are written; 0 while there is no database yet."""
    try:
        with psycopg.connect(of.owner) as line:
            row = line.execute("SELECT count(*) FROM bench_seed_batch WHERE no >= 0").fetchone()
    except psycopg.Error:
        return 0
    return row[0] if row else 0


def _killed_in_the_midst(of: Instance, until: int) -> int:
    """Begin in another process and kill all of it while it writes; how many batches were written."""
    application, owner = environment.addresses()
    settings = os.environ | {
        "DATABASE_URL": application, "DATABASE_OWNER_URL": owner, "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, of.folder.name, str(until)], env=settings, start_new_session=True
    )
    try:
        while _done(of) < 4 and process.poll() is None:
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return _done(of)


def test_killed_and_refused_it_goes_on_and_every_row_is_true(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch.setattr)
    until = int(clock.now().timestamp())
    plan = plan_of(until)
    assert 4 <= _killed_in_the_midst(here, until) < 35

    with monkeypatch.context() as full:
        full.setattr(disk, "free", lambda line: 2**30)
        with pytest.raises(disk.NoRoom, match=r"GiB would be needed, 1\.0 GiB are free"):
            seeded.seed(here, plan, lambda words: None, EXTENT)
    written = _done(here)
    with pytest.raises(seeded.NotReady):
        seeded.ready(here)
    seeded.seed(here, plan, lambda words: None, EXTENT)
    assert seeded.ready(here) == replace(plan, models=10)
    assert _done(here) == seeded.ready(here).batches > written

    with opened(here):
        _is_whole(here, plan)
        assert _as_if_never_killed(here)
    assert sizes.proved(here, lambda words: None)["ok"]

    seeded.seed(here, plan, lambda words: None, EXTENT)  # again: nothing more
    with pytest.raises(ValueError, match="another one of this name"):
        seeded.seed(here, replace(plan, seed=6), lambda words: None, EXTENT)
    _measured(here)


def _is_whole(of: Instance, plan: seeded.Plan) -> None:
    matters = list(Matter.objects.all())
    assert len(matters) == len({row.number for row in matters}) == SIZE
    assert all(ids.number_is_sound(row.number) for row in matters)
    ends = Counter(row.end for row in matters)
    assert ends["solved"] > ends[""] > 0  # open ones are few
    assert ends["not_filed"] > 0
    days = {row.received_at.date() for row in matters}
    assert (max(days) - min(days)).days > DAYS - 30
    assert max(row.received_at.timestamp() for row in matters) <= plan.until
    places = {(row.subdistrict_id, row.community_id, row.grid_id) for row in matters}
    assert len(places) == 8
    assert len({row.kind_id for row in matters}) == 3
    assert Entry.objects.count() == sum(row.seq for row in matters) > 5 * SIZE
    late = Fact.objects.filter(name="done", detail="handle:late", delta=1)
    assert 0 < late.count() < SIZE / 3
    running = Clock.objects.filter(state="running").values_list("matter_id", flat=True)
    assert set(running) == {row.id for row in matters if not row.end and row.id in set(running)}
    assert not Outbox.objects.filter(taken_at=None).exists()
    newest = max(matters, key=lambda row: row.id)
    assert SearchToken.objects.filter(tokens__contains=[newest.number.lower()]).count() == 1
    assert len({bytes(row.salt) for row in Evidence.objects.all()}) == Evidence.objects.count() > 0
    with psycopg.connect(of.owner) as line:
        parts = line.execute("SELECT count(DISTINCT tableoid) FROM matters_entry").fetchone()
        there = _shape(line)
    assert parts is not None
    assert parts[0] >= 4  # quarters
    with psycopg.connect(environment.addresses()[1]) as line:  # an installation's own, where nothing was taken away
        assert there == _shape(line)


def _shape(line: psycopg.Connection) -> set[tuple[str, ...]]:  # type: ignore[type-arg]
    """All keys and indexes, those of partitions by their parents; without casts, which are written in two ways."""
    keys = line.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND conrelid::regclass::text NOT LIKE 'bench%'
            AND conrelid NOT IN (SELECT oid FROM pg_class WHERE relispartition)"""
    ).fetchall()
    indexes = line.execute(
        """SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND i.indisvalid
            AND c.relname NOT LIKE 'bench%'"""
    ).fetchall()
    return {(table, name, re.sub(r"::[a-z ]+(\[\])?|[()]", "", how)) for table, name, how in keys + indexes}


def _as_if_never_killed(of: Instance) -> bool:
    """Whether every batch is what it is when made now: ids, numbers, places, moments and hashes."""
    import pickle

    from civicloop.ops.bench.relocating import world_of
    from civicloop.ops.bench.stories import owned_tables

    plan, _phase = seeded.told(of)
    models = pickle.loads((of.folder / "models.pickle").read_bytes())
    seeded._prepare(of.owner, plan, models, world_of(seeded.city_of(of), owned_tables()))
    made = [seeded._made(seeded._here[0], number) for number in range(plan.batches)]
    seeded._here[0].line.close()
    expected = b"".join(part for rows in made for part in rows["matters_entry"])
    hashes = [
        bytes(each)
        for each in Entry.objects.exclude(matter_id__in=[m.id for m in models]).values_list("hash", flat=True)
    ]
    again = seeded._made(replace(seeded._here[0]), 0) == made[0]
    return again and len(hashes) > SIZE and all(each in expected for each in hashes)


def _measured(of: Instance) -> None:
    """Other benchmarks work on it as on their own."""
    name, silent = of.folder.name, lambda words: None
    found = runs.lifecycle([1], 0.5, [], silent, [name])
    assert found["results"][str(SIZE)]["1"]["errors"] == {}
    board = dashboards.dashboard([1], 0.5, [], silent, [name])["results"][str(SIZE)]["1"]
    assert board["errors"] == {}
    assert len(board["by_address"]) == len(dashboards.LEVELS) * len(dashboards.ADDRESSES)
    told = sizes.measured(of, SIZE)["results"]
    assert told["cubes"]["grid by month"]["rows"] > 0
    assert told["due_hours"]["city"] > 0
    assert told["map_counts_by_level"]["19"] > 0
    assert sum(each["matters"] for each in told["partitions"].values()) >= SIZE
