"""How much a database takes, and whether what is still to come has room."""

import os
import shutil
from pathlib import Path
from typing import Any

import psycopg

from civicloop.ops import environment

SPARE = 6 * 2**30  # for the write-ahead log, sorting, and everybody else
SORTING = 1.1  # while an index is made, its rows lie there twice


class NoRoom(Exception):
    """The disk cannot hold it; the words say how much is there and how much would be needed."""


def used(line: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Bytes of the database that the connection is at."""
    row = line.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def free(line: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Bytes free where the server keeps its data, if that is this machine; else where this installation does."""
    try:
        row = line.execute("SHOW data_directory").fetchone()
        folder = Path(str(row[0])) if row else environment.data_dir()
    except psycopg.errors.InsufficientPrivilege:
        folder = environment.data_dir() / "postgres"
    return shutil.disk_usage(folder if os.access(folder, os.X_OK) else environment.data_dir()).free


def allow(line: psycopg.Connection[tuple[Any, ...]], wanted: int) -> None:
    """Raises NoRoom when `wanted` bytes more do not fit."""
    there, needed = free(line), int(wanted * SORTING) + SPARE
    if needed > there:
        raise NoRoom(f"{needed / 2**30:,.1f} GiB would be needed, {there / 2**30:,.1f} GiB are free")
