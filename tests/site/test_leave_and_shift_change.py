"""The pages of leave, shift change and stand-ins, as the people who use them see them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from civicloop.foundation import clock
from civicloop.people import access, actions, selectors, standing
from civicloop.people.models import Absence, Account, Handover, Post, StandIn
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def test_one_page_shows_gaps_leave_and_stand_ins_to_who_looks_after_people() -> None:
    supervisor = signed_in("supervisor")
    assert "每个岗位都有人在岗或替岗" in text(supervisor.get("/admin/stand-ins/"))
    sent = {"username": "grid", "since": "2026-03-02", "until": "2026-03-03", "reason": "leave"}
    assert supervisor.post("/admin/leave/new", sent).status_code == 302
    shown = text(supervisor.get("/admin/stand-ins/"))
    assert "grid-post" in shown
    assert "每个岗位都有人在岗或替岗" not in shown
    assert "post=grid-post" in shown  # the gap leads to the form
    assert text(signed_in("system").get("/admin/stand-ins/")).count("grid-post") == 1
    again = supervisor.post("/admin/leave/new", sent)
    assert (again.status_code, "这段时间内此人已登记不在岗" in text(again)) == (422, True)
    named = supervisor.post("/admin/stand-ins/new", {"post": "grid-post", "stand_in": "clerk-post"})
    assert named.status_code == 302
    shown = text(supervisor.get("/admin/stand-ins/"))
    assert "每个岗位都有人在岗或替岗" in shown
    assert "测试clerk" in shown
    ring = supervisor.post("/admin/stand-ins/new", {"post": "grid-post", "stand_in": "grid-post"})
    assert (ring.status_code, "岗位不能给自己替岗" in text(ring)) == (422, True)
    absence, line = Absence.objects.get(), StandIn.objects.get()
    assert supervisor.post(f"/admin/leave/{absence.pk}/end").status_code == 302
    assert supervisor.post(f"/admin/stand-ins/{line.pk}/end").status_code == 302
    absence.refresh_from_db()
    line.refresh_from_db()
    assert absence.ended_at == line.valid_to == world.START


def test_the_pages_refuse_who_does_not_look_after_people() -> None:
    for path in ("stand-ins/", "stand-ins/new", "leave/new"):
        assert signed_in("clerk").get(f"/admin/{path}").status_code == 403
        assert signed_in("audit").get(f"/admin/{path}").status_code == (200 if path == "stand-ins/" else 403)
    assert signed_in("supervisor").post("/admin/leave/999/end").status_code == 404
    assert signed_in("supervisor").post("/admin/stand-ins/999/end").status_code == 404
    assert signed_in("channel").get("/shift/").status_code == 403
    other = standing.name_stand_in(SYSTEM, post="d2-clerk-post", stand_in="s2-clerk-post")
    refused = signed_in("supervisor").post(f"/admin/stand-ins/{other.pk}/end", follow=True)
    assert "不归您管理" in text(refused)
    other.refresh_from_db()
    assert other.valid_to is None


def test_who_stands_in_chooses_the_post_and_every_page_and_the_timeline_say_so() -> None:
    standing.name_stand_in(SYSTEM, post="worker-post", stand_in="receiver-post")
    matter = loop.report()
    loop.to_handling(matter)
    worker = signed_in("worker")
    sent = {"since": "2026-03-02", "until": "2026-03-02", "reason": "leave"}
    assert worker.post("/shift/leave", sent).status_code == 302
    assert AuditEntry.objects.order_by("-id")[0].action == "leave.enter"
    receiver = signed_in("receiver")
    post = str(Post.objects.get(code="worker-post").pk)
    page = text(receiver.get("/receiving/"))
    assert "替岗：东风街道办事处" in page
    receiver.post("/post", {"post": post})
    page = text(receiver.get(f"/matters/{matter}"))
    assert "<small>替岗：东风街道办事处" in page
    loop.photo(matter, "after")
    acting = next(
        each for each in selectors.actors_of_account(Account.objects.get(username="receiver").pk)
        if each.stands_in_from is not None
    )  # fmt: skip
    from civicloop.foundation import ids
    from civicloop.matters import actions as matters
    from civicloop.matters.actions import Act

    matters.act(acting, Act(matter, "handle", ids.uuid7(), None, {"result": "已更换井盖"}))
    assert "（替岗）" in text(receiver.get(f"/matters/{matter}"))
    leave = Absence.objects.get()
    assert signed_in("clerk").post(f"/shift/leave/{leave.pk}/back").status_code == 404
    assert worker.post(f"/shift/leave/{leave.pk}/back").status_code == 302
    assert "替岗：" not in text(receiver.get("/receiving/"))


def test_a_shift_is_handed_over_with_what_is_open_and_confirmed_by_the_taker() -> None:
    area = places.by_code("990101001001").id
    second = actions.create_post(
        SYSTEM, code="night-post", role="grid_worker", unit_id=world.unit("s1-centre"), area_id=area
    )
    actions.hold(SYSTEM, account_id=Account.objects.get(username="s2-clerk").pk, post_id=second.pk)
    loop.report("grid")
    grid, night = signed_in("grid"), signed_in("s2-clerk")
    night.post("/post", {"post": str(second.pk)})
    assert "没有等您接的班" in text(night.get("/shift/"))
    bad = grid.post("/shift/hand-over", {"taker": "clerk-post", "hours": "8", "note": ""})
    assert bad.status_code == 422
    sent = {"taker": "night-post", "hours": "8", "note": "北门井盖已围挡"}
    assert grid.post("/shift/hand-over", sent).status_code == 302
    given = Handover.objects.get()
    from civicloop.matters import selectors as matters

    assert given.open_matters == matters.open_at(world.actor("grid"))
    assert given.until == world.START + timedelta(hours=8)
    shown = text(night.get("/shift/"))
    assert "北门井盖已围挡" in shown
    assert "确认接班" in shown
    assert "对方尚未确认" in text(grid.get("/shift/"))
    assert "这个班是交给别人的" in text(signed_in("clerk").post(f"/shift/{given.pk}/confirm", follow=True))
    assert night.post(f"/shift/{given.pk}/confirm").status_code == 302
    assert "替岗：东风街道网格中心" in text(night.get("/shift/"))
    assert night.post("/shift/999/confirm").status_code == 404
    assert grid.post(f"/shift/{given.pk}/end").status_code == 302
    assert "替岗：" not in text(night.get("/shift/"))
