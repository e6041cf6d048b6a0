"""Why an account does not see a matter or open a page: the conditions that decide, told by those that decide."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import clock
from civicloop.matters import reading
from civicloop.matters.models import Matter
from civicloop.people import access, actions, standing, why
from civicloop.people.access import DUTIES, LEVELS, Actor, Delegated, Explanation, Subject
from civicloop.people.actions import PeopleError
from civicloop.people.choices import Role
from civicloop.people.models import Account, Holding, Post
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop

ONE, OTHER = UUID(int=1), UUID(int=2)
SMALL = st.integers(1, 3)
FEW = st.frozensets(SMALL, max_size=2)
KINDS = st.sampled_from(["", "01", "02"])
ROLES = st.frozensets(st.sampled_from(Role.values), min_size=1, max_size=3)
GIVEN = st.builds(
    Delegated, kinds=st.frozensets(KINDS, max_size=2), level=st.sampled_from(LEVELS), area_id=SMALL, act=st.booleans()
)
ACTORS = st.builds(
    Actor, kind=st.sampled_from(["staff", "staff", "staff", "staff", "system", "outside", "anonymous"]),
    words=st.just("x"), account_id=SMALL, post_id=SMALL, roles=ROLES, unit_id=SMALL, area_id=SMALL,
    level=st.sampled_from(LEVELS), classes=st.frozensets(st.sampled_from(["01", "02"]), max_size=2),
    confidentiality=st.integers(0, 2), own_unit_id=st.none() | SMALL, stands_in_for=FEW, matter_id=st.just(ONE),
    scopes=st.none() | st.frozensets(st.sampled_from(["all", "matters.list", "units.view"]), max_size=2),
    delegated=st.lists(GIVEN, max_size=2).map(tuple),
)  # fmt: skip
SUBJECTS = st.builds(
    Subject, areas=st.dictionaries(st.sampled_from(LEVELS[1:]), SMALL), units=FEW, persons=FEW, class_code=KINDS,
    confidentiality=st.integers(0, 2), matter_id=st.sampled_from([ONE, OTHER]), kind_code=KINDS,
    by_delegation=st.frozensets(st.sampled_from(Role.values), max_size=3), complained_of=FEW | st.just(frozenset()),
    complained_accounts=FEW | st.just(frozenset()),
)  # fmt: skip


# -- deciding and explaining are one --------------------------------------------------------------------------------


def plain_rule(actor: Actor, subject: Subject) -> bool:
    """The rule as trust.md says it, written a second time without any steps."""
    if actor.kind == "system":
        return True
    if actor.kind == "outside":
        return actor.matter_id == subject.matter_id
    scoped = actor.scopes is None or bool(actor.scopes & {"matters.list", "all"})
    if actor.kind != "staff" or not scoped or not actor.roles & DUTIES["matters.list"]:
        return False
    people = {actor.account_id, *actor.stands_in_for}
    if {actor.unit_id, actor.own_unit_id} & subject.complained_of or people & subject.complained_accounts:
        return False
    roles = set(actor.roles)
    if roles & subject.by_delegation and not access.has_delegation(actor, subject):
        roles -= subject.by_delegation
        if not roles & DUTIES["matters.list"]:
            return False
    if actor.unit_id in subject.units or actor.account_id in subject.persons:
        return True
    cleared = subject.confidentiality <= actor.confidentiality
    kind = not actor.classes or not subject.class_code or subject.class_code in actor.classes
    return cleared and kind and bool(roles & access.AREA_ROLES) and access.covers(actor, subject)


def told(explanation: Explanation) -> bool:
    """What somebody who only reads the explanation takes it to say."""
    deciding = explanation.steps[explanation.settled]
    assert all(step.decision is None for step in explanation.steps[: explanation.settled])
    assert deciding.decision is not None
    assert deciding.fits == deciding.decision.allowed
    return deciding.fits


@given(ACTORS, SUBJECTS)
def test_what_is_explained_of_a_matter_is_what_is_decided(actor: Actor, subject: Subject) -> None:
    explanation = access.explain(actor, subject)
    assert explanation.decision == access.decide(actor, subject) == access.sees(actor, subject)
    assert explanation.allowed == told(explanation) == plain_rule(actor, subject)


@given(ACTORS, st.sampled_from(sorted(DUTIES)))
def test_what_is_explained_of_a_page_is_what_is_decided(actor: Actor, duty: str) -> None:
    explanation = access.explain(actor, duty)
    assert explanation.decision == access.decide(actor, duty) == access.may(actor, duty)
    assert explanation.allowed == told(explanation)


MENDED: dict[str, Any] = {
    "confidentiality": lambda actor, _subject: replace(actor, confidentiality=9),
    "kind": lambda actor, _subject: replace(actor, classes=frozenset()),
    "area": lambda actor, _subject: replace(actor, level="city"),
}


@given(ACTORS, SUBJECTS)
def test_mending_every_condition_that_is_named_opens_the_matter(actor: Actor, subject: Subject) -> None:
    explanation = access.explain(actor, subject)
    wrong = {step.code for step in explanation.steps if step.decision == access.HIDDEN and not step.fits}
    if explanation.allowed or not wrong <= set(MENDED):
        return
    for code in sorted(wrong):
        assert not access.sees(actor, subject).allowed  # each of them alone keeps it shut
        actor = MENDED[code](actor, subject)
    assert access.sees(actor, subject).allowed


@given(ACTORS, SUBJECTS)
def test_nobody_is_told_of_what_lies_above_the_own_clearance(actor: Actor, subject: Subject) -> None:
    if access.may_be_told(actor, subject):
        assert actor.roles & {Role.SECURITY_ADMIN, Role.AUDIT_ADMIN} or actor.kind == "system"
        assert subject.confidentiality <= actor.confidentiality
        assert not access.is_about(actor, subject)


def test_each_condition_has_its_words() -> None:
    codes: set[str] = set()

    @given(ACTORS, SUBJECTS, st.sampled_from(sorted(DUTIES)))
    def collect(actor: Actor, subject: Subject, duty: str) -> None:
        for about in (subject, duty):
            codes.update(step.code for step in access.explain(actor, about).steps)
            assert len(why.lines(access.explain(actor, about))) == len(access.explain(actor, about).steps)

    collect()
    assert codes <= set(why.WORDS)
    assert {"matters", "complaint", "unit", "area"} <= codes


# -- the page -------------------------------------------------------------------------------------------------------


def account(user: str) -> Account:
    return Account.objects.get(username=user)


def browser_of(user: str, language: str = "zh-hans") -> Client:
    browser = Client(headers={"accept-language": language})
    browser.force_login(account(user))
    return browser


def answer(user: str, what: str, by: str = "security", language: str = "zh-hans") -> str:
    found = browser_of(by, language).post("/admin/why/", {"username": user, "what": what})
    assert found.status_code == 200
    assert "no-store" in found["Cache-Control"]
    return found.content.decode().split("</form>\n<section", 1)[1].split("</section>")[0]


def number(matter: UUID) -> str:
    return str(Matter.objects.values_list("number", flat=True).get(id=matter))


def told_of(user: str, matter: UUID, by: str = "security") -> why.Answer:
    seen = reading.read(matter)
    assert seen is not None
    return why.ask(world.actor(by), account(user), seen.subject, asked="x")


def refusing(found: why.Answer) -> list[str]:
    return [line.code for post in found.posts for line in post.lines if line.settles and not line.fits]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("user", "settles"),
    [("d2-clerk", "area"), ("d1-receiver", "area_role"), ("system", "matters"), ("channel", "matters")],
)
def test_the_condition_that_decides_is_named(user: str, settles: str) -> None:
    matter = loop.report()
    found = told_of(user, matter)
    assert (found.known, found.allowed, refusing(found)) == (True, False, [settles])
    page = answer(user, number(matter))
    assert str(why.WORDS[settles][1]) in page
    assert "打不开：此账号的任何岗位都不能打开" in page


@pytest.mark.django_db
def test_who_sees_it_is_said_to_see_it_and_by_what() -> None:
    matter = loop.report()
    page = answer("clerk", number(matter))
    assert all(
        words in page for words in ("能打开", "岗位所在单位经办此事项", "东风街道", "和顺里社区", number(matter))
    )
    assert "不得核查" not in page
    assert "事项在岗位的辖区内" in answer("d1-clerk", number(matter))
    loop.to_handling(matter)
    loop.to_check(matter)
    assert told_of("worker", matter).allowed
    assert "不得核查此事项" in answer("worker", number(matter))
    assert "不得核查此事项" not in answer("checker", number(matter))


@pytest.mark.django_db
def test_nothing_of_what_the_matter_is_about_is_told() -> None:
    matter = loop.report(kind="01001")
    page = answer("clerk", number(matter)) + answer("d2-clerk", f"http://testserver/matters/{matter}")
    row = Matter.objects.get(id=matter)
    for secret in ("井盖", row.title, "01001", "很危险"):
        assert secret not in page, secret


@pytest.mark.django_db
def test_of_a_confidential_matter_the_answer_is_that_of_an_unknown_number() -> None:
    matter = loop.report(confidentiality=1, complained_of=(world.unit("s1-office"),))
    never = "20260302-9999999-" + sign("202603029999999")
    for user in ("clerk", "d1-clerk", "worker", "d2-clerk"):
        assert answer(user, number(matter)) == answer(user, never), user
        assert answer(user, f"/matters/{matter}") == answer(user, f"/matters/{uuid4()}"), user
    assert "没有可以向您说明的" in answer("clerk", number(matter))
    asked = AuditEntry.objects.filter(action="rights.explain", words="security")
    assert {entry.detail["answer"] for entry in asked} == {"not_found"}
    # an administrator who is cleared is told, and why the unit complained of sees nothing
    Post.objects.filter(code="audit-post").update(confidentiality=1)
    page = answer("worker", number(matter), by="audit")
    assert "举报的是本人（或被替岗人）任职的单位" in page
    assert "没有可以向您说明的" not in page
    assert refusing(told_of("worker", matter, by="audit")) == ["complaint"]
    # cleared, but complained of: not told either
    ours = loop.report(confidentiality=1, complained_of=(world.unit("city-centre"),))
    assert "没有可以向您说明的" in answer("clerk", number(ours), by="audit")


def sign(digits: str) -> str:
    from civicloop.foundation.ids import SIGNS

    return SIGNS[int(digits) % 31]


@pytest.mark.django_db
def test_a_page_is_explained_by_its_duty() -> None:
    refused = answer("clerk", "/admin/posts/new")
    assert all(words in refused for words in ("岗位的角色都不能打开", "安全管理员", "打不开"))
    assert "能打开，以标明的岗位为限" in answer("clerk", "http://testserver/admin/units/?q=1")
    assert "此页面人人可以打开" in answer("clerk", "/sign-in")
    for nothing in ("/no/such/page", "a sentence", "//[", "20260302-0000001-@", "/api/v1/matters"):
        assert "没有可以向您说明的" in answer("clerk", nothing), nothing


@pytest.mark.django_db
def test_what_is_not_in_force_is_named_and_opens_nothing() -> None:
    matter = loop.report()
    standing.name_stand_in(world.actor("security"), post="clerk-post", stand_in="d2-clerk-post")
    with clock.at(world.START + timedelta(minutes=1)):
        page = answer("d2-clerk", number(matter))
        assert "替岗现未生效" in page
        assert "打不开：此账号的任何岗位" in page
        standing.enter_leave(
            world.actor("security"), account_id=account("clerk").pk, since=clock.now(),
            until=clock.now() + timedelta(days=1), reason="leave",
        )  # fmt: skip
    with clock.at(world.START + timedelta(minutes=2)):
        assert told_of("d2-clerk", matter).allowed
        actions.release(world.actor("security"), holding_id=Holding.objects.get(account=account("clerk")).pk)
    with clock.at(world.START + timedelta(minutes=3)):
        assert [(post.state, post.allowed) for post in told_of("clerk", matter).posts] == [("past", False)]
        assert "任职已终止" in answer("clerk", number(matter))
        Account.objects.filter(username="checker").update(is_active=False)
        assert "账号已停用" in answer("checker", number(matter))


@pytest.mark.django_db
def test_each_question_leaves_its_line_without_what_was_mistyped() -> None:
    matter = loop.report()
    answer("clerk", number(matter).lower())
    answer("d2-clerk", number(matter), by="audit")
    answer("clerk", "张三 13800000000")
    answer("clerk", "/admin/units/")
    entries = AuditEntry.objects.filter(action="rights.explain").order_by("id")
    assert [(entry.words, entry.object, entry.detail["asked"], entry.detail["answer"]) for entry in entries] == [
        ("security", "clerk", number(matter), "allowed"), ("audit", "d2-clerk", number(matter), "refused"),
        ("security", "clerk", "?", "not_found"), ("security", "clerk", "/admin/units/", "allowed"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_only_the_two_administrators_ask() -> None:
    matter = loop.report()
    given = {"username": "clerk", "what": number(matter)}
    for user in ("system", "leader", "clerk", "supervisor"):
        assert browser_of(user).post("/admin/why/", given).status_code == 403, user
        with pytest.raises(PeopleError, match="岗位"):
            told_of("clerk", matter, by=user)
    assert Client().post("/admin/why/", given).status_code == 302
    assert not AuditEntry.objects.filter(action="rights.explain").exists()
    wrong = browser_of("security").post("/admin/why/", {"username": "nobody", "what": "\x00"})
    assert (wrong.status_code, "没有这个账号" in wrong.content.decode()) == (422, True)
    start = browser_of("security").get("/admin/why/?user=clerk").content.decode()
    assert 'value="clerk"' in start
    person = browser_of("audit").get(f"/admin/people/{account('clerk').pk}/access/").content.decode()
    assert "/admin/why/?user=clerk" in person
    assert "/admin/why/" not in browser_of("clerk").get("/security/rights").content.decode()
    assert "/admin/why/" in browser_of("audit").get("/admin/").content.decode()


@pytest.mark.django_db
def test_both_languages_are_whole() -> None:
    page = answer("d2-clerk", number(loop.report()), language="en")
    assert "It lies outside the area of the post." in page
    assert "No, it opens in no post of this account." in page
