"""Many matters quickly, each with true rows: a few hundred are reported by the real action, the others are their likes.

A like has its own id, number, moments and salts, and an entry sealed anew by timeline.seal, so that `verify` holds for
each of them. Everything else is copied from its model inside the database. Likes are open and stand at the first step.
"""

import json
import multiprocessing
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, models
from psycopg.types.json import Jsonb

from civicloop.foundation import chain, clock, ids, locality
from civicloop.matters import actions, counting, timeline
from civicloop.matters.actions import NewMatter
from civicloop.matters.models import (
    CellDelta,
    Clock,
    Entry,
    EntryText,
    Fact,
    Matter,
    Outbox,
    SearchToken,
    Task,
    Unfolded,
)  # fmt: skip
from civicloop.ops.bench.city import KIND, SIDE, City
from civicloop.ops.bench.wording import COMMON
from civicloop.people import access

MODELS = 400
BATCH = 20_000
AHEAD = 3
DAYS = 60
FIELDS = ("address", "point", "text", "title")  # the texts of a report, in the order in which they are sealed
NEW_ROWS = """CREATE TEMP TABLE IF NOT EXISTS bench_like (id uuid, model uuid, at timestamptz, number text, body bytea,
    hash bytea, salts bytea[], standing jsonb) ON COMMIT DELETE ROWS"""


@dataclass(frozen=True)
class Model:
    """A reported matter that likes are made of: what its first entry says and commits to."""

    id: UUID
    at: datetime
    who: dict[str, Any]
    step: tuple[str, str]
    plain: dict[str, Any]
    texts: dict[str, str]
    request: bytes


def words(draw: random.Random, number: int) -> str:
    """A line of Chinese words of a report's length."""
    return "".join(draw.choice(COMMON) for _ in range(number))


def report_of(draw: random.Random, city: City, at: datetime) -> NewMatter:
    """A made-up report somewhere in the city, of moment `at`."""
    team = draw.choice(city.teams)
    return NewMatter(
        id=ids.uuid7(at), title=words(draw, 4), text=words(draw, 30), kind=KIND,
        lon=round(team.west + draw.random() * SIDE, 6), lat=round(team.south + draw.random() * SIDE, 6), crs="wgs84",
        address=words(draw, 5), channel="grid",
    )  # fmt: skip


def fill(
    size: int, city: City, owner: str, progress: Callable[[int], None] = lambda done: None, *,
    report: Callable[[random.Random, City, datetime], NewMatter] = report_of, spread: bool = False,
) -> None:  # fmt: skip
    """Let the database hold `size` matters of the last 60 days, made after `report`, and analyse it as the owner.

    `spread`: for the map, likes lie somewhere around their model (in one cell of level 14) and most of them have ended.
    """
    present = Matter.objects.count()
    if present >= size:
        return
    models_ = _models(city, min(MODELS, size - present), report)
    present += len(models_)
    wanted = iter([(min(BATCH, size - begin), begin, clock.now()) for begin in range(present, size, BATCH)])
    with multiprocessing.get_context("fork").Pool(2, _keep, (models_,)) as pool:
        # few batches ahead of what is written: a million sealed rows at once would fill the memory
        ahead = deque(pool.apply_async(_seal_many, (each,)) for each in islice(wanted, AHEAD))
        while ahead:
            rows = ahead.popleft().get()
            ahead += [pool.apply_async(_seal_many, (each,)) for each in islice(wanted, 1)]
            _write(rows, SPREAD if spread else STATEMENTS)
            present += len(rows)
            progress(present)
    with psycopg.connect(owner, autocommit=True) as analysing:
        analysing.execute("VACUUM (ANALYZE)")


def end_most(owner: str, open_share: int = 100) -> None:
    """Let all but one in `open_share` matters have ended, as in a city that has worked for a while; not sealed."""
    with psycopg.connect(owner, autocommit=True) as making:
        making.execute(
            f"""WITH ended AS (
                   UPDATE matters_matter SET "end" = 'solved', step = 'closed', stage = 'evaluate', ended_at = due_at,
                       desk_roles = '{{}}', due_at = NULL
                   WHERE "end" = '' AND hashtext(id::text) % {open_share} <> 0 RETURNING id)
               UPDATE matters_task SET state = 'answered', answer = 'ended' WHERE matter_id IN (SELECT id FROM ended)"""
        )
        making.execute("VACUUM (ANALYZE)")


def _models(city: City, number: int, report: Callable[[random.Random, City, datetime], NewMatter]) -> list[Model]:
    draw, found = random.Random(7), []
    now = clock.now()
    reporter = access.system("bench")
    for _ in range(number):
        at = now - timedelta(days=draw.random() * DAYS)
        with clock.at(at):
            found.append(actions.report(reporter, report(draw, city, at)).id)
    texts: dict[UUID, dict[str, str]] = {}
    for row in EntryText.objects.filter(matter_id__in=found, seq=1):
        texts.setdefault(row.matter_id, {})[row.field] = row.value
    models_ = []
    for entry in Entry.objects.filter(matter_id__in=found, seq=1):
        told: dict[str, Any] = json.loads(bytes(entry.body)[2:])
        step = (str(told["from"]), str(told["to"]))
        request = bytes(entry.fingerprint)
        models_.append(
            Model(entry.matter_id, entry.at, told["who"], step, told["data"], texts[entry.matter_id], request)
        )
    connection.close()  # children of a fork must not share it
    return models_


