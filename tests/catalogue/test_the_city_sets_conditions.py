"""A system administrator gives a kind the city's own conditions."""

import pytest

from civicloop.calendars.rules import Limit
from civicloop.catalogue import actions, selectors
from civicloop.catalogue.actions import CatalogueError, ConditionLine
from civicloop.people import access
from tests.catalogue.conftest import GB

pytestmark = pytest.mark.django_db
ADMIN = access.Actor(kind="staff", words="admin", roles=frozenset({"system_admin"}))


def line(no: int, text: str, limit: str) -> ConditionLine:
    return ConditionLine(no, {"zh-hans": text}, Limit.parse(limit), {})


def test_new_conditions_are_the_citys_and_unchanged_ones_keep_their_source(loaded):
    kind = selectors.kind_by_code(GB, "matter", "06001")
    first, second = selectors.conditions(kind.id)
    kept = ConditionLine(first.no, first.names, first.limit, first.closing)
    actions.set_conditions(ADMIN, kind_id=kind.id, lines=[kept, line(2, "占用公共空间搭建", "10 工作日")])
    now = selectors.conditions(kind.id)
    assert [(each.id == first.id, str(each.limit), each.source) for each in now] == [
        (True, "2 natural_day", "sample_city"),
        (False, "10 work_day", "city"),
    ]
    assert selectors.condition(second.id).valid_to is not None


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "no_condition"),
        ([line(1, "  ", "1 工作日")], "name_missing"),
        ([line(1, "甲", "1 工作日"), line(1, "乙", "1 工作日")], "number_twice"),
    ],
)
def test_what_cannot_be_is_refused(loaded, lines, code):
    kind = selectors.kind_by_code(GB, "matter", "06001")
    with pytest.raises(CatalogueError) as refused:
        actions.set_conditions(ADMIN, kind_id=kind.id, lines=lines)
    assert refused.value.code == code
    assert len(selectors.conditions(kind.id)) == 2


def test_others_may_not(loaded):
    kind = selectors.kind_by_code(GB, "matter", "06001")
    for actor in (access.ANONYMOUS, access.Actor(kind="staff", words="x", roles=frozenset({"dispatcher"}))):
        with pytest.raises(CatalogueError):
            actions.set_conditions(actor, kind_id=kind.id, lines=[line(1, "甲", "1 工作日")])
    with pytest.raises(CatalogueError):
        actions.set_conditions(ADMIN, kind_id=987654321, lines=[line(1, "甲", "1 工作日")])
