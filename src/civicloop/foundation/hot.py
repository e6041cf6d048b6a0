"""Statements of the hot path: by matter id, prepared once per connection, run with a generic plan.

Django binds parameters on the client, so its cursor never uses a prepared statement; that alone costs the database
twice the time. `one` and `all_rows` take psycopg's own cursor on Django's connection. Worklists and reports keep
Django's cursor: their plans must see the values.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg
from django.db import connection

Row = tuple[Any, ...]


def _run(statement: str, params: Mapping[str, Any], _many: bool, _context: dict[str, Any]) -> list[Row]:
    with connection.wrap_database_errors:
        inner: psycopg.Connection[Row] = connection.connection
        cursor = psycopg.Cursor(inner).execute(statement, params, prepare=True)
        return cursor.fetchall() if cursor.description else []


def all_rows(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """Every row of a prepared `statement` (placeholders `%(name)s`). Counted like Django's own queries."""
    connection.ensure_connection()
    run = _run
    for wrapper in reversed(connection.execute_wrappers):
        run = partial(wrapper, run)
    return run(statement, params, False, {"connection": connection, "cursor": None})


def one(statement: str, params: Mapping[str, Any]) -> Row | None:
    """The first row of a prepared statement, or None."""
    rows = all_rows(statement, params)
    return rows[0] if rows else None
