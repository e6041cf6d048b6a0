"""What acts leave in the outbox reaches whom the rules name, once, with nobody's words and nobody who may not know."""

from datetime import timedelta
from uuid import UUID

import pytest

from civicloop.foundation import clock
from civicloop.matters import jobs as matters
from civicloop.matters.models import Clock, Outbox
from civicloop.notices import consuming
from civicloop.notices.models import Delivery, Notice
from civicloop.people.models import Unit
from tests import world
from tests.matters import loop
from tests.notices import telling

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def matter() -> UUID:
    """Reported by somebody with a phone, and being handled."""
    with clock.at(world.START):
        found = telling.reported()
        loop.to_handling(found)
    return found


def test_the_worker_it_was_given_to_is_told_and_nobody_of_the_own_act(matter: UUID) -> None:
    with clock.at(world.START + HOUR):
        telling.consumed()
    assert telling.of_user("worker") == ["arrived"]
    assert telling.of_user("clerk") == telling.of_user("receiver") == []  # they work from their lists
    row = Notice.objects.get(account_id=telling.account("worker"), matter_id=matter)
    assert row.data["step"]["zh-hans"] == "处置中"
    assert not Outbox.objects.filter(taken_at=None).exists()


def test_taking_the_outbox_again_tells_nobody_twice(matter: UUID) -> None:
    with clock.at(world.START + HOUR):
        telling.consumed()
        before = Notice.objects.count()
        assert consuming.consume() == 0
        Outbox.objects.update(taken_at=None)  # as after a restore of an older state
        telling.consumed()
    assert Notice.objects.count() == before


def test_a_reporter_reads_received_who_has_it_please_look_and_done(matter: UUID) -> None:
    with clock.at(world.START + HOUR):
        loop.to_check(matter)
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "pass")
        loop.act("clerk", matter, "close")
        telling.consumed()
    assert telling.to_reporter(matter) == ["reporter_received", "reporter_handed", "reporter_look", "reporter_done"]
    handed = Notice.objects.get(recipient=f"reporter:{matter}", template="reporter_handed")
    assert "东风街道办事处" in telling.words(handed)
    assert set(Delivery.objects.filter(notice__recipient=f"reporter:{matter}").values_list("channel", flat=True)) == {
        "sms"
    }


def test_who_left_no_phone_is_sent_nothing() -> None:
    with clock.at(world.START):
        matter = loop.report()
        telling.consumed()
    assert telling.to_reporter(matter) == []


def test_a_reporter_gets_five_messages_at_most_and_the_last_is_how_it_ended(matter: UUID) -> None:
    with clock.at(world.START + HOUR):
        telling.consumed()
        for _again in range(2):
            loop.to_check(matter)
            loop.photo(matter, "other")
            loop.act("checker", matter, "post_check", "fail", reason="仍有缺口")
            telling.consumed()
        assert telling.to_reporter(matter) == [
            "reporter_received", "reporter_handed", "reporter_look", "reporter_handed",
        ]  # fmt: skip
        loop.to_check(matter)
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "pass")
        loop.act("clerk", matter, "close")
        telling.consumed()
    assert telling.to_reporter(matter)[4:] == ["reporter_done"]


def test_a_mark_of_the_ladder_tells_the_unit_then_its_superior(matter: UUID) -> None:
    due = Clock.objects.get(matter_id=matter, name="handle").due_at
    assert due is not None
    with clock.at(due + timedelta(minutes=1)):
        matters.sweep_matter(matter)
        telling.consumed()
    assert telling.of_user("worker")[-1] == "mark"
    assert telling.of_user("supervisor") == ["mark"]
    row = Notice.objects.get(account_id=telling.account("supervisor"))
    assert row.cause_at == due
    assert "到达时限" in telling.words(row)


def test_an_emergency_reaches_whole_desks_at_once() -> None:
    with clock.at(world.START):
        matter = loop.report("clerk", channel="desk")
        ordered = clock.now().isoformat()
        answering = Unit.objects.get(code="s1-office").pk
        loop.act("clerk", matter, "order_orally", ordered_at=ordered, note="电线坠落", answering=answering)
        telling.consumed()
    rows = Notice.objects.filter(matter_id=matter, template="arrived_urgent")
    assert {row.urgency for row in rows} == {2}
    assert telling.account("receiver") in {row.account_id for row in rows}


def test_a_complaint_reaches_nobody_of_the_unit_and_says_neither_kind_nor_unit() -> None:
    with clock.at(world.START):
        complaint = telling.reported(complained_of=("s1-office",), kind="01001")
        telling.consumed()
        with clock.at(world.START + timedelta(days=3)):
            matters.sweep_matter(complaint)
            telling.consumed()
    inside = {telling.account(user) for user in ("receiver", "worker", "head")}
    rows = Notice.objects.filter(matter_id=complaint)
    assert rows
    assert not inside & set(rows.values_list("account_id", flat=True))
    assert all("unit" not in row.data and "kind" not in row.data for row in rows)


def test_no_notice_holds_words_of_a_matter_or_of_a_person(matter: UUID) -> None:
    with clock.at(world.START + timedelta(days=2)):
        matters.sweep_matter(matter)
        telling.consumed()
    written = str(list(Notice.objects.values_list("key", "data", "link"))) + str(list(Delivery.objects.values_list()))
    assert Notice.objects.count() > 3
    for word in ("井盖不见了", "井盖缺失", "张三", telling.PHONE, telling.PHONE[:7]):
        assert word not in written


def test_what_is_too_old_is_taken_and_told_to_nobody(matter: UUID) -> None:
    with clock.at(world.START + timedelta(days=8)):
        telling.consumed()
    assert not Outbox.objects.filter(taken_at=None).exists()
    assert not Notice.objects.exclude(template="desk_hours").exists()


def test_a_message_that_cannot_be_told_keeps_no_other(matter: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Outbox.objects.filter(matter_id=matter, topic="moved").order_by("seq").first()
    assert bad is not None
    right = consuming._of_row

    def refusing(row, *rest):  # type: ignore[no-untyped-def]
        if row.key == (bad.matter_id, bad.seq, bad.no):
            raise KeyError("a fault")
        return right(row, *rest)

    monkeypatch.setattr(consuming, "_of_row", refusing)
    with clock.at(world.START + HOUR):
        telling.consumed()
        assert list(Outbox.objects.filter(taken_at=None).values_list("seq", "no")) == [(bad.seq, bad.no)]
        assert telling.of_user("worker") == ["arrived"]
        monkeypatch.undo()
        consuming._left.clear()
        telling.consumed()
    assert not Outbox.objects.filter(taken_at=None).exists()
