"""Real processes, really killed: server, worker, database, at random, while people report, act and send photos."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from civicloop.ops import embedded
from civicloop.ops.ports import free_port
from tests.conftest import ROOT, size
from tests.crash.senders import LOOK, SENDERS, SET_UP, Sender, nothing_lost, wait_until

pytestmark = pytest.mark.crash


class Installation:
    """An installation of its own: database with fsync on, server, worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = embedded.server_in(folder / "postgres", {"shared_buffers": "64MB"})
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self) -> dict[str, str]:
        both = self.database.addresses()
        return os.environ | {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": both.application,
            "DATABASE_OWNER_URL": both.owner,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "civicloop.settings",
            "CIVICLOOP_LOG_LEVEL": "CRITICAL",
        }

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], env=self.environment(), cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    def start(self, name: str) -> None:
        command = {
            "server": ["-m", "civicloop.ops.cli", "serve", "--port", str(self.port)],
            "worker": ["-m", "civicloop.ops.cli", "worker"],
        }[name]
        self.processes[name] = subprocess.Popen(
            [sys.executable, *command], env=self.environment(), cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL to everything of one kind, then start it again."""
        if name == "database":
            self.database.kill()
            self.database.start()
            return
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.start(name)

    def stop(self) -> None:
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()
        self.database.stop()


def test_kills_of_server_worker_and_database(tmp_path: Path) -> None:
    kills = size(6, 60)  # of server, worker and database in turn
    chance = random.Random(20)
    installation = Installation(tmp_path)
    installation.database.start()
    try:
        installation.run("-m", "civicloop.ops.cli", "migrate")
        facts = json.loads(installation.run("-c", SET_UP))
        installation.start("server")
        installation.start("worker")
        senders = [Sender(installation.port, facts["tokens"], facts["condition"], seed) for seed in range(SENDERS)]
        for sender in senders:
            sender.start()
        wait_until(lambda: all(sender.acts for sender in senders), senders)
        for number in range(kills):
            time.sleep(chance.uniform(0.3, 1.5))
            installation.kill(("database", "server", "worker")[number % 3])
            before = [len(sender.acts) for sender in senders]
            wait_until(lambda b=before: all(len(s.acts) > n for s, n in zip(senders, b, strict=True)), senders)
        for sender in senders:
            sender.done.set()
            sender.join(15)
        seen = json.loads(installation.run("-c", LOOK))
    finally:
        installation.stop()
    assert len([number for sender in senders for number in sender.reports]) > kills * SENDERS
    nothing_lost(senders, seen)
