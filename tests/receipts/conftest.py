"""Keys and published roots of each test lie in a folder of its own: what a database says is held against them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from civicloop.foundation import caches, clock
from tests import world


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings) -> Iterator[Path]:
    """DATA_DIR of this test."""
    settings.DATA_DIR = tmp_path
    yield tmp_path
    caches.forget_all()


@pytest.fixture
def owner(database_server) -> Callable[..., list[tuple[object, ...]]]:
    """A statement as somebody who may do anything with the database, past every key between tables."""

    def run(statement: str, *values: object) -> list[tuple[object, ...]]:
        name = connection.settings_dict["NAME"]
        with psycopg.connect(database_server.addresses(name).superuser, autocommit=True) as superuser:
            superuser.execute("SET session_replication_role = replica")
            cursor = superuser.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    return run


def at(days: float = 0, **parts: float) -> datetime:
    """A moment after the tests' Monday, 09:00 of the city."""
    return world.START + timedelta(days=days, **parts)


def on(days: float = 0, **parts: float):  # type: ignore[no-untyped-def]
    """The platform's clock at such a moment."""
    return clock.at(at(days, **parts))
