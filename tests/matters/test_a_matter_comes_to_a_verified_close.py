"""The whole loop in one process: from a report to a close that somebody else has verified."""

import pytest

from civicloop.foundation import clock
from civicloop.matters import proof
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Entry, Fact, Matter, Outbox, Task
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday():
    with clock.at(world.START):
        yield


def test_from_report_to_close():
    matter = loop.report(kind="01001")
    assert loop.step(matter) == "reported"
    loop.to_close(matter)
    row = Matter.objects.get(id=matter)
    assert (row.step, row.end, row.due_at) == ("closed", "solved", None)
    assert not Task.objects.filter(matter_id=matter, state="open").exists()
    assert not Clock.objects.filter(matter_id=matter).exclude(state="stopped").exists()
    entries = Entry.objects.filter(matter_id=matter)
    assert entries.count() == row.seq == 11  # two photos among them
    assert proof.verify(matter) == []
    roles = dict(entries.values_list("action", "role"))  # the clerk's post is also the dispatcher's
    assert (roles["file"], roles["dispatch"]) == ("acceptance_clerk", "dispatcher")
    assert Fact.objects.filter(matter_id=matter, name="ended", detail="solved").count() == 1
    assert Outbox.objects.filter(matter_id=matter).exists()


def test_every_open_matter_has_one_accountable_unit():
    matter = loop.report()
    for done in (lambda: None, lambda: loop.to_handling(matter), lambda: loop.to_check(matter)):
        done()
        leads = Task.objects.filter(matter_id=matter, lead=True, state="open")
        assert leads.count() == 1
        assert leads.get().unit_id == Matter.objects.get(id=matter).unit_id


def test_a_failed_check_returns_to_the_same_clock():
    matter = loop.report(kind="01001")
    loop.to_handling(matter)
    loop.to_check(matter)
    before = Clock.objects.get(matter_id=matter, name="handle")
    loop.photo(matter, "other")
    loop.act("checker", matter, "post_check", "fail", reason="井盖仍松动")
    after = Clock.objects.get(matter_id=matter, name="handle")
    assert (after.no, after.started_at, after.state) == (before.no, before.started_at, "running")
    assert loop.step(matter) == "handling"


def test_the_handler_cannot_check_the_own_work():
    from civicloop.people import access, actions
    from civicloop.people.models import Account, Post, Unit

    post = Post.objects.get(code="checker-post")
    actions.hold(access.system("t"), account_id=Account.objects.get(username="worker").id, post_id=post.id)
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    loop.photo(matter, "other")
    from civicloop.foundation import ids
    from civicloop.matters.actions import Act, act
    from civicloop.people.selectors import actors_of_account

    both = actors_of_account(Account.objects.get(username="worker").id)
    as_checker = next(a for a in both if "checker" in a.roles)
    with pytest.raises(Refused) as refused:
        act(as_checker, Act(matter, "post_check", ids.uuid7(), "pass"))
    assert refused.value.code == "own_work"
    assert Unit.objects.exists()


def test_an_act_by_the_wrong_post_is_refused():
    matter = loop.report()
    for user, code in (
        ("receiver", "not_found"),
        ("leader", "forbidden"),
        ("s2-clerk", "not_found"),
        ("d2-clerk", "not_found"),
    ):
        with pytest.raises(Refused) as refused:
            loop.act(user, matter, "file", condition=loop.condition())
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        loop.act("clerk", matter, "close")
    assert refused.value.code == "out_of_step"
    assert Entry.objects.filter(matter_id=matter).count() == 1


def test_a_point_in_the_sea_lands_at_the_duty_desk():
    matter = loop.report(point=world.SEA)
    row = Matter.objects.get(id=matter)
    assert (row.district_id, row.place_reason) == (None, "outside_every_area")
    assert row.unit_id == world.unit("city-duty")


def test_handled_on_the_spot_is_closed_or_drawn():
    ends: set[str] = set()
    for _number in range(400):  # one in ten is drawn: that none of so many is, does not happen
        if len(ends) == 2:
            break
        matter = loop.report("grid")
        loop.photo(matter, "before")
        loop.photo(matter, "after")
        loop.act("grid", matter, "handle_on_spot", result="已清理")
        ends.add(loop.step(matter))
        assert proof.verify(matter) == []
    assert ends == {"closed", "to_spot_check"}
