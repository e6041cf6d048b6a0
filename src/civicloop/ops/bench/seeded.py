"""A large city with whole histories, made once and reused: `civicloop bench seed`.

A few matters of each story are played through the real actions (stories); the others are their likes (likes), written
by COPY in batches that two processes share. Every batch follows from the seed and its number alone and is one
transaction that also says that it is done: a run that was killed goes on where it was, and makes the same.
"""

import bisect
import json
import multiprocessing
import pickle
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy
import psycopg
from django.db import connection

from civicloop.foundation import clock, ngrams
from civicloop.ops.bench import bareness, counted, disk
from civicloop.ops.bench.city import WIDE, City, Extent, Team, build
from civicloop.ops.bench.forms import Form, Whole, World, compiled
from civicloop.ops.bench.instance import Instance, is_there, make_kept, opened
from civicloop.ops.bench.likes import Maker, Text, elements
from civicloop.ops.bench.relocating import widen, world_of
from civicloop.ops.bench.stories import ADDRESS, STORIES, TEXT, TITLE, Model, Play, owned_tables
from civicloop.ops.bench.wording import words_of_length

Say = Callable[[str], None]
Line = psycopg.Connection[tuple[Any, ...]]
VARIANTS = 12  # played matters of each story
PER_BATCH = 2  # of them in one batch: many likes of one are made at once
BATCH, FEWEST = 2_000, 100  # matters
MEASURED = 4_000  # matters after which their size is known
POOL = 60  # texts of a batch
PROCESSES = 2
DAYS = 420
DAY = 86_400
TOLD = """CREATE TABLE bench_seed (id integer PRIMARY KEY DEFAULT 1, plan jsonb NOT NULL, phase text NOT NULL,
    bytes_each bigint);
CREATE TABLE bench_seed_batch (no integer PRIMARY KEY)"""


