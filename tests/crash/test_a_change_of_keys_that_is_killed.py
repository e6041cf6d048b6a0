"""A change of keys and the worker that re-seals, really killed: everything opens all the while, and follows."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import LONG, ROOT, size
from tests.crash.installation import Installation
from tests.crash.senders import PATIENCE

pytestmark = pytest.mark.crash

# what is sealed: values in several batches, originals of photos; {number} values
SET_UP = """
import django; django.setup()
from tests import world; world.build()
from civicloop.evidence import actions as evidence
from civicloop.foundation import clock, ids
from civicloop.records import sealing
from civicloop.records.models import SealedValue
from tests.api.calls import jpeg
rows = []
for _each in range({number}):
    row = sealing.seal(matter := ids.uuid7(), 1, "reporter_phone", "13800000000")
    rows.append(SealedValue(matter_id=matter, no=1, field=row.field, envelope=row.envelope, lookup=row.lookup,
                            retention=row.retention, created_at=clock.now()))
SealedValue.objects.bulk_create(rows)
for shade in range(12):
    evidence.store(evidence.prepare(upload=jpeg(shade), filename="a.jpg", stage="other", matter_id=ids.uuid7(),
                                    evidence_id=ids.uuid7(), actor_id=None, post_id=None))
"""
# `civicloop keys …`, killed before the n-th thing that it does to a key file, or just before or after it writes a row
# (what will hold; the line that a key goes) and before or after a commit
STRUCK = """
import os, signal, sys
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
point, done = {point!r}, 0
def reached(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)
def strike(event, given):
    global done
    name = str(given[0]) if given else ""
    writes = event in ("os.rename", "os.remove") or (event == "open" and (name.endswith("/keys") or "/keys/." in name))
    if writes and "/keys" in name:
        done += 1
        reached(done)
def around(method, name, counts):
    def inner(self, *given, **named):
        here = counts(*given)
        here and reached("before " + name)
        result = method(self, *given, **named)
        here and reached("after " + name)
        return result
    return inner
row = 'INSERT INTO "records_{table}"'
CursorWrapper.execute = around(CursorWrapper.execute, "row", lambda sql, *_: str(sql).startswith(row))
BaseDatabaseWrapper._commit = around(BaseDatabaseWrapper._commit, "note", lambda: True)
sys.addaudithook(strike)
sys.argv = ["civicloop", "keys", *{words!r}]
from datetime import timedelta
from civicloop.foundation import clock
from civicloop.ops.cli import main
with clock.at(clock.now() + timedelta(minutes={later!r})):
    main()
"""
# somebody goes on working, and everything is looked at
LOOK = """
import json, django; django.setup()
from civicloop.evidence import selectors as files
from civicloop.evidence.models import Evidence
from civicloop.foundation import ciphers, clock, ids
from civicloop.records import keyring, sealing
from civicloop.records.models import AuditEntry, KeyChange, SealedValue
row = sealing.seal(matter := ids.uuid7(), 1, "reporter_phone", "13800000000")
SealedValue.objects.create(matter_id=matter, no=1, field=row.field, envelope=row.envelope, lookup=row.lookup,
                           retention=row.retention, created_at=clock.now())
rows = list(SealedValue.objects.all())
originals = [files.open_original(actor_id=None, actor_words="tests", post_id=None, purpose="proof",
                                 matter_id=e.matter_id, evidence_id=e.id) for e in Evidence.objects.all()]
