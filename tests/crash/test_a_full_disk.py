"""A disk that fills, a database that ends: each gets a clear answer meanwhile, and all goes on by itself.

The installation stands on a small disk of its own (tmpfs in a mount namespace, which needs no right on most systems).
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from civicloop.ops import embedded
from civicloop.ops.ports import free_port
from tests.conftest import ROOT
from tests.crash.senders import LOOK, SENDERS, SET_UP, Sender, nothing_lost, wait_until

pytestmark = pytest.mark.crash
DISK = 420  # MiB; a new database takes about 80 and its log of changes as much again
FILL = 1 << 16


def own_mounts() -> list[str]:
    """The command that gives a process mounts of its own."""
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Um", "--map-current-user", "--keep-caps"]


def mount(folder: Path) -> None:
    """A small disk at `folder`, seen by this process and its children alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    private = 1 << 18 | 1 << 14  # MS_PRIVATE, MS_REC
    libc.mount(b"none", b"/", None, private, None)
    if libc.mount(b"none", str(folder).encode(), b"tmpfs", 0, f"size={DISK}m,mode=755".encode()):
        sys.exit(f"no small disk can be made here: {os.strerror(ctypes.get_errno())}")


def fill(path: Path) -> None:
    """Take what room is left, to the last block."""
    with path.open("ab", buffering=0) as file:
        for piece in (b"\0" * FILL, b"\0" * 4096, b"\0"):
            try:
                while True:
                    file.write(piece)
            except OSError:
                continue


class Small:
    """An installation as `civicloop run` starts it, on the small disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABASE_")} | {
            "DATA_DIR": str(folder), "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "civicloop.settings",
            "CIVICLOOP_LOG_LEVEL": "CRITICAL",
        }  # fmt: skip
        command = ["-m", "civicloop.ops.cli", "run", "--port", str(self.port), "--no-demo"]
        self.said = folder.parent / "run.log"
        with self.said.open("wb") as file:
            self.running = subprocess.Popen(
                [sys.executable, *command], env=self.environment, cwd=ROOT, stdout=file, stderr=file
            )

    def python(self, words: str) -> str:
        """What a program says that works on the installation's database as the application."""
        start = "from civicloop.ops import environment; environment.prepare()\n"
        done = subprocess.run(
            [sys.executable, "-c", start + words.replace("import json, django; django.setup()", "import json")],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        self.running.send_signal(signal.SIGTERM)
        self.running.wait(60)
        subprocess.run(
            [sys.executable, "-m", "civicloop.ops.cli", "db", "stop"], env=self.environment, cwd=ROOT, check=False
        )


def on_a_small_disk(folder: Path) -> None:
    """The whole course, inside the mount namespace."""
    folder.mkdir(exist_ok=True)
    mount(folder)
    small = Small(folder)
    try:
        until = time.monotonic() + 120
        while not small.said.read_text().count("Ctrl-C"):
            assert time.monotonic() < until, small.said.read_text()
            assert small.running.poll() is None, small.said.read_text()
            time.sleep(0.2)
        facts = json.loads(small.python(SET_UP))
        senders = [Sender(small.port, facts["tokens"], facts["condition"], seed) for seed in range(SENDERS)]
        for sender in senders:
            sender.start()
        wait_until(lambda: all(len(sender.photos) > 2 for sender in senders), senders)
        fill(folder / "filler")
        wait_until(lambda: all(sender.not_now for sender in senders), senders)
        time.sleep(3)
        fill(folder / "filler")  # what was let go meanwhile
        time.sleep(3)
        before = [len(sender.photos) for sender in senders]
        (folder / "filler").unlink()
        wait_until(lambda: all(len(s.photos) > n for s, n in zip(senders, before, strict=True)), senders)
        after = [len(sender.photos) for sender in senders]
        embedded.server_in(folder / "postgres").kill()  # `run` looks after its database too
        wait_until(lambda: all(len(s.photos) > n for s, n in zip(senders, after, strict=True)), senders)
        for sender in senders:
            sender.done.set()
            sender.join(15)
        nothing_lost(senders, json.loads(small.python(LOOK)))
        told = sorted({status for sender in senders for status in sender.not_now})
        again = small.said.read_text().count("the database has ended")
        print(json.dumps({"told": told, "photos": sum(before), "database_started_again": again}))
    finally:
        small.stop()


def test_a_disk_that_fills_and_has_room_again(tmp_path: Path) -> None:
    course = f"from tests.crash import test_a_full_disk as t; t.on_a_small_disk(t.Path({str(tmp_path / 'disk')!r}))"
    done = subprocess.run(
        [*own_mounts(), sys.executable, "-c", course], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "no small disk can be made here" in done.stderr or done.stderr.startswith("unshare:"):
        pytest.skip(f"this system lets nobody mount: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr[-6000:]
    seen = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    print(seen)
    assert set(seen["told"]) <= {503, 507}
    assert 507 in seen["told"]
    assert seen["database_started_again"] >= 1
