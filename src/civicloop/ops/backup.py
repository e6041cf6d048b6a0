"""A backup of the whole instance while it works: one snapshot of the rows, then the stored files that they name.

The key files of the data folder are not in it (house rule 9): whoever has the backup and its key still opens nothing
that was sealed. Memory stays bounded: rows go by the mebibyte, files one by one, their names through a temporary file.
"""

import json
import os
import secrets
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from civicloop.evidence import storage
from civicloop.foundation import ciphers, clock
from civicloop.ops import backup_file
from civicloop.ops.backup_file import Trouble, Writer
from civicloop.ops.models import Heartbeat
from civicloop.records import audit

HEARTBEAT = "backup"
PIECE = 1 << 20
Say = Callable[[str], None]

TABLES = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    GROUP BY c.relname ORDER BY c.relname"""
REFERENCES = """
    SELECT f.relname, t.relname FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
    JOIN pg_namespace n ON n.oid = f.relnamespace
    WHERE n.nspname = 'public' AND k.contype = 'f' AND k.conparentid = 0 AND f.oid <> t.oid ORDER BY 1, 2"""
PARTITIONS = """
    SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relispartition AND c.relkind = 'r' ORDER BY c.relname"""
SEQUENCES = """
    SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    ORDER BY 1"""
FILES = """
    SELECT derivative FROM evidence_evidence WHERE derivative <> ''
    UNION SELECT thumbnail FROM evidence_evidence WHERE thumbnail <> ''
    UNION SELECT sealed_original FROM evidence_evidence WHERE sealed_original <> ''
    UNION SELECT picture FROM evidence_publicphoto WHERE picture <> ''
    UNION SELECT thumbnail FROM evidence_publicphoto WHERE thumbnail <> ''
    UNION SELECT content FROM evidence_film
    UNION SELECT still FROM evidence_film WHERE still <> ''
    UNION SELECT thumbnail FROM evidence_film WHERE thumbnail <> '' ORDER BY 1"""
# by which two tables are told apart whatever the order of their rows
SUM = """
    SELECT count(*), coalesce(sum(('x' || left(md5(ROW({columns})::text), 15))::bit(60)::bigint), 0)::text
    FROM {table}"""


@dataclass
class Manifest:
    """What is in a backup, written at its end."""

    moment: str
    product: str
    tables: dict[str, tuple[int, str]] = field(default_factory=dict)  # rows, sum over the rows
    sequences: dict[str, int] = field(default_factory=dict)
    files: int = 0
    file_bytes: int = 0
    missing: list[str] = field(default_factory=list)  # files that were missing or damaged already

    def document(self) -> bytes:
        """The JSON of it."""
        return json.dumps(self.__dict__, ensure_ascii=False).encode()


def sum_of(cursor: "psycopg.Cursor[Any]", table: str, columns: list[str]) -> tuple[int, str]:
    """(number of rows, a sum over their contents) of a table."""
    cursor.execute(
        sql.SQL(SUM).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, sorted(columns))), table=sql.Identifier(table)
        )
    )
    row = cursor.fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "0")


def copy_words(table: str, columns: list[str]) -> tuple[sql.Composed, sql.Composed]:
    """(COPY out of, COPY into) a table, by the names of its columns."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return (
        sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(names, sql.Identifier(table)),
        sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names),
    )


def keys_here() -> dict[str, str]:
    """The key files of the data folder, each with the id of what is in it (never the key itself)."""
    found = {}
    for path in sorted((Path(settings.DATA_DIR) / "keys").glob("*.key")):
        found[path.name] = ciphers.Key.of(path.read_bytes().strip()).id
    return found


def last_made() -> datetime | None:
    """When the last backup was made, as far as the database knows."""
    return Heartbeat.objects.filter(name=HEARTBEAT).values_list("at", flat=True).first()


def last_size() -> int:
    """How many bytes the last backup has, as far as the database knows; 0 when there is none."""
    detail = Heartbeat.objects.filter(name=HEARTBEAT).values_list("detail", flat=True).first() or {}
    return int(detail.get("bytes", 0))


