"""Impatient fingers: several urgings at once count as often as they may, no more."""

from datetime import timedelta

import pytest

from civicloop.foundation import ids
from civicloop.matters import actions, proof, urging
from civicloop.matters.actions import Act, Done
from civicloop.matters.errors import Refused
from civicloop.matters.models import Outbox
from civicloop.people import access
from tests import world
from tests.matters.test_the_ladder import handled
from tests.matters.test_the_same_thing_sent_again import at_once

pytestmark = pytest.mark.both_servers


def test_of_eight_urgings_of_the_same_reporter_at_once_one_counts(committing: str) -> None:
    matter = handled(world.START - timedelta(days=14))

    def urge() -> Done:
        return actions.act(access.outsider("reporter", matter), Act(matter, "urge", ids.uuid7()))

    answers = at_once(8, urge)
    assert [each.status for each in answers if isinstance(each, Done)] == [201]
    assert [each.code for each in answers if isinstance(each, Refused)] == ["too_soon"] * 7
    assert urging.counts([matter]) == {matter: 1}
    assert Outbox.objects.filter(matter_id=matter, topic="urged").count() == 1
    assert proof.verify(matter) == []
