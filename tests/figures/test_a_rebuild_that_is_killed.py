"""`ledger rebuild`, killed in the middle: readers stay exact, and the next one goes on and ends right."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from civicloop.figures import commands, folding
from civicloop.figures.ledger import Report
from civicloop.foundation import clock
from tests.figures.ledgers import by_cubes, by_hand, ledger
from tests.figures.months import NOW, live
from tests.matters import loop

# the command as it is, in batches of two, each of which takes its time
SLOWLY = """
import sys, time
from civicloop.ops import environment
environment.prepare(environment.As.OWNER)
from civicloop.figures import ledger
ledger.BATCH = 2
def say(report):
    print(report.matters, flush=True)
    time.sleep(0.3)
ledger.rebuild(say)
"""


def test_a_killed_rebuild_goes_on_where_it_was_and_readers_are_exact_meanwhile(
    committing: str, database_server: Any
) -> None:
    live(12, seed=4)
    both = database_server.addresses(connection.settings_dict["NAME"])
    with psycopg.connect(both.superuser) as owner:  # something to put right, of which no figure is read
        owner.execute("UPDATE matters_matter SET standing = standing || '{\"unit\": 0}'")
    code, wrong = ledger(database_server, "check")
    assert (code, wrong["ok"]) == (1, False)

    environment = os.environ | {"DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner}
    with subprocess.Popen([sys.executable, "-c", SLOWLY], env=environment, stdout=subprocess.PIPE, text=True) as work:
        assert work.stdout is not None
        assert work.stdout.readline().strip() == "2"  # two batches are written, the others are not
        assert work.stdout.readline().strip() == "4"
        work.send_signal(signal.SIGKILL)
        work.wait()
    assert work.returncode == -signal.SIGKILL

    state = folding.state()
    assert state.making is not None
    assert state.making_after is not None
    with clock.at(NOW):
        assert folding.fold() == 0  # it rests until the rebuild has ended
        assert by_cubes() == by_hand()
        loop.report(kind="01001")  # life goes on, and is counted at once
        assert by_cubes() == by_hand()
    code, made = ledger(database_server, "rebuild")
    assert (code, made["matters"], made["mended"]) == (0, 9, 8)  # twelve and one, less the four that were done
    assert folding.state().making is None
    code, after = ledger(database_server, "check")
    assert (code, after["ok"], after["matters"]) == (0, True, 13), after["differences"]
    with clock.at(NOW + timedelta(minutes=1)):
        assert by_cubes() == by_hand()
        while folding.round():
            pass
        assert by_cubes() == by_hand()


def test_a_log_is_told_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody sits at a terminal, a line now and then; none for every batch."""
    say = commands._progress()
    for matters in (500, 1_000):
        say(Report(matters=matters))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(commands, "EVERY", 0)
    say(Report(matters=1_500, facts=9_000))
    assert capsys.readouterr().err == "1500 matters, 9000 facts …\n"
