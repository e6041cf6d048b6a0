"""Repetitions are suggested, what is different is not, and a pair that was kept apart stays apart."""

import math
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import clock, morton
from civicloop.matters import alike, likeness, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.likeness import Told
from civicloop.matters.models import NotAlike
from civicloop.ops.bench import likening
from civicloop.records.models import AuditEntry
from tests import world
from tests.conftest import ROOT
from tests.matters import loop

LON, LAT = world.SPOT


def moved(lon: float, lat: float, metres: float, bearing: float) -> tuple[float, float]:
    north, east = metres * math.cos(bearing), metres * math.sin(bearing)
    return lon + east / (111_320 * math.cos(math.radians(lat))), lat + north / 111_320


@given(
    lon=st.floats(73, 135), lat=st.floats(3, 54), metres=st.floats(1, 500), share=st.floats(0, 1),
    bearing=st.floats(0, 6.3),
)  # fmt: skip
def test_the_cells_around_a_point_hold_all_that_is_near(
    lon: float, lat: float, metres: float, share: float, bearing: float
) -> None:
    ranges = morton.around(lon, lat, metres)
    assert len(ranges) <= 9
    near = morton.cell(*moved(lon, lat, metres * share * 0.99, bearing))
    assert any(first <= near <= last for first, last in ranges)
    far = morton.cell(*moved(lon, lat, metres * 8 + 50, bearing))
    assert not any(first <= far <= last for first, last in ranges)


SIGNS = st.lists(st.sampled_from("井盖路灯垃圾不见了坏堆"), max_size=12)


@given(SIGNS, SIGNS, st.floats(0, 300))
def test_likeness_has_no_direction_and_no_more_than_one(one: list[str], other: list[str], metres: float) -> None:
    first, second = (Told.of("", "".join(signs), "", "") for signs in (one, other))
    weights = likeness.rarity([first, second])
    found = likeness.compare(first, second, metres, weights)
    assert found == likeness.compare(second, first, metres, weights)
    assert 0 <= found.value <= 1
    if metres >= likeness.FAR:
        assert not found.suggested


def test_planted_repetitions_are_found_among_what_a_quarter_reports(capsys: pytest.CaptureFixture[str]) -> None:
    """Told in other words, up to 60 m away, the kind known half the time; among 400 others within a kilometre."""
    [folder] = (ROOT / "cities").glob("*/demo")
    found = likening.quality(folder, seeds=(7,))
    with capsys.disabled():
        print(f"\nplanted repetitions: recall {found.recall:.2f}, precision {found.precision:.2f}")
    assert found.recall >= 0.9
    assert found.precision >= 0.75


# -- with rows --------------------------------------------------------------------------------------------------------


@pytest.fixture
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def suggested(user: str, matter: UUID) -> list[UUID]:
    return [each.row.id for each in alike.alike(world.actor(user), selectors.row_of(matter))]


@pytest.mark.django_db
def test_near_recent_and_alike_is_suggested_and_nothing_else(monday: None) -> None:
    with clock.at(world.START - timedelta(days=31)):
        loop.report(kind="01001", text="路口井盖不见了")
    same = loop.report(kind="01001", text="路口的井盖丢了，只剩一个洞", point=moved(LON, LAT, 40, 2.0))
    loop.report(kind="01001", text="路口井盖不见了", point=moved(LON, LAT, 300, 2.0))
    loop.report(kind="06012", text="落叶没有人打扫", point=moved(LON, LAT, 10, 2.0))
    loop.report(kind="01001", text="路口井盖不见了", point=world.SEA)
    matter = loop.report(kind="01001", text="路口井盖不见了，很危险")
    assert suggested("clerk", matter) == [same]
    assert suggested("d2-clerk", matter) == []  # another district sees none of them


@pytest.mark.django_db
def test_a_pair_that_was_kept_apart_stays_apart_for_all(monday: None) -> None:
    one, other = loop.report(kind="01001"), loop.report(kind="01001")
    assert suggested("clerk", one) == [other]
    assert alike.keep_apart(world.actor("clerk"), matter_id=other, other_id=one)
    assert not alike.keep_apart(world.actor("supervisor"), matter_id=one, other_id=other)
    assert NotAlike.objects.count() == 1
    assert AuditEntry.objects.filter(action="matters.keep_apart").count() == 1
    assert suggested("clerk", one) == suggested("clerk", other) == []


@pytest.mark.django_db
@pytest.mark.parametrize("user", ["receiver", "grid", "d2-clerk", "audit"])
def test_who_may_not_judge_or_not_see_changes_nothing(monday: None, user: str) -> None:
    one, other = loop.report(kind="01001"), loop.report(kind="01001")
    with pytest.raises(Refused):
        alike.keep_apart(world.actor(user), matter_id=one, other_id=other)
    assert not NotAlike.objects.exists()


@pytest.mark.django_db
def test_a_confidential_report_is_not_suggested_to_whom_it_is_hidden_from(monday: None) -> None:
    loop.report(kind="01001", confidentiality=1, complained_of=("s1-centre",))
    assert suggested("clerk", loop.report(kind="01001")) == []
