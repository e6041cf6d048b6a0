"""Bringing the schema up to date beside people who work: it gives way to them, comes again, and takes nothing away."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.conftest import ROOT, running_server

# as an update does it, with one more change of a table and short pauses
MIGRATE = """
import sys
from civicloop.ops import environment
environment.prepare(environment.As.OWNER)
from django.db import connection
from civicloop.ops import migrating
usual = migrating.call_command
def changing(*words, **named):
    usual(*words, **named)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE places_area ADD COLUMN IF NOT EXISTS trial integer")
migrating.call_command = changing
migrating.LOCK_WAIT, migrating.PAUSE, migrating.TRIES, migrating.LONGEST = "300ms", 0.2, int(sys.argv[1]), sys.argv[2]
try:
    migrating.bring_up_to_date("civicloop_app")
except migrating.Busy as busy:
    sys.exit(f"busy: {busy}")
"""


@pytest.fixture
def owner(committing: str) -> "Iterator[psycopg.Connection[Any]]":
    with psycopg.connect(running_server().addresses(committing).owner) as opened:
        yield opened
        opened.rollback()


def update(tries: int, longest: str = "1min") -> "subprocess.Popen[str]":
    both = running_server().addresses(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(tries), longest], cwd=ROOT, text=True,
        env=os.environ | {"DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def changed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.columns WHERE column_name = 'trial'")
        return bool(cursor.fetchone()[0])


def test_it_gives_way_to_a_long_reader_and_comes_again(owner: "psycopg.Connection[Any]") -> None:
    owner.execute("SELECT count(*) FROM places_area")  # a reader who does not end
    updating = update(tries=100)
    assert updating.stdout is not None
    assert "gave way" in updating.stdout.readline()
    with connection.cursor() as cursor:  # nobody stands in a queue behind it for long
        cursor.execute("SET statement_timeout = '5s'")
        cursor.execute("SELECT count(*) FROM places_area")
        assert cursor.fetchone()[0]
    owner.rollback()
    assert updating.wait(60) == 0, updating.stdout.read()
    assert changed()


def test_it_says_why_it_could_not_and_leaves_everything_as_it_was(owner: "psycopg.Connection[Any]") -> None:
    owner.execute("SELECT count(*) FROM places_area")
    updating = update(tries=2)
    words, _ = updating.communicate(timeout=60)
    assert updating.returncode == 1
    assert "busy: somebody holds a table" in words
    assert not changed()


def test_a_statement_that_takes_too_long_is_taken_back(owner: "psycopg.Connection[Any]") -> None:
    words, _ = update(tries=5, longest="1ms").communicate(timeout=60)
    assert "busy: a statement of a migration took longer" in words
    assert not changed()


def test_people_keep_their_rights_at_every_moment(owner: "psycopg.Connection[Any]") -> None:
    refused: list[Exception] = []
    done = threading.Event()

    def work() -> None:
        with psycopg.connect(running_server().addresses(connection.settings_dict["NAME"]).application) as line:
            while not done.is_set():
                try:
                    line.execute("SELECT count(*) FROM records_setting")
                    line.commit()
                except psycopg.Error as error:
                    refused.append(error)
                    return

    working = threading.Thread(target=work)
    working.start()
    try:
        assert update(tries=5).wait(60) == 0
    finally:
        done.set()
        working.join()
    assert refused == []
