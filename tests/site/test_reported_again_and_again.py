"""高频诉求 and what comes back: lists for supervisors, the reports behind a line, files, and the page of the matter."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from civicloop.foundation import clock
from civicloop.matters import recurring
from civicloop.matters.models import Matter
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import kind, signed_in, text

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with clock.at(world.START + 40 * DAY), translation.override("zh-hans"):
        yield


def reported(days: float, *, closed: float | None = None, **values: object) -> UUID:
    """A report so many days after the beginning, and closed as solved so many days after it."""
    with clock.at(world.START + days * DAY):
        matter = loop.report(**({"kind": "01001"} | values))
    if closed is not None:
        Matter.objects.filter(id=matter).update(end="solved", step="closed", ended_at=world.START + closed * DAY)
    return matter


def test_a_kind_that_a_community_reports_often_is_listed_with_its_cases() -> None:
    lead, *rest = [reported(39) for _n in range(5)]
    loop.act("clerk", rest[0], "join", lead=str(lead))
    for _n in range(4):
        reported(39, kind="06012")  # one too few
    reported(5)  # too long ago
    found = recurring.repeated(world.actor("supervisor"), None, 30)
    assert [(each.kind_id, each.reports, each.cases, each.open) for each in found] == [(kind(), 5, 4, 5)]
    supervisor = signed_in("supervisor")
    page = text(supervisor.get("/repeated/"))
    assert f"/repeated/{found[0].community_id}/{kind()}?days=30" in page
    behind = text(supervisor.get(f"/repeated/{found[0].community_id}/{kind()}?days=30"))
    assert behind.count("data-item") == 5
    assert "已并案" in behind
    assert recurring.repeated(world.actor("d2-clerk"), None, 30) == []


def test_what_comes_back_at_a_place_is_counted_in_its_chain() -> None:
    first = reported(1, closed=3)
    second = reported(10, closed=12, point=(117.0203, 39.05))
    third = reported(35, point=(117.0201, 39.05))
    reported(35, point=(117.03, 39.05))  # elsewhere
    reported(36, kind="06012")  # another kind
    [found] = recurring.returned(world.actor("supervisor"), None, 30)
    assert (found.row.id, found.times, [each.id for each in found.before]) == (third, 3, [second, first])
    supervisor = signed_in("supervisor")
    assert "第 3 次" in text(supervisor.get(f"/matters/{third}"))
    assert "第 2 次" in text(supervisor.get(f"/matters/{second}"))
    assert "此处第" not in text(supervisor.get(f"/matters/{first}"))
    assert str(third) in text(supervisor.get("/repeated/returned"))


def test_what_was_closed_too_long_ago_or_not_as_solved_is_no_recurrence() -> None:
    reported(-16, closed=-15)
    other = reported(33)
    Matter.objects.filter(id=reported(20)).update(end="explained", ended_at=world.START + 21 * DAY)
    assert recurring.returned(world.actor("supervisor"), None, 30) == []
    assert recurring.of_matter(world.actor("supervisor"), Matter.objects.get(id=other)) is None


@pytest.mark.parametrize("what", ["repeated", "returned"])
def test_both_lists_are_taken_as_files_without_formulas_and_leave_a_line(what: str) -> None:
    for days in (1, 2, 3, 4, 35):
        reported(days, closed=days + 1 if days < 35 else None)
    supervisor = signed_in("supervisor")
    csv = supervisor.get(f"/repeated/export/{what}.csv?days=90").content.decode("utf-8-sig").splitlines()
    assert len(csv) == 2
    with ZipFile(BytesIO(supervisor.get(f"/repeated/export/{what}.xlsx?days=90").content)) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row") == 2
    assert AuditEntry.objects.filter(action="matters.export", object=what).count() == 2


@pytest.mark.parametrize("user", ["grid", "receiver", "checker", "audit", "security"])
def test_the_lists_are_for_those_who_watch(user: str) -> None:
    person = signed_in(user)
    for address in ("/repeated/", "/repeated/returned", "/repeated/1/1", "/repeated/export/repeated.csv"):
        assert person.get(address).status_code == 403


def test_what_no_form_sends_is_refused_and_how_much_there_is_costs_no_more_statements() -> None:
    supervisor = signed_in("supervisor")
    assert supervisor.get("/repeated/?days=5000").status_code == 400
    assert supervisor.get("/repeated/?days=30&area=nowhere").status_code == 400
    assert supervisor.get("/repeated/999999/999999").status_code == 404
    actor = world.actor("supervisor")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            recurring.repeated(actor, None, 30)
            recurring.returned(actor, None, 30)
        return len(queries)

    statements()
    before = statements()
    for _n in range(12):
        reported(39)
    assert statements() == before