@dataclass(frozen=True)
class Plan:
    """What is wanted; everything else follows from it. `until` (seconds since 1970) ends the days."""

    size: int
    seed: int
    days: int
    until: int
    models: int = 0

    @property
    def batch(self) -> int:
        return max(FEWEST, min(BATCH, (self.size - self.models) // 50))

    @property
    def batches(self) -> int:
        return -(-(self.size - self.models) // self.batch)

    def matters_in(self, number: int) -> int:
        """How many matters a batch holds; the last one may hold fewer."""
        return min(self.batch, self.size - self.models - number * self.batch)

    def span(self, number: int) -> tuple[float, float]:
        """The seconds in which the matters of a batch were reported."""
        begin, each = self.until - self.days * DAY, self.days * DAY / self.batches
        return begin + number * each, begin + (number + 1) * each


def seed(here: Instance, wanted: Plan, say: Say, extent: Extent = WIDE) -> Plan:
    """Make the instance, or go on with it where it was. Raises disk.NoRoom and ValueError for another plan."""
    if not _begun(here):
        _begin(here, wanted, say, extent)
    plan, phase = told(here)
    if (plan.size, plan.seed, plan.days) != (wanted.size, wanted.seed, wanted.days):
        raise ValueError(
            f"there is another one of this name: {plan.size:,} matters, seed {plan.seed}, {plan.days} days"
        )
    with opened(here), psycopg.connect(here.owner, autocommit=True) as line:
        if phase == "load":
            _load(here, line, plan, say)
            phase = _phase(line, "indexes")
        if phase == "indexes":
            _index_and_count(here, line, say)
            line.execute("SELECT setval('matters_number_seq', %s)", [plan.size + 1])
            _phase(line, "map")
        if told(here)[1] == "map":
            counted.rest(say)
            say("statistics of the database")
            line.execute("DROP TABLE IF EXISTS bench_bareness")
            line.execute("VACUUM (ANALYZE)")
            _phase(line, "done")
    return plan


def _index_and_count(here: Instance, line: Line, say: Say) -> None:
    """Give the tables their indexes and keys back while other processes fill the cubes."""
    values = counted.begin(line)
    connection.close()  # children of a fork must not share it
    context = multiprocessing.get_context("fork")
    counting = [context.Process(target=counted.count, args=(here, values, share)) for share in range(counted.SHARES)]
    for process in counting:
        process.start()
    bareness.restore(line, say, later=counted.TABLES)
    say("counts")
    for process in counting:
        process.join()
        if process.exitcode:
            raise RuntimeError("counting has ended early; its words stand above")
    bareness.restore(line, say)


def moment(until: datetime | None) -> int:
    """The second that ends the days: `until` as UTC, or now."""
    return int((until.replace(tzinfo=UTC) if until else clock.now()).timestamp())


def timed(here: Instance, wanted: Plan, say: Say) -> tuple[Plan, float]:
    """`seed`, and how many seconds this run of it took."""
    began = time.monotonic()
    plan = seed(here, wanted, say)
    return plan, round(time.monotonic() - began, 1)


def told(here: Instance) -> tuple[Plan, str]:
    """The plan of a seeded instance, and how far it has come."""
    with psycopg.connect(here.owner) as line:
        row = line.execute("SELECT plan, phase FROM bench_seed").fetchone()
    assert row is not None
    return Plan(**row[0]), row[1]


class NotReady(Exception):
    """There is no seeded instance of this name, or it is not finished."""


def ready(here: Instance) -> Plan:
    """The plan of a finished one. Raises NotReady."""
    if not _begun(here):
        raise NotReady(f"there is no seeded database for {here.folder.name}; make it with: civicloop bench seed")
    plan, phase = told(here)
    if phase != "done":
        raise NotReady(f"{here.folder.name} is not finished; civicloop bench seed goes on with it")
    return plan


def city_of(here: Instance) -> City:
    """Who may do what where, as it was made."""
    kept = json.loads((here.folder / "city.json").read_text())
    return City([Team(**each) for each in kept["teams"]], kept["channel"], kept["condition"])


def _begun(here: Instance) -> bool:
    """Whether there is one with its models: what was killed before begins anew."""
    if not is_there(here):
        return False
    with psycopg.connect(here.owner) as line:
        return line.execute("SELECT to_regclass('public.bench_seed')").fetchone() != (None,)


def _phase(line: Line, phase: str) -> str:
    line.execute("UPDATE bench_seed SET phase = %s", [phase])
    return phase


# -- the city and its models ------------------------------------------------------------------------------------------


def _begin(here: Instance, plan: Plan, say: Say, extent: Extent) -> None:
    say("an empty database")
    make_kept(here)
    with opened(here):
        with psycopg.connect(here.owner, autocommit=True) as line:
            widen(line)
            _partitions(line, plan)
        say("a city")
        city = build(extent)
        (here.folder / "city.json").write_text(json.dumps(asdict(city)))
        (here.folder / "city.json").chmod(0o600)
        models = _play(city, plan, say)
        (here.folder / "models.pickle").write_bytes(pickle.dumps(models))
        with psycopg.connect(here.owner) as line:
            line.execute(TOLD)
            line.execute("UPDATE matters_outbox SET taken_at = at")  # a worker would have told it long ago
            plan = replace(plan, models=len(models))
            line.execute("INSERT INTO bench_seed (plan, phase) VALUES (%s, 'load')", [json.dumps(asdict(plan))])


def _partitions(line: Line, plan: Plan) -> None:
    """Those of the past, as the product would have made them in their time."""
    parents = line.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_partitioned_table p ON p.partrelid = c.oid ORDER BY 1"
    ).fetchall()
    moment = datetime.fromtimestamp(plan.until, UTC) - timedelta(days=plan.days + 1)
    year, quarter = moment.year, (moment.month - 1) // 3
    while (first := datetime(year, 3 * quarter + 1, 1, tzinfo=UTC)) <= clock.now():
        year, quarter = (year, quarter + 1) if quarter < 3 else (year + 1, 0)
        bounds = [
            UUID(int=int(at.timestamp() * 1000) << 80) for at in (first, datetime(year, 3 * quarter + 1, 1, tzinfo=UTC))
        ]
        for (parent,) in parents:
            name = f"{parent}_{first.year}q{(first.month - 1) // 3 + 1}"
            line.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {parent}"
                f" FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')".encode()
            )


def _play(city: City, plan: Plan, say: Say) -> list[Model]:
    """A few matters of each story, all in the first days of the span."""
    tables = owned_tables()
    begin = plan.until - plan.days * DAY
    variants = max(1, min(VARIANTS, plan.size // (2 * len(STORIES))))
    found = []
    for story in STORIES:
        for number in range(variants):
            say(f"playing matters: {story.__name__} {number + 1}")
            draw = random.Random(f"{plan.seed}:{story.__name__}:{number}")
            at = datetime.fromtimestamp(begin + draw.randrange(5 * DAY), UTC) + timedelta(microseconds=137)
            play = Play(city, tables, story.__name__, at, words_of_length(draw, TITLE, TEXT, ADDRESS), draw)
            story(play)
            found.append(play.finish())
    return found


# -- the likes --------------------------------------------------------------------------------------------------------


def _load(here: Instance, line: Line, plan: Plan, say: Say) -> None:
    models: list[Model] = pickle.loads((here.folder / "models.pickle").read_bytes())  # noqa: S301 - our own file
    world = world_of(city_of(here), owned_tables())
    done = {number for (number,) in line.execute("SELECT no FROM bench_seed_batch WHERE no >= 0").fetchall()}
    left = [number for number in range(plan.batches) if number not in done]
    connection.close()  # children of a fork must not share it
    first = -(-MEASURED // plan.batch)
    if len(done) < first < plan.batches:
        before = disk.used(line)
        now = [number for number in left if number < first]
        _share(here, plan, models, world, now, say)
        each = (disk.used(line) - before) // sum(map(plan.matters_in, now))
        line.execute("UPDATE bench_seed SET bytes_each = %s", [each])
        left = left[len(now) :]
    (each_,) = line.execute("SELECT bytes_each FROM bench_seed").fetchone() or (None,)
    if each_:
        wanted = sum(map(plan.matters_in, left)) * each_ + counted.bytes_of(plan.size)
        say(f"{each_:,} bytes a matter without figures; with them at most {wanted / 2**30:,.1f} GiB more")
        disk.allow(line, wanted)
    if line.execute("SELECT to_regclass('public.bench_bareness')").fetchone() == (None,):
        bareness.strip(line, [*world.tables, "matters_searchtoken", *counted.TABLES])
    _share(here, plan, models, world, left, say)


def _share(here: Instance, plan: Plan, models: list[Model], world: World, left: Sequence[int], say: Say) -> None:
    """Let the processes write the batches; each takes the next one, so that time grows with the rows."""
    context = multiprocessing.get_context("fork")
    with context.Pool(PROCESSES, _prepare, (here.owner, plan, models, world)) as pool:
        for count, _number in enumerate(pool.imap_unordered(_write, left), start=1):
            say(f"{count * plan.batch:,} of {len(left) * plan.batch:,} matters")


@dataclass
class _Here:
    """What a writing process has: its connection, and the states that were compiled so far."""

    line: Line
    plan: Plan
    models: dict[str, list[Model]]
    maker: Maker
    forms: dict[tuple[UUID, int], Form]


_here: list[_Here] = []


def _prepare(owner: str, plan: Plan, models: list[Model], world: World) -> None:
    line = psycopg.connect(owner, autocommit=True)
    line.execute("SET synchronous_commit = off")
    by_story: dict[str, list[Model]] = {}
    for model in models:
        by_story.setdefault(model.story, []).append(model)
    _here[:] = [_Here(line, plan, by_story, Maker(world), {})]


def _write(number: int) -> int:
    here = _here[0]
    rows = _made(here, number)
    with here.line.transaction():
        for table, parts in rows.items():
            columns = ", ".join(f'"{name}"' for name in _columns(here, table))
            with here.line.cursor().copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
                for part in parts:
                    copy.write(part)
                copy.write(b"\xff\xff")
        here.line.execute("INSERT INTO bench_seed_batch VALUES (%s)", [number])
    return number


def _columns(here: _Here, table: str) -> list[str]:
    if table == "matters_searchtoken":
        return ["matter_id", "tokens"]
    return [name for name, _type in here.maker.world.tables[table]]


def _made(here: _Here, number: int) -> dict[str, list[bytes]]:
    """The rows of a batch by table."""
    plan = here.plan
    draw = numpy.random.default_rng([plan.seed, number])
    count = plan.matters_in(number)
    moments = numpy.sort(draw.uniform(*plan.span(number), count).astype(numpy.int64))
    moments = numpy.minimum(moments, plan.until - 1)
    texts = _texts(random.Random(f"{plan.seed}:{number}"))
    serials = range(plan.models + 1 + number * plan.batch, plan.models + 1 + number * plan.batch + count)
    rows: dict[str, list[bytes]] = {}
    for turn, ((model, state), places) in enumerate(_states(here, draw, moments).items()):
        form = here.forms.get((model.id, state))
        if form is None:
            form = here.forms[model.id, state] = compiled(model, model.states[state], here.maker.world)
        made = here.maker.likes(form, moments[places], [serials[place] for place in places], texts,
                                 numpy.random.default_rng([plan.seed, number, turn]))  # fmt: skip
        for table, part in made.items():
            rows.setdefault(table, []).append(part)
    return rows


def _states(
    here: _Here, draw: numpy.random.Generator, moments: Whole
) -> dict[tuple[Model, int], list[int]]:  # fmt: skip
    """Which likes look like which state of which model: of its story by chance, as old as it is at the end."""
    weights = numpy.array(list(STORIES.values())) / sum(STORIES.values())
    chosen: list[list[Model]] = []
    for story in STORIES:
        models = here.models[story.__name__]
        picked = draw.choice(len(models), size=min(PER_BATCH, len(models)), replace=False)
        chosen.append([models[place] for place in picked])
    stories = draw.choice(len(chosen), size=len(moments), p=weights)
    turns = draw.integers(1 << 30, size=len(moments))
    found: dict[tuple[Any, int], list[int]] = {}
    for place, (story, turn) in enumerate(zip(stories.tolist(), turns.tolist(), strict=True)):
        model = chosen[story][turn % len(chosen[story])]
        age = here.plan.until - int(moments[place])
        state = bisect.bisect_right([each.since for each in model.states], age) - 1
        found.setdefault((model, state), []).append(place)
    return found


def _texts(draw: random.Random) -> list[Text]:
    found = []
    for _number in range(POOL):
        said = words_of_length(draw, TITLE, TEXT, ADDRESS)
        tokens = [word.encode() for word in ngrams.tokens(*said)]
        title, text, address = (each.encode() for each in said)
        found.append(Text((title, text, address), elements(tokens), len(tokens)))
    return found