_models_here: list[Model] = []
Like = tuple[UUID, UUID, datetime, bytes, bytes, list[bytes], str]


def _keep(models_: list[Model]) -> None:
    _models_here[:] = models_


def _seal_many(wanted: tuple[int, int, datetime]) -> list[Like]:
    count, begin, now = wanted
    draw = random.Random(begin)
    return [
        _seal(draw.choice(_models_here), now - timedelta(seconds=draw.random() * DAYS * 86_400)) for _ in range(count)
    ]


def _seal(model: Model, at: datetime) -> Like:
    identifier = ids.uuid7(at)
    told = counting.shifted(model.plain[counting.TALLY], at - model.at)
    draft = timeline.Draft(plain=model.plain | {counting.TALLY: told}, texts=model.texts)
    standing, _facts = counting.advance({}, told, at.isoformat(), model.plain["unit"])
    sealed = timeline.seal(
        draft, matter_id=identifier, seq=1, at=at, action="report", result=None, who=model.who, step=model.step,
        version=1, act_id=None, request=model.request, previous=chain.GENESIS,
    )  # fmt: skip
    salts = [bytes.fromhex(row["salt"]) for row in json.loads(sealed.texts)]
    return identifier, model.id, at, sealed.body, sealed.hash, salts, json.dumps(standing)


def _numbers(rows: list[Like]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('matters_number_seq') FROM generate_series(1, %s)", [len(rows)])
        for (serial,), row in zip(cursor.fetchall(), rows, strict=True):
            value = int(row[2].strftime("%Y%m%d")) * 10_000_000 + serial % 10_000_000
            yield f"{str(value)[:8]}-{str(value)[8:]}-{ids.SIGNS[value % 31]}"


def _write(rows: list[Like], statements: Sequence[str]) -> None:
    numbers = list(_numbers(rows))
    connection.ensure_connection()
    inner: psycopg.Connection[Any] = connection.connection
    with inner.transaction(), inner.cursor() as cursor:
        cursor.execute(NEW_ROWS)
        with cursor.copy("COPY bench_like FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "uuid", "timestamptz", "text", "bytea", "bytea", "bytea[]", "jsonb"])
            for (identifier, model, at, body, digest, salts, standing), number in zip(rows, numbers, strict=True):
                copy.write_row((identifier, model, at, number, body, digest, salts, Jsonb(json.loads(standing))))
        # few models, each found by its key: read through, the tables would cost more with every batch
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            cursor.execute(statement)


def _copied(model: type[models.Model], key: str, special: dict[str, str]) -> str:
    """INSERT … SELECT that copies the rows of each model to its likes; moments keep their distance."""
    names, values = [], []
    for column in model._meta.concrete_fields:
        if column.column is None or isinstance(column, models.CompositePrimaryKey):
            continue
        name = column.column
        moved = isinstance(column, models.DateTimeField)
        plain = f'x."{name}" + (b.at - m.received_at)' if moved else f'x."{name}"'
        names.append(f'"{name}"')
        values.append(special.get(name, "b.id" if name == key else plain))
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM bench_like b "
        f'JOIN matters_matter m ON m.id = b.model JOIN {table} x ON x."{key}" = b.model'
    )


_SALT = f"b.salts[array_position(ARRAY[{', '.join(repr(name) for name in FIELDS)}], x.field::text)]"
_NUMBERED = "x.tokens"  # a like has the words of its own number
for _part in ("lower({}.number)", "substr({}.number, 1, 8)", "substr({}.number, 10, 7)"):
    _NUMBERED = f"array_replace({_NUMBERED}, {_part.format('m')}::varchar, {_part.format('b')}::varchar)"
_CAME = {"came": f"(b.at AT TIME ZONE '{locality.ZONE}')::date"}
_OWN = {"number": "b.number", "standing": "b.standing"}
_OTHERS = (
    _copied(Entry, "matter_id", {"body": "b.body", "hash": "b.hash"}) + " AND x.seq = 1",
    _copied(EntryText, "matter_id", {"salt": _SALT}) + " AND x.seq = 1",
    _copied(Task, "matter_id", {}),
    _copied(Clock, "matter_id", {}),
    _copied(Fact, "matter_id", {}),
    _copied(Unfolded, "matter_id", {}),
    _copied(Outbox, "matter_id", {}),
    _copied(
        SearchToken,
        "matter_id",
        {"tokens": _NUMBERED},
    ),
)
STATEMENTS = (_copied(Matter, "id", _OWN), _copied(CellDelta, "matter_id", _CAME), *_OTHERS)
# the last twenty bits of a cell at zoom 24: any place within the same cell of level 14
_PLACE = {
    "cell": "x.cell # (random() * 1048575)::bigint",
    "end": "CASE WHEN random() < 0.95 THEN 'solved' ELSE '' END",
}
SPREAD = (_copied(Matter, "id", {**_OWN, **_PLACE}), *_OTHERS)
