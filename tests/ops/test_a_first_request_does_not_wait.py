"""What a serving process has behind it before somebody asks for a page."""

import gc
import json
import subprocess
import sys
from typing import Any
from unittest import mock

import pytest
from django.db import ProgrammingError

from civicloop.ops import settling
from tests import world
from tests.conftest import ROOT

SETTLED = """
import gc
from civicloop.ops import environment
environment.prepare()
import django
django.setup()
from civicloop.ops import settling
settling.settle()
import sys
print(gc.get_freeze_count() > 10 * len(gc.get_objects()), "civicloop.steering.pages" in sys.modules)
"""
# what a process of the server says of its first requests; reading areas, catalogue or a procedure once more would raise
SAYS = """
import gc, io, json, sys
from unittest import mock
from civicloop.ops.wsgi import application

def asked(path):
    words, said = {"HTTP_AUTHORIZATION": "Bearer " + sys.argv[1], "HTTP_HOST": "127.0.0.1"}, []
    address, _mark, query = path.partition("?")
    asks = {"REQUEST_METHOD": "GET", "PATH_INFO": address, "QUERY_STRING": query, "wsgi.input": io.BytesIO(),
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    body = b"".join(application(asks | words, lambda status, _headers: said.append(status[:3])))
    return said[0], body.decode()

there, kept = set(sys.modules), gc.get_freeze_count()
anew = AssertionError("read once more")
with (mock.patch("civicloop.places.selectors.read", side_effect=anew),
      mock.patch("civicloop.catalogue.selectors._read", side_effect=anew),
      mock.patch("civicloop.procedures.selectors.reading.from_expanded", side_effect=anew)):
    answers = {path: asked(path)[0] for path in sys.argv[2:]}
mine = sorted(name for name in set(sys.modules) - there if name.startswith("civicloop."))
print(json.dumps({"answers": answers, "imported": mine, "kept": kept}))
"""


def said(*words: str) -> dict[str, Any]:
    """What such a process prints."""
    ran = subprocess.run(
        [sys.executable, "-c", SAYS, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_addresses_are_loaded_and_what_stays_is_left_alone() -> None:
    before = gc.get_freeze_count()
    done = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
    assert gc.get_freeze_count() == before


def test_the_first_requests_import_and_read_nothing_that_could_be_there(committing: str) -> None:
    token = world.token("grid")
    lists = [
        "/api/v1/matters?stage=file",
        "/api/v1/matters?kind=01001",
        "/api/v1/matters?area=990101001",
        "/api/v1/kinds",
    ]
    found = said(token, "/healthz", *lists)
    assert found["answers"] == dict.fromkeys(["/healthz", *lists], "200")
    assert found["imported"] == []
    assert found["kept"] > 10_000  # objects that the collector leaves alone


def test_a_process_starts_before_the_city_is_there(nothing_loaded: str) -> None:
    found = said("nobody", "/healthz", "/api/v1/matters")
    assert found["answers"] == {"/healthz": "200", "/api/v1/matters": "401"}
    assert found["imported"] == []


def test_what_cannot_be_read_yet_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema on its way: the tables of the catalogue are not as this version knows them."""
    kept: list[bool] = []
    monkeypatch.setattr(settling.places, "revision", mock.Mock(return_value=1))
    monkeypatch.setattr(settling.catalogue, "picture", mock.Mock(side_effect=ProgrammingError("no such column")))
    monkeypatch.setattr(settling.gc, "freeze", lambda: kept.append(True))
    settling.settle()
    assert kept == [True]
