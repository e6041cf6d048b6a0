"""What some work asks the database: prepared statements as well, which Django's own log of queries does not hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# whether areas and settings have changed is looked up now and then, by real time
BY_TIME = ("places_layerrevision", "records_setting")


@contextmanager
def seen() -> Iterator[list[tuple[str, Any]]]:
    """Every statement of a block with its values, but for those that come by time."""
    found: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not any(table in sql for table in BY_TIME):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield found
