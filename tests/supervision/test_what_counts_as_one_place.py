"""One place is so many metres around one of the reports, wherever the cells of a map lie."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import clock, coordinates, ids, morton
from civicloop.records import actions as records
from civicloop.records import settings
from civicloop.supervision import suggesting
from civicloop.supervision.gathering import Point, Report, gather
from tests import world
from tests.matters import loop
from tests.supervision.orders import MONDAY

START = datetime(2026, 3, 2, tzinfo=UTC)
LON, LAT = world.SPOT
METRE = 1 / 111_195  # of a degree of latitude


def reports(points: Sequence[Point]) -> list[Report]:
    return [Report(UUID(int=n + 1), START + timedelta(minutes=n), point) for n, point in enumerate(points)]


def near(east: float, north: float) -> Point:
    """A point so many metres from SPOT."""
    return LON + east * METRE / 0.7765, LAT + north * METRE  # the cosine of the latitude


somewhere = st.builds(near, st.floats(-400, 400), st.floats(-400, 400))


@given(st.lists(somewhere, max_size=30), st.sampled_from([50, 120, 300]), st.integers(2, 5))
def test_each_group_lies_around_its_middle_and_none_is_left_over(points: list[Point], metres: int, least: int) -> None:
    given_, found = reports(points), gather(reports(points), metres, least)
    grouped = [each.id for group in found for each in group.reports]
    assert len(grouped) == len(set(grouped))
    for group in found:
        assert len(group.reports) >= least
        assert group.middle in group.reports
        far = max(coordinates.metres(group.middle.point, each.point) for each in group.reports)
        assert far <= metres
    left = [each for each in given_ if each.id not in grouped]
    for each in left:
        assert sum(coordinates.metres(each.point, other.point) <= metres for other in left) < least


def test_the_middle_is_the_report_with_the_most_around_it() -> None:
    line = reports([near(100.0 * number, 0.0) for number in range(4)])
    (group,) = gather(line, 120, 3)
    assert (group.middle, group.reports) == (line[1], tuple(line[:3]))


def border() -> Point:
    """A point at which four of the large cells of the map meet, in the tiny city."""
    inside = morton.cell(LON, LAT) >> 12 << 12  # the first small cell of a large one
    return morton.centre(inside)


@pytest.mark.django_db
def test_reports_on_both_sides_of_a_cells_border_are_at_one_place() -> None:
    lon, lat = border()
    points = [(lon + east * 8 * METRE, lat + north * 8 * METRE) for east, north in ((-1, 1), (1, 1), (1, -1))]
    assert len({morton.cell(*point) >> 12 for point in points}) == 3
    with clock.at(MONDAY):
        found = [loop.report(kind="01001", point=point) for point in points]
        (only,) = suggesting.all_for(world.actor("supervisor"))
    assert set(only.matters) == set(found)


@pytest.mark.django_db
def test_what_lies_farther_off_or_is_of_another_kind_is_not_counted() -> None:
    with clock.at(MONDAY):
        for east in (0, 100):
            loop.report(kind="01001", point=near(east, 0))
        loop.report(kind="01001", point=near(-130, 0))
        loop.report(kind="06010", point=near(50, 0))
        assert suggesting.all_for(world.actor("supervisor")) == []
        records.set_setting(
            actor_id=None, post_id=None, actor_words="tests", code="supervision.repeated_metres", value=150
        )
        settings.forget()
        (only,) = suggesting.all_for(world.actor("supervisor"))
        assert (only.times, only.metres) == (3, 150)


@pytest.mark.django_db
def test_one_more_report_that_moves_the_middle_is_still_the_same_place() -> None:
    with clock.at(MONDAY):
        for minute, east in enumerate((0, 60, 110)):
            with clock.at(MONDAY - timedelta(minutes=9 - minute)):
                loop.report(kind="01001", point=near(east, 0))
        (before,) = suggesting.all_for(world.actor("supervisor"))
        for east in (170, 175):
            loop.report(kind="01001", point=near(east, 0))
        (after,) = suggesting.all_for(world.actor("supervisor"))
        assert after.cause != before.cause
        done = suggesting.take(world.actor("supervisor"), cause=before.cause, act_id=ids.uuid7())
        assert (done.status, done.order.cause) == (201, after.cause)
        again = suggesting.take(world.actor("leader"), cause=before.cause, act_id=ids.uuid7())
        assert (again.status, again.order.id) == (200, done.order.id)
        assert suggesting.all_for(world.actor("supervisor")) == []
