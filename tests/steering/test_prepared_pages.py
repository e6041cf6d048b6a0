"""Statements of pages are prepared with their words written in: they answer the same as when they are not."""

import pytest
from django.db import connection

from civicloop.foundation import hot
from tests import world

pytestmark = pytest.mark.django_db

ASKED = """SELECT u.code, %s, %s, '100 %%' FROM people_unit u
WHERE u.id = ANY(%s) AND u.valid_from <= %s AND u.code LIKE '%%' || %s ORDER BY u.code"""


def test_words_are_written_in_and_keys_are_values() -> None:
    units = [world.unit("s1-office"), world.unit("s1-office") + 1]
    values = ["it's 5 % of 'all'", 7, units, world.START, "office"]
    rows = hot.rows_of(ASKED, values)
    assert rows
    with connection.cursor() as cursor:
        cursor.execute(ASKED, values)
        assert rows == cursor.fetchall()


def test_another_reader_asks_by_the_same_statement() -> None:
    seen = []

    def keep(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        for unit in (101, 102):
            hot.rows_of("SELECT %s, %s, %s::bigint", ["open", None, unit])
    assert {sql for sql, _params in seen} == {"SELECT 'open', NULL, %(v0)s::bigint"}
    assert [list(params.values()) for _sql, params in seen] == [[101], [102]]


def test_a_page_starts_no_processes_beside_it() -> None:
    """A generic plan expects a tenth of a table where a page reads a few rows."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW parallel_setup_cost")
        assert float(cursor.fetchall()[0][0]) >= 100_000
