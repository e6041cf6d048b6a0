"""An index of a large table is made while people write, and what was cut off goes on."""

import os
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import NotSupportedError, connection, models, transaction
from django.db.migrations.state import ProjectState
from psycopg import sql

from civicloop.foundation import clock
from civicloop.foundation.indexes import AddLargeIndex, RemoveLargeIndex
from tests.conftest import ROOT, running_server

# a migration of one index, run as the owner
MAKE = """
import sys
from civicloop.ops import environment
environment.prepare(environment.As.OWNER)
from django.apps import apps
from django.db import connection, models
from django.db.migrations.state import ProjectState
from civicloop.foundation.indexes import AddLargeIndex, RemoveLargeIndex
before = ProjectState.from_apps(apps)
after = before.clone()
operation = AddLargeIndex("matter", models.Index(fields=["address", "-id"], name="matter_trial"))
operation.state_forwards("matters", after)
with connection.cursor() as cursor:
    cursor.execute("SET lock_timeout = '4s'")
with connection.schema_editor(atomic=False) as editor:
    operation.database_forwards("matters", editor, before, after)
with connection.cursor() as cursor:
    cursor.execute("SHOW lock_timeout")
    assert cursor.fetchone() == ("4s",)
if "back" in sys.argv:
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("matters", editor, after, before)
        editor.add_index(apps.get_model("matters", "matter"), operation.index)
"""
BUILDING = """SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND query LIKE 'CREATE INDEX CONCURRENTLY%'"""
PARTS = """SELECT c.relname, i.relname, x.indisvalid, pg_get_indexdef(i.oid) FROM pg_inherits h
    JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_index x ON x.indrelid = c.oid
    JOIN pg_class i ON i.oid = x.indexrelid AND i.relname LIKE '%%address%%'
    LEFT JOIN pg_inherits a ON a.inhrelid = i.oid
    WHERE h.inhparent = 'matters_matter'::regclass AND (a.inhparent IS NOT NULL) = %s ORDER BY 1"""


def line() -> "psycopg.Connection[Any]":
    address = running_server().addresses(connection.settings_dict["NAME"]).owner
    return psycopg.connect(address, autocommit=True)


def making(*words: str) -> "subprocess.Popen[str]":
    both = running_server().addresses(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", MAKE, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner},
    )  # fmt: skip


def ended_well(process: "subprocess.Popen[str]") -> None:
    words, _ = process.communicate(timeout=120)
    assert process.returncode == 0, words


def waiting(looking: "psycopg.Connection[Any]", process: "subprocess.Popen[str]") -> int:
    """The process of the server that waits for an old reader in the midst of building."""
    for _ in range(1200):
        row = looking.execute(BUILDING).fetchone()
        if row is not None:
            return int(row[0])
        assert process.poll() is None, process.stdout and process.stdout.read()
        time.sleep(0.05)
    raise AssertionError("it has not come to building")


def whole(looking: "psycopg.Connection[Any]") -> bool:
    row = looking.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('matter_trial')").fetchone()
    return row == (True,)


def test_people_write_however_long_the_building_takes(committing: str) -> None:
    with line() as reading, line() as writing:
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reading.execute("SELECT 1")  # who does not end: so long the building cannot end
        process = making()
        waiting(writing, process)
        with writing.transaction():
            writing.execute("SET LOCAL lock_timeout = '5s'")
            writing.execute("LOCK TABLE matters_matter IN ROW EXCLUSIVE MODE")  # what every report and act takes
        assert process.poll() is None
        assert not whole(writing)
        reading.execute("ROLLBACK")
        ended_well(process)
        assert whole(writing)


def test_what_was_cut_off_goes_on_and_ends_as_if_made_in_one_statement(committing: str) -> None:
    with line() as reading, line() as looking:
        partitions = looking.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'matters_matter'::regclass")
        number = partitions.fetchone()
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reading.execute("SELECT 1")
        process = making()
        looking.execute("SELECT pg_terminate_backend(%s)", [waiting(looking, process)])
        process.communicate(timeout=60)
        assert process.returncode != 0
        reading.execute("ROLLBACK")
        [left] = looking.execute(PARTS, [False]).fetchall()
        assert left[2] is False  # half built
        ended_well(making())
        made = looking.execute(PARTS, [True]).fetchall()
        assert (len(made),) == number
        assert looking.execute(PARTS, [False]).fetchall() == []
        assert whole(looking)
        ended_well(making("back"))  # nothing is left to do; then away with it, and once more by the plain statement
        assert looking.execute(PARTS, [True]).fetchall() == made


@pytest.mark.django_db
def test_in_a_transaction_it_is_refused_where_there_are_rows() -> None:
    """A restore makes the schema of an empty database in one transaction; nobody writes there."""
    state = ProjectState.from_apps(apps)
    operation = AddLargeIndex("session", models.Index(fields=["expire_date"], name="session_trial"))
    Session.objects.create(session_key="one", session_data="", expire_date=clock.now())
    with transaction.atomic(), pytest.raises(NotSupportedError, match="atomic = False"):
        operation.database_forwards("sessions", connection.schema_editor(atomic=False), state, state)


def test_only_the_index_that_is_meant_is_taken_away(committing: str) -> None:
    """So that a migration that puts another index in its place may be run again."""
    with line() as owner:
        owner.execute("CREATE INDEX matter_trial ON matters_matter (address)")

        class Editor:
            quote_name = staticmethod(lambda name: sql.Identifier(name).as_string(owner))

            class connection:
                cursor = staticmethod(owner.cursor)

        def take_away(defined: str) -> None:
            operation = RemoveLargeIndex("matter", "matter_trial", defined)
            operation.database_forwards("matters", Editor, ProjectState(), ProjectState())

        take_away("(address, id")
        assert whole(owner)
        take_away("(address)")
        assert not whole(owner)
        take_away("(address)")
        assert RemoveLargeIndex("matter", "x", "(y)").deconstruct()[2] == {
            "model_name": "matter", "name": "x", "defined": "(y)"
        }  # fmt: skip
