"""Statements of the hot path: by matter id, prepared once per connection, run with a generic plan.

Django binds parameters on the client, so its cursor never uses a prepared statement; that alone costs the database
twice the time. `one` and `all_rows` take psycopg's own cursor on Django's connection. Worklists and reports keep
Django's cursor: their plans must see the values.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import psycopg
import psycopg.sql
from django.db import connection

Row = tuple[Any, ...]
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|%)")
_UNNAMED = re.compile(r"%[s%]")


@cache
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with PostgreSQL's own placeholders ($1 …) and the names of the values in their order.

    psycopg keeps what it has translated only up to 4,096 characters and 50 values; beyond that it would translate the
    statement of a report again each time, which costs about as much as all rules of a report together.
    """
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, statement), tuple(names)


def _run(statement: str, params: Mapping[str, Any], _many: bool, _context: dict[str, Any]) -> list[Row]:
    with connection.wrap_database_errors:
        inner: psycopg.Connection[Row] = connection.connection
        text, names = numbered(statement)
        cursor = psycopg.RawCursor(inner).execute(text, [params[name] for name in names], prepare=True)
        result = cursor.pgresult  # `description` would make an object for each of its columns
        return cursor.fetchall() if result is not None and result.nfields else []


def all_rows(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """Every row of a prepared `statement` (placeholders `%(name)s`). Counted like Django's own queries."""
    connection.ensure_connection()
    run = _run
    for wrapper in reversed(connection.execute_wrappers):
        run = partial(wrapper, run)
    return run(statement, params, False, {"connection": connection, "cursor": None})


SMALL = 100  # numbers up to it are classes and levels, not keys


def rows_of(statement: str, values: Sequence[Any]) -> list[Row]:
    """Every row of a compiled query (placeholders `%s`), prepared, for pages whose planning costs more than the work.

    Words and small numbers are written into it, as partial indexes want them told; moments, keys and lists are values.
    Not for a statement whose best plan depends on these.
    """
    left: list[Any] = list(values)
    named: dict[str, Any] = {}

    def fixed(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        value = left.pop(0)
        if value is None or isinstance(value, (str, bool)) or (isinstance(value, int) and abs(value) <= SMALL):
            return psycopg.sql.Literal(_plain(value)).as_string(None).replace("%", "%%")
        named[f"v{len(named)}"] = value
        return f"%(v{len(named) - 1})s"

    return all_rows(_UNNAMED.sub(fixed, statement), named)


def _plain(value: Any) -> Any:
    """A word or number as itself, not as one of a choice."""
    if value is None or isinstance(value, bool):
        return value
    return str(value) if isinstance(value, str) else int(value)


def one(statement: str, params: Mapping[str, Any]) -> Row | None:
    """The first row of a prepared statement, or None."""
    rows = all_rows(statement, params)
    return rows[0] if rows else None


def many(statement: str, rows: Sequence[Mapping[str, Any]]) -> list[Row | None]:
    """Run one prepared statement for each of `rows`, sent together without waiting between them; their first rows.

    Inside a transaction all are of it. An error of one is raised, and none is kept. Counted as one query.
    """
    connection.ensure_connection()

    def run(sql: str, params: Sequence[Mapping[str, Any]], _many: bool, _context: dict[str, Any]) -> list[Row | None]:
        with connection.wrap_database_errors:
            inner: psycopg.Connection[Row] = connection.connection
            text, names = numbered(sql)
            with inner.pipeline():
                cursors = [
                    psycopg.RawCursor(inner).execute(text, [each[name] for name in names], prepare=True)
                    for each in params
                ]
            return [cursor.fetchone() for cursor in cursors]

    for wrapper in reversed(connection.execute_wrappers):
        run = partial(wrapper, run)
    return run(statement, rows, True, {"connection": connection, "cursor": None})
