"""What the timelines say, summed up the long way, to hold the cubes against."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection

from civicloop.figures import cubes, reading
from civicloop.figures.ledger import told_by
from civicloop.foundation import clock
from civicloop.matters.models import Entry, Matter
from civicloop.records import days


def by_hand(measure_of: Any = None) -> Counter[tuple[int, str]]:
    """(district, measure) → number, straight from the entries of every matter."""
    found: Counter[tuple[int, str]] = Counter()
    for matter in Matter.objects.all():
        bodies = [
            bytes(body) for body in Entry.objects.filter(matter=matter).order_by("seq").values_list("body", flat=True)
        ]
        for _seq, name, detail, at, _unit, _kind, delta, _minutes, seen in told_by(bodies)[1]:
            if name not in cubes.HELD or seen[0] > reading.STAFF:
                continue
            # what falls due later than today is not counted yet
            if days.day_of(datetime.fromisoformat(at)) <= days.day_of(clock.now()):
                found[seen[1] or 0, f"{name}:{detail}" if detail else name] += delta
    return Counter({key: total for key, total in found.items() if total})


def by_cubes() -> Counter[tuple[int, str]]:
    """The same by the cube of districts with what is not folded."""
    measures = sorted({measure for _district, measure in by_hand()} | set(MEASURES))
    today = days.day_of(clock.now())
    found: Counter[tuple[int, str]] = Counter()
    rows = reading.read("district", scope=0, since=today.replace(year=today.year - 1, day=1, month=1),
                        until=today.replace(year=today.year + 3, day=1, month=1), measures=measures)  # fmt: skip
    for (member, _start), sums in rows.items():
        for measure, n in sums.n.items():
            found[int(member), measure] += n
    return Counter({key: total for key, total in found.items() if total})


MEASURES = ("valid", "due:handle", "done:handle:on_time", "done:handle:late", "ended:solved")


def ledger(server: Any, *words: str) -> tuple[int, dict[str, Any]]:
    """(exit code, document) of `civicloop ledger …` on the test's database, with both roles."""
    both = server.addresses(connection.settings_dict["NAME"])
    environment = os.environ | {"DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner}
    done = subprocess.run(
        [sys.executable, "-m", "civicloop.ops.cli", "ledger", *words, "--json"], env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
