"""Figures for a monitoring system: only for its token, right over all processes, without anything that was sent."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings

from civicloop.foundation import ids
from civicloop.ops import metrics
from tests import world
from tests.api.calls import MANHOLE, done
from tests.ops.serving import started

TOKEN = "a-token-of-a-monitoring-system"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def values(text: str) -> dict[str, float]:
    """Name with labels → value, of every line that is a figure."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(metrics, "here", metrics.Process())
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


@pytest.mark.django_db
def test_without_a_token_in_the_settings_there_is_no_such_page() -> None:
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
@override_settings(METRICS_TOKEN=TOKEN)
def test_only_the_token_opens_it(counting: None) -> None:
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer 错"}):
        assert Client().get("/metrics", headers=sent).status_code == 404
    answer = Client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer["Cache-Control"] == "no-store"


@override_settings(METRICS_TOKEN="short")
def test_a_short_token_is_refused_at_the_start() -> None:
    assert not metrics.wanted()
    assert "20" in metrics.trouble()


@pytest.mark.django_db
@override_settings(METRICS_TOKEN=TOKEN)
def test_requests_are_counted_by_route_and_class_of_status(counting: None) -> None:
    client = Client()
    made = {**MANHOLE, "id": str(ids.uuid7(world.START))}
    done(client.post("/api/v1/matters", made, content_type="application/json"), 201)
    client.get("/nothing/13912345678")
    text = client.get("/metrics", headers=BEARER).content.decode()
    found = values(text)
    name = "civicloop_request_seconds_count"
    assert found[f'{name}{{method="POST",route="api/v1/matters",status="2xx"}}'] == 1
    assert found[f'{name}{{method="GET",route="nowhere",status="4xx"}}'] == 1
    bucket = 'civicloop_request_seconds_bucket{method="POST",route="api/v1/matters",status="2xx",le="+Inf"}'
    assert found[bucket] == 1
    assert found["civicloop_matters_open"] >= 1
    assert found["civicloop_database_up"] == 1
    assert found["civicloop_database_bytes"] > 1_000_000
    assert "13912345678" not in text
    assert made["id"] not in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [\d.e+-]+", line), line


@pytest.mark.django_db
@override_settings(METRICS_TOKEN=TOKEN)
def test_buckets_grow_and_end_in_the_count(counting: None) -> None:
    for seconds in (0.001, 0.02, 0.02, 3.0, 60.0):
        metrics.observe("GET", "desk", 200, seconds)
    found = values(Client().get("/metrics", headers=BEARER).content.decode())
    label = 'method="GET",route="desk",status="2xx"'
    reached = [
        found[f'civicloop_request_seconds_bucket{{{label},le="{limit}"}}'] for limit in (0.005, 0.025, 2.5, 10.0)
    ]
    assert reached == [1, 3, 3, 4]
    assert found[f"civicloop_request_seconds_count{{{label}}}"] == 5
    assert found[f"civicloop_request_seconds_sum{{{label}}}"] == pytest.approx(63.041)


def test_the_counts_of_all_processes_are_added(counting: None) -> None:
    here, other = metrics.Process(), metrics.Process()
    here.add(("GET", "desk", "2xx"), 0.1)
    other.add(("GET", "desk", "2xx"), 0.2)
    other.keep()
    assert here.all_counts()["GET", "desk", "2xx"][0] == pytest.approx(0.3)
    (metrics._folder() / "torn.json").write_text('[["GET", "de')  # a disk that was full
    assert sum(here.all_counts()["GET", "desk", "2xx"][1:]) == 2
    metrics.begin()
    assert sum(here.all_counts()["GET", "desk", "2xx"][1:]) == 1


def test_a_full_disk_costs_only_counts(counting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    process = metrics.Process()
    process.add(("GET", "desk", "2xx"), 0.1)
    process.keep()
    assert sum(process.all_counts()["GET", "desk", "2xx"][1:]) == 1


def test_the_served_processes_answer_together(committing: str, tmp_path: Path) -> None:
    with started(tmp_path / "s", "serve", CIVICLOOP_METRICS_TOKEN=TOKEN) as server:
        for _ in range(40):
            server.call("GET", "/healthz")
        status, text = server.call("GET", "/metrics", **BEARER)
        assert status == 200, text
        counted = values(text)['civicloop_request_seconds_count{method="GET",route="healthz",status="2xx"}']
        assert counted >= 1
        server.terminate()
        assert server.running.wait(30) == 0
    kept = [json.loads(path.read_text()) for path in (tmp_path / "s" / "metrics").glob("*.json")]
    assert len(kept) <= 2
