"""Spans for a collector of traces: only when an address is set, right and whole, without anything that was sent."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client, override_settings

from civicloop.foundation import clock, ids
from civicloop.ops import commands, rounds, traces
from civicloop.ops.ports import free_port
from tests import world
from tests.api.calls import MANHOLE, Caller, done
from tests.ops.serving import started, until

PERSON = {"name": "欧阳晓岚", "phone": "13812341234"}


class Collector:
    """A collector of this machine: keeps what it is sent, and can be told to wait or to refuse."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.open, self.status, self.kinds = threading.Event(), 200, set[str]()
        self.open.set()
        here = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                here.open.wait(30)
                here.sent.append(content)
                here.kinds.add(f"{self.path} {self.headers['Content-Type']}")
                self.send_response(here.status)
                if here.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_given: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[dict[str, Any]]:
        """All that came, each with its attributes as a plain dict."""
        found = []
        for content in list(self.sent):
            for resource in json.loads(content)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += [each | {"facts": _facts(each)} for each in scope["spans"]]
        return found


def _facts(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("CIVICLOOP_TRACES", made.address)
    monkeypatch.setattr(traces, "sender", traces.Sender())
    yield made
    made.open.set()
    made.server.shutdown()
    made.server.server_close()


def collected(collector: Collector) -> list[dict[str, Any]]:
    """What has come when everything that waited was sent; by this test's own hand, too."""
    while traces.sender.send():
        pass
    until(lambda: not traces.sender.waiting)
    return collector.spans()


@pytest.mark.django_db
def test_a_request_is_a_trace_with_its_statements_and_nothing_that_was_sent(collector: Collector) -> None:
    with clock.at(world.START):
        body = {**MANHOLE, "id": str(ids.uuid7(world.START)), "reporter": PERSON}
        matter = done(Caller("channel").post("/matters", body), 201)
        done(Caller("clerk").act(matter["id"], "note", note="电话13912345678的批注"), 201)
        Client().get("/nothing/13912345678?q=欧阳晓岚")
    spans = collected(collector)
    tops = {each["name"]: each for each in spans if "parentSpanId" not in each}
    assert set(tops) == {
        "POST api/v1/matters", "POST api/v1/matters/<uuidstr:matter_id>/actions/<action>", "GET nowhere"
    }  # fmt: skip
    made = tops["POST api/v1/matters"]
    assert made["kind"] == traces.SERVER
    assert made["facts"]["http.response.status_code"] == "201"
    assert made["facts"]["civicloop.post"] == "channel-post"
    inner = [each for each in spans if each.get("parentSpanId") == made["spanId"]]
    assert {each["traceId"] for each in inner} == {made["traceId"]}
    assert len(inner) == int(made["facts"]["civicloop.statements"])
    assert any(each["name"].split()[-1].startswith("matters_") for each in inner)
    for each in spans:
        assert int(each["endTimeUnixNano"]) >= int(each["startTimeUnixNano"])
        assert len(each["traceId"]) == 32
    told = json.dumps([json.loads(each) for each in collector.sent], ensure_ascii=False)
    sent = [*PERSON.values(), "13912345678", matter["id"], matter["number"], MANHOLE["title"], "127.0.0.1"]
    assert [value for value in sent if value in told] == []
    assert collector.kinds == {"/v1/traces application/json"}


@pytest.mark.django_db
def test_without_an_address_nothing_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CIVICLOOP_TRACES", raising=False)
    monkeypatch.setattr(traces, "sender", traces.Sender())
    assert Client().get("/track").status_code == 200
    with traces.span("anything") as span:
        assert span is None
    assert not traces.sender.waiting
    assert traces.sender.thread is None


@pytest.mark.django_db
def test_a_callers_trace_goes_on_behind_a_proxy_of_ours_only(collector: Collector) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for behind in (False, True):
        with override_settings(BEHIND_PROXY=behind):
            Client().get("/track", headers={"traceparent": given})
            Client().get("/track", headers={"traceparent": "00-zz-b7ad6b7169203331-01"})
    tops = [each for each in collected(collector) if each["name"] == "GET track"]
    assert len(tops) == 4
    assert [each.get("parentSpanId") for each in tops].count("b7ad6b7169203331") == 1
    assert [each["traceId"] for each in tops].count("0af7651916cd43dd8448eb211c80319c") == 1


@pytest.mark.django_db
def test_a_collector_that_hangs_or_is_away_holds_nobody_up(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    collector.open.clear()  # it takes the first sending and does not answer
    hanging = threading.Thread(target=collected, args=(collector,))
    assert Client().get("/track").status_code == 200
    hanging.start()
    assert Client().get("/track").status_code == 200
    assert collector.sent == []
    collector.open.set()
    hanging.join(30)
    for status in (500, 302):
        collector.status = status
        dropped = traces.sender.dropped
        assert Client().get("/track").status_code == 200
        while traces.sender.send():
            pass
        until(lambda before=dropped: traces.sender.dropped > before)  # type: ignore[misc]
    monkeypatch.setenv("CIVICLOOP_TRACES", f"http://127.0.0.1:{free_port()}/v1/traces")
    monkeypatch.setattr(traces, "sender", traces.Sender())
    monkeypatch.setattr(traces, "MOST_WAITING", 5)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        for _each in range(3):
            traces.sender.add([traces.Span("a", traces.INTERNAL, "0" * 32, "")] * 3)
        assert traces.sender.dropped >= 3
        while traces.sender.send():
            pass
        until(lambda: traces.sender.dropped == 9)
    assert sum("spans cannot be sent" in line for line in caplog.messages) == 1


@pytest.mark.django_db
def test_a_round_of_the_worker_is_a_trace(collector: Collector) -> None:
    rounds.run_for_ever(once=True)
    spans = collected(collector)
    top = next(each for each in spans if each["name"] == "worker round")
    assert int(top["facts"]["civicloop.statements"]) > 3
    assert {"SELECT matters_clock", "INSERT ops_heartbeat"} & {each["name"] for each in spans}


def test_of_a_statement_only_verb_and_table_are_told() -> None:
    for sql, name in (
        ('SELECT "a"."b" FROM "matters_matter" WHERE x = \'138\'', "SELECT matters_matter"),
        ("INSERT INTO records_auditentry (a) VALUES ('x')", "INSERT records_auditentry"),
        ("  UPDATE matters_matter SET a = 1", "UPDATE matters_matter"), ("SELECT 1", "SELECT"), ("", "OTHER"),
        ("DROP TABLE x", "OTHER"), ("SELECT '欧阳' FROM \"someone\"", "SELECT"),
    ):  # fmt: skip
        assert traces.name_of(sql) == name


@pytest.mark.parametrize("wrong", ["ftp://x/", "localhost:4318", "http://"])
def test_a_wrong_address_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CIVICLOOP_TRACES", wrong)
    assert "CIVICLOOP_TRACES" in traces.trouble()
    refused = CliRunner().invoke(commands.worker, ["--once"])
    assert refused.exit_code == 1
    assert "CIVICLOOP_TRACES" in refused.output
    with traces.span("anything") as span:
        assert span is None


def test_the_served_processes_send_theirs(committing: str, tmp_path: Path, collector: Collector) -> None:
    with started(tmp_path / "s", "serve", CIVICLOOP_TRACES=collector.address) as server:
        until(lambda: server.call("GET", "/healthz")[0] == 200 and bool(collector.spans()))
        server.terminate()
        assert server.running.wait(30) == 0
    assert "GET healthz" in {each["name"] for each in collector.spans()}
