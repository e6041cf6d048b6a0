"""Real processes of the product on the database of a test."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicloop.ops.ports import free_port
from tests.conftest import ROOT

PATIENCE = 60


def until(what: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@dataclass
class Process:
    """A command that goes on, and what it has said."""

    running: subprocess.Popen[bytes]
    said: Path
    port: int = 0

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """(status, text) of a request."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        payload = None if body is None else json.dumps(body).encode()
        line.request(method, path, payload, {"Content-Type": "application/json", **headers})
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        return answer.status, text

    def alive(self) -> bool:
        """Whether it answers."""
        assert self.running.poll() is None, self.said.read_text()
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def terminate(self) -> None:
        """What systemd and a container send."""
        self.running.send_signal(signal.SIGTERM)


@contextmanager
def started(folder: Path, *words: str, **environment: str) -> Iterator[Process]:
    """A command of the product, ended in any case. `serve` answers when the body begins."""
    folder.mkdir(exist_ok=True)
    said, port = folder / f"{words[0]}.log", free_port() if words[0] == "serve" else 0
    given = ["--port", str(port)] if port else []
    with said.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "civicloop.ops.cli", *words, *given], cwd=ROOT, start_new_session=True,
            stdout=file, stderr=file, env=os.environ | {"DATA_DIR": str(folder)} | environment,
        )  # fmt: skip
    process = Process(running, said, port)
    try:
        if port:
            until(process.alive)
        yield process
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
