"""Personal values of an act: sealed, kept for ever under a number of their own, told apart by whose they are."""

from pathlib import Path

import pytest

from civicloop.foundation import clock
from civicloop.matters import proof
from civicloop.matters.models import Matter
from civicloop.records import sealing
from civicloop.records.models import SealedValue
from tests import world
from tests.matters import loop
from tests.matters.sealing import store

pytestmark = [pytest.mark.django_db, pytest.mark.both_servers]


def opened(row: SealedValue) -> str:
    return sealing.open_value(
        actor_id=7, actor_words="回访员", post_id=70, purpose="回访", matter_id=row.matter_id, no=row.no
    )


def test_values_sealed_late_do_not_touch_those_sealed_early(tmp_path: Path) -> None:
    store(tmp_path)
    with clock.at(world.START):
        matter = loop.report("grid", procedure="relief")
        while Matter.objects.get(id=matter).seq < 7:
            loop.act("grid", matter, "note", note="看过")
        assert loop.act("grid", matter, "take_down", phone="13800000001", account="先前的账号").seq == 8
        while Matter.objects.get(id=matter).seq < 39:
            loop.act("grid", matter, "note", note="看过")
        assert loop.act("grid", matter, "take_down", phone="13800000002", account="后来的账号").seq == 40
        rows = list(SealedValue.objects.filter(matter_id=matter).order_by("no"))
        assert [opened(row) for row in rows] == ["先前的账号", "13800000001", "后来的账号", "13800000002"]
        assert proof.verify(matter) == []


def test_no_number_of_a_sealed_value_ever_comes_again() -> None:
    from civicloop.matters.writing import PLACES, sealed_number

    entries = [2, 8, 32, 33, 34, 40, 64, 65, 1_000_000, 2_000_000]
    numbers = [sealed_number(seq, place) for seq in entries for place in (0, 1, PLACES - 1)]
    assert numbers == sorted(set(numbers))
    assert min(numbers) > PLACES  # below lie the values of the report itself
    assert max(numbers) < 2**31
