"""Random points and every kind: somebody answers for each, with a reason, inside every area and outside."""

import random

import pytest

from civicloop.catalogue import routing, words
from civicloop.catalogue import selectors as catalogue
from civicloop.ops.bench.routing import measured
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from tests.conftest import size

pytestmark = pytest.mark.django_db


def test_every_point_and_kind_has_an_owner_or_the_duty_desk_with_a_reason() -> None:
    number = size(3_000, 100_000)
    draw = random.Random(11)
    points = [(draw.uniform(116.9, 117.4), draw.uniform(38.9, 39.2)) for _ in range(number)]
    found = measured(points)
    assert found["results"]["answered"] == number
    assert found["ratios"]["with_owner_and_reason"] == 1.0
    by = found["results"]["by"]
    assert sum(by.values()) == number
    # the tiny city has lines for one subdistrict and one district; the other district has none
    assert {"rule_any", "duty_desk: no_rule", "duty_desk: outside_every_area"} <= set(by)


def test_each_reason_can_be_said_in_words_and_its_unit_is_there() -> None:
    units = set(Unit.objects.values_list("id", flat=True))
    kinds = [None, *(kind.id for kind in catalogue.kinds(family="matter"))]
    draw = random.Random(3)
    for place in range(400):
        located = places.locate(draw.uniform(116.9, 117.4), draw.uniform(38.9, 39.2), "wgs84")
        path = {level: ref.id for level, ref in located.areas.items()}
        answer = routing.answering_unit(kinds[place % len(kinds)], path)
        assert answer.unit_id in units
        assert words.reason_words(answer.reason_code, answer.reason_params)
