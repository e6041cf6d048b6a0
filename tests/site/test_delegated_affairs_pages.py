"""The pages of delegated affairs: entered and taken back by paper, and what the grid worker is told without one."""

from collections.abc import Iterator

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter
from civicloop.people.models import Delegation
from tests import world
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
FORM = {
    "from_unit": "d1-urban", "to_unit": "s2-centre", "to_post": "", "kinds": "01 06010", "query": "on", "act": "on",
    "purpose": "帮办代办", "area": "990101002", "first_day": "2026-03-02", "last_day": "2026-12-31",
    "paper_number": "甲区〔2026〕5号", "paper_date": "2026-02-01",
}  # fmt: skip


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def test_a_delegation_is_entered_listed_and_taken_back_by_paper() -> None:
    system = signed_in("system")
    assert system.post("/admin/delegations/new", FORM).status_code == 302
    made = Delegation.objects.get(paper_number="甲区〔2026〕5号")
    assert made.kinds == ["01", "06010"]
    page = text(system.get("/admin/delegations/"))
    assert all(words in page for words in ("甲区〔2026〕5号", "新开街道网格中心", "06010", "有效", "2026-12-31"))
    again = system.post("/admin/delegations/new", FORM)
    assert (again.status_code, "这段时间内已有相同委托" in text(again)) == (422, True)
    wrong = system.post("/admin/delegations/new", FORM | {"area": "990199", "kinds": "02"})
    assert (wrong.status_code, "990199" in text(wrong)) == (422, True)
    back = f"/admin/delegations/{made.pk}/revoke"
    assert system.post(back, {"paper_number": "", "paper_date": "2026-03-02"}).status_code == 422
    assert system.post(back, {"paper_number": "收回1号", "paper_date": "2026-03-02"}).status_code == 302
    page = text(system.get("/admin/delegations/"))
    assert "已收回" in page
    assert "收回1号" in page
    assert text(system.post(back, {"paper_number": "收回2号", "paper_date": "2026-03-02"})).count("已经结束") == 1


def test_the_pages_are_for_those_whom_it_concerns() -> None:
    made = Delegation.objects.get()
    assert "测试〔2020〕1号" in text(signed_in("grid").get("/admin/delegations/"))
    assert "测试〔2020〕1号" not in text(signed_in("head").get("/admin/delegations/"))
    assert signed_in("clerk").get("/admin/delegations/").status_code == 403
    for who in ("grid", "security", "supervisor", "audit"):
        assert signed_in(who).get("/admin/delegations/new").status_code == 403, who
        assert signed_in(who).get(f"/admin/delegations/{made.pk}/revoke").status_code == 403, who
    assert signed_in("head").get(f"/admin/delegations/{made.pk}/revoke").status_code == 404
    refused = signed_in("head").post("/admin/delegations/new", FORM)
    assert (refused.status_code, "系统管理员" in text(refused)) == (422, True)


def test_the_grid_worker_chooses_among_the_kinds_that_are_delegated_by_name() -> None:
    grid = signed_in("grid")
    assert 'name="kind"' not in text(grid.get("/field/service"))  # every affair is delegated
    Delegation.objects.update(kinds=["06010"])
    page = text(grid.get("/field/service"))
    assert 'value="GB/T 47678.5-2026:06010"' in page
    assert 'value="GB/T 47678.5-2026:01001"' not in page
    lon, lat = world.SPOT
    sent = {"id": str(ids.uuid7()), "text": "请代办", "lon": lon, "lat": lat, "crs": "wgs84", "name": "张三"}
    assert grid.post("/field/service", sent).status_code == 422
    made = grid.post("/field/service", sent | {"kind": "GB/T 47678.5-2026:06010"})
    assert made.status_code == 302
    assert Matter.objects.get(id=sent["id"]).kind.code == "06010"  # type: ignore[union-attr]
    assert text(grid.get("/field/")).count("请假与交接班") == 1


def test_the_grid_worker_is_told_that_nothing_is_delegated() -> None:
    Delegation.objects.update(revoked_at=world.START)
    lon, lat = world.SPOT
    sent = {
        "id": "019cac0f-2680-71b2-952f-19e9e3f44ab5", "text": "请代办老年优待证", "lon": lon, "lat": lat,
        "crs": "wgs84", "name": "张三", "phone": "13800000000",
    }  # fmt: skip
    page = signed_in("grid").post("/field/service", sent)
    assert page.status_code in {403, 422}
    assert "没有有效的事权委托" in text(page)
