"""Lists cost what a page costs, however many matters there are: the rows that each statement touches are counted.

A plan is the database's choice from its statistics, so the matters are really there, spread over four subdistricts
and sixty days, most of them ended, and analysed: 20,000 in `make test`, a million in `make test-long`.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import Count

from civicloop.catalogue.models import Kind
from civicloop.foundation import clock, morton
from civicloop.matters import alike, hints, jobs, marks, paging, recurring, selectors, watching
from civicloop.matters.models import Clock, Matter, Task
from civicloop.matters.selectors import Filters
from civicloop.ops.bench import city as small_city
from civicloop.ops.bench import seeding
from civicloop.people import access
from civicloop.people import selectors as people
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.places import selectors as areas
from tests.conftest import _clone, _drop, _forget_caches, _point_at, _template, size

MATTERS = size(20_000, 1_000_000)
TOUCHED = 2 * paging.WALKED + 500  # rows of all tables for a page of 50: what two ways walk through, and little
OF_INDEXES, CHEAP = {"Index Only Scan", "Bitmap Index Scan"}, 50  # entries lie side by side: so many cost about a row
CROWD = size(4_000, 100_000)  # reports on one corner
NEARBY = 1_500  # rows for what lies near: 30 of each of 16 blocks, and what is read of those
OPEN_SHARE = 100  # one matter in so many is open
# lists of what is open: where the order by due moment does not help, they may read what is open, never what has ended
OF_THE_OPEN = {
    "soonest", "the desk", "open", "open, soonest", "overdue", "due today", "due soon", "a word, soonest", "a step",
    "a stage", "a procedure, soonest", "a unit, soonest", "a rare kind, open",
}  # fmt: skip
# lists of words read entries of the indexes of words and of a unit's parts, but few rows of matters
OF_WORDS = {"a common word", "words that stand together", "a word that nothing holds", "a word, soonest"}
pytestmark = pytest.mark.timeout(3_600)  # a million rows take their time; nothing is timed
ROWS, ENTRIES = ("matters_matter", "matters_searchtoken"), ("_idx", "_pkey")
RARE = "97"  # a class of few matters, the oldest, which are of a rare kind as well
FEW = 40
# units, kinds, areas and moments stand as words that `wanted` knows, since the city is made by the test
LISTS: dict[str, dict[str, Any]] = {
    "newest": {},
    "soonest": {"order": "due"},
    "the desk": {"filters": Filters(desk=True), "order": "due"},
    "open": {"filters": Filters(open=True)},
    "open, soonest": {"filters": Filters(open=True), "order": "due"},
    "overdue": {"filters": Filters(due="overdue"), "order": "due"},
    "ended": {"filters": Filters(open=False)},
    "ended, soonest": {"filters": Filters(open=False), "order": "due"},
    "due today": {"filters": Filters(due="today")},
    "due soon": {"filters": Filters(due="soon"), "order": "due"},
    "a stage": {"filters": Filters(stage="dispatch")},
    "a stage with an end": {"filters": Filters(stage="file")},
    "a step": {"filters": Filters(step="filing")},
    "a step where most have ended": {"filters": Filters(step="closed")},
    "a step where few have ended": {"filters": Filters(step="not_filed")},
    "a step, ended": {"filters": Filters(step="handling", open=False)},
    "an end": {"filters": Filters(end="solved")},
    "an end of few": {"filters": Filters(end="not_filed")},
    "a procedure": {"filters": Filters(procedure="grid-event")},
    "a procedure, soonest": {"filters": Filters(procedure="grid-event"), "order": "due"},
    "a procedure that nothing follows": {"filters": Filters(procedure="none")},
    "a unit": {"filters": Filters(unit_id="s2-office")},
    "a unit, soonest": {"filters": Filters(unit_id="s2-office"), "order": "due"},
    "a unit that has none": {"filters": Filters(unit_id=2**40)},
    "a card": {"filters": Filters(card="red")},
    "another card": {"filters": Filters(card="yellow")},
    "handed up": {"filters": Filters(raised="district")},
    "handed up to the city": {"filters": Filters(raised="city")},
    "a kind": {"filters": Filters(kind_id="usual")},
    "a rare kind": {"filters": Filters(kind_id="rare")},
    "a rare kind, open": {"filters": Filters(kind_id="rare", open=True)},
    "a rare kind of a unit": {"filters": Filters(kind_id="rare", unit_id="s2-office")},
    "a kind that nothing is of": {"filters": Filters(kind_id=2**40)},
    "a rare class": {"filters": Filters(class_code=RARE)},
    "a class that nothing is of": {"filters": Filters(class_code="98")},
    "a rare class, ended, of an area": {"filters": Filters(class_code=RARE, open=False, area_level="subdistrict")},
    "a component": {"filters": Filters(component_id=1)},
    **{f"of a {level}": {"filters": Filters(area_level=level)} for level in access.LEVELS[1:]},
    **{f"of a {level}, ended": {"filters": Filters(area_level=level, open=False)} for level in access.LEVELS[1:]},
    "a rare class of a grid": {"filters": Filters(class_code=RARE, area_level="grid")},
    "of an area where nothing lies": {"filters": Filters(area_level="grid", area_id=2**40)},
    "since yesterday": {"filters": Filters(since=timedelta(days=1))},
    "before most": {"filters": Filters(until=timedelta(days=59))},
    "before all": {"filters": Filters(until=timedelta(days=900))},
    "a common word": {"filters": Filters(text="井盖")},
    "words that stand together": {"filters": Filters(text="井盖缺失 路灯")},
    "a word that nothing holds": {"filters": Filters(text="钢琴")},
    "a word, soonest": {"filters": Filters(text="井盖", open=True), "order": "due"},
}


def moment() -> datetime:
    """Now, or the end of the last quarter: the matters of sixty days lie in one partition whatever day it is.

    A partition of few matters would be read through at once, and rightly, but its size would be that of the calendar.
    """
    now = clock.now()
    quarter = datetime(now.year, now.month - (now.month - 1) % 3, 1, tzinfo=UTC)
    return now if now - quarter > timedelta(seeding.DAYS + 1) else quarter - timedelta(seconds=1)


@pytest.fixture(scope="module")
def readers(django_db_setup: None, django_db_blocker: Any, database_server: Any) -> Iterator[dict[str, Actor]]:
    """Who reads, in a city of its own with many matters."""
    home, name = connection.settings_dict["NAME"], f"lists_{os.getpid()}"
    _clone(database_server, name, _template(database_server))
    with django_db_blocker.unblock(), ExitStack() as stack:
        stack.callback(_drop, database_server, name)
        stack.callback(_forget_caches)
        stack.callback(_point_at, database_server, home)
        _point_at(database_server, name)
        _forget_caches()
        stack.enter_context(clock.at(moment()))
        made = small_city.build()
        whole = areas.by_code("99").id
        watch = small_city._unit("city-watch", "grid_centre", whole)
        tokens = {role: made.teams[1].tokens[role] for role in ("grid_worker", "receiving_clerk", "acceptance_clerk")}
        tokens["city"] = small_city.token("over-all", "supervisor", (), watch, whole)
        seeding.fill(MATTERS, made, database_server.addresses(name).owner)
        seeding.end_most(database_server.addresses(name).owner, OPEN_SHARE)
        rare_ones(database_server.addresses(name).owner)
        found = {role: people.actor_of_token(token) for role, token in tokens.items()}
        assert all(found.values())
        yield {role: actor for role, actor in found.items() if actor is not None}


def statements(work: Callable[[], object]) -> list[tuple[str, Any]]:
    """What some work asks the database, with its values."""
    seen: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        work()
    return seen


def listed(actor: Actor, asked: dict[str, Any]) -> Callable[[], object]:
    filters = wanted(asked.get("filters", Filters()))
    return lambda: selectors.matters(actor, filters, order=asked.get("order", "newest"))


def wanted(filters: Filters) -> Filters:
    """The filters with what their words stand for."""
    found: dict[str, Any] = {}
    if isinstance(filters.unit_id, str):
        found["unit_id"] = Unit.objects.get(code=filters.unit_id).id
    if isinstance(filters.kind_id, str):
        found["kind_id"] = kind(rare=filters.kind_id == "rare")
    if filters.area_level and filters.area_id is None:
        inside = Matter.objects.filter(subdistrict=areas.by_code("990101002").id)  # where the readers are
        found["area_id"] = getattr(inside.order_by("-id")[0], f"{filters.area_level}_id")
    for name in ("since", "until"):
        if isinstance(moment := getattr(filters, name), timedelta):
            found[name] = clock.now() - moment
    return replace(filters, **found)


def kind(*, rare: bool) -> int:
    """The kind of all matters but FEW, or that of those."""
    usual = Matter.objects.order_by("-id")[0].kind_id
    assert usual is not None
    return Kind.objects.exclude(id=usual).order_by("id")[0].id if rare else usual


def rare_ones(owner: str) -> None:
    """A few of the oldest matters are of another kind and class, and some were not filed."""
    with psycopg.connect(owner, autocommit=True) as line:
        oldest = "(SELECT id FROM matters_matter ORDER BY id LIMIT %s OFFSET %s)"
        line.execute(
            f"UPDATE matters_matter SET kind_id = %s, class_code = %s WHERE id IN {oldest}",
            [kind(rare=True), RARE, FEW, 0],
        )
        line.execute(
            f"""UPDATE matters_matter SET step = 'not_filed', stage = 'file', "end" = 'not_filed' WHERE "end" <> ''
                AND id IN {oldest}""",
            [FEW, FEW],
        )
        line.execute("VACUUM (ANALYZE) matters_matter")


def plan_of(sql: str, params: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        said = cursor.fetchone()[0]
    return dict((json.loads(said) if isinstance(said, str) else said)[0]["Plan"])


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """(table, kind of scan, rows touched) of every scan in a plan."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    if "Relation Name" in node or node["Node Type"] == "Bitmap Index Scan":
        name = node.get("Relation Name") or node["Index Name"]
        yield name, node["Node Type"], (node["Actual Rows"] + removed) * node["Actual Loops"]
    for inner in node.get("Plans", []):
        yield from scans(inner)


