"""An installation of its own whose processes can really be killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from civicloop.ops import embedded
from civicloop.ops.ports import free_port
from tests.conftest import ROOT


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
