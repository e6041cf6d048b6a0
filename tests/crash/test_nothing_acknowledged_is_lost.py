"""Real processes, really killed: server, worker, database, at random, while people report, act and send photos."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicloop.foundation import ids
from civicloop.ops import embedded
from civicloop.ops.ports import free_port
from tests.api.calls import jpeg
from tests.conftest import ROOT, size

pytestmark = pytest.mark.crash
SENDERS = 4


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


class Sender(threading.Thread):
    """Somebody who reports and files, sends again until there is an answer, and remembers what was acknowledged."""

    def __init__(self, installation: Installation, tokens: dict[str, str], condition: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.installation, self.tokens, self.condition = installation, tokens, condition
        self.random = random.Random(seed)
        self.done = threading.Event()
        self.reports: dict[str, str] = {}
        self.acts: dict[str, tuple[str, int]] = {}
        self.photos: dict[str, str] = {}
        self.strange: list[tuple[int, str]] = []
        self.last = "nothing yet"

    def run(self) -> None:
        while not self.done.is_set():
            identifier = str(ids.uuid7())
            point = {"lon": 117.0 + self.random.random() * 0.09, "lat": 39.05, "crs": "wgs84"}
            made = self.send("/matters", "channel", {"id": identifier, "title": "井盖缺失", "text": "危险", **point})
            if made is None:
                return
            self.reports[identifier] = made["number"]
            act_id = str(ids.uuid7())
            body = {"act_id": act_id, "data": {"condition": self.condition}}
            filed = self.send(f"/matters/{identifier}/actions/file", "clerk", body)
            if filed is None:
                return
            self.acts[act_id] = (identifier, filed["seq"])
            photo = str(ids.uuid7())
            added = self.send(f"/matters/{identifier}/evidence", "clerk", form(photo), FORM)
            if added is None:
                return
            self.photos[photo] = identifier

    def send(
        self, path: str, who: str, body: dict[str, Any] | bytes, kind: str = "application/json"
    ) -> dict[str, Any] | None:
        """POST until there is a real answer; None when the test is over."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": kind}
        while not self.done.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=10)
                connection.request("POST", f"/api/v1{path}", payload, headers)
                response = connection.getresponse()
                text = response.read()
                connection.close()
            except (OSError, http.client.HTTPException) as fault:
                self.last = f"{path}: {fault!r}"
                time.sleep(0.05)
                continue
            self.last = f"{path}: {response.status} {text[:400].decode(errors='replace')}"
            if response.status in {200, 201}:
                return dict(json.loads(text))
            if response.status < 500:
                self.strange.append((response.status, text.decode(errors="replace")))
                return None
            time.sleep(0.05)
        return None


BOUNDARY = "a-photo-of-a-manhole-cover"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def form(photo: str) -> bytes:
    """A photo with its id, as a phone sends it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("id", photo), ("stage", "before"))
    ]
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
    head = "".join(parts) + file + "Content-Type: image/jpeg\r\n\r\n"
    return head.encode() + jpeg() + f"\r\n--{BOUNDARY}--\r\n".encode()


SET_UP = """
import json, django; django.setup()
from tests import world; world.build()
from tests.matters import loop
print(json.dumps({"tokens": {u: world.token(u) for u in ("channel", "clerk")}, "condition": loop.condition()}))
"""
LOOK = """
import json, django; django.setup()
from civicloop.foundation import chain
from civicloop.matters import proof
from civicloop.matters.models import *
from django.db.models import Count, Q
findings = [str(m) for m in Matter.objects.values_list("id", flat=True) if proof.verify(m)]
twice = Matter.objects.values("number").annotate(n=Count("id")).filter(n__gt=1).count()
lead = Q(tasks__lead=True, tasks__state="open")
leads = Matter.objects.filter(end="").annotate(n=Count("tasks", filter=lead)).exclude(n=1).count()
acts = Entry.objects.exclude(act_id=None).values_list("act_id", "matter_id", "seq")
whole = all(m.seq == m.entries.count() for m in Matter.objects.all())
facts = Fact.objects.filter(name="reported").count() == Matter.objects.count()
from civicloop.evidence.models import Evidence
from civicloop.evidence import selectors as files
photos = {str(e.id): str(e.matter_id) for e in Evidence.objects.all()}
entered = sorted(str(chain.content(bytes(b))["data"]["evidence"])
                 for b in Entry.objects.filter(action="evidence").values_list("body", flat=True))
shown = [files.read_object(e.matter_id, e.id, which) for e in Evidence.objects.all() for which in files.WHICH]
print(json.dumps({
    "numbers": {str(i): n for i, n in Matter.objects.values_list("id", "number")},
    "acts": {str(a): [str(m), s] for a, m, s in acts},
    "findings": findings, "twice": twice, "leads": leads, "whole": whole, "facts": facts,
    "photos": photos, "entered": entered,
}))
"""


def test_kills_of_server_worker_and_database(tmp_path: Path) -> None:
    kills = size(6, 20)
    chance = random.Random(20)
    installation = Installation(tmp_path)
    installation.database.start()
    try:
        installation.run("-m", "civicloop.ops.cli", "migrate")
        facts = json.loads(installation.run("-c", SET_UP))
        installation.start("server")
        installation.start("worker")
        senders = [Sender(installation, facts["tokens"], facts["condition"], seed) for seed in range(SENDERS)]
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
    assert [s for sender in senders for s in sender.strange] == []
    acknowledged = {k: v for sender in senders for k, v in sender.reports.items()}
    assert len(acknowledged) > kills * SENDERS
    assert acknowledged.items() <= seen["numbers"].items()
    for sender in senders:
        for act_id, (matter, seq) in sender.acts.items():
            assert seen["acts"].get(act_id) == [matter, seq]
    photos = {k: v for sender in senders for k, v in sender.photos.items()}
    assert photos
    assert photos.items() <= seen["photos"].items()
    assert seen["entered"] == sorted(seen["photos"])  # one entry for each row, no row without one
    assert (seen["findings"], seen["twice"], seen["leads"], seen["whole"], seen["facts"]) == ([], 0, 0, True, True)


PATIENCE = 150.0  # seconds; a busy machine takes its time, a broken installation never comes back


def wait_until(true: Callable[[], bool], senders: list[Sender]) -> None:
    """Wait for something to come true; fail plainly, with what each sender met last, when it does not."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert [s.strange for s in senders if s.strange] == [], "a sender was refused"
        assert all(s.is_alive() for s in senders), "a sender stopped"
        last = [(len(s.acts), s.last) for s in senders]
        assert time.monotonic() < until, f"the installation did not come back; last answers {last}"
        time.sleep(0.05)
