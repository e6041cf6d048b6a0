"""Delegated affairs: who enters and takes back what, by paper, and what a post has of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import clock
from civicloop.people import access, delegation, delegation_files, selectors
from civicloop.people.access import LEVELS, Actor, Delegated, Subject
from civicloop.people.actions import PeopleError
from civicloop.people.commands import people
from civicloop.people.delegation import Wanted
from civicloop.people.exchange import FileRefused
from civicloop.people.models import Delegation
from civicloop.records.models import AuditEntry
from tests import world
from tests.people.files import run
from tests.people.test_posts_and_who_holds_them import SYSTEM, account, area, last_entry, refused

pytestmark = pytest.mark.django_db
PAPER = date(2026, 2, 1)
REVOCATION = {"paper_number": "收回〔2026〕1号", "paper_date": date(2026, 3, 1)}


def at(days: float) -> datetime:
    return world.START + timedelta(days=days)


def wanted(**values: Any) -> Wanted:
    """What d1-urban delegates to the grid centre of s2, or what `values` say."""
    base = Wanted(
        from_unit="d1-urban", to_unit="s2-centre", area_id=area("990101002"), purpose="帮办代办", valid_from=at(0),
        valid_to=at(30), paper_number="甲区〔2026〕5号", paper_date=PAPER, kinds=("01",), query=True, act=True,
    )  # fmt: skip
    return replace(base, **values)


def given_to(user: str) -> tuple[Delegated, ...]:
    return tuple(world.actor(user).delegated)


def test_a_delegation_counts_for_its_unit_and_its_time_until_it_is_taken_back() -> None:
    assert given_to("s2-clerk") == ()
    made = delegation.delegate(world.actor("system"), wanted(valid_from=at(1)))
    assert last_entry() == ("system", "delegation.enter", "甲区〔2026〕5号")
    both = Delegated(frozenset({"01"}), "subdistrict", area("990101002"), act=True)
    for day, there in ((0.9, ()), (1, (both,)), (29, (both,)), (30, ())):
        with clock.at(at(day)):
            assert given_to("s2-clerk") == there, day
            assert given_to("checker") == ()
    with clock.at(at(2)):
        delegation.revoke(world.actor("system"), delegation_id=made.pk, **REVOCATION)
        assert last_entry() == ("system", "delegation.revoke", "甲区〔2026〕5号")
        assert given_to("s2-clerk") == ()
        refused("over", delegation.revoke, SYSTEM, delegation_id=made.pk, **REVOCATION)
    made.refresh_from_db()
    assert (made.revoked_at, made.revocation_number, made.revocation_date) == (at(2), *REVOCATION.values())


def test_a_delegation_to_one_post_is_not_for_its_colleagues_and_goes_along_with_a_token() -> None:
    delegation.delegate(SYSTEM, wanted(to_unit="", to_post="worker-post"))
    assert len(given_to("worker")) == 1
    assert given_to("receiver") == ()
    program = selectors.actor_of_token(world.token("worker"))
    assert program is not None
    assert program.delegated == given_to("worker")


@pytest.mark.parametrize(
    ("why", "values"),
    [
        ("no_such_unit", {"from_unit": "nobody"}),
        ("no_such_unit", {"to_unit": "nobody"}),
        ("no_such_post", {"to_unit": "", "to_post": "nobody"}),
        ("to_one_of_both", {"to_post": "worker-post"}),
        ("to_one_of_both", {"to_unit": ""}),
        ("to_itself", {"to_unit": "d1-urban"}),
        ("no_right", {"query": False, "act": False}),
        ("no_time", {"valid_to": at(0)}),
        ("no_time", {"valid_from": at(-9), "valid_to": at(-1)}),
        ("paper_missing", {"paper_number": " "}),
        ("purpose_missing", {"purpose": ""}),
        ("too_long", {"purpose": "x" * 201}),
        ("too_many", {"kinds": tuple(str(number) for number in range(301))}),
    ],
)
def test_a_delegation_that_says_too_little_is_refused(why: str, values: dict[str, Any]) -> None:
    refused(why, delegation.delegate, SYSTEM, wanted(**values))


def test_the_same_is_not_delegated_twice_for_one_time() -> None:
    first = delegation.delegate(SYSTEM, wanted())
    refused("double", delegation.delegate, SYSTEM, wanted())
    refused("double", delegation.delegate, SYSTEM, wanted(kinds=("01", "02"), valid_from=at(29), valid_to=at(60)))
    refused("double", delegation.delegate, SYSTEM, wanted(kinds=()))
    delegation.delegate(SYSTEM, wanted(kinds=("02",)))
    delegation.delegate(SYSTEM, wanted(valid_from=at(30), valid_to=at(60)))
    delegation.delegate(SYSTEM, wanted(area_id=area("990101001")))
    delegation.revoke(SYSTEM, delegation_id=first.pk, **REVOCATION)
    delegation.delegate(SYSTEM, wanted())


@pytest.mark.parametrize(
    ("who", "giver", "why"),
    [
        ("system", "d1-urban", None),
        ("head", "s1-office", None),
        ("head", "d1-urban", "out_of_reach"),
        ("security", "d1-urban", "forbidden"),
        ("audit", "d1-urban", "forbidden"),
        ("supervisor", "d1-urban", "forbidden"),
        ("grid", "s1-centre", "forbidden"),
    ],
)
def test_who_delegates_and_takes_back(who: str, giver: str, why: str | None) -> None:
    values = wanted(from_unit=giver, to_unit="s2-centre")
    if why is None:
        made = delegation.delegate(world.actor(who), values)
        assert made.entered_by == account(who)
        delegation.revoke(world.actor(who), delegation_id=made.pk, **REVOCATION)
        assert last_entry()[:2] == (who, "delegation.revoke")
        return
    refused(why, delegation.delegate, world.actor(who), values)
    there = delegation.delegate(SYSTEM, values)
    refused(why, delegation.revoke, world.actor(who), delegation_id=there.pk, **REVOCATION)


def test_taking_back_needs_its_paper() -> None:
    made = delegation.delegate(SYSTEM, wanted())
    for number, why in (("", "paper_missing"), ("x" * 81, "too_long")):
        refused(why, delegation.revoke, SYSTEM, delegation_id=made.pk, paper_number=number, paper_date=PAPER)


def test_the_database_refuses_a_delegation_to_nobody_or_without_a_right() -> None:
    made = delegation.delegate(SYSTEM, wanted())
    for broken in ({"to_post_code": "worker-post"}, {"to_unit": None}, {"query": False, "act": False}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delegation.objects.filter(pk=made.pk).update(**broken)


def test_everybody_sees_the_delegations_that_concern_them() -> None:
    made = delegation.delegate(SYSTEM, wanted())
    seen = {who for who in world.POSTS if delegation.in_reach(world.actor(who)).filter(pk=made.pk).exists()}
    assert seen == {"d1-receiver", "d1-worker", "s2-clerk", "supervisor", "leader", "system", "security", "audit"}


HEAD = "from_unit,to_unit,to_post,kinds,query,act,purpose,area,valid_from,valid_to,paper,paper_date\n"
LINE = "d1-urban,s2-centre,,01 02,yes,no,查询,990101002,2026-01-01,2026-12-31,甲〔2026〕7号,2025-12-30\n"


def take(text: str) -> int:
    return delegation_files.take(SYSTEM, raw=text.encode(), name="x.csv")


def test_a_file_of_delegations_is_entered_once() -> None:
    assert take(HEAD + LINE) == 1
    assert last_entry() == ("tests", "delegation.import", "x.csv")
    row = Delegation.objects.get(paper_number="甲〔2026〕7号")
    assert (row.kinds, row.query, row.act, row.paper_date) == (["01", "02"], True, False, date(2025, 12, 30))
    assert take(HEAD + LINE) == 0
    with pytest.raises(PeopleError, match=r"."):
        delegation_files.take(world.actor("grid"), raw=(HEAD + LINE).encode(), name="x.csv")


def test_a_line_for_every_area_of_a_level_names_units_by_their_codes() -> None:
    from civicloop.people import actions

    for code in ("990101001", "990101002", "990102001"):
        actions.create_unit(
            SYSTEM, code=f"{code}-c", unit_names={"zh-hans": code}, kind="grid_centre", area_id=area(code)
        )
    for code in ("990101", "990102"):
        actions.create_unit(
            SYSTEM, code=f"{code}-a", unit_names={"zh-hans": code}, kind="department", area_id=area(code)
        )
    star = "{above}-a,{code}-c,,,yes,yes,代办,*subdistrict,2026-01-01,2026-12-31,号,2026-01-01\n"
    assert take(HEAD + star) == 3
    rows = Delegation.objects.filter(paper_number="号").order_by("to_unit__code")
    assert [(row.from_unit.code, row.to_unit and row.to_unit.code, row.area_id) for row in rows] == [
        ("990101-a", "990101001-c", area("990101001")), ("990101-a", "990101002-c", area("990101002")),
        ("990102-a", "990102001-c", area("990102001")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("d1-urban", "nobody", "from_unit"),
        ("s2-centre", "nobody", "to_unit"),
        ("s2-centre,,", ",nobody,", "to_post"),
        ("s2-centre,,", "s2-centre,worker-post,", "to_unit"),
        ("yes,no", "ja,no", "query"),
        ("yes,no", "no,no", "act"),
        ("查询", "", "purpose"),
        ("990101002,", "990199,", "area"),
        ("990101002,", "*nothing,", "area"),
        ("2026-01-01", "soon", "valid_from"),
        ("2026-12-31", "2025-12-31", "valid_to"),
        ("甲〔2026〕7号", "", "paper"),
        ("2025-12-30", "30.12.", "paper_date"),
    ],
)
def test_a_file_with_a_fault_enters_nothing_and_says_where(before: str, after: str, column: str) -> None:
    entries = AuditEntry.objects.count()
    rows = Delegation.objects.count()
    with pytest.raises(FileRefused) as reason:
        take(HEAD + LINE + LINE.replace(before, after).replace("7号", "8号"))
    assert any("3" in fault and column in fault for fault in reason.value.faults), reason.value.faults
    assert (AuditEntry.objects.count(), Delegation.objects.count()) == (entries, rows)


def test_the_command_enters_a_file_or_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "delegations.csv"
    path.write_text(HEAD + LINE, encoding="utf-8")
    assert run(people, "delegations", "--file", path).output == "1 delegations entered\n"
    path.write_text(HEAD + LINE.replace("d1-urban", "nobody"), encoding="utf-8")
    answer = run(people, "delegations", "--file", path)
    assert answer.exit_code == 1
    assert "line 2, column from_unit: There is no unit nobody." in answer.output


# -- what access makes of it ----------------------------------------------------------------------------------------

SMALL = st.integers(1, 3)
GIVEN = st.builds(
    Delegated, kinds=st.frozensets(st.sampled_from(["01", "01001"]), max_size=2), level=st.sampled_from(LEVELS),
    area_id=SMALL, act=st.booleans(),
)  # fmt: skip
ACTORS = st.builds(
    Actor, kind=st.just("staff"), words=st.just("x"), account_id=SMALL, post_id=SMALL, unit_id=SMALL, area_id=SMALL,
    level=st.sampled_from(LEVELS), delegated=st.lists(GIVEN, max_size=2).map(tuple),
    roles=st.frozensets(st.sampled_from(["grid_worker", "unit_worker", "dispatcher", "system_admin"]), min_size=1),
)  # fmt: skip
SUBJECTS = st.builds(
    Subject, areas=st.dictionaries(st.sampled_from(LEVELS[1:]), SMALL), units=st.frozensets(SMALL, max_size=2),
    persons=st.frozensets(SMALL, max_size=2), class_code=st.sampled_from(["", "01", "02"]),
    kind_code=st.sampled_from(["", "01001", "02001"]), by_delegation=st.just(frozenset({"grid_worker"})),
)  # fmt: skip


@given(ACTORS, SUBJECTS)
def test_a_grid_post_without_a_delegation_neither_sees_nor_does_nor_begins(actor: Actor, subject: Subject) -> None:
    grid = replace(actor, roles=frozenset({"grid_worker"}))
    if not access.has_delegation(grid, subject):
        assert access.sees(grid, subject) == access.HIDDEN
    if not access.has_delegation(grid, subject, to_act=True):
        assert not access.begins(grid, subject).allowed
        assert access.only_looks(grid, subject)
        for of in ("area", "platform", "unit", "person", "level"):
            assert not access.stands_for(grid, post="grid_worker", of=of, value=1, subject=subject)


@given(ACTORS, SUBJECTS)
def test_a_delegation_opens_nothing_that_the_post_would_not_see_without_the_need_of_it(
    actor: Actor, subject: Subject
) -> None:
    free = replace(subject, by_delegation=frozenset())
    if access.sees(actor, subject).allowed:
        assert access.sees(actor, free).allowed
    if not actor.roles & {"grid_worker"}:
        assert access.sees(actor, subject) == access.sees(actor, free)
    if access.has_delegation(actor, subject):
        assert access.sees(actor, subject) == access.sees(actor, free)


@given(ACTORS, SUBJECTS)
def test_the_bound_of_lists_says_what_may_be_seen(actor: Actor, subject: Subject) -> None:
    bound = access.scope(actor)
    covered = access.has_delegation(actor, subject)
    by_area = bound.level == "city" or (bound.level != "" and subject.areas.get(bound.level) == bound.area_id)
    by_area = by_area and (covered or not bound.area_bound_by(subject.by_delegation))
    involved = bound.unit_id in subject.units or bound.account_id in subject.persons
    involved = involved and (covered or not bound.wholly_bound_by(subject.by_delegation))
    assert (not bound.nothing and (by_area or involved)) == access.sees(actor, subject).allowed
