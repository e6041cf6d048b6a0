"""One publishes a photo while another keeps it from the public, and somebody sends it again: one decision stands."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from civicloop.evidence.models import PublicPhoto
from civicloop.foundation import clock, ids
from civicloop.matters import proof, publishing, reading
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.both_servers


def test_one_decision_stands_and_the_other_is_told(committing: str, tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        matter, evidence = loop.closed_with_a_photo()
        once, other = ids.uuid7(), ids.uuid7()
        public, kept = publishing.Decision("public"), publishing.Decision("not_public", reason="useless")

        def decide(turn: int) -> Any:
            user, decision, act = ("checker", public, once) if turn % 2 else ("supervisor", kept, other)
            try:
                with clock.at(world.START):
                    return publishing.decide(
                        world.actor(user), matter_id=matter, evidence_id=evidence, decision=decision, act_id=act
                    ).status
            except Refused as reason:
                return reason.code
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(decide, range(4)))
        assert sorted(map(str, answers)) == ["200", "201", "decided_already", "decided_already"]
        row = PublicPhoto.objects.get()
        [entry] = Entry.objects.filter(matter_id=matter, action=publishing.ACTION)
        assert entry.result == row.state
        assert bool(row.picture) == (row.state == "public")
        assert proof.verify(matter) == []


@pytest.mark.parametrize(
    ("decision", "early"),
    [(publishing.Decision("public"), 1), (publishing.Decision("not_public", reason="useless"), 2)],
)
def test_a_repeat_that_read_the_matter_too_early_gets_the_first_answer(
    decision: publishing.Decision, early: int, committing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repeat reads the matter before the first decision is written, and the photo's row after it."""
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        matter, evidence = loop.closed_with_a_photo()
        act, read = ids.uuid7(), reading.read
        before = [read(matter, act) for _ in range(early)]

        def decide() -> int:
            return publishing.decide(
                world.actor("checker"), matter_id=matter, evidence_id=evidence, decision=decision, act_id=act
            ).status

        assert decide() == 201
        monkeypatch.setattr(reading, "read", lambda *given, **named: before.pop() if before else read(*given, **named))
        assert decide() == 200
        assert before == []
