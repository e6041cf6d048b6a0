"""Units, accounts, posts and holdings through their actions: made, refused, ended, and audited."""

from datetime import timedelta
from typing import Any

import pytest

from civicloop.foundation import clock
from civicloop.people import access, actions, desks, selectors
from civicloop.people.actions import PeopleError
from civicloop.people.models import Account, Holding, Post, Unit
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


def area(code: str) -> int:
    return places.by_code(code).id


def account(user: str) -> int:
    return Account.objects.get(username=user).pk


def post(code: str, role: str = "checker", **values: Any) -> Post:
    """A new post at the subdistrict's checkers."""
    where = {"unit_id": world.unit("s1-watch"), "area_id": area("990101001")}
    return actions.create_post(SYSTEM, code=code, role=role, **where | values)


def refused(why: str, work: Any, /, *arguments: Any, **values: Any) -> None:
    """`work` is refused with this code and leaves nothing, not even an audit entry."""
    before = AuditEntry.objects.count()
    with pytest.raises(PeopleError) as reason:
        work(*arguments, **values)
    assert (reason.value.code, str(reason.value) != "") == (why, True)
    assert AuditEntry.objects.count() == before


def last_entry() -> tuple[str, str, str]:
    found = AuditEntry.objects.order_by("-id")[0]
    return found.words, found.action, found.object


def test_a_unit_is_made_once_with_a_chinese_name_by_who_may() -> None:
    values: dict[str, Any] = {
        "code": "new",
        "unit_names": {"zh-hans": "新站"},
        "kind": "station",
        "area_id": area("99"),
    }
    refused("forbidden", actions.create_unit, world.actor("leader"), **values)
    refused("name_missing", actions.create_unit, SYSTEM, **values | {"unit_names": {"en": "New"}})
    made = actions.create_unit(world.actor("system"), **values)
    assert (made.valid_from, last_entry()) == (world.START, ("system", "unit.create", "new"))
    refused("code_taken", actions.create_unit, SYSTEM, **values)
    assert [unit.code for unit in selectors.units().filter(code="new")] == ["new"]


def test_a_renamed_unit_keeps_what_it_was() -> None:
    unit = Unit.objects.get(code="s1-office")
    refused("forbidden", actions.change_unit, world.actor("head"), unit_id=unit.id, unit_names={}, duty_phone="")
    actions.change_unit(SYSTEM, unit_id=unit.id, unit_names={"zh-hans": "东风街道办"}, duty_phone="1")
    actions.change_unit(SYSTEM, unit_id=unit.id, unit_names={"zh-hans": "东风街道办"}, duty_phone="1")
    unit.refresh_from_db()
    assert (unit.names, unit.duty_phone) == ({"zh-hans": "东风街道办"}, "1")
    (former,) = selectors.editions(unit.id)
    assert (former.names, former.duty_phone, former.until) == ({"zh-hans": "东风街道办事处"}, "022-0000", world.START)


def test_an_account_is_made_once_by_who_may() -> None:
    values: dict[str, Any] = {"username": "wang", "account_names": {"zh-hans": "王立新"}, "password": None}
    refused("forbidden", actions.create_account, world.actor("system"), **values)
    assert actions.create_account(world.actor("security"), **values).created_at == world.START
    assert last_entry() == ("security", "account.create", "wang")
    refused("name_taken", actions.create_account, SYSTEM, **values)


def test_a_post_is_made_once_and_never_of_two_administrations() -> None:
    made = post("s1-second-checker", also=["supervisor"])
    assert (made.valid_from, last_entry()) == (world.START, ("tests", "post.create", "s1-second-checker"))
    with pytest.raises(PeopleError, match=r".") as twice:
        post("s1-second-checker")
    assert twice.value.code == "code_taken"
    with pytest.raises(PeopleError) as both:
        post("all-mighty", "system_admin", also=["audit_admin"])
    assert both.value.code == "separate_hands"
    values = {"code": "other", "role": "checker", "unit_id": made.unit_id, "area_id": made.area_id}
    refused("forbidden", actions.create_post, world.actor("system"), **values)


