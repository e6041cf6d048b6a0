"""Where the time of a request or a round of the worker goes, for a collector of traces: off without CIVICLOOP_TRACES.

It is the collector's address for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces. A span has a method, a route,
a status, the code of the post, the verb and table of a statement and how long it took: never a path, a value, a name or
an address. Spans wait in memory and are sent by a thread of their own; when the collector is away or slow they are
dropped and counted, and no request waits for it.

Written here and not by a library: it is one JSON document, and what a library collects by itself would have to be
taken out again (paths, statements with values, addresses).
"""

import atexit
import json
import logging
import os
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

log = logging.getLogger("civicloop.traces")
MOST_WAITING, AT_ONCE = 4096, 512  # spans
EVERY, PATIENCE = 2.0, 5.0  # seconds between two sendings, and for one
MOST_STATEMENTS = 200  # of one request; more are counted
SERVER, CLIENT, INTERNAL = 2, 3, 1  # kinds of spans in OTLP
GIVEN = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
# the first table of a statement, as far as it is one of ours; nothing else of its text is ever taken
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(?:ONLY\s+)?\"?([a-z]+_[a-z_]+)\"?", re.IGNORECASE)
VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "COPY", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET"})
Value = str | int | bool


@dataclass
class Span:
    """One stretch of time; `parent` is empty for the first of a trace."""

    name: str
    kind: int
    trace: str
    parent: str
    began: int = field(default_factory=time.time_ns)
    clock: int = field(default_factory=time.perf_counter_ns)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    facts: dict[str, Value] = field(default_factory=dict)
    ended: int = 0
    failed: bool = False
    statements: int = 0

    def end(self) -> None:
        """It is over."""
        self.ended = self.began + time.perf_counter_ns() - self.clock

    def document(self) -> dict[str, Any]:
        """As OTLP writes it in JSON."""
        return {
            "traceId": self.trace, "spanId": self.id, **({"parentSpanId": self.parent} if self.parent else {}),
            "name": self.name, "kind": self.kind, "startTimeUnixNano": str(self.began),
            "endTimeUnixNano": str(self.ended), "attributes": [_attribute(*each) for each in self.facts.items()],
            "status": {"code": 2 if self.failed else 0},
        }  # fmt: skip


def _attribute(name: str, value: Value) -> dict[str, Any]:
    kind = "boolValue" if isinstance(value, bool) else "intValue" if isinstance(value, int) else "stringValue"
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def address() -> str:
    """Where spans go; empty when there is nobody who wants them."""
    return os.environ.get("CIVICLOOP_TRACES", "").strip()


def trouble() -> str:
    """What is wrong with the setting, in an operator's words."""
    parts = urlsplit(address())
    fine = not address() or (parts.scheme in {"http", "https"} and parts.hostname)
    return "" if fine else "CIVICLOOP_TRACES is no address of a collector, such as http://127.0.0.1:4318/v1/traces"


class Sender:
    """Spans of this process on their way to the collector."""

    def __init__(self) -> None:
        self.waiting: deque[Span] = deque()
        self.lock, self.wake = threading.Lock(), threading.Event()
        self.thread: threading.Thread | None = None
        self.dropped, self.away = 0, False

    def add(self, spans: list[Span]) -> None:
        """Take the spans of one trace; they are dropped when too many wait."""
        with self.lock:
            if len(self.waiting) + len(spans) > MOST_WAITING:
                self.dropped += len(spans)
                return
            self.waiting.extend(spans)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="traces", daemon=True)
                self.thread.start()
            if len(self.waiting) >= AT_ONCE:
                self.wake.set()

    def _run(self) -> None:
        while True:
            self.wake.wait(EVERY)
            self.wake.clear()
            while self.send():
                pass

    def send(self) -> int:
        """Send what waits, a bounded number at once; how many. What cannot be sent is dropped."""
        with self.lock:
            spans = [self.waiting.popleft() for _each in range(min(AT_ONCE, len(self.waiting)))]
        if not spans:
            return 0
        try:
            _post(address(), document(spans))
            self.away = False
        except (OSError, ValueError) as reason:  # urllib's errors are OSErrors
            self.dropped += len(spans)
            if not self.away:
                log.warning("spans cannot be sent and are dropped until the collector answers: %s", reason)
            self.away = True
        return len(spans)


def document(spans: list[Span]) -> dict[str, Any]:
    """One request of OTLP: everything that one sending holds."""
    service: dict[str, Value] = {
        "service.name": "civicloop", "service.version": version("civicloop"), "process.pid": os.getpid(),
    }  # fmt: skip
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [_attribute(*each) for each in service.items()]},
                "scopeSpans": [{"scope": {"name": "civicloop"}, "spans": [each.document() for each in spans]}],
            }
        ]
    }


class _Stay(urllib.request.HTTPRedirectHandler):
    """No redirect is followed: spans go to the address that the operator has written."""

    def redirect_request(self, *_given: Any, **_more: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay(), urllib.request.ProxyHandler({}))


def _post(where: str, content: dict[str, Any]) -> None:
    sent = urllib.request.Request(  # noqa: S310  an operator's setting, http or https only (trouble)
        where, json.dumps(content).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with _opener.open(sent, timeout=PATIENCE) as answer:
        answer.read(65536)


sender = Sender()
atexit.register(sender.send)  # what waits when a process ends in good order
_here: ContextVar[tuple[Span, list[Span]] | None] = ContextVar("civicloop_span", default=None)


@contextmanager
def span(name: str, kind: int = INTERNAL, given: str = "") -> Iterator[Span | None]:
    """A stretch of time with all statements inside; None (and nothing is done) when nobody wants traces.

    `given` is a caller's `traceparent`; inside another span it is a part of that one.
    """
    if not address() or trouble():
        yield None
        return
    around = _here.get()
    came = GIVEN.fullmatch(given)
    trace, parent = came.groups() if came else ("", "")
    if around is not None:
        trace, parent = around[0].trace, around[0].id
    made = Span(name, kind, trace or secrets.token_hex(16), parent)
    gathered = around[1] if around else []
    token = _here.set((made, gathered))
    try:
        with _statements(watching=around is None):
            yield made
    except BaseException:
        made.failed = True
        raise
    finally:
        _here.reset(token)
        made.end()
        gathered.append(made)
        if around is None:
            sender.add(gathered)


@contextmanager
def _statements(*, watching: bool) -> Iterator[None]:
    if not watching:
        yield
        return
    with connection.execute_wrapper(_watch):
        yield


def _watch(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    around = _here.get()
    if around is None:
        return execute(sql, params, many, context)
    owner, gathered = around
    owner.statements += 1
    if owner.statements > MOST_STATEMENTS:
        owner.facts["civicloop.more_statements"] = owner.statements - MOST_STATEMENTS
        return execute(sql, params, many, context)
    made = Span(name_of(str(sql)), CLIENT, owner.trace, owner.id, facts={"db.system.name": "postgresql"})
    try:
        return execute(sql, params, many, context)
    except BaseException:
        made.failed = True
        raise
    finally:
        made.end()
        gathered.append(made)


def name_of(sql: str) -> str:
    """Verb and first table of a statement, such as "SELECT matters_matter"; of its text nothing else."""
    verb = sql.split(None, 1)[0].upper() if sql.strip() else ""
    table = TABLE.search(sql)
    return " ".join([verb if verb in VERBS else "OTHER", *([table[1].lower()] if table else [])])
