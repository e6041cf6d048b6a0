"""Figures for a monitoring system, as Prometheus text at /metrics: off, unless CIVICLOOP_METRICS_TOKEN is set.

The server has several processes. Each counts in memory and leaves its counts in a file under DATA_DIR/metrics, a
second after they changed; whichever process is asked adds them up, also those of processes that have ended. What there
is to do in the installation is asked of the database at each call. All labels come from short lists, whatever is sent.

Not by prometheus-client: its counts of several processes lie in mapped files, and a full disk then ends the process.
"""

import hmac
import json
import os
import secrets
import shutil
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from civicloop.foundation import clock
from civicloop.ops.models import Heartbeat
from civicloop.people.web import public

SHORTEST = 20  # characters of a token
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
LATER = 1.0  # seconds after which a count is in its file
TYPE = "text/plain; version=0.0.4; charset=utf-8"
WORK = """
    SELECT (SELECT count(*) FROM matters_matter WHERE "end" = ''),
           (SELECT count(*) FROM matters_clock WHERE state = 'running' AND due_at < %(now)s),
           (SELECT count(*) FROM matters_outbox WHERE taken_at IS NULL),
           (SELECT count(*) FROM notices_delivery WHERE state = 'waiting'),
           (SELECT count(*) FROM notices_delivery WHERE state = 'dead'),
           pg_database_size(current_database())"""
AGES = {
    "worker": "Seconds since the last round of the worker",
    "storage": "Seconds since the last look through the stored files",
    "backup": "Seconds since the last backup",
}
Key = tuple[str, str, str]  # method, route, class of status
Counts = dict[Key, list[float]]  # seconds in all, then how many took up to each bucket, and longer


def wanted() -> bool:
    """Whether this installation offers metrics."""
    return len(settings.METRICS_TOKEN) >= SHORTEST


def trouble() -> str:
    """What is wrong with the setting, in an operator's words."""
    short = settings.METRICS_TOKEN and not wanted()
    return f"CIVICLOOP_METRICS_TOKEN has fewer than {SHORTEST} characters" if short else ""


def begin() -> None:
    """Forget the counts of an earlier server; called before its processes start."""
    shutil.rmtree(_folder(), ignore_errors=True)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "metrics"


class Process:
    """The counts of this process."""

    def __init__(self) -> None:
        self.lock, self.counts, self.waiting = threading.Lock(), _none(), False
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}.json"

    def add(self, key: Key, seconds: float) -> None:
        """Count one request."""
        with self.lock:
            row = self.counts[key]
            row[0] += seconds
            row[1 + bisect_left(BUCKETS, seconds)] += 1
            if self.waiting:
                return
            self.waiting = True
        later = threading.Timer(LATER, self.keep)
        later.daemon = True
        later.start()

    def keep(self) -> None:
        """Write the counts into this process's file; a full disk costs nothing but them."""
        with self.lock:
            self.waiting = False
            rows = [[*key, *row] for key, row in self.counts.items()]
        path = _folder() / self.name
        fresh = path.with_suffix(".fresh")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(json.dumps(rows), encoding="utf-8")
            fresh.replace(path)
        except OSError:
            return

    def all_counts(self) -> Counts:
        """Those of this process and of all others, as far as they have been written."""
        with self.lock:
            found = _none()
            for key, row in self.counts.items():
                found[key] = list(row)
        for path in _folder().glob("*.json"):
            if path.name != self.name:
                _merge(found, path)
        return found


def _none() -> Counts:
    return defaultdict(lambda: [0.0] * (2 + len(BUCKETS)))


def _merge(found: Counts, path: Path) -> None:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for method, route, status, *row in rows:
        found[method, route, status] = [a + b for a, b in zip(found[method, route, status], row, strict=True)]


here = Process()


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request."""
    here.add((method, route, f"{status // 100}xx"), seconds)


def _lines(counts: Counts) -> Iterator[str]:
    """The text of all figures."""
    yield from _requests(counts)
    yield from _one("civicloop_info", "The program", 1, f'{{version="{version("civicloop")}"}}')
    free = shutil.disk_usage(settings.DATA_DIR).free
    yield from _one("civicloop_data_free_bytes", "Room on the disk of the data folder", free)
    try:
        found = _from_database()
    except (DatabaseError, InterfaceError):
        found = {}
    yield from _one("civicloop_database_up", "1 when the database answers", int(bool(found)))
    for name, (words, value) in found.items():
        yield from _one(f"civicloop_{name}", words, value)


def _requests(counts: Counts) -> Iterator[str]:
    name = "civicloop_request_seconds"
    yield f"# HELP {name} Time from a request to its answer"
    yield f"# TYPE {name} histogram"
    for (method, route, status), (seconds, *numbers) in sorted(counts.items()):
        quoted = route.replace("\\", "\\\\").replace('"', '\\"')
        labels = f'method="{method}",route="{quoted}",status="{status}"'
        reached = list(accumulate(int(number) for number in numbers))
        for limit, number in zip((*map(str, BUCKETS), "+Inf"), reached, strict=True):
            yield f'{name}_bucket{{{labels},le="{limit}"}} {number}'
        yield f"{name}_sum{{{labels}}} {seconds}"
        yield f"{name}_count{{{labels}}} {reached[-1]}"


def _one(name: str, words: str, value: float, labels: str = "") -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} gauge"
    yield f"{name}{labels} {value}"


def _from_database() -> dict[str, tuple[str, float]]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(WORK, {"now": now})
        unended, overdue, waiting, unsent, dead, size = cursor.fetchone()
    found: dict[str, tuple[str, float]] = {
        "matters_open": ("Matters that have not ended", unended),
        "clocks_overdue": ("Running clocks past their due moment", overdue),
        "outbox_waiting": ("What acts left to be told and nobody has taken yet", waiting),
        "notices_waiting": ("Messages that have not left yet", unsent),
        "notices_dead": ("Messages that were given up", dead),
        "database_bytes": ("Size of the database", size),
    }
    for beat in Heartbeat.objects.filter(name__in=AGES):
        found[f"{beat.name}_age_seconds"] = (AGES[beat.name], (now - beat.at).total_seconds())
        if beat.name == "backup":
            found["backup_bytes"] = ("Size of the last backup", float(beat.detail.get("bytes", 0)))
    return found


@public
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The figures for whoever sends `Authorization: Bearer` with the token; nobody else finds such a page."""
    sent, right = request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    if not wanted() or not hmac.compare_digest(sent.encode(), right.encode()):
        raise Http404
    text = "\n".join(_lines(here.all_counts())) + "\n"
    return HttpResponse(text, content_type=TYPE, headers={"Cache-Control": "no-store"})
