"""同比 and 环比 after a merge: what the merged areas counted is the base of the area that stands in their place."""

from datetime import timedelta

import pytest

from civicloop.figures import rules, selectors
from civicloop.foundation import caches, clock
from civicloop.places import selectors as places
from civicloop.places.models import AreaSuccession, AreaVersion, LayerRevision
from tests import world
from tests.matters import loop

MERGED = world.START + timedelta(days=35)


def test_sums_are_added_to_those_of_the_successor() -> None:
    sums = {"1": {"a": 2}, "2": {"a": 3, "b": 1}, "3": {"b": 5}}
    assert rules.merged(sums, {"1": "3", "2": "3"}) == {"3": {"a": 5, "b": 6}}
    assert rules.merged(sums, {}) == sums


@pytest.mark.django_db
def test_a_merged_area_is_compared_with_what_its_parts_were() -> None:
    with clock.at(world.START):
        for point in (world.SPOT, world.SPOT, (117.15, 39.05)):
            loop.report(kind="01001", point=point)
        old, new = places.by_code("990101001").id, places.by_code("990101002").id
    with clock.at(MERGED):  # the one goes up in the other
        AreaVersion.objects.filter(area_id=old, valid_to=None).update(valid_to=MERGED)
        AreaSuccession.objects.create(predecessor_id=old, successor_id=new, at=MERGED)
        LayerRevision.objects.update(revision=99)
        caches.forget_all()
    with clock.at(MERGED + timedelta(hours=1)):
        loop.report(kind="01001", point=(117.15, 39.05))
        actor = world.actor("supervisor")
        cut = selectors.cut_for(actor, by="area", area="990101", period="2026-04")
        table = selectors.table(actor, cut, ["reported"])
    rows = {row.member: row.figures["reported"] for row in table.rows}
    assert str(old) not in rows
    assert (rows[str(new)].value.of, rows[str(new)].before.of) == (1, 3)
    assert rows[str(new)].change == pytest.approx(-66.7)
    whole = table.whole.figures["reported"]
    assert (whole.value.of, whole.before.of) == (1, 3)
