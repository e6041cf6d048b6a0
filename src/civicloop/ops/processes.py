"""Child processes of `civicloop run`: started, watched, restarted, stopped together."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Child:
    command: list[str]
    once: bool
    process: subprocess.Popen[bytes]
    starts: int = 1


@dataclass
class Children:
    """A handful of processes that live and end together."""

    running: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str, command: list[str], *, once: bool = False) -> None:
        """Start a process; with `once` its end is not mended."""
        self.running[name] = Child(command, once, subprocess.Popen(command, start_new_session=True))

    def watch(self, look: Callable[[], None]) -> None:
        """Return only by an exception. A process that ends is started again after a pause that grows.

        `look` is called each second: for what else has to stay alive.
        """
        while True:
            time.sleep(1)
            look()
            for name, child in list(self.running.items()):
                code = child.process.poll()
                if code is None:
                    continue
                if child.once:
                    if code:
                        print(f"civicloop: {name} ended with {code}; start it again with the next run", file=sys.stderr)
                    del self.running[name]
                    continue
                print(f"civicloop: {name} ended with {code}; starting it again", file=sys.stderr)
                time.sleep(min(30, child.starts))
                child.process = subprocess.Popen(child.command, start_new_session=True)
                child.starts += 1

    def stop(self) -> None:
        """Ask all to end, wait ten seconds, then insist; nothing that they started is left behind.

        A server that is told to end before it has learnt how to leaves its workers, which would go on answering.
        """
        for child in self.running.values():
            if child.process.poll() is None:
                child.process.terminate()
        until = time.monotonic() + 10
        for child in self.running.values():
            try:
                child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
