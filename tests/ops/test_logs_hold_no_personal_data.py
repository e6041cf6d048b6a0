"""What people send is never in a log: not when all is well, not when something breaks."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, connection
from django.test import Client, override_settings

from civicloop.foundation import ids
from civicloop.matters import actions
from civicloop.ops import logs
from tests import world
from tests.api.calls import MANHOLE, Caller, done
from tests.ops.serving import started, until

NAME, PHONE, TITLE = "欧阳晓燕", "13912345678", "邻居半夜吵架"
PRIVATE = (NAME, PHONE, TITLE)


@pytest.fixture(params=[logs.JsonLines, logs.PlainLines])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, in the finest detail, as the product writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", "civicloop", "django.request")}
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def private(text: str) -> list[str]:
    return [each for each in PRIVATE if each in text or each in json.loads(json.dumps(text))]


def by_a_resident(**values: Any) -> dict[str, Any]:
    reporter = {"name": NAME, "phone": PHONE}
    return {**MANHOLE, "id": str(ids.uuid7(world.START)), "title": TITLE, "reporter": reporter, **values}


@pytest.mark.django_db
def test_requests_leave_a_line_without_what_was_sent(log: io.StringIO) -> None:
    caller = Caller()
    made = done(caller.post("/matters", by_a_resident()))
    assert caller.post("/matters", by_a_resident(lon=f"{NAME} {PHONE}")).status_code == 422
    assert caller.get(f"/nothing/{PHONE}/{NAME}").status_code == 404
    assert caller.client.get(f"/{NAME}/{PHONE}", {"q": TITLE}).status_code == 404
    assert caller.client.get("/healthz", {"q": PHONE}, headers={"host": f"{PHONE}.example"}).status_code in {200, 400}
    assert caller.client.get("/readyz", headers={"host": f"{PHONE}.example"}).status_code
    answer = Caller("clerk").get("/matters", text=TITLE)
    done(answer)
    said = log.getvalue()
    assert private(said) == []
    assert made["id"] not in said
    assert "api/v1/matters" in said
    assert answer["X-Request-ID"] in said
    assert Client().get("/healthz", headers={"x-request-id": "a" * 32})["X-Request-ID"] != "a" * 32


@pytest.mark.django_db
def test_the_line_has_method_route_status_time_and_post(log: io.StringIO) -> None:
    made = done(Caller().post("/matters", by_a_resident()))
    log.truncate(0)
    log.seek(0)
    answer = Caller("clerk").get(f"/matters/{made['id']}")
    lines = [json.loads(each) for each in log.getvalue().splitlines() if each.startswith("{")]
    if not lines:
        assert "route=api/v1/matters/<uuidstr:matter_id> status=200" in log.getvalue()
        return
    (line,) = [each for each in lines if each["logger"] == "civicloop.request"]
    assert line.pop("ms") > 0
    assert line.pop("at")
    assert line == {
        "level": "info", "logger": "civicloop.request", "message": "request", "request": answer["X-Request-ID"],
        "method": "GET", "route": "api/v1/matters/<uuidstr:matter_id>", "status": 200, "post": line["post"],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_post WHERE code = %s", [line["post"]])
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_that_it_is_not_ready_yet_is_told_to_whoever_asks_and_not_logged(log: io.StringIO) -> None:
    (handler,) = [each for each in logging.getLogger().handlers if getattr(each, "stream", None) is log]
    handler.addFilter(logs.Unexpected())
    with override_settings(ALLOWED_HOSTS=["*"]):
        assert Client().get("/readyz").status_code == 503  # no worker runs here
    assert "django.request" not in log.getvalue()
    Client().get(f"/{NAME}")
    assert "status" in log.getvalue()  # anything else keeps its line, with route and status and without the address
    assert "nowhere" in log.getvalue()
    assert private(log.getvalue()) == []


def break_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(*_arguments: Any, **_named: Any) -> Any:
        try:
            raise KeyError(f"{NAME} {PHONE}")
        except KeyError as reason:
            raise error from reason

    monkeypatch.setattr(actions, "report", broken)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"{NAME} has {PHONE} and says {TITLE}"),
        DatabaseError(f"bad row\nDETAIL: Failing row contains ({NAME}, {PHONE}, {TITLE})."),
        SuspiciousOperation(f"{NAME} {PHONE} {TITLE}"),
        OSError(5, "Input/output error", f"/tmp/{NAME}-{PHONE}"),
    ],
)
def test_an_error_leaves_its_kind_and_the_lines_of_code(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    break_with(monkeypatch, error)
    client = Client(raise_request_exception=False)
    answer = client.post("/api/v1/matters", by_a_resident(), content_type="application/json")
    assert answer.status_code in {400, 500}
    said = log.getvalue()
    assert private(said) == []
    if answer.status_code == 500:
        assert type(error).__name__ in said
        assert "KeyError" in said
        assert "civicloop/matters/api.py:" in said


@pytest.mark.django_db
def test_a_row_that_the_database_refuses_is_not_quoted(log: io.StringIO) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as refused:
        cursor.execute("SELECT %s::int", [f"{NAME} {PHONE}"])
    assert PHONE in str(refused.value)
    logging.getLogger("civicloop.trial").error("it failed: %s", refused.value)
    try:
        raise refused.value
    except DatabaseError:
        logging.getLogger("civicloop.trial").exception("it failed")
        logging.getLogger("a.library").exception("it failed with %s and %r", NAME, PHONE)
        logging.getLogger("a.library").error(f"it failed with '{NAME}' and {PHONE}")
    said = log.getvalue()
    assert private(said) == []
    assert said.count("DataError 22P02") == 3


def test_an_error_that_ends_a_thread_is_logged_by_the_same_rules(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import threading

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.hook()

    def fall() -> None:
        raise ValueError(f"{NAME} {PHONE}")

    thread = threading.Thread(target=fall)
    thread.start()
    thread.join()
    assert private(log.getvalue()) == []
    assert "ended by an error" in log.getvalue()
    assert "ValueError" in log.getvalue()


@pytest.mark.django_db
def test_a_proxy_may_give_the_id_of_a_request() -> None:
    given = "0123456789abcdef0123456789abcdef"
    with override_settings(BEHIND_PROXY=True):
        assert Client().get("/healthz", headers={"x-request-id": given})["X-Request-ID"] == given
        for strange in (PHONE, NAME, given + "\n", ""):
            assert Client().get("/healthz", headers={"x-request-id": strange})["X-Request-ID"] != strange


def test_server_and_worker_write_json_lines_when_asked(committing: str, tmp_path: Path) -> None:
    with started(tmp_path / "s", "serve", CIVICLOOP_LOG="json") as server:
        status, text = server.call("POST", "/api/v1/matters", by_a_resident(id=str(ids.uuid7())))
        assert status == 201, text
        server.call("GET", f"/{PHONE}?q={PHONE}")
        server.terminate()
        assert server.running.wait(30) == 0
    lines = [json.loads(each) for each in server.said.read_text().splitlines()]
    assert private(server.said.read_text()) == []
    told = [(each["method"], each["route"], each["status"]) for each in lines if each["logger"] == "civicloop.request"]
    assert ("POST", "api/v1/matters", 201) in told
    assert told[-1] == ("GET", "nowhere", 404)
    with started(tmp_path / "w", "worker", CIVICLOOP_LOG="json", DATABASE_URL="postgresql://x@127.0.0.1:1/x") as worker:
        until(lambda: "\n" in worker.said.read_text())
    line = json.loads(worker.said.read_text().splitlines()[0])
    assert (line["logger"], line["level"]) == ("civicloop.worker", "error")
    assert line["exception"].startswith("OperationalError: connection failed")