def test_a_page_touches_a_page_of_rows(readers: dict[str, Actor]) -> None:
    """One test for all lists, so that they share the matters also where several processes take tests by turns."""
    too_many = []
    for reader, actor in readers.items():
        for asked, values in LISTS.items():
            bound = TOUCHED + (3 * MATTERS // OPEN_SHARE if asked in OF_THE_OPEN else 0)
            for sql, params in statements(listed(actor, values)):
                touched = list(scans(plan_of(sql, params)))
                if asked in OF_WORDS:
                    touched = [each for each in touched if each[0].startswith(ROWS) and not each[0].endswith(ENTRIES)]
                rows = sum(rows / CHEAP if kind in OF_INDEXES else rows for _name, kind, rows in touched)
                read = [each for each in touched if each[1] == "Seq Scan" and each[0].startswith(ROWS) and each[2] > 0]
                if rows > bound or read:
                    too_many.append(f"{reader}, {asked}: {rows:.0f} rows of {MATTERS}: {touched}\n{sql}")
    assert too_many == []


def test_what_is_common_elsewhere_is_not_looked_at_for_a_unit(readers: dict[str, Actor]) -> None:
    """A kind, a step, an area of many, of which the unit has next to nothing: indexes tell that, not the matters."""
    busy = Task.objects.values("unit_id").annotate(number=Count("no")).order_by("-number")[0]
    assert busy["number"] > 2 * paging.OF_TASKS
    clerk = replace(readers["receiving_clerk"], unit_id=busy["unit_id"])
    with transaction.atomic():
        own = Task.objects.filter(unit_id=clerk.unit_id).values("matter_id")
        others = list(Matter.objects.exclude(id__in=own).order_by("id").values_list("id", flat=True)[:CROWD])
        stand = {"step": "not_filed", "stage": "file", "end": "not_filed"}
        Matter.objects.filter(id__in=others).update(kind_id=kind(rare=True), **stand)
        looked_at = {}
        for asked in ("a rare kind", "a stage with an end", "a step where few have ended", "an end of few",
                      "of a subdistrict, ended"):  # fmt: skip
            every = [scans(plan_of(sql, params)) for sql, params in statements(listed(clerk, LISTS[asked]))]
            matters = [each for found in every for each in found if each[0].startswith("matters_matter")]
            looked_at[asked] = sum(rows for _name, scan, rows in matters if scan not in OF_INDEXES)
        transaction.set_rollback(True)
    assert len(others) == CROWD
    assert max(looked_at.values()) < TOUCHED, looked_at


def test_a_span_of_ids_is_never_reckoned_as_empty(readers: dict[str, Actor]) -> None:
    """Wherever it lies: one within a part of the histogram would be, and then be compared row by row with others."""
    lists = paging.Asked([], lambda rows, _walking: rows)
    ids = list(Matter.objects.order_by("-id").values_list("id", flat=True)[: MATTERS // 100])
    for newer, older in zip(ids[::20], ids[19::20], strict=False):
        sql, params = Matter.objects.filter(lists.span(older, newer)).values("id").query.sql_with_params()
        plan = plan_of(sql, params)
        assert plan["Actual Rows"] == 19
        assert plan["Plan Rows"] > 20


def test_a_round_of_the_worker_touches_few_rows_however_many_clocks_are_over(
    readers: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every clock of these matters is over, and no procedure acts by it: nothing is to be done, and little is read."""
    monkeypatch.setattr(marks, "fire_due", lambda: 0)  # a look at its own index, which other tests count
    assert Clock.objects.filter(state="running", due_at__lt=clock.now()).count() > MATTERS * 0.9
    asked = statements(jobs.sweep)
    assert len(asked) > 6
    for sql, params in asked:
        touched = list(scans(plan_of(sql, params)))
        assert sum(rows for _name, _kind, rows in touched) < 100, f"{touched}\n{sql}"


def test_a_hint_on_a_crowded_corner_touches_few_rows(readers: dict[str, Actor]) -> None:
    """Thousands of reports on one corner, one case with hundreds joined to it: what is read of them stays bounded."""
    lon, lat = 117.01, 39.01
    with transaction.atomic():
        crowd = list(Matter.objects.order_by("-id").values_list("id", flat=True)[:CROWD])
        Matter.objects.filter(id__in=crowd).update(lon=lon, lat=lat, cell=morton.cell(lon, lat), end="")
        Matter.objects.filter(id__in=crowd[: CROWD // 2]).update(lead_id=crowd[0])
        about, mine = hints.About(lon, lat, text="井盖缺失"), Matter.objects.get(id=crowd[-1])
        desk = readers["acceptance_clerk"]
        solved = Matter.objects.get(id=crowd[-1])
        solved.ended_at = solved.received_at + timedelta(days=1)
        works: dict[str, Callable[[], object]] = {
            "a hint": lambda: hints.hints(about), "at the desk": lambda: alike.alike(desk, mine),
            "what came back": lambda: recurring.of_matter(desk, mine),
            "what came again": lambda: watching.came_again(solved),
        }  # fmt: skip
        for name, work in works.items():
            asked = statements(work)
            assert asked, name
            for sql, params in asked:
                touched = list(scans(plan_of(sql, params)))
                assert sum(rows for _name, _kind, rows in touched) <= NEARBY, f"{name}: {touched}\n{sql}"
        told = hints.hints(about)
        transaction.set_rollback(True)
    assert any(hint.many for hint in told)


def test_the_count_finds_a_list_that_reads_through(readers: dict[str, Actor]) -> None:
    """The measure itself: a condition that no index serves touches every row."""
    sql = "SELECT id FROM matters_matter WHERE length(title) > 1000 ORDER BY id DESC LIMIT 50"
    assert sum(rows for _name, _kind, rows in scans(plan_of(sql, []))) >= MATTERS


def test_all_readers_see_their_share(readers: dict[str, Actor]) -> None:
    """So that small figures do not come from empty lists."""
    for reader in ("acceptance_clerk", "city", "grid_worker"):
        assert len(selectors.matters(readers[reader], Filters()).rows) == selectors.PAGE, reader
    assert access.scope(readers["city"]).everything or access.scope(readers["city"]).level == "city"
