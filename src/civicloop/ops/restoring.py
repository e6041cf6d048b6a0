"""A backup comes back into an empty database, as the owner, and is proved afterwards.

First the whole file is opened once without writing anything: what is cut off, changed or sealed with another key is
refused while the database is still empty. Then schema, rows and stored files come in within one transaction.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from civicloop.evidence import storage
from civicloop.matters import proof
from civicloop.matters.models import Matter
from civicloop.ops import backup_file
from civicloop.ops.backup import FILES, Manifest, Say, copy_words, keys_here, sum_of
from civicloop.ops.backup_file import FILE, HEAD, MANIFEST, ROWS, TABLE, Trouble
from civicloop.records import audit

BATCH = 500
SHOWN = 50


@dataclass
class Proved:
    """What the verification after a restore found."""

    manifest: Manifest
    rows: int = 0
    matters: int = 0
    files: int = 0
    wrong: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # key files that are to be put back


def _silent(_words: str) -> None:
    return


def restore(path: Path, secret: bytes, application: str, say: Say = _silent) -> Proved:
    """Bring a backup into the empty database to which this process is connected as owner, and prove it.

    Raises Trouble, OSError: then the database is as empty as before. What is wrong afterwards is in the answer.
    """
    from civicloop.ops.migrating import bring_up_to_date

    with path.open("rb") as file:
        _refuse_what_is_not_empty()
        head, manifest = _examine(file, secret, say)
        _refuse_unknown_migrations(head)
        with transaction.atomic(durable=True):
            _make_schema(head)
            _fill(file, secret, head, manifest, say)
    bring_up_to_date(application)
    proved = verify(manifest, say)
    proved.keys = _keys_to_put_back(head["keys"])
    audit.write(
        actor_id=None, post_id=None, actor_words="restore", action="ops.restore", object=path.name,
        outcome="done" if not proved.wrong else "failed", detail={"moment": manifest.moment, "rows": proved.rows},
    )  # fmt: skip
    return proved


def _refuse_what_is_not_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1 LIMIT 1")
        found = cursor.fetchone()
    if found:
        raise Trouble(
            f"the database is not empty (it has {found[0]}): a backup comes only into a new database, nothing was done"
        )


def _examine(file: BinaryIO, secret: bytes, say: Say) -> tuple[dict[str, Any], Manifest]:
    """(head, manifest) of a file that opens from its first to its last piece."""
    head: dict[str, Any] | None = None
    manifest: Manifest | None = None
    for number, (kind, content) in enumerate(backup_file.read(file, secret)):
        if kind == HEAD:
            head = json.loads(content)
        elif kind == MANIFEST:
            manifest = Manifest(**json.loads(content))
        if number % 1000 == 0:
            say(f"examining, piece {number}")
    if head is None or manifest is None:
        raise Trouble("the backup has no manifest")
    return head, manifest


def _refuse_unknown_migrations(head: dict[str, Any]) -> None:
    known = MigrationExecutor(connection).loader.graph.nodes
    strange = [f"{app}.{name}" for app, name in head["migrations"] if (app, name) not in known]
    if strange:
        raise Trouble(
            f"the backup was made by CivicLoop {head['product']}, which has migrations that this program does not know "
            f"({', '.join(strange[:5])}): restore with that version or a later one"
        )


def _make_schema(head: dict[str, Any]) -> None:
    """Exactly the migrations of the backup, and its partitions: otherwise old rows would lie in the default ones."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, name in head["migrations"]}
    order = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    plan = [(migration, False) for migration, _back in order if (migration.app_label, migration.name) in wanted]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing waits in memory for the end of the transaction
    executor.migrate(None, plan=plan)
    plain: psycopg.Connection[Any] = connection.connection
    for name, parent, bound in head["partitions"]:
        if plain.execute("SELECT to_regclass(%s)", [f"public.{name}"]).fetchone() == (None,):
            words = sql.SQL("CREATE TABLE {} PARTITION OF {} {}")
            plain.execute(words.format(sql.Identifier(name), sql.Identifier(parent), sql.SQL(bound)))


