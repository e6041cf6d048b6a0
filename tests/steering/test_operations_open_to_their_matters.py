"""Every number on the page of operations is the number of the matters that it opens to, for every reader and area."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import transaction

from civicloop.figures import opening
from civicloop.figures import selectors as figures
from civicloop.figures.opening import NUMERATOR
from civicloop.foundation import clock
from civicloop.matters.models import Matter
from civicloop.steering import api, asking, open_work, placing, selectors, showing
from civicloop.steering.choices import Back, What
from civicloop.steering.selectors import Overview
from tests import world
from tests.conftest import size
from tests.steering import city as mornings

AREAS = ("", "990101", "990101001", "990101001001", "990101001001001")


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The morning, in a transaction that is rolled back after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        mornings.live()
        with clock.at(mornings.NOW):
            yield
        transaction.set_rollback(True)


def counts(content: Any) -> Iterator[tuple[int, str]]:
    """Every (number, address) in the answer of the call."""
    if isinstance(content, dict):
        if set(content) == {"number", "matters"}:
            yield content["number"], content["matters"]
        for each in content.values():
            yield from counts(each)
    elif isinstance(content, list):
        for each in content:
            yield from counts(each)


def look(user: str, area: str = "", by: str = "area") -> Overview:
    actor = world.actor(user)
    return selectors.overview(actor, placing.place_for(actor, area), by)


def listed(user: str, address: str) -> int:
    told = dict(parse_qsl(address.partition("?")[2]))
    actor = world.actor(user)
    rows = open_work.behind(actor, placing.place_for(actor, told.pop("area", "")), asking.asked_of(told))
    assert rows.count() == len({each.id for each in rows})
    return rows.count()


@pytest.mark.parametrize(
    ("user", "areas"),
    [("audit", AREAS), ("leader", AREAS[1:4]), ("clerk", AREAS[2:3]), ("head", ("",))],
)
def test_every_number_is_what_its_list_holds(city: None, user: str, areas: tuple[str, ...]) -> None:
    seen, draw = 0, random.Random(7)
    for area in areas:
        found = look(user, area)
        every = sorted({each for each in counts(api.content(found)) if each[1]})
        every += [(row["cell"].number, row["cell"].url) for row in showing.last_days(found)]
        zeros = [each for each in every if not each[0]]
        some = draw.sample(zeros, min(size(9, 999), len(zeros)))
        for number, address in [*(each for each in every if each[0]), *some]:
            assert listed(user, address) == number, (area, address)
            seen += number
    assert seen > 20


def test_the_morning_shows_in_every_block(city: None) -> None:
    found = look("leader")
    whole = found.standing.whole
    assert whole.overdue > 0
    assert found.ordered.orders == found.ordered.matters == 1
    assert [(found.units[each.holder_id], found.units[each.unit_id], each.matters) for each in found.owed] == [
        ("东风街道办事处", "和顺里物业", 1)
    ]
    back = {each.how: each for each in found.came_back}
    assert back[Back.RETURNS].matters == 1  # what is only asked for has not come back
    assert back[Back.REWORKS].matters >= 1
    assert back[Back.REOPENED].matters == 0
    assert {each.what for each in found.promised} >= {What.CLOCK, What.ASKED}
    assert sum(each.entered for each in found.flow) > 0


def test_parts_stages_and_ages_sum_up_to_the_whole(city: None) -> None:
    for area in AREAS[:4]:
        found = look("audit", area)
        for rows in (found.standing.parts, found.standing.stages, found.standing.ages):
            for name in ("open", "overdue", "hour", "today", "raised"):
                assert sum(getattr(each, name) for each in rows.values()) == getattr(found.standing.whole, name)
        assert sum(each.open for each in found.held) == found.standing.whole.open
        assert sum(each.overdue for each in found.held) == found.standing.whole.overdue


@pytest.mark.parametrize(("user", "by"), [("audit", "area"), ("leader", "unit"), ("head", "area")])
def test_rates_open_on_the_page_of_figures(city: None, user: str, by: str) -> None:
    actor, found = world.actor(user), look(user, by=by)
    cut, opened = found.compared.cut, 0
    assert cut is not None
    for member in (found.compared.whole, *found.compared.members):
        for each in member.rates:
            rows = opening.matters_of(actor, cut, each.indicator, NUMERATOR, member.member)
            assert rows.count() == each.value.of, (member.name, each.indicator.code)
            opened += each.value.of
    assert opened > 0
    table = figures.table(actor, cut, [each.indicator.code for each in found.compared.whole.rates])
    for each in found.compared.whole.rates:
        assert each.value == table.whole.figures[each.indicator.code].value


def test_what_is_joined_or_confidential_is_not_counted(city: None) -> None:
    before = look("leader").standing.whole.open
    with transaction.atomic():
        some = open_work.open_matters(world.actor("leader"), placing.place_for(world.actor("leader"), "")).first()
        assert some is not None
        Matter.objects.filter(id=some.id).update(confidentiality=1)
        assert look("leader").standing.whole.open == before - 1
        transaction.set_rollback(True)


@pytest.mark.parametrize("area", AREAS[:4])
def test_the_flow_is_that_of_the_figures(city: None, area: str) -> None:
    found = look("audit", area)
    same = figures.flow(world.actor("audit"), area=area, period=found.compared.period.code)
    assert [(each.stage, each.entered, each.left, each.minutes) for each in found.flow] == [
        (each.stage, each.entered, each.left, each.minutes) for each in same
    ]
    assert sum(each.entered + each.left for each in found.flow) > 0
