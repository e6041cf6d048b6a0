"""Real processes, really killed: server, worker, database, at random, while people report, act and send photos."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.conftest import size
from tests.crash.installation import Installation
from tests.crash.senders import LOOK, SENDERS, SET_UP, Sender, nothing_lost, wait_until

pytestmark = pytest.mark.crash


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
    told = {
        "kills of each": kills // 3, "reports": sum(len(s.reports) for s in senders),
        "acts": sum(len(s.acts) for s in senders), "photos": sum(len(s.photos) for s in senders),
        "acknowledged and lost": 0, "twice": seen["twice"], "chains broken": len(seen["findings"]),
    }  # fmt: skip
    print(f"\n{told}")
