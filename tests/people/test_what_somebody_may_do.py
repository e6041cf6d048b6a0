"""What an account may do and who granted it: read by two administrators, and by the person about the own account."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation

from civicloop.foundation import clock
from civicloop.people import access, actions, delegation, people_files, rights, standing
from civicloop.people.access import DUTIES, PERSONAL
from civicloop.people.choices import Role
from civicloop.people.models import Account, ApiToken, Holding, Post
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def account(user: str) -> Account:
    return Account.objects.get(username=user)


def browser_of(user: str, language: str = "zh-hans") -> Client:
    browser = Client(headers={"accept-language": language})
    browser.force_login(account(user))
    return browser


def page_of(user: str, by: str = "security", language: str = "zh-hans") -> str:
    answer = browser_of(by, language).get(f"/admin/people/{account(user).pk}/access/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def table_of(user: str) -> str:
    return page_of(user).split("<h1>")[1].split("<footer")[0]


def post(user: str) -> Post:
    return Post.objects.get(code=f"{user}-post")


def delegated(**values: object) -> None:
    wanted = delegation.Wanted(
        from_unit="d1-power", to_unit="s1-centre", area_id=places.by_code("990101001").id, purpose="高龄补贴代办",
        valid_from=clock.now(), valid_to=clock.now() + timedelta(days=9), paper_number="甲区〔2026〕9号",
        paper_date=date(2026, 2, 1), kinds=["06012"], **values,
    )  # fmt: skip
    delegation.delegate(world.actor("system"), wanted)


def test_each_duty_and_each_sealed_kind_has_its_words() -> None:
    assert set(rights.WORDS) == set(DUTIES)
    assert set(rights.SEALED) == set(PERSONAL)


@pytest.mark.parametrize("role", Role.values)
def test_the_duties_on_the_page_are_those_that_access_allows(role: str) -> None:
    each = access.Actor(kind="staff", words="x", post_id=7, roles=frozenset({role}))
    shown = {str(line.words) for _group, lines in rights.duties([each], {7: "p"}) for line in lines}
    for duty, (_group, words) in rights.WORDS.items():
        if duty != "matters.list":
            assert (str(words) in shown) == access.may(each, duty).allowed, duty
    here, inside = access.Subject(units=frozenset({1})), replace(each, unit_id=1)
    for whose, words in rights.SEALED.items():
        assert (str(words) in shown) == access.opens(inside, here, whose).allowed, whose


def test_a_post_says_role_unit_area_time_and_who_granted_it() -> None:
    with clock.at(world.START + timedelta(hours=1)):
        actions.hold(
            world.actor("security"), account_id=account("grid").pk, post_id=post("checker").pk,
            until=world.START + timedelta(days=20),
        )  # fmt: skip
    with clock.at(world.START + timedelta(hours=2)):
        found = rights.of(account("grid"))
        page = page_of("grid", "audit")
    new = next(line for line in found.posts if line.post.code == "checker-post")
    assert (new.state, new.roles, [area.code for area in new.area][-1]) == ("now", ["核查员"], "990101001")
    assert new.granted is not None
    assert (new.granted.by, new.granted.at.replace(microsecond=0)) == ("security", world.START + timedelta(hours=1))
    assert [(each.what, each.name) for each in found.ending] == [("post", "checker-post")]
    for words in (
        "东风街道核查组",
        "东风街道",
        "checker-post",
        "security",
        "2026-03-02 10:00",
        "30 天内到期",
        "全部事项类别",
    ):
        assert words in page, words
    assert "data-print" in page


def test_what_is_over_stays_listed_and_gives_nothing() -> None:
    mine = Holding.objects.get(account=account("clerk"))
    actions.release(world.actor("security"), holding_id=mine.pk)
    with clock.at(world.START + timedelta(minutes=5)):
        found = rights.of(account("clerk"))
        page = page_of("clerk")
    assert [line.state for line in found.posts] == ["past"]
    assert found.posts[0].ended is not None
    assert found.posts[0].ended.by == "security"
    assert all(lines == [] for _group, lines in found.duties)
    assert all(words in page for words in ("clerk-post", "已到期", "终止人"))


def test_an_account_that_is_switched_off_may_nothing() -> None:
    Account.objects.filter(username="clerk").update(is_active=False)
    assert all(lines == [] for _group, lines in rights.of(account("clerk")).duties)
    assert "此账号已停用" in page_of("clerk")


def test_a_post_out_of_a_file_names_the_file() -> None:
    rows = "user,name,post,role,unit,area\r\ngrid,测试grid,grid-b,checker,s1-watch,990101001\r\n"
    people_files.take(world.actor("security"), raw=rows.encode(), name="people-2026.csv")
    line = next(each for each in rights.of(account("grid")).posts if each.post.code == "grid-b")
    assert line.granted is not None
    assert (line.granted.by, line.granted.file) == ("security", "people-2026.csv")


def test_standing_in_is_told_apart_from_being_named_for_it() -> None:
    standing.name_stand_in(world.actor("security"), post="checker-post", stand_in="clerk-post")
    with clock.at(world.START + timedelta(minutes=1)):
        waiting = rights.of(account("clerk"))
        assert [(line.state, line.acts_now) for line in waiting.stand_ins] == [("now", False)]
        assert not any("checker-post" in duty.posts for _group, lines in waiting.duties for duty in lines)
        assert "现未生效" in page_of("clerk")
        standing.enter_leave(
            world.actor("security"), account_id=account("checker").pk, since=clock.now(),
            until=clock.now() + timedelta(days=2), reason="leave",
        )  # fmt: skip
    with clock.at(world.START + timedelta(minutes=2)):
        acting = rights.of(account("clerk"))
        line = acting.stand_ins[0]
        assert (line.acts_now, [each.username for each in line.whose]) == (True, ["checker"])
        assert line.granted is not None
        assert line.granted.by == "security"
        assert any("checker-post" in duty.posts for _group, lines in acting.duties for duty in lines)
        assert "现正以此岗位办事" in page_of("clerk")
        assert rights.of(account("checker")).away_until is not None
        assert line.leave is not None
        assert line.leave.until == world.START + timedelta(days=2, minutes=1)
        assert ("stand_in", "checker-post", line.leave.until) in [(e.what, e.name, e.at) for e in acting.ending]
        assert "请假，至 2026-03-04 09:01" in page_of("clerk")


def test_a_shift_that_was_taken_over_is_listed_then_and_afterwards() -> None:
    giver, taker = world.actor("clerk"), world.actor("d2-clerk")
    standing.name_stand_in(world.actor("security"), post="clerk-post", stand_in="d2-clerk-post")
    with clock.at(world.START + timedelta(minutes=1)):
        shift = standing.hand_over(
            giver, taker="d2-clerk-post", note_text="", until=clock.now() + timedelta(hours=8), open_matters=0
        )
        standing.confirm_shift(taker, handover_id=shift.pk)
    for hours, state, acts in ((1, "now", True), (9, "past", False)):
        with clock.at(world.START + timedelta(hours=hours)):
            line = next(each for each in rights.of(account("d2-clerk")).stand_ins if each.shift)
            assert (line.post_code, line.state, line.acts_now) == ("clerk-post", state, acts)
            assert [each.username for each in line.whose] == ["clerk"]
            assert "交接班" in page_of("d2-clerk")


def test_what_was_over_before_the_post_was_given_is_not_listed() -> None:
    delegated(act=False)
    with clock.at(world.START + timedelta(days=20)):
        actions.hold(world.actor("security"), account_id=account("d2-clerk").pk, post_id=post("clerk").pk)
    with clock.at(world.START + timedelta(days=21)):
        assert "甲区〔2026〕9号" not in page_of("d2-clerk")
        assert "甲区〔2026〕9号" in page_of("clerk")


def test_delegations_and_tokens_stand_with_their_paper_scopes_and_end() -> None:
    delegated(act=False)
    actions.create_token(
        world.actor("security"), account_id=account("clerk").pk, post_id=post("clerk").pk, scopes=["matters.list"],
        expires_at=world.START + timedelta(days=3), name="热线对接",
    )  # fmt: skip
    with clock.at(world.START + timedelta(minutes=1)):
        found = rights.of(account("clerk"))
        page = page_of("clerk")
    assert {(each.what, each.name) for each in found.ending} == {
        ("delegation", "甲区〔2026〕9号"), ("token", "热线对接"),
    }  # fmt: skip
    assert "甲区〔2026〕9号" in page_of("grid")  # delegated to the unit, thus to each of its posts
    assert "甲区〔2026〕9号" not in page_of("worker")
    for words in ("高龄补贴代办", "仅查询", "06012", "甲区供电公司", "热线对接", "matters.list"):
        assert words in page, words
    assert ApiToken.objects.get(name="热线对接").hash.hex() not in page
    with clock.at(world.START + timedelta(days=40)):
        assert [line.state for line in rights.of(account("clerk")).tokens] == ["past"]


def test_only_the_security_administrator_and_the_auditor_read_about_others() -> None:
    path = f"/admin/people/{account('clerk').pk}/access/"
    for user, status in (("security", 200), ("audit", 200), ("system", 403), ("leader", 403), ("clerk", 403)):
        assert browser_of(user).get(path).status_code == status, user
        assert browser_of(user).get("/admin/people/").status_code == status, user
    assert Client().get(path).status_code == 302
    assert browser_of("security").get("/admin/people/99999999999999999999/access/").status_code == 404
    assert browser_of("security").get("/admin/people/999999/access/").status_code == 404


def test_everybody_reads_the_own_rights_and_whom_to_ask() -> None:
    for user in ("clerk", "grid", "system", "leader"):
        answer = browser_of(user).get("/security/rights")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert all(words in page for words in ("我的权限", f"{user}-post", "市运行中心", "022-0000")), user
        assert "d2-clerk-post" not in page
    assert Client().get("/security/rights").status_code == 302
    assert 'href="/security/rights"' in browser_of("clerk").get("/desk/").content.decode()


def test_the_page_counts_nobodys_work() -> None:
    before = table_of("clerk")
    for number in range(3):
        AuditEntry.objects.create(
            at=clock.now(), account_id=account("clerk").pk, words="clerk", action="export", object=str(number),
            outcome="done",
        )  # fmt: skip
    assert table_of("clerk") == before


def test_people_are_found_by_a_part_of_the_name_and_page_by_page() -> None:
    browser = browser_of("audit")
    page = browser.get("/admin/people/", {"q": "d1-"}).content.decode()
    assert "d1-checker" in page
    assert "s2-clerk" not in page
    assert "没有符合的账号" in browser.get("/admin/people/", {"q": "nobody at all"}).content.decode()
    assert "测试supervisor" not in browser.get("/admin/people/", {"after": "supervisor"}).content.decode()
    assert f"/admin/people/{account('clerk').pk}/access/" in browser.get("/admin/posts/?q=clerk").content.decode()
    assert "/access/" not in browser_of("system").get("/admin/posts/?q=clerk").content.decode()


def test_both_languages_are_whole() -> None:
    delegated(act=True)
    with translation.override("en"):
        page = page_of("clerk", language="en")
    for words in ("May administer", "Report matters", "Look at them and do them for residents", "No end", "Holds now"):
        assert words in page, words


def test_who_is_refused_is_told_whom_to_ask_and_not_what_is_there() -> None:
    clerk = browser_of("clerk")
    there = clerk.get(f"/admin/people/{account('grid').pk}/access/")
    nothing = clerk.get("/admin/people/999999/access/")
    assert (there.status_code, nothing.status_code) == (403, 403)
    page = there.content.decode()
    assert "安全管理员" in page
    assert 'href="/security/rights"' in page
    assert "测试grid" not in page