print(json.dumps({
    "rows": len(rows), "opened": sum(sealing.masked(r.matter_id, [1]) == {1: "138****0000"} for r in rows),
    "found": SealedValue.objects.filter(lookup__in=sealing.look_ups("13800000000")).count(),
    "originals": len(originals), "keys": sorted({ciphers.key_id(bytes(r.envelope)) for r in rows}),
    "needed": sorted({e.sealed_with for e in Evidence.objects.all()}),
    "now": keyring.current().id, "changes": KeyChange.objects.count(),
    "installed": KeyChange.objects.exclude(installed_at=None).count(),
    "lines": AuditEntry.objects.filter(action="keys.change").count(),
    "former": sorted({key for family in keyring.FAMILIES for key in keyring.former(family)}),
    "given_up": sorted(set(AuditEntry.objects.filter(action="keys.retire").values_list("object", flat=True))),
}))
"""


def rotated(installation: Installation, point: int | str) -> int:
    """The exit code of a change that is killed at that point."""
    return struck(installation, point, ["rotate"], "keychange", later=0)


def retired(installation: Installation, point: int | str, keys: list[str]) -> int:
    """The exit code of giving up these keys, when the time to wait is over, that is killed at that point."""
    return struck(installation, point, ["retire", *keys], "auditentry", later=20)


def struck(installation: Installation, point: int | str, words: list[str], table: str, later: int) -> int:
    """The exit code of a command that is killed at that point."""
    script = STRUCK.replace("{point!r}", repr(point)).replace("{words!r}", repr(words))
    script = script.replace("{table}", table).replace("{later!r}", repr(later))
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, env=installation.environment(), cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr
    return ended.returncode


def looked(installation: Installation, expected: int) -> dict[str, Any]:
    """What is there now: nothing may be missing or closed."""
    seen: dict[str, Any] = json.loads(installation.run("-c", LOOK))
    assert (seen["rows"], seen["opened"], seen["found"], seen["originals"]) == (expected, expected, expected, 12)
    return seen


def resealed(installation: Installation) -> int:
    """How many things the worker has noted as re-sealed."""
    with psycopg.connect(installation.database.addresses().application) as plain:
        row = plain.execute("SELECT coalesce(sum(resealed), 0) FROM records_resealing").fetchone()
    return int(row[0]) if row else 0


def test_a_change_of_keys_killed_at_every_write_is_finished_and_nothing_is_lost(tmp_path: Path) -> None:
    number, kills = size(2000, 20_000), size(2, 20)
    files: tuple[list[int], list[int]] = ([*range(1, 7)], [1, 2, 3, 1, 2, 3]) if LONG else ([3], [4])
    points = [*files[0], "before row", "after row", *files[1], "before note", "after note"]
    installation, there, killed = Installation(tmp_path), number, 0
    installation.database.start()
    try:
        installation.run("-m", "civicloop.ops.cli", "migrate")
        installation.run("-c", SET_UP.replace("{number}", str(number)))
        before = looked(installation, there := there + 1)
        earlier = number + 12 + 1  # what the former key sealed
        for point in points:
            assert rotated(installation, point) == -signal.SIGKILL, point
            killed += 1
            after = looked(installation, there := there + 1)
            passed = points.index("after row") <= killed - 1, killed == len(points)
            assert (after["changes"], after["installed"], after["lines"]) == (passed[0], passed[1], passed[1]), point
            earlier += after["now"] == before["now"]
        assert after["now"] != before["now"]
        for _kill in range(kills):
            done, until = resealed(installation), time.monotonic() + PATIENCE
            if installation.processes:
                installation.kill("worker")
            else:
                installation.start("worker")
            while resealed(installation) == done and done < number:
                assert time.monotonic() < until, "the worker re-seals nothing"
                time.sleep(0.002)
        installation.kill("worker")
        until = time.monotonic() + PATIENCE
        while resealed(installation) < earlier:
            assert time.monotonic() < until, f"re-sealed {resealed(installation)} of {earlier}"
            time.sleep(0.2)
        last = looked(installation, there := there + 1)
        assert set(last["keys"]) == set(last["needed"]) == {after["now"]}
        giving_up = give_up(installation, last, there)
    finally:
        installation.stop()
    told = {"killed while changing": killed, "worker killed": kills + 1, "killed while giving up": giving_up}
    print(f"\n{told | {'values': there, 'lost': 0}}")


def give_up(installation: Installation, last: dict[str, Any], there: int) -> int:
    """The former keys go, killed at each step; none without its line, and nothing closes. How often it was killed."""
    points: list[int | str] = [*(["before row", "after row", "before note"] if LONG else []), "after note", 1, 2]
    former = last["former"]
    assert len(former) >= 2
    for point in points:
        assert retired(installation, point, last["former"]) == -signal.SIGKILL, point
        there += 1
        last = looked(installation, there)
        assert set(former) - set(last["former"]) <= set(last["given_up"]), point
        assert bool(last["given_up"]) == (point in ("after note", 1, 2)), point
        assert len(last["former"]) == len(former) - (point == 2), point
    assert retired(installation, "never", last["former"]) == 0
    last = looked(installation, there + 1)
    assert (last["former"], last["given_up"]) == ([], former)
    return len(points)
