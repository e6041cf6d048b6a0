"""并案 on pages: from two reports side by side, from a search over hundreds, and out again; what the reporter reads."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import clusters
from civicloop.matters.models import Matter
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def lead_of(matter: UUID) -> UUID | None:
    return Matter.objects.get(id=matter).lead_id


def test_two_that_are_the_same_are_joined_from_the_comparison() -> None:
    one, other = loop.report(kind="01001"), loop.report(kind="01001")
    clerk = signed_in("clerk")
    page = text(clerk.get(f"/matters/{other}/compare/{one}"))
    assert page.count("是同一件事：将") == 2
    form = {"run_id": str(ids.uuid7()), "matter": str(other)}
    for _twice in range(2):
        after = text(clerk.post(f"/matters/{one}/cluster/join", form, follow=True))
    assert "已并入 1 件，共 1 件" in after
    assert lead_of(other) == one
    assert "并入主案" in text(clerk.get(f"/matters/{other}"))
    assert "已并入诉求 1 件" in text(clerk.get(f"/matters/{one}"))
    assert str(other) not in text(clerk.get("/desk/"))


def test_all_that_fit_a_search_are_joined_and_a_wrong_one_is_taken_out() -> None:
    lead = loop.report(kind="01001", text="三号楼整栋没有暖气")
    cold = [loop.report(kind="01001", text=f"{n}单元没有暖气", point=(117.03, 39.06)) for n in range(30)]
    other = loop.report(kind="01001", text="路口井盖不见了")
    clerk = signed_in("clerk")
    asked = {"text": "没有暖气", "days": "3", "area": ""}
    page = text(clerk.get(f"/matters/{lead}/cluster", asked))
    assert page.count('name="matter"') == 30
    assert "checked" not in page.partition("<table")[2]
    assert text(clerk.get(f"/matters/{lead}/cluster", asked | {"tick": "all"})).count(" checked") == 30
    answer = clerk.post(f"/matters/{lead}/cluster/join", asked | {"run_id": str(ids.uuid7()), "which": "all"})
    assert answer.status_code == 302
    run = answer.url
    assert "已并入 25 件，共 30 件" in text(clerk.get(run))
    assert "已并入 25 件，共 30 件" in text(clerk.get(f"{run}/news"))
    assert "已并入 30 件，共 30 件" in text(clerk.post(run, follow=True))
    assert clusters.open_members(lead).count() == 30
    assert lead_of(other) is None
    back = {"act_id": str(ids.uuid7()), "reason": "自家阀门没开", "next": f"/matters/{lead}/cluster"}
    page = text(clerk.post(f"/matters/{cold[4]}/take-out", back, follow=True))
    assert "已移出" in page
    assert lead_of(cold[4]) is None
    assert cold[4] not in {UUID(each) for each in _offered(text(clerk.get(f"/matters/{lead}/cluster", asked)))}
    first = text(clerk.get(f"/matters/{lead}/cluster"))
    assert first.count('class="cluster-member"') == 29
    ticked = [str(each) for each in (*cold[5:9], other)]
    wrong = {"run_id": str(ids.uuid7()), "matter": ticked, "reason": "自家阀门没开"}
    nothing = clerk.post(f"/matters/{lead}/cluster/out", {**wrong, "reason": " "})
    assert (nothing.status_code, "请说明原因，不超过 500 字" in text(nothing)) == (422, True)
    for _twice in range(2):  # the four that are joined go, the one that never was stays named
        after = text(clerk.post(f"/matters/{lead}/cluster/out", wrong, follow=True))
        assert "已移出 4 件" in after
        assert Matter.objects.get(id=other).number in after
    assert {lead_of(each) for each in cold[5:9]} == {None}
    assert clusters.open_members(lead).count() == 25
    assert signed_in("grid").post(f"/matters/{lead}/cluster/out", wrong).status_code in {403, 404}
    empty = clerk.post(f"/matters/{lead}/cluster/out", {"run_id": str(ids.uuid7()), "reason": "错并"})
    assert (empty.status_code, "请至少选择一件要移出的诉求" in text(empty)) == (422, True)


def _offered(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="matter" value="')[1:]]


def test_what_cannot_be_joined_is_named_with_its_reason() -> None:
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    loop.to_handling(member)
    loop.act("receiver", member, "explain", reason="产权单位自行维护")
    clerk = signed_in("clerk")
    form = {"run_id": str(ids.uuid7()), "matter": str(member)}
    assert "它有一项审批尚待答复" in text(clerk.post(f"/matters/{lead}/cluster/join", form, follow=True))
    assert lead_of(member) is None
    nothing = clerk.post(f"/matters/{lead}/cluster/join", {"run_id": str(ids.uuid7())})
    assert nothing.status_code == 422
    assert "请至少选一件" in text(nothing)
    assert clerk.post(f"/matters/{lead}/cluster/join", {"run_id": "x"}).status_code == 404


def test_who_only_looks_joins_nothing_and_who_must_not_know_finds_nothing() -> None:
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    form = {"run_id": str(ids.uuid7()), "matter": str(member)}
    for user, status in (("grid", 403), ("receiver", 403), ("d2-clerk", 404)):
        person = signed_in(user)
        assert person.post(f"/matters/{lead}/cluster/join", form).status_code == status
        out = {"act_id": str(ids.uuid7()), "reason": "x"}
        assert person.post(f"/matters/{member}/take-out", out).status_code == status
    assert signed_in("d2-clerk").get(f"/matters/{lead}/cluster").status_code == 404
    assert "并入所选" not in text(signed_in("grid").get(f"/matters/{lead}/cluster"))
    assert signed_in("clerk").get(f"/merging/{ids.uuid7()}").status_code == 404


def test_a_run_of_a_case_that_one_may_not_see_is_not_found() -> None:
    lead, member = loop.report(kind="01001"), loop.report(kind="01001")
    run_id = str(ids.uuid7())
    signed_in("clerk").post(f"/matters/{lead}/cluster/join", {"run_id": run_id, "matter": str(member)})
    assert signed_in("d2-clerk").get(f"/merging/{run_id}").status_code == 404
    assert signed_in("grid").get(f"/merging/{run_id}").status_code == 403


def test_the_reporter_of_a_joined_report_reads_who_deals_with_it_and_rates_at_the_end() -> None:
    from django.test import Client

    from civicloop.matters.actions import check_code

    lead, member = loop.report(kind="01001"), loop.report(kind="01001", text="井盖没了")
    clerk = signed_in("clerk")
    clerk.post(f"/matters/{lead}/cluster/join", {"run_id": str(ids.uuid7()), "matter": str(member)})
    loop.to_handling(lead)
    row = Matter.objects.get(id=member)
    browser = Client()
    code = check_code(row.id, bytes(row.fingerprint))
    page = text(browser.post("/track", {"number": row.number, "code": code}, follow=True))
    assert "与其他群众反映的同一问题合并办理" in page
    assert "东风街道办事处" in page
    assert Matter.objects.get(id=lead).number not in page
    loop.to_check(lead)
    loop.photo(lead, "other")
    loop.act("checker", lead, "post_check", "pass")
    loop.act("clerk", lead, "close")
    page = text(browser.get(f"/status/{member}"))
    assert "已随合并办理的事项一并办结" in page
    rated = {"action": "rate", "act_id": str(ids.uuid7()), "stars": "5"}
    assert "您已评价" in text(browser.post(f"/status/{member}/act", rated, follow=True))
