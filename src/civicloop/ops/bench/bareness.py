"""Tables without indexes and keys while they are filled: sorting rows into an index at once is far cheaper than one by
one. What was taken away is written down in the same transaction, so that a killed run gives it back.
"""

from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

Say = Callable[[str], None]
KEPT = """CREATE TABLE IF NOT EXISTS bench_bareness (no integer PRIMARY KEY, "table" text, words text, again text,
    done boolean NOT NULL DEFAULT false)"""
# keys that point to the tables or away from them, last; before them primary keys, then indexes
CONSTRAINTS = """SELECT con.conname, con.conrelid::regclass::text, pg_get_constraintdef(con.oid), con.contype = 'f'
FROM pg_constraint con WHERE con.conparentid = 0 AND con.contype IN ('p', 'u', 'f')
    AND (con.conrelid = ANY(%(tables)s::regclass[]) OR con.confrelid = ANY(%(tables)s::regclass[]))
ORDER BY con.contype = 'f', con.contype, con.conrelid::regclass::text, con.conname"""
INDEXES = """SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text,
    replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
FROM pg_index i WHERE i.indrelid = ANY(%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid)
ORDER BY 2, 1"""


def strip(line: psycopg.Connection[tuple[object, ...]], tables: Sequence[str]) -> None:
    """Take indexes and keys away and write down how to make them again."""
    with line.transaction():
        line.execute(KEPT)
        found = line.execute(CONSTRAINTS, {"tables": list(tables)}).fetchall()
        constraints = [(str(name), str(table), str(how), bool(foreign)) for name, table, how, foreign in found]
        indexes = line.execute(INDEXES, {"tables": list(tables)}).fetchall()
        rows = [
            (table, name, f"ALTER TABLE {table} ADD CONSTRAINT {_quoted(name)} {how}", foreign)
            for name, table, how, foreign in constraints
        ]
        rows += [(str(table), str(name), str(how), False) for name, table, how in indexes]
        rows.sort(key=lambda row: row[3])  # keys to other tables need the primary keys
        with line.cursor() as cursor:
            cursor.executemany(
                'INSERT INTO bench_bareness (no, "table", words, again) VALUES (%s, %s, %s, %s)',
                [(number, *row[:3]) for number, row in enumerate(rows)],
            )
        for name, table, _how, _foreign in sorted(constraints, key=lambda each: not each[3]):
            line.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_quoted(name)}".encode())
        for row in indexes:
            line.execute(f"DROP INDEX {row[0]}".encode())


def restore(line: psycopg.Connection[tuple[object, ...]], say: Say, later: Sequence[str] = ()) -> None:
    """Make what is missing, but for the tables `later`; each index and key is whole or not there."""
    line.execute("SET maintenance_work_mem = '512MB'")
    wanted = line.execute(
        'SELECT no, words, again FROM bench_bareness WHERE NOT done AND "table" <> ALL(%s) ORDER BY no', [list(later)]
    ).fetchall()
    for number, words, again in wanted:
        say(f"{words}")
        with line.transaction():
            line.execute(str(again).encode())
            line.execute("UPDATE bench_bareness SET done = true WHERE no = %s", [number])


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)