def test_who_holds_a_post_acts_in_it_from_then_on_and_until_it_ends() -> None:
    made = post("s1-second-checker", also=["supervisor"], classes=["01"], confidentiality=2)
    assert [actor.post_id for actor in selectors.actors_of_account(account("grid"))] == [world.actor("grid").post_id]
    holding = actions.hold(SYSTEM, account_id=account("grid"), post_id=made.id)
    assert last_entry() == ("tests", "post.hold", "s1-second-checker")
    second = selectors.actors_of_account(account("grid"))[1]
    assert second == access.Actor(
        kind="staff", words="grid", account_id=account("grid"), post_id=made.id,
        roles=frozenset({"checker", "supervisor"}), unit_id=world.unit("s1-watch"), area_id=area("990101001"),
        level="subdistrict", classes=frozenset({"01"}), confidentiality=2,
    )  # fmt: skip
    refused("held_already", actions.hold, SYSTEM, account_id=account("grid"), post_id=made.id)
    refused("forbidden", actions.release, world.actor("system"), holding_id=holding.id)
    actions.release(SYSTEM, holding_id=holding.id)
    assert last_entry() == ("tests", "post.release", "s1-second-checker")
    assert len(selectors.actors_of_account(account("grid"))) == 1
    assert Holding.objects.get(id=holding.id).until == world.START


def test_a_holding_for_a_time_ends_by_itself() -> None:
    until = world.START + timedelta(days=1)
    actions.hold(SYSTEM, account_id=account("grid"), post_id=post("for-a-day").id, until=until)
    assert len(selectors.actors_of_account(account("grid"))) == 2
    assert ("grid", "for-a-day") in {(line.user, line.code) for line in selectors.post_lines()}
    with clock.at(until):
        assert len(selectors.actors_of_account(account("grid"))) == 1
        assert ("grid", "for-a-day") not in {(line.user, line.code) for line in selectors.post_lines()}


@pytest.mark.parametrize(
    ("holder", "second"), [("system", "audit-post"), ("audit", "security-post"), ("security", "system-post")]
)
def test_no_account_holds_two_of_the_three_administrations(holder: str, second: str) -> None:
    target = Post.objects.get(code=second).id
    refused("separate_hands", actions.hold, SYSTEM, account_id=account(holder), post_id=target)


def test_a_token_acts_in_a_post_that_is_held_and_in_no_other() -> None:
    mine, other = Post.objects.get(code="checker-post").id, Post.objects.get(code="grid-post").id
    refused("forbidden", actions.create_token, world.actor("system"), account_id=account("checker"), post_id=mine)
    refused("post_not_held", actions.create_token, SYSTEM, account_id=account("checker"), post_id=other)
    token = actions.create_token(SYSTEM, account_id=account("checker"), post_id=mine, scopes=["matters.list"])
    actor = selectors.actor_of_token(token)
    assert actor is not None
    assert (actor.post_id, actor.scopes) == (mine, {"matters.list"})
    assert token not in str(AuditEntry.objects.order_by("-id")[0].detail)
    assert selectors.actor_of_token(token + "x") is None


def test_a_desk_is_the_deepest_post_of_its_role_and_never_nobody() -> None:
    spot = {"city": area("99"), "district": area("990101"), "subdistrict": area("990101001")}
    elsewhere = {"city": area("99"), "district": area("990102"), "subdistrict": area("990102001")}
    code = dict(Unit.objects.values_list("id", "code"))
    assert code[desks.unit_for("dispatcher", spot)] == "s1-centre"
    assert code[desks.unit_for("dispatcher", spot, "district")] == "d1-centre"
    assert code[desks.unit_for("dispatcher", elsewhere)] == "d2-centre"
    assert code[desks.unit_for("judge", spot)] == "d1-duty"
    assert code[desks.unit_for("judge", elsewhere)] == "city-duty"
    assert code[desks.unit_for("dispatcher", {})] == "city-duty"
    assert desks.lowest_level(spot, ("subdistrict", "district")) == "subdistrict"
    assert desks.lowest_level(elsewhere, ("subdistrict", "district")) == "district"


def test_the_workers_of_a_unit_are_those_who_hold_the_role_now() -> None:
    office = world.unit("s1-office")
    assert [user for _id, user, _names in selectors.workers_of(office, "unit_worker")] == ["worker"]
    extra = post("extra", "receiving_clerk", also=["unit_worker"], unit_id=office)
    holding = actions.hold(SYSTEM, account_id=account("grid"), post_id=extra.id)
    assert [user for _id, user, _names in selectors.workers_of(office, "unit_worker")] == ["grid", "worker"]
    actions.release(SYSTEM, holding_id=holding.id)
    Account.objects.filter(username="worker").update(is_active=False)
    assert selectors.workers_of(office, "unit_worker") == []