def _fill(file: BinaryIO, secret: bytes, head: dict[str, Any], manifest: Manifest, say: Say) -> None:
    columns: dict[str, list[str]] = head["columns"]
    plain: psycopg.Connection[Any] = connection.connection
    pieces = _Pieces(backup_file.read(file, secret))
    store = storage.default()
    with plain.cursor() as cursor:
        every = sql.SQL(", ").join(map(sql.Identifier, columns))
        cursor.execute(sql.SQL("TRUNCATE {}").format(every))
        while (piece := pieces.next()) is not None:
            kind, content = piece
            if kind == TABLE:
                table = content.decode()
                say(table)
                with cursor.copy(copy_words(table, columns[table])[1]) as copy:
                    for block in pieces.while_of(ROWS):
                        copy.write(zlib.decompress(block))
            elif kind == FILE and store.put(content[32:]) != content[:32].hex():
                raise Trouble(f"the file {content[:32].hex()} in the backup is not what its name says")
        for name, value in manifest.sequences.items():
            cursor.execute("SELECT setval(format('public.%%I', %s::text)::regclass, %s)", [name, value])
        for table, (rows, total) in manifest.tables.items():
            say(f"comparing {table}")
            if (found := sum_of(cursor, table, columns[table])) != (rows, total):
                raise Trouble(f"{table} came back with {found[0]} rows that are not the {rows} of the backup")


class _Pieces:
    """The pieces of a file, with one look ahead."""

    def __init__(self, pieces: Iterator[tuple[bytes, bytes]]) -> None:
        self.pieces, self.ahead = pieces, next(pieces, None)

    def next(self) -> tuple[bytes, bytes] | None:
        """The next one; None at the end."""
        found, self.ahead = self.ahead, next(self.pieces, None)
        return found

    def while_of(self, kind: bytes) -> Iterator[bytes]:
        """The contents that follow, as long as they are of this kind."""
        while self.ahead is not None and self.ahead[0] == kind:
            piece = self.next()
            if piece is not None:
                yield piece[1]


def verify(manifest: Manifest, say: Say = _silent) -> Proved:
    """Prove what came back: rows counted, every timeline recomputed, every stored file read with its digest.

    The rows were held against the manifest before the restore was committed.
    """
    proved = Proved(manifest, rows=sum(rows for rows, _total in manifest.tables.values()))
    last = None
    while True:
        ids = Matter.objects.order_by("id").values_list("id", flat=True)
        batch = list((ids.filter(id__gt=last) if last else ids)[:BATCH])
        for matter_id in batch:
            proved.wrong += [
                f"matter {matter_id}, entry {each.seq}: {each.code} {each.about}" for each in proof.verify(matter_id)
            ]
        proved.matters += len(batch)
        say(f"{proved.matters} matters proved")
        if len(batch) < BATCH:
            break
        last = batch[-1]
    if proved.matters != manifest.tables["matters_matter"][0]:
        proved.wrong.append(f"{proved.matters} matters instead of {manifest.tables['matters_matter'][0]}")
    _verify_files(proved, say)
    return proved


def _verify_files(proved: Proved, say: Say) -> None:
    store = storage.default()
    with transaction.atomic(), connection.connection.cursor("restored_files") as cursor:
        for (name,) in cursor.execute(FILES):
            try:
                store.get(name)
                proved.files += 1
            except (storage.Missing, storage.Damaged):
                already = " (it was so when the backup was made)" if name in proved.manifest.missing else ""
                proved.wrong.append(f"file {name} is missing or damaged{already}")
            if proved.files % 100 == 0:
                say(f"{proved.files} files proved")


def _keys_to_put_back(then: dict[str, str]) -> list[str]:
    """Key files of then that are not here. A key that has been changed since lies here under another name."""
    here = keys_here()
    of_family = {(_family(name), key_id) for name, key_id in here.items()}
    return [name for name, key_id in then.items() if (_family(name), key_id) not in of_family]


def _family(name: str) -> str:
    return name.removesuffix(".key").partition("-k")[0]
