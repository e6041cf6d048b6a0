"""统一答复: one text reaches everybody who reported the same, each once, however often it is sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters.errors import Refused
from civicloop.notices import broadcasts
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Broadcast, Delivery, Notice
from civicloop.records.models import AuditEntry, ReadEntry
from tests import world
from tests.matters import loop
from tests.notices import telling
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
TEXT = "和顺里一带暖气管道抢修，今晚 8 点前恢复供热。"


@pytest.fixture(autouse=True)
def monday() -> Any:
    with clock.at(world.START + timedelta(hours=1)):
        yield


def reported(phone: str | None, **rest: Any) -> UUID:
    given = {"reporter": {"phone": phone}} if phone else {}
    return loop.report(**(given | rest))


@pytest.fixture
def family() -> list[UUID]:
    """A matter with four joined to it: three phones, one of them twice, one without."""
    head = reported("13800000001")
    found = [head]
    for minute, phone in enumerate(("13800000002", "13800000003", "13800000002", None), 1):
        with clock.at(clock.now() + timedelta(minutes=minute)):
            found.append(reported(phone, parent_id=head))
    return found


def send(user: str, matter: UUID, words: str = TEXT, broadcast: UUID | None = None) -> Broadcast:
    return broadcasts.send(world.actor(user), broadcast_id=broadcast or ids.uuid7(), matter_id=matter, text=words)


def test_everybody_whose_report_was_joined_to_the_case_is_told_and_nobody_else() -> None:
    lead, member, other = (reported(f"1380000001{n}") for n in range(3))
    loop.act("clerk", member, "join", lead=str(lead))
    assert broadcasts.reach(world.actor("clerk"), member).reporters == 2  # asked from any of them
    assert send("clerk", lead).told == 2
    rows = Notice.objects.filter(template="reporter_broadcast")
    assert {row.matter_id for row in rows} == {lead, member}
    assert other not in broadcasts.reach(world.actor("clerk"), lead).once


def test_everybody_is_told_once_and_nobody_opens_a_number_to_find_out(family: list[UUID]) -> None:
    found = broadcasts.reach(world.actor("clerk"), family[0])
    assert (found.matters, found.reporters, found.beyond) == (5, 3, 0)
    assert send("clerk", family[0]).told == 3
    rows = Notice.objects.filter(template="reporter_broadcast")
    assert {row.matter_id for row in rows} == {family[0], family[2], family[3]}  # of one number the newest report
    assert all(TEXT in telling.words(row) for row in rows)
    assert Delivery.objects.filter(channel="sms", notice__in=rows).count() == 3
    assert not ReadEntry.objects.exists()
    line = AuditEntry.objects.get(action="notices.broadcast")
    assert (line.words, line.object, line.detail["told"]) == ("clerk", str(family[0]), 3)
    assert TEXT not in str(line.detail)


def test_it_does_not_matter_from_which_of_them_it_is_sent(family: list[UUID]) -> None:
    assert broadcasts.reach(world.actor("clerk"), family[4]).reporters == 3


def test_the_same_answer_sent_again_tells_nobody_twice(family: list[UUID]) -> None:
    one = ids.uuid7()
    first, second = send("clerk", family[0], broadcast=one), send("clerk", family[0], f" {TEXT}\n", one)
    assert first.pk == second.pk
    assert Notice.objects.filter(template="reporter_broadcast").count() == 3
    assert AuditEntry.objects.filter(action="notices.broadcast").count() == 1
    with pytest.raises(NoticeError) as reused:
        send("clerk", family[0], "别的话", one)
    assert reused.value.code == "id_reused"


def test_who_has_had_all_messages_is_told_no_more_and_counted(family: list[UUID]) -> None:
    for each in range(4):
        send("clerk", family[0], f"第 {each + 1} 次说明")
    found = broadcasts.reach(world.actor("clerk"), family[0])
    assert (found.reporters, found.beyond) == (0, 3)
    with pytest.raises(NoticeError) as nobody:
        send("clerk", family[0])
    assert nobody.value.code == "nobody"


def test_only_a_dispatcher_or_supervisor_of_the_place_may(family: list[UUID]) -> None:
    assert send("supervisor", family[0]).told == 3
    for user in ("leader", "checker", "grid"):
        with pytest.raises(NoticeError) as refused:
            send(user, family[0])
        assert refused.value.code == "forbidden"
    for user in ("d2-clerk", "s2-clerk", "system"):
        with pytest.raises(Refused) as hidden:
            send(user, family[0])
        assert hidden.value.code == "not_found"


def test_a_complaint_among_them_is_answered_by_nobody_who_may_not_see_it() -> None:
    head = reported("13800000001")
    reported("13800000002", parent_id=head, complained_of=("s1-centre",))
    assert broadcasts.reach(world.actor("clerk"), head).matters == 1
    assert send("clerk", head).told == 1


@pytest.mark.parametrize(("words", "code"), [("  ", "missing"), ("长" * 301, "too_long"), ("\x00", "too_long")])
def test_words_that_cannot_be_sent_are_refused(family: list[UUID], words: str, code: str) -> None:
    with pytest.raises(NoticeError) as refused:
        send("clerk", family[0], words)
    assert refused.value.code == code
    assert not Broadcast.objects.exists()


def test_the_page_shows_how_many_and_the_words_before_anything_is_sent(family: list[UUID]) -> None:
    client, url = signed_in("clerk"), f"/matters/{family[0]}/broadcast"
    assert f'href="{url}"' in text(client.get(f"/matters/{family[0]}"))
    page = text(client.get(url))
    assert "将告知：3 人" in page
    one = str(ids.uuid7())
    looked = text(client.post(url, {"id": one, "text": TEXT, "step": "look"}))
    assert "发给 3 人" in looked
    assert TEXT in looked
    assert not Broadcast.objects.exists()
    done = client.post(url, {"id": one, "text": TEXT, "step": "send"}, follow=True)
    assert "正在发给 3 人" in text(done)
    client.post(url, {"id": one, "text": TEXT, "step": "send"})
    assert Broadcast.objects.get().told == 3
    assert client.post(url, {"id": "x", "text": TEXT, "step": "send"}).status_code == 422
    assert client.post(url, {"id": str(ids.uuid7()), "text": "", "step": "send"}).status_code == 422


def test_the_page_is_not_for_others(family: list[UUID]) -> None:
    url = f"/matters/{family[0]}/broadcast"
    assert signed_in("d2-clerk").get(url).status_code == 404
    assert signed_in("checker").get(url).status_code == 403
    assert "broadcast" not in text(signed_in("checker").get(f"/matters/{family[0]}"))
