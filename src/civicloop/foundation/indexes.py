"""Indexes of large tables made while people work: no lock that lasts as long as the building.

PostgreSQL builds the index of a partitioned table in one statement that lets nobody write meanwhile. Here the table
gets the index as a name alone, each partition gets its own CONCURRENTLY and gives it to the table; names and
definitions are those that the one statement would have made. What was cut off goes on: finished parts stay, a
half-built one is made anew. Migrations that use these are `atomic = False`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import NotSupportedError, migrations

# of each partition: its name, and the name and validity of an index that is, or could be, its part of the table's
PARTS = """
SELECT c.relname, i.relname, x.indisvalid, EXISTS (SELECT FROM pg_inherits a WHERE a.inhrelid = i.oid)
FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
LEFT JOIN (pg_index x JOIN pg_class i ON i.oid = x.indexrelid) ON x.indrelid = c.oid
    AND substring(pg_get_indexdef(i.oid) from ' USING .*$')
        = substring(pg_get_indexdef(to_regclass(%(index)s)) from ' USING .*$')
    AND NOT EXISTS (SELECT FROM pg_inherits a WHERE a.inhrelid = i.oid AND a.inhparent <> to_regclass(%(index)s))
WHERE h.inhparent = %(table)s::regclass
ORDER BY c.relname"""


def _nothing_there(editor: Any, table: str) -> bool:
    """Whether a transaction makes the schema of an empty database, as a restore does: then there is nobody to wait for.

    Raises NotSupportedError in any other transaction.
    """
    if not editor.connection.in_atomic_block:
        return False
    with editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        if cursor.fetchone()[0]:
            raise NotSupportedError("an index is made concurrently outside a transaction: set atomic = False")
    return True


@contextmanager
def _patient(cursor: Any) -> Iterator[None]:
    """Whoever builds concurrently stands in nobody's way while waiting for those who began before."""
    cursor.execute("SELECT current_setting('lock_timeout')")
    [before] = cursor.fetchone()
    cursor.execute("SELECT set_config('lock_timeout', '0', false)")
    try:
        yield
    finally:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])


class AddLargeIndex(migrations.AddIndex):
    """AddIndex of a partitioned table without a long lock; may be broken off and run again."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        quoted = schema_editor.quote_name
        name, table = quoted(self.index.name), quoted(model._meta.db_table)
        if _nothing_there(schema_editor, table):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_made(self.index, model, schema_editor, f"INDEX IF NOT EXISTS {name} ON ONLY {table}"))
            for part, mine in _parts(cursor, name, table).items():
                with _patient(cursor):
                    for half in [each for each, valid, _given in mine if not valid]:
                        cursor.execute(f"DROP INDEX CONCURRENTLY {quoted(half)}")
                if any(given for _each, _valid, given in mine):
                    continue
                ready = [each for each, valid, _given in mine if valid]
                if not ready:
                    with _patient(cursor):
                        cursor.execute(_made(self.index, model, schema_editor, f"INDEX CONCURRENTLY ON {quoted(part)}"))
                    ready = [each for each, valid, _given in _parts(cursor, name, table)[part] if valid]
                cursor.execute(f"ALTER INDEX {name} ATTACH PARTITION {quoted(ready[0])}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(self.index.name)}")


class RemoveLargeIndex(migrations.RemoveIndex):
    """RemoveIndex that may be run again. `defined`: only while the index of this name holds these words.

    The lock is short, so it is one that a migration waits for and comes again.
    """

    def __init__(self, model_name: str, name: str, defined: str = "") -> None:
        super().__init__(model_name=model_name, name=name)
        self.defined = defined

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "defined": self.defined} if self.defined else kwargs

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        name = schema_editor.quote_name(self.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [name])
            if self.defined in (cursor.fetchone()[0] or ""):
                cursor.execute(f"DROP INDEX IF EXISTS {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        AddLargeIndex(self.model_name, index).database_forwards(app_label, schema_editor, from_state, to_state)


def _made(index: Any, model: Any, editor: Any, begins: str) -> str:
    """The statement that makes an index, beginning as wanted."""
    plain = editor.sql_create_index
    editor.sql_create_index = f"CREATE {begins}%(using)s (%(columns)s)%(include)s%(extra)s%(condition)s"
    try:
        return str(index.create_sql(model, editor))
    finally:
        editor.sql_create_index = plain


def _parts(cursor: Any, index: str, table: str) -> dict[str, list[tuple[str, bool, bool]]]:
    """The partitions of a table, each with the indexes that are like the table's: name, valid, given to the table."""
    cursor.execute(PARTS, {"index": index, "table": table})
    found: dict[str, list[tuple[str, bool, bool]]] = {}
    for part, mine, valid, attached in cursor.fetchall():
        found.setdefault(part, []).extend([(mine, valid, attached)] if mine is not None else [])
    return found
