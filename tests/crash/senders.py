"""People who report, act and send photos to an installation that fails under them, and what must be true afterwards."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from civicloop.foundation import ids
from tests.api.calls import jpeg

SENDERS = 8
NOT_NOW = {503: "database_away", 507: "storage_full"}  # what a program is told that may send the same again


class Sender(threading.Thread):
    """Somebody who reports and files, sends again until there is an answer, and remembers what was acknowledged."""

    def __init__(self, port: int, tokens: dict[str, str], condition: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.tokens, self.condition = port, tokens, condition
        self.random = random.Random(seed)
        self.done = threading.Event()
        self.reports: dict[str, str] = {}
        self.acts: dict[str, tuple[str, int]] = {}
        self.photos: dict[str, str] = {}
        self.strange: list[tuple[int, str]] = []
        self.not_now: set[int] = set()
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
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
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
            if f'"code": "{NOT_NOW.get(response.status)}"' not in text.decode(errors="replace"):
                self.strange.append((response.status, text.decode(errors="replace")))
                return None
            self.not_now.add(response.status)
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
from civicloop.figures import ledger
from django.db.models import Count, Q, Sum
findings = [str(m) for m in Matter.objects.values_list("id", flat=True) if proof.verify(m)]
twice = Matter.objects.values("number").annotate(n=Count("id")).filter(n__gt=1).count()
lead = Q(tasks__lead=True, tasks__state="open")
leads = Matter.objects.filter(end="").annotate(n=Count("tasks", filter=lead)).exclude(n=1).count()
acts = Entry.objects.exclude(act_id=None).values_list("act_id", "matter_id", "seq")
whole = all(m.seq == m.entries.count() for m in Matter.objects.all())
reported = Fact.objects.filter(name="reported").aggregate(sum=Sum("delta"))["sum"]
facts = reported == Matter.objects.count() and ledger.check().ok
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


def nothing_lost(senders: list[Sender], seen: dict[str, Any]) -> None:
    """Each answer is in the database once, and everything that is there is whole."""
    assert [s for sender in senders for s in sender.strange] == []
    acknowledged = {k: v for sender in senders for k, v in sender.reports.items()}
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
