"""The database of the tests: as the application role, on clones of a template that the owner has migrated.

The template is made once per hash of migrations and statements; each xdist worker works on its own clone, each test
that commits on a clone of its own (about 0.1 s). CIVICLOOP_TEST_PG_BIN names another server's binaries.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
SCREENS = CACHE / "screens"  # what the browser tests saw, for people who look after the pages
os.environ.setdefault("DATA_DIR", str(CACHE / "test-data" / os.environ.get("PYTEST_XDIST_WORKER", "one")))
os.environ.setdefault("CIVICLOOP_SECRET_KEY", "a key for tests only, never used to serve")

LONG = os.environ.get("SIZE") == "long"

# no test is timed: a slow moment of the machine is no finding
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def size(short: int, long: int) -> int:
    """How many examples a test takes: `short` in make test, `long` in make test-long."""
    return long if LONG else short


FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "120",
}


def running_server():  # type: ignore[no-untyped-def]
    from civicloop.ops import embedded

    forced = os.environ.get("CIVICLOOP_TEST_PG_BIN")
    if forced:
        server = embedded.Server(CACHE / f"test-postgres-{Path(forced).parent.name}", Path(forced), FAST)
    else:
        server = embedded.server_in(CACHE / "test-postgres", FAST)
    server.start()
    return server


def _sources() -> str:
    """A hash over everything that shapes an empty database."""
    files = [*ROOT.glob("src/civicloop/*/migrations/*.py"), *ROOT.glob("src/civicloop/ops/grants.py")]
    files += [ROOT / f"src/civicloop/foundation/{name}.py" for name in ("indexes", "partitions")]
    files += [ROOT / f"src/civicloop/{room}/sql.py" for room in ("evidence", "matters", "records")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _administer(server, statement: str, *names: str) -> None:  # type: ignore[no-untyped-def]
    with psycopg.connect(server.addresses("postgres").owner, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _clone(server, name: str, template: str) -> None:  # type: ignore[no-untyped-def]
    _drop(server, name)
    _administer(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name, template)


def _drop(server, name: str) -> None:  # type: ignore[no-untyped-def]
    for attempt in range(5):
        try:
            _administer(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg.Error:
            if attempt == 4:
                raise
            time.sleep(0.3)
        else:
            return


def _template(server) -> str:  # type: ignore[no-untyped-def]
    """The name of the migrated template, made by the owner when the sources have changed."""
    name = f"template_{_sources()}"
    with (CACHE / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server.addresses("postgres").owner, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
        making = f"{name}_making"
        _drop(server, making)
        _administer(server, "CREATE DATABASE {}", making)
        both = server.addresses(making)
        with psycopg.connect(both.superuser, autocommit=True) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            connection.execute("ALTER SCHEMA public OWNER TO civicloop_owner")
        environment = os.environ | {"DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner}
        subprocess.run([sys.executable, "-m", "civicloop.ops.cli", "migrate"], env=environment, check=True)
        _administer(server, "ALTER DATABASE {} RENAME TO {}", making, name)
        return name


def _world(server, empty: str) -> str:  # type: ignore[no-untyped-def]
    """The name of a template that also holds the tiny city of tests/world.py."""
    sources = hashlib.sha256()
    files = [ROOT / "tests/world.py", *(ROOT / "src").rglob("*.toml"), *(ROOT / "src").rglob("standards/*.csv")]
    files += [
        path
        for room in ("people", "catalogue", "procedures", "calendars")
        for path in (ROOT / "src/civicloop" / room).glob("**/*.py")
    ]
    for path in sorted(files):
        sources.update(path.read_bytes())
    name = f"{empty}_{sources.hexdigest()[:12]}"
    with (CACHE / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server.addresses("postgres").owner, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
        making = f"{name}_making"
        _clone(server, making, empty)
        both = server.addresses(making)
        environment = os.environ | {
            "DATABASE_URL": both.application,
            "DATABASE_OWNER_URL": both.owner,
            "PYTHONPATH": str(ROOT),
        }
        program = "import django; django.setup(); from tests import world; world.build()"
        environment["DJANGO_SETTINGS_MODULE"] = "civicloop.settings"
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, cwd=ROOT)
        _administer(server, "ALTER DATABASE {} RENAME TO {}", making, name)
        return name


@pytest.fixture(scope="session")
def database_server():  # type: ignore[no-untyped-def]
    """The running test server."""
    CACHE.mkdir(exist_ok=True)
    return running_server()


@pytest.fixture(scope="session")
def database_template(database_server) -> str:  # type: ignore[no-untyped-def]
    return _world(database_server, _template(database_server))


def _point_at(server, name: str) -> None:  # type: ignore[no-untyped-def]
    from django.db import connections

    from civicloop.settings import database

    url = server.addresses(name).application
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = url, server.addresses(name).owner
    connections["default"].close()
    connections["default"].settings_dict.update(database(url))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, database_server, database_template) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Replaces pytest-django's own: a clone for this worker, used as the application role."""
    from django.db import connections

    name = f"w_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}_{os.getpid()}"
    _clone(database_server, name, database_template)
    with django_db_blocker.unblock():
        _point_at(database_server, name)
    yield
    connections["default"].close()
    _drop(database_server, name)


