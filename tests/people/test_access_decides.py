"""Who may do what, who sees what, and that lists show nothing that one may not open."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import ids
from civicloop.people import access
from civicloop.people.access import ANONYMOUS, DUTIES, LEVELS, PERSONAL, SEPARATED, Actor, Subject
from civicloop.people.choices import Role
from tests import world

ONE, OTHER = UUID(int=1), UUID(int=2)
ROLES = st.frozensets(st.sampled_from(Role.values), min_size=1, max_size=3)
SMALL = st.integers(1, 3)
ACTORS = st.builds(
    Actor, kind=st.just("staff"), words=st.just("x"), account_id=SMALL, post_id=SMALL, roles=ROLES, unit_id=SMALL,
    area_id=SMALL, level=st.sampled_from(LEVELS), classes=st.frozensets(st.sampled_from(["01", "02"]), max_size=2),
    confidentiality=st.integers(0, 2),
)  # fmt: skip
SUBJECTS = st.builds(
    Subject, areas=st.dictionaries(st.sampled_from(LEVELS[1:]), SMALL), units=st.frozensets(SMALL, max_size=2),
    persons=st.frozensets(SMALL, max_size=2), class_code=st.sampled_from(["", "01", "02"]),
    confidentiality=st.integers(0, 2), matter_id=st.just(ONE),
)  # fmt: skip


def staff(role: str, **values: object) -> Actor:
    return Actor(kind="staff", words=role, roles=frozenset({role}), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("duty", sorted(DUTIES))
def test_a_duty_is_for_its_roles_and_for_nobody_else(duty: str) -> None:
    for role in Role.values:
        decision = access.may(staff(role), duty)
        assert decision.allowed == (role in DUTIES[duty])
        assert decision.why == ("allowed" if decision.allowed else "role_missing")
    assert access.may(access.system("clock"), duty).allowed
    assert access.may(ANONYMOUS, duty).allowed == (duty == "matters.report")
    assert access.may(access.outsider("reporter", ONE), duty).allowed is False


def test_no_administrator_changes_what_another_one_watches() -> None:
    changing = {duty: roles & SEPARATED for duty, roles in DUTIES.items() if duty.endswith(".change")}
    assert all(len(roles) == 1 for roles in changing.values())
    assert not any(Role.AUDIT_ADMIN in roles for roles in changing.values())
    assert DUTIES["audit.view"] == {Role.AUDIT_ADMIN}


def test_a_token_does_only_what_its_scopes_name() -> None:
    bound = staff("dispatcher", scopes=frozenset({"matters.list"}))
    assert access.may(bound, "matters.list").allowed
    assert access.may(bound, "areas.view") == access.Decision(False, "scope_missing")
    assert access.may(staff("dispatcher", scopes=frozenset({"all"})), "areas.view").allowed
    assert access.may(staff("worker", scopes=frozenset({"audit.view"})), "audit.view").allowed is False


def test_outside_somebody_sees_the_one_matter_and_no_other() -> None:
    reporter = access.outsider("reporter", ONE)
    assert access.sees(reporter, Subject(matter_id=ONE)).allowed
    assert access.sees(reporter, Subject(matter_id=OTHER)) == access.HIDDEN
    assert access.sees(ANONYMOUS, Subject(matter_id=ONE)) == access.HIDDEN
    assert access.stands_for(reporter, post="reporter", of="outside", value=None, subject=Subject(matter_id=ONE))
    assert not access.stands_for(reporter, post="resident", of="outside", value=None, subject=Subject(matter_id=ONE))
    assert not access.stands_for(reporter, post="reporter", of="outside", value=None, subject=Subject(matter_id=OTHER))


def test_confidential_matters_are_seen_by_who_is_involved_or_cleared() -> None:
    secret = Subject(areas={"district": 1}, units=frozenset({7}), confidentiality=1, matter_id=ONE)
    assert access.sees(staff("dispatcher", level="district", area_id=1), secret) == access.HIDDEN
    assert access.sees(staff("dispatcher", level="district", area_id=1, confidentiality=1), secret).allowed
    assert access.sees(staff("unit_worker", unit_id=7), secret).allowed
    assert access.sees(staff("dispatcher", level="district", area_id=2, confidentiality=9), secret) == access.HIDDEN


@pytest.mark.parametrize("whose", sorted(PERSONAL))
def test_sealed_data_open_for_their_roles_and_for_nobody_else(whose: str) -> None:
    here = Subject(areas={"district": 1}, units=frozenset({7}), matter_id=ONE)
    for role in Role.values:
        decision = access.opens(staff(role, unit_id=7, level="district", area_id=1), here, whose)
        assert decision.allowed == (role in PERSONAL[whose]), role
    for other in (access.system("clock"), access.outsider("reporter", ONE), ANONYMOUS):
        assert not access.opens(other, here, whose).allowed
    for role in PERSONAL[whose]:
        assert access.opens(staff(role, unit_id=9, level="district", area_id=2), here, whose) == access.HIDDEN
        bound = staff(role, unit_id=7, scopes=frozenset({"matters.list"}))
        assert access.opens(bound, here, whose) == access.Decision(False, "scope_missing")


def test_no_unit_learns_who_reported_and_no_administrator_opens_anything() -> None:
    units = {Role.RECEIVING_CLERK, Role.UNIT_WORKER, Role.UNIT_HEAD}
    assert not units & (PERSONAL["reporter"] | PERSONAL["household"] | PERSONAL["letter"] | PERSONAL["photo"])
    assert not (SEPARATED | {Role.LEADER, Role.RESIDENT_CHANNEL}) & access.OPENING_ROLES


@given(ACTORS, SUBJECTS, st.sampled_from(sorted(PERSONAL)))
def test_nobody_opens_what_one_does_not_see(actor: Actor, subject: Subject, whose: str) -> None:
    if access.opens(actor, subject, whose).allowed:
        assert access.sees(actor, subject).allowed
        assert access.opens_anything(actor, subject).allowed


@given(ACTORS, SUBJECTS)
def test_administrators_of_the_system_see_no_matters(actor: Actor, subject: Subject) -> None:
    if not actor.roles & DUTIES["matters.list"]:
        assert access.sees(actor, subject) == access.HIDDEN
        assert access.scope(actor).nothing


@given(ACTORS, SUBJECTS, st.sampled_from(["area", "unit", "person", "level"]), SMALL)
def test_nobody_stands_for_a_post_without_its_role(actor: Actor, subject: Subject, of: str, value: int) -> None:
    for role in set(Role.values) - actor.roles:
        assert not access.stands_for(actor, post=role, of=of, value=value, subject=subject)


@given(ACTORS, SUBJECTS)
def test_what_a_list_shows_may_be_opened(actor: Actor, subject: Subject) -> None:
    bound = access.scope(actor)
    by_area = bound.level == "city" or (bound.level != "" and subject.areas.get(bound.level) == bound.area_id)
    fits = not bound.classes or not subject.class_code or subject.class_code in bound.classes
    involved = bound.unit_id in subject.units or bound.account_id in subject.persons
    cleared = subject.confidentiality <= bound.confidentiality
    shown = not bound.nothing and (involved or (by_area and fits and cleared))
    assert shown == access.sees(actor, subject).allowed


@given(ACTORS, SUBJECTS, st.sampled_from(sorted(PERSONAL)))
def test_no_role_and_no_clearance_shows_a_complaint_to_whom_it_is_about(
    actor: Actor, subject: Subject, whose: str
) -> None:
    if actor.kind != "staff" or actor.unit_id is None:
        return
    elsewhere = replace(actor, unit_id=99)
    ways = (
        (actor, replace(subject, complained_of=frozenset({actor.unit_id}))),
        (replace(elsewhere, own_unit_id=98), replace(subject, complained_of=frozenset({98}))),  # out of a post there
        (replace(elsewhere, account_id=97), replace(subject, complained_accounts=frozenset({97}))),
        (replace(elsewhere, stands_in_for=frozenset({96})), replace(subject, complained_accounts=frozenset({96}))),
    )
    for each, complaint in ways:
        assert access.sees(each, complaint) == access.HIDDEN
        assert access.opens(each, complaint, whose) == access.HIDDEN
    other = replace(subject, complained_of=frozenset({99}), complained_accounts=frozenset({97}))
    assert access.sees(replace(actor, account_id=95, unit_id=94), other) == access.sees(
        replace(actor, account_id=95, unit_id=94), subject
    )


@pytest.mark.django_db
def test_everybodys_list_holds_what_that_person_may_open() -> None:
    """Every matter × every user of the tiny city; one that was handled once may be opened without being listed."""
    from civicloop.matters import reading, selectors
    from civicloop.matters.models import Matter
    from tests.matters import loop

    made = [loop.report(), loop.report("grid"), loop.report(point=(117.12, 39.05)), loop.report(point=world.SEA)]
    made.append(loop.report(point=(117.25, 39.05)))
    for matter in made[:2]:
        loop.to_handling(matter)
    Matter.objects.filter(id=made[1]).update(confidentiality=1)
    Matter.objects.filter(id=made[2]).update(confidentiality=1)
    counts = []
    for user in world.POSTS:
        actor = world.actor(user)
        listed = set(Matter.objects.filter(selectors.visible(actor)).values_list("id", flat=True))
        found = {matter: reading.read(matter) for matter in made}
        opened = {m for m, each in found.items() if each is not None and access.sees(actor, each.subject).allowed}
        merged = {m for way in selectors.ways(actor) for m in Matter.objects.filter(way).values_list("id", flat=True)}
        assert merged == listed, user  # the ways of a list are the same rule, told for the indexes
        still = {
            m
            for way in selectors.ways(actor, open_only=True)
            for m in Matter.objects.filter(way, end="").values_list("id", flat=True)
        }
        assert still == listed & set(Matter.objects.filter(end="").values_list("id", flat=True)), user
        assert listed <= opened, user
        handled = {
            m for m, each in found.items() if each and any(h[0] == actor.account_id for h in each.row["handlers"])
        }
        assert opened - listed <= handled, user
        counts.append(len(listed))
    assert min(counts) == 0
    assert max(counts) >= 3
    assert reading.read(ids.uuid7()) is None
