"""Ending server and worker: what is under way is finished and answered, then the process is gone."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from civicloop.foundation import ids
from tests import world
from tests.conftest import running_server
from tests.matters import loop
from tests.ops.serving import Process, started, until


def _owner() -> "psycopg.Connection[Any]":
    return psycopg.connect(running_server().addresses(connection.settings_dict["NAME"]).owner)


def _waiting() -> bool:
    """Whether somebody waits for a lock in the database of the test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def _answer(server: Process, path: str, body: dict[str, Any], token: str, into: list[Any]) -> None:
    try:
        into.append(server.call("POST", path, body, Authorization=f"Bearer {token}"))
    except OSError as fault:
        into.append(fault)


def test_an_act_under_way_is_done_and_answered(committing: str, tmp_path: Path) -> None:
    matter = loop.report()
    token, act = world.token("clerk"), str(ids.uuid7())
    answers: list[Any] = []
    with started(tmp_path / "s", "serve") as server:
        with _owner() as holder:
            holder.execute("SELECT 1 FROM matters_matter WHERE id = %s FOR UPDATE", [matter])
            body = {"act_id": act, "data": {"condition": loop.condition()}}
            path = f"/api/v1/matters/{matter}/actions/file"
            asking = threading.Thread(target=_answer, args=(server, path, body, token, answers))
            asking.start()
            until(_waiting)
            server.terminate()
            with pytest.raises(subprocess.TimeoutExpired):  # it has not ended: somebody waits for an answer
                server.running.wait(1.0)
            holder.rollback()
        asking.join(60)
        assert server.running.wait(60) == 0
    status, text = answers[0]
    assert status == 201, text
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM matters_entry WHERE act_id = %s", [act])
        assert cursor.fetchall() == [(json.loads(text)["seq"],)]


def test_a_process_that_still_starts_is_not_waited_for(nothing_loaded: str, tmp_path: Path) -> None:
    """One of the two processes answers; the other one may be anywhere in its start, where a stop must not be lost."""
    with started(tmp_path / "s", "serve") as server:
        server.terminate()
        assert server.running.wait(60) == 0


def test_the_worker_ends_its_round_and_says_nothing_of_trouble(committing: str, tmp_path: Path) -> None:
    with started(tmp_path / "w", "worker") as worker:

        def beats() -> bool:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM ops_heartbeat WHERE name = 'worker'")
                return bool(cursor.fetchone()[0])

        until(beats)
        worker.terminate()
        assert worker.running.wait(30) == 0
    assert "Traceback" not in worker.said.read_text()
