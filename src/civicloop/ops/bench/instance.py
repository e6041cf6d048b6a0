"""A throw-away instance: a database of its own on the installation's server, keys and files in a temporary folder.

The database is dropped at the end, whatever happened; a seeded one stays until it is forgotten. The owner must be
allowed to create databases, as the owner of the embedded server is.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from civicloop.ops import environment
from civicloop.ops.embedded import DatabaseTrouble
from civicloop.ops.ports import free_port

PATIENCE = 60.0  # seconds for the server to answer


@dataclass
class Instance:
    """Where the throw-away instance is reached."""

    name: str
    application: str
    owner: str
    folder: Path
    port: int = 0
    _serving: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def serve(self, workers: int = 2) -> None:
        """Start the server as an installation does: 2 processes of 8 threads; returns when it answers."""
        from civicloop.ops.commands import _granian

        self.port = free_port()
        self._serving = subprocess.Popen(
            _granian("127.0.0.1", self.port, workers),
            env=self.environment(),
            stdout=sys.stderr.fileno(),
            start_new_session=True,
        )
        until = time.monotonic() + PATIENCE
        while not _alive(self.port):
            if self._serving.poll() is not None or time.monotonic() > until:
                raise DatabaseTrouble("the server of the benchmark did not start; see its words above")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server and wait for it."""
        if self._serving is not None and self._serving.poll() is None:
            self._serving.terminate()
            try:
                self._serving.wait(15)
            except subprocess.TimeoutExpired:
                self._serving.kill()
        self._serving = None

    def environment(self) -> dict[str, str]:
        """The environment of a process of this instance."""
        return os.environ | {
            "DATABASE_URL": self.application, "DATABASE_OWNER_URL": self.owner, "DATA_DIR": str(self.folder),
            "CIVICLOOP_SECRET_KEY": "of a benchmark", "CIVICLOOP_LOG_LEVEL": "ERROR",
        }  # fmt: skip


def _alive(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _other(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def instance() -> Iterator[Instance]:
    """Make, migrate and point Django at an empty instance; remove it afterwards."""
    name = f"bench_{os.getpid()}_{secrets.token_hex(3)}"
    made = _named(name, Path(tempfile.mkdtemp(prefix="bench-")))
    try:
        _make(made)
        with opened(made):
            yield made
    finally:
        _drop(environment.addresses()[1], name)
        shutil.rmtree(made.folder, ignore_errors=True)


# -- instances that stay (seeded) -------------------------------------------------------------------------------------


def kept(name: str) -> Instance:
    """The instance that stays under a name, whether it is there or not."""
    return _named(f"bench_seeded_{name}", environment.data_dir() / "bench" / name)


def is_there(of: Instance) -> bool:
    """Whether its database exists."""
    with psycopg.connect(environment.addresses()[1], autocommit=True) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [of.name]).fetchone() is not None


def make_kept(of: Instance) -> None:
    """Make and migrate it anew."""
    forget_kept(of)
    of.folder.mkdir(parents=True, mode=0o700)
    _make(of)


def forget_kept(of: Instance) -> None:
    """Remove database and folder."""
    _drop(environment.addresses()[1], of.name)
    shutil.rmtree(of.folder, ignore_errors=True)


def bring_up_to_date(of: Instance) -> None:
    """Migrate it: it may be of an earlier version."""
    subprocess.run([sys.executable, "-m", "civicloop.ops.cli", "migrate"], env=of.environment(), check=True)


def _named(name: str, folder: Path) -> Instance:
    application, owner = environment.addresses()
    return Instance(name, _other(application, name), _other(owner, name), folder)


def _make(made: Instance) -> None:
    try:
        _administer(environment.addresses()[1], "CREATE DATABASE {}", made.name)
    except psycopg.errors.InsufficientPrivilege as reason:
        raise DatabaseTrouble("the owner of the database may not create one for the benchmark (CREATEDB)") from reason
    with psycopg.connect(made.owner, autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    bring_up_to_date(made)


@contextmanager
def opened(made: Instance) -> Iterator[Instance]:
    """Point Django at an instance, and back again."""
    before = _point_at(made.application, made.folder)
    try:
        yield made
    finally:
        made.stop()
        _point_at(*before)


def _administer(owner: str, statement: str, name: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _drop(owner: str, name: str) -> None:
    for attempt in range(5):
        try:
            _administer(owner, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg.Error:  # a system process may be in it for a moment
            if attempt == 4:
                print(f"civicloop: the database {name} is left over; drop it by hand", file=sys.stderr)
            time.sleep(0.3)
        else:
            return


def _point_at(url: str, folder: Path) -> tuple[str, Path]:
    """Let this process's Django use another database and data folder; gives what it used before."""
    from django.conf import settings
    from django.db import connections

    from civicloop.foundation import caches
    from civicloop.settings import database

    before = os.environ["DATABASE_URL"], settings.DATA_DIR
    os.environ["DATABASE_URL"] = url
    settings.DATA_DIR = folder
    connections["default"].close()
    connections["default"].settings_dict.update(database(url))
    caches.forget_all()
    return before
