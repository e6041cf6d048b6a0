"""A room tells somebody something: by post, unit, place or account, once, and only those who may know of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from civicloop.foundation import clock
from civicloop.notices import actions, wording
from civicloop.notices.actions import Message, To, tell
from civicloop.notices.models import Delivery, Notice
from civicloop.people.models import Account, Post, Unit
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
DATA = {"number": "20260303-0000123-K", "times": 2}


def account(user: str) -> int:
    return int(Account.objects.get(username=user).pk)


def post(user: str) -> Post:
    return Post.objects.get(code=f"{user}-post")


def unit(code: str) -> int:
    return int(Unit.objects.get(code=code).pk)


def told(key: str) -> set[str]:
    accounts = Notice.objects.filter(key=key).values_list("account_id", flat=True)
    return set(Account.objects.filter(pk__in=list(accounts)).values_list("username", flat=True))


def test_the_posts_of_a_unit_are_told_and_of_some_roles_only() -> None:
    assert tell(key="a", topic="urged", to=[To(unit=unit("s1-office"))], data=DATA) == 3
    assert told("a") == {"receiver", "worker", "head"}
    tell(key="b", topic="urged", to=[To(unit=unit("s1-office"), roles=frozenset({"unit_head"}))], data=DATA)
    assert told("b") == {"head"}


def test_an_account_a_post_and_the_posts_of_a_place_are_told() -> None:
    tell(key="a", topic="urged", to=[To(account=account("grid"))], data=DATA)
    tell(key="b", topic="urged", to=[To(post=post("leader").pk)], data=DATA)
    place = post("supervisor").area_id
    tell(key="c", topic="urged", to=[To(areas=(place,), roles=frozenset({"supervisor", "leader"}))], data=DATA)
    tell(key="d", topic="urged", to=[To(city=True, roles=frozenset({"system_admin"}))], data=DATA)
    assert [told(key) for key in "abcd"] == [{"grid"}, {"leader"}, {"supervisor", "leader"}, {"system"}]


def test_the_same_key_reaches_a_recipient_once_however_often_it_is_told() -> None:
    to = [To(account=account("grid")), To(unit=unit("s1-centre"))]
    first = tell(key="a", topic="urged", to=to, data=DATA)
    assert (first, tell(key="a", topic="urged", to=to, data=DATA | {"times": 3})) == (2, 0)
    assert Notice.objects.filter(key="a", account_id=account("grid")).count() == 1
    assert set(Notice.objects.values_list("data__times", flat=True)) == {2}
    assert tell(key="b", topic="urged", to=to, data=DATA) == 2


def test_only_who_may_know_of_a_matter_is_told_of_it() -> None:
    with clock.at(world.START):
        matter = loop.report()
        everybody = [To(account=account(user)) for user in ("clerk", "d2-clerk", "s2-clerk", "system", "supervisor")]
        tell(key="a", topic="urged", to=everybody, data=DATA, matter_id=matter)
    assert told("a") == {"clerk", "supervisor"}


def test_a_unit_complained_of_and_its_people_are_told_nothing() -> None:
    with clock.at(world.START):
        complaint = loop.report(complained_of=("s1-office",))
        to = [To(unit=unit("s1-office")), To(account=account("audit"))]
        tell(key="a", topic="urged", to=to, data=DATA, matter_id=complaint)
    assert told("a") == set()


def test_who_is_away_is_not_told_and_the_stand_in_is() -> None:
    from civicloop.people import standing

    with clock.at(world.START):
        standing.name_stand_in(world.actor("security"), post="worker-post", stand_in="receiver-post")
        standing.enter_leave(
            world.actor("security"), account_id=account("worker"), since=clock.now(),
            until=clock.now() + timedelta(days=2), reason="leave",
        )  # fmt: skip
    with clock.at(world.START + timedelta(hours=1)):
        tell(key="a", topic="urged", to=[To(post=post("worker").pk)], data=DATA)
    assert told("a") == {"receiver"}
    with clock.at(world.START + timedelta(days=3)):
        tell(key="b", topic="urged", to=[To(post=post("worker").pk)], data=DATA)
    assert told("b") == {"worker"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Message("a", "urged", [To(city=True)], {"name": "张三"}), "no placeholders"),
        (Message("a", "urged", [To(city=True)], link="https://elsewhere.example/"), "no page"),
        (Message("a", "urged", [To(city=True)], link="//elsewhere.example/"), "no page"),
        (Message("", "urged", [To(city=True)]), "key"),
        (Message("a", "urged", [To(reporter=True)]), "for the staff"),
        (Message("a", "reporter_done", [To(city=True)]), "for the reporter"),
    ],
)
def test_what_cannot_be_told_is_refused(message: Message, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        actions.tell_all([message])
    assert not Notice.objects.exists()


def test_a_template_that_nobody_has_registered_is_refused() -> None:
    with pytest.raises(LookupError, match="no template 'unheard'"):
        tell(key="a", topic="unheard", to=[To(city=True)])


def test_a_room_above_brings_its_own_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "_templates", dict(wording._templates))
    path = tmp_path / "own.toml"
    path.write_text(
        '[template.own_order]\nzh = { title = "督办件", text = "督办件 {order}[，{due}]。" }\n'
        'en = { title = "Order", text = "Order {order}[, {due}]." }\n'
        'sample = { order = "1", due = "2026-03-03T00:00Z" }\n',
        encoding="utf-8",
    )
    wording.register(path)
    wording.register(path)  # the same again is harmless
    assert tell(key="a", topic="own_order", to=[To(account=account("head"))], data={"order": "D-7"}, link="/orders/7")
    row = Notice.objects.get(key="a")
    assert (row.link, wording.said(row.template, row.data, "zh-hans").text) == ("/orders/7", "督办件 D-7。")
    assert not Delivery.objects.exists()  # its template names no channel
