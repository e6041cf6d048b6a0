"""Every filter of a list, alone and with another one, shows what fits and one may see, however it is looked up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.foundation import clock, ids
from civicloop.matters import paging, selectors, stands
from civicloop.matters.models import Matter
from civicloop.matters.selectors import Filters
from civicloop.people import access
from civicloop.people.access import Actor
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
READERS = ("everybody", "grid", "worker", "clerk")
AT = world.START + timedelta(days=9)


@pytest.fixture(autouse=True)
def _matters() -> Iterator[None]:
    """Some of each: reported, refused, filed and handled; here and in another district; one with a red card."""
    with clock.at(world.START):
        for number in range(3):
            loop.report(title=f"第{number}件")
        loop.report(title="远处的", point=(117.25, 39.05))
        loop.report("grid", title="无类别的", kind="")
        loop.act(
            "clerk", loop.report(title="不予立案的"), "decline", not_filed_reason="not_found", reason="不属于受理范围"
        )
        loop.act("clerk", loop.report(title="已立案的"), "file", condition=loop.condition())
        for _ in range(2):
            loop.to_handling(loop.report(title="在处置的"))
        Matter.objects.filter(title="第0件").update(mark=2, raised_to="district")
    for hours, ahead in ((2, 0), (2, 5), (2, 23), (4, 0), (4, 0.1)):  # clocks of devices
        with clock.at(at := world.START + timedelta(hours=hours)):
            loop.report(id=ids.uuid7(at + timedelta(hours=ahead)), title="钟不准的")
    with clock.at(AT):
        yield


def reader(user: str) -> Actor:
    return access.system("tests") if user == "everybody" else world.actor(user)


def choices() -> list[dict[str, Any]]:
    """A value of each filter, some of which fit nothing."""
    row = Matter.objects.get(title="第1件")
    return [
        *({"stage": stage} for stage in ("file", "handle", "evaluate", "nowhere")),
        *({"step": step} for step in ("reported", "not_filed", "handling", "closed")),
        *({"procedure": code} for code in ("grid-event", "none")),
        *({"area_level": level, "area_id": getattr(row, f"{level}_id")} for level in access.LEVELS[1:]),
        *({"due": due} for due in ("overdue", "today", "soon")),
        {"unit_id": row.unit_id}, {"kind_id": row.kind_id}, {"class_code": row.class_code}, {"class_code": "99"},
        {"end": "not_filed"}, {"end": "solved"}, {"card": "red"}, {"card": "yellow"}, {"raised": "district"},
        {"open": True}, {"open": False}, {"since": AT - timedelta(days=1)}, {"until": AT}, {"component_id": 1},
        *({"until": world.START + timedelta(hours=hours)} for hours in (1, 3, 5)),
        {"text": "在处置的"},
    ]  # fmt: skip


def by_hand(actor: Actor, filters: Filters) -> list[Any]:
    """What fits, by a look at every matter that the reader sees."""
    now, found = clock.now(), []
    plain = ("unit_id", "kind_id", "class_code", "step", "stage", "end", "component_id")
    for row in Matter.objects.filter(selectors.visible(actor)).select_related("procedure").order_by("-id"):
        due = filters.due and (row.end or row.due_at is None or (row.due_at < now) != (filters.due == "overdue"))
        if (
            all(getattr(filters, name) in (None, "", getattr(row, name)) for name in plain)
            and filters.procedure in ("", row.procedure.code)
            and filters.open in (None, not row.end)
            and (not filters.area_level or getattr(row, f"{filters.area_level}_id") == filters.area_id)
            and (not filters.card or row.mark == selectors.CARDS[filters.card])
            and filters.raised in ("", row.raised_to)
            and (filters.since is None or row.received_at >= filters.since)
            and (filters.until is None or row.received_at < filters.until)
            and filters.text in row.title
            and not due
        ):
            found.append(row.id)
    return found


def paged(actor: Actor, filters: Filters, limit: int) -> list[Any]:
    """Every page after the other."""
    rows, after = [], ""
    while True:
        page = selectors.matters(actor, filters, after=after, limit=limit)
        rows += [row.id for row in page.rows]
        if page.next is None:
            return rows
        after = page.next


@pytest.mark.parametrize("user", READERS)
def test_any_filter_and_any_two(user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two matters walked through, so that nearly everything is looked up; each reader asks every third pair."""
    for name in ("WALKED", "WALKED_FOR_WORDS", "OF_TASKS"):
        monkeypatch.setattr(paging, name, 2)
    actor = reader(user)
    each = choices()
    pairs = [one | other for one, other in combinations(each, 2) if not set(one) & set(other)]
    for wanted in [{}, *each, *pairs[READERS.index(user) % 3 :: 3]]:
        filters = Filters(**wanted)
        expected = by_hand(actor, filters)
        assert [row.id for row in selectors.matters(actor, filters).rows] == expected, wanted
        if len(wanted) < 2:
            assert paged(actor, filters, 2) == expected, wanted
    assert by_hand(actor, Filters())


@pytest.mark.parametrize("user", READERS)
def test_soonest_first_shows_the_same(user: str) -> None:
    actor = reader(user)
    for wanted in choices():
        filters = Filters(**wanted)
        rows = selectors.matters(actor, filters, order="due").rows
        shown = filters if filters.end or filters.open is False else replace(filters, open=True)
        assert {row.id for row in rows} == set(by_hand(actor, shown)), wanted
        dues = [row.due_at for row in rows if row.due_at is not None]
        assert dues == sorted(dues)


@pytest.mark.parametrize(
    "wanted", [{"step": "nowhere"}, {"step": "closed", "open": True}, {"stage": "file", "step": "handling"},
               {"step": "reported", "end": "solved"}, {"due": "overdue", "open": False}, {"procedure": "none"}]
)  # fmt: skip
def test_what_can_stand_nowhere_is_not_asked_for(wanted: dict[str, Any]) -> None:
    actor, filters = reader("clerk"), Filters(**wanted)
    selectors.matters(actor, filters)  # what the process keeps of procedures is read
    with CaptureQueriesContext(connection) as asked:
        assert selectors.matters(actor, filters).rows == []
    assert not [each for each in asked if "complained_of" in each["sql"]]


def test_what_can_only_be_open_is_looked_for_among_the_open() -> None:
    assert stands.where(step="reported").open
    assert stands.where(stage="handle").open
    assert not stands.where(stage="file").open  # also what was not filed stands there
    assert stands.where(stage="file", open=True).open
    assert stands.where(end="not_filed").steps == {"not_filed"}
    assert stands.where(procedure="none").steps == set()
