"""When `civicloop run` stops, nothing that it started goes on answering."""

import sys
import time
from pathlib import Path

from civicloop.ops.processes import Children

PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
pathlib.Path(sys.argv[1] + ".part").write_text(str(child.pid))
pathlib.Path(sys.argv[1] + ".part").rename(sys.argv[1])
time.sleep(120)
"""


def lives(number: int) -> bool:
    """Whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_workers_of_a_server_that_ends_without_them_are_ended_too(tmp_path: Path) -> None:
    children, told = Children(), tmp_path / "child"
    children.start("serve", [sys.executable, "-c", PARENT, str(told)])
    until = time.monotonic() + 60
    while not told.exists() and time.monotonic() < until:
        time.sleep(0.05)
    worker = int(told.read_text())
    assert lives(worker)
    children.stop()
    until = time.monotonic() + 60
    while lives(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(worker)
