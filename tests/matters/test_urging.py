"""催办: who may urge a matter, when, how often; it counts for the unit and marks nobody."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.matters import actions, proof, urging
from civicloop.matters.actions import Act, Done
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Fact, Matter, Outbox
from civicloop.people import access
from tests import world
from tests.matters import loop
from tests.matters.test_the_ladder import MONDAY, handled
from tests.site.desks import signed_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def matter() -> UUID:
    return handled()


def by_reporter(matter: UUID, act_id: UUID | None = None) -> Done:
    actor = access.outsider("reporter", matter)
    return actions.act(actor, Act(matter, "urge", act_id or ids.uuid7()))


def by_staff(user: str, matter: UUID, reason: str = "群众多次来电") -> Done:
    return actions.act(world.actor(user), Act(matter, "urge", ids.uuid7(), None, {"reason": reason}))


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def due_of(matter: UUID) -> timedelta:
    row = Clock.objects.get(matter_id=matter, name="handle")
    assert row.due_at is not None
    return row.due_at - MONDAY


def test_the_reporter_urges_after_half_of_the_limit_and_once_a_day(matter: UUID) -> None:
    with clock.at(MONDAY + HOUR), pytest.raises(Refused) as early:
        by_reporter(matter)
    assert code(early) == "not_yet"
    late = MONDAY + due_of(matter)
    with clock.at(late):
        assert by_reporter(matter).status == 201
    with clock.at(late + 23 * HOUR), pytest.raises(Refused) as soon:
        by_reporter(matter)
    assert code(soon) == "too_soon"
    with clock.at(late + 24 * HOUR):
        by_reporter(matter)
    assert urging.counts([matter]) == {matter: 2}


def test_an_urging_leaves_an_entry_a_fact_and_a_message_and_moves_nothing(matter: UUID) -> None:
    before = Matter.objects.get(id=matter)
    with clock.at(MONDAY + due_of(matter)):
        by_reporter(matter)
    after = Matter.objects.get(id=matter)
    assert (after.step, after.step_version, after.handlers, after.mark) == (
        before.step, before.step_version, before.handlers, before.mark,
    )  # fmt: skip
    assert after.seq == before.seq + 1
    told = Outbox.objects.get(matter_id=matter, topic="urged")
    assert told.body == {"unit": before.unit_id, "by": "reporter", "times": 1}
    assert Fact.objects.get(matter_id=matter, name="urged").unit_id == before.unit_id
    assert proof.verify(matter) == []


def test_the_same_urging_sent_again_counts_once(matter: UUID) -> None:
    again = ids.uuid7()
    with clock.at(MONDAY + due_of(matter)):
        assert [by_reporter(matter, again).status, by_reporter(matter, again).status] == [201, 200]
    assert urging.counts([matter]) == {matter: 1}


def test_a_superior_urges_with_a_reason_once_a_working_day() -> None:
    matter = handled()
    friday = MONDAY + timedelta(days=4)
    with clock.at(friday):
        with pytest.raises(Refused) as bare:
            by_staff("supervisor", matter, " ")
        assert code(bare) == "missing"
        by_staff("supervisor", matter)
        by_staff("leader", matter)  # each for himself
        with pytest.raises(Refused) as again:
            by_staff("supervisor", matter)
        assert code(again) == "too_soon"
    with clock.at(friday + timedelta(days=2)), pytest.raises(Refused) as sunday:
        by_staff("supervisor", matter)
    assert code(sunday) == "too_soon"
    with clock.at(friday + timedelta(days=3)):
        by_staff("supervisor", matter)
    assert urging.counts([matter]) == {matter: 3}


@pytest.mark.parametrize(
    ("user", "refusal"), [("worker", "forbidden"), ("receiver", "forbidden"), ("checker", "forbidden"),
                          ("d2-clerk", "not_found"), ("s2-clerk", "not_found")],
)  # fmt: skip
def test_who_has_no_say_over_the_unit_does_not_urge_it(matter: UUID, user: str, refusal: str) -> None:
    with clock.at(MONDAY + HOUR), pytest.raises(Refused) as refused:
        by_staff(user, matter)
    assert code(refused) == refusal


def test_nobody_urges_the_own_unit_or_what_has_ended() -> None:
    with clock.at(MONDAY):
        mine = loop.report(kind="01001")
        with pytest.raises(Refused) as own:
            by_staff("clerk", mine)
        actions.act(access.outsider("reporter", mine), Act(mine, "withdraw", ids.uuid7(), None, {"reason": "已经好了"}))
        with pytest.raises(Refused) as ended:
            by_reporter(mine)
    assert [code(own), code(ended)] == ["own_unit", "ended"]


def test_the_unit_complained_of_learns_nothing_of_an_urging() -> None:
    from civicloop.people.models import Unit

    about = Unit.objects.get(code="s1-office")
    with clock.at(MONDAY):
        matter = loop.report(kind="01001", confidentiality=1, complained_of=("s1-office",))
    promised = Matter.objects.get(id=matter).due_at or Clock.objects.filter(matter_id=matter).latest("due_at").due_at
    assert promised is not None
    with clock.at(promised):
        with pytest.raises(Refused) as hidden:
            by_staff("head", matter)
        by_reporter(matter)
        assert code(hidden) == "not_found"
        assert Outbox.objects.get(matter_id=matter, topic="urged").body["unit"] != about.id
        assert Fact.objects.get(matter_id=matter, name="urged").unit_id != about.id
        assert signed_in("head").get(f"/matters/{matter}").status_code == 404


def test_a_reporter_urges_over_the_api_with_the_check_code(matter: UUID) -> None:
    code_ = actions.check_code(matter, bytes(Matter.objects.get(id=matter).fingerprint))
    address = f"/api/v1/matters/{matter}/actions/urge"

    def sent(check_code: str) -> int:
        return Client().post(
            address, {"act_id": str(ids.uuid7())}, content_type="application/json",
            headers={"X-Check-Code": check_code},
        ).status_code  # fmt: skip

    with clock.at(MONDAY + due_of(matter)):
        assert [sent("000000000000"), sent(code_), sent(code_)] == [401, 201, 409]
    assert urging.counts([matter]) == {matter: 1}


def test_the_pages_urge_and_show_how_often(matter: UUID) -> None:
    late = MONDAY + due_of(matter)
    with clock.at(late):
        client = Client()
        session = client.session
        session["check_codes"] = [str(matter)]
        session.save()
        assert "催一下" in client.get(f"/status/{matter}").content.decode()
        assert client.post(f"/status/{matter}/urge", {"act_id": str(ids.uuid7())}).status_code == 302
        page = client.get(f"/status/{matter}").content.decode()
        assert "催一下" not in page
        assert "24 小时" in page
        assert Client().post(f"/status/{matter}/urge", {"act_id": str(ids.uuid7())})["Location"] == "/track"

        desk = signed_in("supervisor")
        sent = {"act_id": str(ids.uuid7()), "reason": "请抓紧"}
        assert desk.post(f"/matters/{matter}/urge", sent).status_code == 302
        page = desk.get(f"/matters/{matter}").content.decode()
        assert "催办 2" in page
        assert "请抓紧" in page
        number = Matter.objects.get(id=matter).number
        assert "催办 2" in desk.get("/matters/", {"text": number}).content.decode()
