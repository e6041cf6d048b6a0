"""The answering unit in the small city, from process memory."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.catalogue import routing, selectors
from civicloop.foundation import caches, clock
from civicloop.people.desks import NoDutyDesk
from civicloop.people.models import Unit
from tests.catalogue.conftest import GB

pytestmark = pytest.mark.django_db


def unit(city, code: str, area: str) -> str:
    kind = selectors.kind_by_code("local" if code.startswith("7") else GB, "matter", code)
    answer = routing.answering_unit(kind.id, city.path(area))
    return {number: name for name, number in city.units.items()}[answer.unit_id]


@pytest.mark.parametrize(
    ("code", "area", "expected"),
    [
        ("06010", "120101001", "120101001-office"),  # refuse: the subdistrict on the spot
        ("06028", "120101002", "120101-eco"),  # noise: the district's department
        ("01001", "120102001", "city-water"),  # water-supply cover: the enterprise
        ("01037", "120102001", "120102-urban"),  # street light: by class
        ("08001", "120101001", "120101-housing"),
        ("71001", "120101001", "120101-civil"),
        ("71014", "120101001", "120101001-office"),
        ("72007", "120102001", "120102-affairs"),
        ("01075", "120102001", "120102001-property"),
    ],
)
def test_the_unit_of_a_kind_in_a_subdistrict(loaded, code, area, expected):
    assert unit(loaded, code, area) == expected


def test_where_no_rule_applies_the_duty_desk_of_the_deepest_area_answers(loaded):
    kind = selectors.kind_by_code(GB, "matter", "06010")
    answer = routing.answering_unit(kind.id, loaded.path("120101"))  # only the district is known
    assert (answer.unit_id, answer.reason_code, answer.reason_params["why"]) == (
        loaded.units["120101-duty"], "duty_desk", "no_rule",
    )  # fmt: skip
    assert answer.responsibility_id is None


def test_outside_every_area_the_citys_duty_desk_answers(loaded):
    kind = selectors.kind_by_code(GB, "matter", "06010")
    answer = routing.answering_unit(kind.id, {})
    assert (answer.unit_id, answer.reason_params["why"]) == (loaded.units["city-duty"], "outside_every_area")


def test_without_a_kind_the_rule_for_everything_answers(loaded):
    answer = routing.answering_unit(None, loaded.path("120101001"))
    assert (answer.unit_id, answer.reason_code) == (loaded.units["120101001-office"], "rule_any")


def test_a_dissolved_unit_answers_no_more(loaded):
    Unit.objects.filter(id=loaded.units["city-water"]).update(valid_to=clock.now())
    caches.forget_all()
    assert unit(loaded, "01001", "120102001") == "120102-urban"


def test_an_unknown_kind_is_said(loaded):
    with pytest.raises(selectors.UnknownKind):
        routing.answering_unit(987654321, loaded.path("120101001"))


def test_an_installation_without_duty_desks_is_told_so(loaded):
    Unit.objects.filter(kind="duty_desk").update(valid_to=clock.now() - timedelta(seconds=1))
    caches.forget_all()
    with pytest.raises(NoDutyDesk):
        routing.answering_unit(None, {})


def test_the_hot_path_asks_the_database_nothing(loaded):
    kind = selectors.kind_by_code(GB, "matter", "06028")
    routing.answering_unit(kind.id, loaded.path("120101001"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(100):
            routing.answering_unit(kind.id, loaded.path("120101001"))
            selectors.conditions(kind.id)
    assert len(queries) <= 1  # the look at the revision, at most every few seconds


def test_another_process_notices_a_change(loaded, monkeypatch):
    from civicloop.catalogue.models import FilingCondition, Revision

    kind = selectors.kind_by_code(GB, "matter", "06028")
    assert len(selectors.conditions(kind.id)) == 1
    FilingCondition.objects.filter(kind_id=kind.id).update(valid_to=clock.now())
    assert len(selectors.conditions(kind.id)) == 1
    Revision.objects.update(number=10_000)
    monkeypatch.setattr(selectors, "RECHECK_SECONDS", 0.0)
    assert selectors.conditions(kind.id) == []
