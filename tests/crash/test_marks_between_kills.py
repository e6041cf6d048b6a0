"""The worker is really killed while marks of deadlines fire and are told: none is lost, none comes twice."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import size
from tests.crash.installation import Installation

pytestmark = pytest.mark.crash

# open matters with two marks each that have come due, as after an outage
SET_UP = """
import os, sys
from datetime import timedelta
import django
django.setup()
import psycopg
from civicloop.foundation import clock
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import build
number = int(sys.argv[1])
seeding.fill(number, build(), os.environ["DATABASE_OWNER_URL"])
with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as line:
    line.execute(
        "UPDATE matters_clock SET due_at = %(due)s, started_at = %(begun)s, mark = 'late', mark_at = %(due)s",
        {"due": clock.now() - timedelta(days=9), "begun": clock.now() - timedelta(days=9, hours=1)},
    )
"""
SO_FAR = """
import django
django.setup()
from civicloop.matters.models import Entry
print(Entry.objects.filter(action="mark").count())
"""
TOLD = """
import django
django.setup()
from civicloop.matters.models import Entry, Outbox
print(Entry.objects.filter(action="mark").count() - Outbox.objects.filter(taken_at=None).count())
"""
LOOK = """
import json
import django
django.setup()
from civicloop.matters import proof
from civicloop.matters.models import Clock, Entry, Matter, Outbox
from civicloop.notices.models import Notice
marks = Entry.objects.filter(action="mark")
matters = list(Matter.objects.values_list("id", flat=True))
print(json.dumps({
    "late": marks.filter(result="late").values("matter_id").distinct().count(),
    "over": marks.filter(result="over").values("matter_id").distinct().count(),
    "all": marks.count(), "waiting": Clock.objects.exclude(mark_at=None).count(),
    "told": Outbox.objects.filter(topic="mark").count(),
    "notices": Notice.objects.filter(template="mark").count(),
    "of": Notice.objects.filter(template="mark").values("matter_id").distinct().count(),
    "broken": sum(bool(proof.verify(matter)) for matter in matters[:: max(1, len(matters) // 100)]),
}))
"""


def test_a_worker_killed_between_marks(tmp_path: Path) -> None:
    number, kills = size(1500, 20_000), size(2, 20)
    chance = random.Random(4)
    installation = Installation(tmp_path)
    installation.database.start()
    try:
        installation.run("-m", "civicloop.ops.cli", "migrate")
        installation.run("-c", SET_UP, str(number))
        installation.start("worker")
        fired = _wait(installation, lambda fired: fired > 0)
        hit = 0
        for _kill in range(kills):
            time.sleep(chance.uniform(0.0, 0.4))
            installation.kill("worker")
            before = int(installation.run("-c", SO_FAR))
            hit += 0 < before < 2 * number
            fired = _wait(installation, lambda now, before=before: now > before or now == 2 * number)
        fired = _wait(installation, lambda now: now >= 2 * number)
        for _kill in range(kills):  # and while the outbox is told
            installation.kill("worker")
            time.sleep(chance.uniform(0.0, 1.5))
        _wait(installation, lambda now: now >= 2 * number, TOLD)
        seen = json.loads(installation.run("-c", LOOK))
    finally:
        installation.stop()
    assert hit > 0  # at least one kill fell between two marks
    assert fired == 2 * number
    told, notices, of = seen.pop("told"), seen.pop("notices"), seen.pop("of")
    assert seen == {"late": number, "over": number, "all": 2 * number, "waiting": 0, "broken": 0}
    assert notices == of == number  # one supervisor each, once
    assert told == number  # of the first mark nobody is told any more: the second had overtaken it


def _wait(installation: Installation, enough: Callable[[int], bool], look: str = SO_FAR) -> int:
    until = time.monotonic() + 240
    while True:
        fired = int(installation.run("-c", look))
        if enough(fired):
            return fired
        assert time.monotonic() < until, f"only {fired} marks have fired"
        time.sleep(0.2)
