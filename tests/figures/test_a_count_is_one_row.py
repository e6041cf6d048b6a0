"""What folding writes for a matter, how a new measure finds its place, and units that are counted by district alone."""

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.figures import cubes, folding, reading
from civicloop.figures import ledger as book
from civicloop.figures.models import Count, Measure
from civicloop.foundation import clock
from civicloop.matters.models import Entry, Matter
from civicloop.records import days
from tests import world
from tests.figures.ledgers import by_cubes, by_hand
from tests.matters import loop

pytestmark = pytest.mark.django_db
ROWS = 44  # of one matter, alone in its city
STATEMENTS = 10  # of a batch in which no measure is new, with the savepoints


def closed() -> None:
    matter = loop.report(kind="01001")
    loop.to_close(matter)


def test_a_matter_is_counted_in_few_rows_and_the_like_of_it_in_no_more() -> None:
    with clock.at(world.START):
        closed()
        folding.round()
        rows = Count.objects.count()
        assert rows <= ROWS
        closed()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            folding.fold()
        assert len(asked) <= STATEMENTS, [each["sql"][:60] for each in asked]
        assert Count.objects.count() == rows
        assert book.check().ok


def test_a_measure_that_comes_first_gets_a_place_and_the_others_keep_theirs() -> None:
    with clock.at(world.START):
        loop.report(kind="01001")
        folding.round()
        before = list(Measure.objects.order_by("no").values_list("no", "name"))
        assert [no for no, _name in before] == list(range(1, len(before) + 1))
        closed()
        assert by_cubes() == by_hand()  # what has no place yet is read from the facts
        folding.round()
        after = list(Measure.objects.order_by("no").values_list("no", "name"))
        assert after[: len(before)] == before
        assert "ended:solved" in {name for _no, name in after[len(before) :]}
        assert by_cubes() == by_hand()
        assert book.check().ok


def test_the_units_of_the_city_are_those_of_all_districts_and_of_none() -> None:
    with clock.at(world.START):
        for point in (world.SPOT, (117.25, 39.05), world.SEA):
            loop.report(kind="01001", point=point)
        loop.to_handling(loop.report(kind="01001"))
        folding.fold(batch=2)  # some are folded, some are not
        today = days.day_of(clock.now())
        for until in (today.replace(day=28), today.replace(month=today.month + 1, day=1)):
            found = reading.read(
                "unit", scope=0, since=today.replace(day=1), until=until, measures=["valid"], by_start=False
            )
            assert Counter({int(member): sums.n["valid"] for (member, _start), sums in found.items()}) == reported()


def test_all_measures_as_one_number_are_the_sum_of_each() -> None:
    asked = ["reported:grid", "reported:resident", "returned:resident", "valid"]
    with clock.at(world.START):
        for point in (world.SPOT, (117.25, 39.05), world.SEA):
            loop.report(kind="01001", point=point)
        folding.fold(batch=2)
        today = days.day_of(clock.now())
        for since, until in (
            (today, today + days.DAY),
            (today.replace(day=1), today.replace(month=today.month + 1, day=1)),
        ):
            how: dict[str, Any] = {"scope": 0, "since": since, "until": until, "measures": asked}
            for cube, level in (("district", ""), ("unit", "city")):
                apart = reading.read(cube, level=level, ahead=False, **how)
                together = reading.numbers(cube, level=level, **how)
                assert together == {key: sum(sums.n.values()) for key, sums in apart.items()}
                assert sum(together.values()) == 6
                member = next(iter(together))[0]
                of_one = reading.numbers(cube, level=level, members=[member], **how)
                assert of_one == {key: number for key, number in together.items() if key[0] == member}


def reported() -> Counter[int]:
    """unit → reports, straight from the entries."""
    found: Counter[int] = Counter()
    for matter in Matter.objects.all():
        bodies = Entry.objects.filter(matter=matter).order_by("seq").values_list("body", flat=True)
        for line in book.told_by([bytes(body) for body in bodies])[1]:
            if line[1] == "valid" and datetime.fromisoformat(line[3]) <= clock.now():
                found[line[4]] += line[6]
    return found


def test_what_no_cube_holds_is_refused_rather_than_told_as_nothing() -> None:
    today = world.START.date()
    with pytest.raises(reading.NoCube):
        reading.read("city", scope=0, since=today, until=today + days.DAY, measures=["clock:handle:late"])
    assert "clock" not in cubes.HELD
