"""Photos that come in while people act: every one an entry, nothing lost, no gap, and step versions stay good."""

import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock, ids
from civicloop.matters import actions, proof
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from tests import world
from tests.api.calls import jpeg
from tests.conftest import size
from tests.matters import loop
from tests.matters.test_the_same_thing_sent_again import at_once

pytestmark = pytest.mark.both_servers


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> Any:
    with override_settings(DATA_DIR=tmp_path):
        yield


def send(user: str, matter: UUID, evidence: UUID | None = None, shade: int = 100) -> tuple[Evidence, bool]:
    actor = world.actor(user)
    prepared = actions.take_upload(
        actor, upload=jpeg(shade), filename="a.jpg", stage="other", matter_id=matter,
        evidence_id=evidence or ids.uuid7(),
    )  # fmt: skip
    return actions.add_evidence(actor, prepared)


def test_photos_and_notes_of_many_at_once_stand_one_after_the_other(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
    turn, lock = iter(range(1000)), threading.Lock()

    def work() -> Any:
        with lock:
            number = next(turn)
        if number % 2:
            return send("grid", matter, shade=number)
        return loop.act("clerk", matter, "note", note=f"第{number}次")

    rounds = size(2, 10)
    for _round in range(rounds):
        answers = at_once(8, work)
        assert [answer for answer in answers if isinstance(answer, Refused)] == []
    assert Evidence.objects.filter(matter_id=matter).count() == 4 * rounds
    assert Entry.objects.filter(matter_id=matter, action="evidence").count() == 4 * rounds
    row = Matter.objects.get(id=matter)
    assert (row.seq, row.step_version) == (1 + 8 * rounds, 1)
    assert list(Entry.objects.filter(matter_id=matter).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, 2 + 8 * rounds)
    )
    assert proof.verify(matter) == []


def test_the_same_photo_sent_five_times_at_once_is_one_entry(committing: str) -> None:
    with clock.at(world.START):
        matter, photo = loop.report(), ids.uuid7()
    answers = at_once(5, lambda: send("grid", matter, photo)[1])
    assert sorted(answers) == [False] * 4 + [True]
    assert Entry.objects.filter(matter_id=matter, action="evidence").count() == 1
    assert proof.verify(matter) == []


def test_a_decision_made_on_a_page_still_counts_after_a_photo_came_in(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        version = Matter.objects.get(id=matter).step_version
        send("grid", matter)
        wanted = Act(matter, "file", ids.uuid7(), None, {"condition": loop.condition()}, version)
        assert actions.act(world.actor("clerk"), wanted).seq == 3


@pytest.mark.django_db
def test_who_must_not_know_of_a_matter_leaves_neither_photo_nor_entry() -> None:
    with clock.at(world.START):
        matter = loop.report()
        with pytest.raises(Refused) as refused:
            send("d2-clerk", matter)
    assert refused.value.code == "not_found"
    assert not Evidence.objects.filter(matter_id=matter).exists()
    assert Entry.objects.filter(matter_id=matter).count() == 1


@pytest.mark.django_db
def test_who_reported_from_elsewhere_may_add_the_photos_of_the_report() -> None:
    with clock.at(world.START):
        matter = loop.report("grid", point=(117.25, 39.05))  # in another district than the grid worker's
        assert send("grid", matter)[1]
        with pytest.raises(Refused):
            send("receiver", matter)
    assert Entry.objects.get(matter_id=matter, seq=2).role == "grid_worker"