@pytest.fixture
def committing(django_db_setup, django_db_blocker, database_server, database_template) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """A database of its own for a test that commits; never together with django_db. Gives the database's name."""
    from django.db import connections

    home = connections["default"].settings_dict["NAME"]
    name = f"c_{os.getpid()}_{time.monotonic_ns()}"
    _clone(database_server, name, database_template)
    with django_db_blocker.unblock():
        _point_at(database_server, name)
        _forget_caches()
        yield name
        connections["default"].close()
        _point_at(database_server, home)
    _drop(database_server, name)
    _forget_caches()


@pytest.fixture
def nothing_loaded(django_db_setup, django_db_blocker, database_server) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """A migrated database without any city, for a test that loads one; never together with django_db."""
    from django.db import connections

    home = connections["default"].settings_dict["NAME"]
    name = f"e_{os.getpid()}_{time.monotonic_ns()}"
    _clone(database_server, name, _template(database_server))
    with django_db_blocker.unblock():
        _point_at(database_server, name)
        _forget_caches()
        yield name
        connections["default"].close()
        _point_at(database_server, home)
    _drop(database_server, name)
    _forget_caches()


def _forget_caches() -> None:
    """Rooms keep reference data in process; another database has other rows."""
    from civicloop.foundation import caches

    caches.forget_all()


@pytest.fixture(autouse=True)
def _fresh_caches(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if (
        "django_db" in request.keywords
        or "db" in request.fixturenames
        or {"committing", "nothing_loaded"} & {*request.fixturenames}
    ):
        _forget_caches()


@pytest.fixture(autouse=True)
def _nowhere_in_particular(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without a database stands where an installation stands that has set nothing."""
    from civicloop.foundation import locality

    known = {"db", "transactional_db", "committing", "django_db_setup", "nothing_loaded"}
    if "django_db" not in request.keywords and known.isdisjoint(request.fixturenames):
        monkeypatch.setattr(locality, "_read", [])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One headless browser for all tests (a second one in a process is refused by its driver)."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium: run: apt-get install chromium fonts-noto-cjk")
    SCREENS.mkdir(parents=True, exist_ok=True)
    arguments = [
        "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(autouse=True)
def _first_tries() -> None:
    """All tests come from one address: none may use up the tries of another."""
    from civicloop.foundation import throttle

    throttle.forget_all()


@pytest.fixture(autouse=True)
def _chinese_first() -> Iterator[None]:
    """Each test begins in the product's first language, whatever the one before has asked for."""
    from django.utils import translation

    with translation.override("zh-hans"):
        yield
