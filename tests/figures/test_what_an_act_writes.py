"""How many facts the acts of one matter write: the price that intake pays for exact figures, held by a number."""

from collections import Counter

import pytest

from civicloop.foundation import clock
from civicloop.matters.models import Entry, Fact, Unfolded
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
# action → facts, from the report to the close of a grid event that is handled in time
PRICE = {
    "report": 5, "file": 6, "dispatch": 7, "accept": 2, "assign": 0, "handle": 2, "feed_back": 5, "post_check": 5,
    "close": 7,
}  # fmt: skip


def test_the_acts_of_a_matter_write_as_many_facts_as_they_are_known_to_and_none_that_is_zero() -> None:
    with clock.at(world.START):
        matter = loop.report(kind="01001")
        loop.to_close(matter)
    written = Counter(Fact.objects.filter(matter_id=matter).values_list("seq", flat=True))
    actions = dict(Entry.objects.filter(matter_id=matter).values_list("seq", "action"))
    found = {action: written[seq] for seq, action in actions.items() if action in PRICE}
    assert found == PRICE
    assert sum(found.values()) == sum(written.values())  # photos and draws write none
    assert not Fact.objects.filter(matter_id=matter, delta=0, minutes=None).exists()
    assert Unfolded.objects.filter(matter_id=matter).count() == sum(1 for n in written.values() if n)