def make(to: Path, secret: bytes, say: Say = lambda _words: None) -> tuple[Path, Manifest, dict[str, str]]:
    """Write a backup to `to`, a new file or a folder in which it gets a dated name.

    Answers (path, manifest, key files that are not in it). Raises Trouble, OSError; then there is no file.
    """
    now = clock.now()
    path = to / f"civicloop-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup" if to.is_dir() else to
    if path.exists():
        raise Trouble(f"{path} is there already and is left as it is")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    kept = keys_here()
    manifest = Manifest(now.astimezone(UTC).isoformat(), version("civicloop"))
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            writer = Writer(file, secret)
            with tempfile.TemporaryFile(dir=path.parent) as names:
                with transaction.atomic(durable=True):
                    _write_rows(writer, manifest, kept, names, say)
                names.seek(0)
                _write_files(writer, manifest, names, say)
            writer.put(backup_file.MANIFEST, manifest.document(), last=True)
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    backup_file.sync_folder(path.parent)
    detail = {
        "file": path.name, "bytes": writer.bytes, "rows": rows_of(manifest), "files": manifest.files,
        "missing": len(manifest.missing),
    }  # fmt: skip
    with transaction.atomic():
        Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"at": now, "detail": detail})
        audit.write(
            actor_id=None, post_id=None, actor_words="backup", action="ops.backup", object=path.name, outcome="done",
            detail=detail,
        )  # fmt: skip
    return path, manifest, kept


def rows_of(manifest: Manifest) -> int:
    """How many rows a backup has."""
    return sum(number for number, _sum in manifest.tables.values())


def _write_rows(writer: Writer, manifest: Manifest, kept: dict[str, str], names: IO[bytes], say: Say) -> None:
    """All tables as of one moment; no locks but those that reading takes, held no longer than the rows need."""
    plain: psycopg.Connection[Any] = connection.connection
    with plain.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(TABLES)
        columns = {str(name): list(found) for name, found in cursor.fetchall()}
        before: dict[str, set[str]] = {name: set() for name in columns}
        for table, needed in cursor.execute(REFERENCES).fetchall():
            before[table].add(needed)
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        head = {
            "product": manifest.product,
            "moment": manifest.moment,
            "migrations": cursor.fetchall(),
            "partitions": cursor.execute(PARTITIONS).fetchall(),
            "columns": columns,
            "keys": kept,
        }
        writer.put(backup_file.HEAD, json.dumps(head, ensure_ascii=False).encode())
        for table in TopologicalSorter(before).static_order():
            say(table)
            writer.put(backup_file.TABLE, table.encode())
            for piece in _pieces(cursor, copy_words(table, columns[table])[0]):
                writer.put(backup_file.ROWS, zlib.compress(piece, 1))
            manifest.tables[table] = sum_of(cursor, table, columns[table])
        # a sequence is read after the rows, so that it is never behind them
        manifest.sequences = dict(cursor.execute(SEQUENCES).fetchall())
    with plain.cursor("backup_files") as cursor:
        for (name,) in cursor.execute(FILES):
            names.write(name.encode() + b"\n")


def _pieces(cursor: "psycopg.Cursor[Any]", statement: sql.Composed) -> Iterator[bytes]:
    held = bytearray()
    with cursor.copy(statement) as copy:
        for block in copy:
            held += block
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def _write_files(writer: Writer, manifest: Manifest, names: IO[bytes], say: Say) -> None:
    store = storage.default()
    for line in names:
        name = line.decode().strip()
        try:
            content = store.get(name)
        except (storage.Missing, storage.Damaged):
            manifest.missing.append(name)
            continue
        writer.put(backup_file.FILE, bytes.fromhex(name) + content)
        manifest.files += 1
        manifest.file_bytes += len(content)
        if manifest.files % 100 == 0:
            say(f"{manifest.files} files")
