"""Nobody is told too much: ten messages a day, a summary for the rest, quiet hours, desks at their hours only."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicloop.foundation import clock
from civicloop.notices import digests, jobs
from civicloop.notices.actions import To, Urgency, tell
from civicloop.notices.models import Delivery, Notice
from civicloop.notices.rules import quiet
from civicloop.records import actions as records
from tests import world
from tests.conftest import size
from tests.matters import loop
from tests.notices import telling
from tests.site import desks

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")


def at(hours: float, day: int = 0) -> datetime:
    """A time of day in Shanghai, on the Monday on which the tests begin."""
    midnight = datetime.combine(date(2026, 3, 2), time(0), tzinfo=ZONE)
    return (midnight + timedelta(days=day, hours=hours)).astimezone(UTC)


def told(number: int, user: str = "head", *, urgency: Urgency | None = None, begin: int = 0) -> None:
    for each in range(begin, begin + number):
        tell(key=f"n{each}", topic="urged", to=[To(account=telling.account(user))], urgency=urgency,
             data={"number": "20260303-0000123-K", "times": each})  # fmt: skip


def sent() -> int:
    return Delivery.objects.filter(state="sent").count()


def test_ten_messages_a_day_and_the_rest_in_one_summary() -> None:
    telling.contact("head")
    with clock.at(at(9)):
        told(25)
        jobs.send_all()
        assert telling.states() == {"sent": 9, "digest": 16}
    with clock.at(at(17.4)):
        assert digests.fold() == 0
    with clock.at(at(17.5)):
        assert (digests.fold(), digests.fold()) == (1, 0)
        jobs.send_all()
    assert telling.states() == {"sent": 10, "folded": 16}
    summary = Notice.objects.get(template="digest")
    assert telling.words(summary) == "今天的消息汇总：另有 16 条消息：催办 16。详情在收件箱。"
    assert set(Delivery.objects.filter(state="folded").values_list("digest_id", flat=True)) == {summary.pk}
    assert len(telling.of_user("head")) == 25  # the inbox has every one
    with clock.at(at(9, 1)):
        told(3, begin=100)
        jobs.send_all()
    assert sent() == 13


def test_what_is_urgent_goes_out_beyond_the_bound_at_night_and_by_every_way() -> None:
    telling.contact("head")
    telling.contact("head", "chat", "head-id", muted=True)
    with clock.at(at(9)):
        told(12)
        jobs.send_all()
        told(1, urgency=Urgency.URGENT, begin=50)
    with clock.at(at(23)):
        jobs.send_all()
        assert set(Delivery.objects.filter(notice__key="n50", state="sent").values_list("channel", flat=True)) == {
            "email", "chat",
        }  # fmt: skip


@pytest.mark.parametrize(("asked", "goes"), [(12.5, 14.0), (21, 31.5), (6, 7.5), (11.9, 11.9), (20, 31.5), (14, 14)])
def test_quiet_hours_hold_until_their_end(asked: float, goes: float) -> None:
    telling.contact("head")
    with clock.at(at(asked)):
        told(1)
        jobs.send_all()
    assert Delivery.objects.get().due_at == at(goes)
    with clock.at(at(goes)):
        jobs.send_all()
    assert telling.states() == {"sent": 1}


def test_a_retry_that_comes_due_at_noon_waits_for_the_afternoon() -> None:
    telling.contact("head")
    with clock.at(at(11)):
        told(1)
        Delivery.objects.update(due_at=at(12.1))
    with clock.at(at(12.1)):
        jobs.send_all()
    row = Delivery.objects.get()
    assert (row.state, row.due_at, row.tries) == ("waiting", at(14), 0)


def test_a_city_sets_its_own_bound_and_hours() -> None:
    for code, value in (("notices.most_a_day", 3), ("notices.quiet", ""), ("notices.digest_at", "22:00")):
        records.set_setting(actor_id=None, post_id=None, actor_words="tests", code=code, value=value)
    telling.contact("head")
    with clock.at(at(12.5)):
        told(5)
        jobs.send_all()
    assert telling.states() == {"sent": 2, "digest": 3}
    assert set(Delivery.objects.filter(state="digest").values_list("due_at", flat=True)) == {at(22)}


def test_a_muted_way_gets_only_what_is_urgent_and_the_next_way_is_taken() -> None:
    telling.contact("head", "chat", "head-id", muted=True)
    with clock.at(at(9)):
        told(1)
        assert not Delivery.objects.exists()
        telling.contact("head")
        told(1, begin=1)
    assert list(Delivery.objects.values_list("channel", flat=True)) == ["email"]


def test_a_phone_number_gets_ten_messages_a_day_whoever_typed_it_in() -> None:
    with clock.at(at(9)):
        matters = [telling.reported() for _each in range(14)]
        telling.consumed()
        assert Notice.objects.filter(template="reporter_received").count() == 10
        other = loop.report(reporter={"phone": "13900000000"})
        telling.consumed()
        assert telling.to_reporter(other) == ["reporter_received"]
    with clock.at(at(9, 1)):
        loop.act("clerk", matters[0], "decline", not_filed_reason="not_found", reason="不属受理范围")
        telling.consumed()
    assert telling.to_reporter(matters[0])[-1] == "reporter_answered"


def test_a_report_that_waits_apart_is_confirmed_to_no_number() -> None:
    from civicloop.foundation import ids
    from civicloop.matters import doubts

    with clock.at(at(9)):
        matter = telling.reported()
        doubts.put_apart(matter, ["haste"])
        telling.consumed()
        assert telling.to_reporter(matter) == []
        doubts.trust(world.actor("clerk"), matter, ids.uuid7())
        loop.to_handling(matter)
        telling.consumed()
    assert telling.to_reporter(matter) == ["reporter_handed"]


def test_receiving_desks_are_reminded_at_their_hours_and_not_of_each_matter() -> None:
    with clock.at(at(9)):
        for _each in range(3):
            desks.dispatched()
        telling.consumed()
    assert telling.of_user("receiver") == []
    with clock.at(at(11.6)):
        telling.consumed()
        assert digests.remind_desks() == 0
    assert telling.of_user("receiver") == ["desk_hours"]
    assert "3 件等着接收或办理" in telling.words(Notice.objects.get(template="desk_hours"))
    with clock.at(at(16.5)):
        telling.consumed()
    with clock.at(at(21)):
        telling.consumed()  # too late for a reminder
    assert telling.of_user("receiver") == ["desk_hours"] * 2
    with clock.at(at(11.6, 5)):
        telling.consumed()  # a Saturday
    assert telling.of_user("receiver") == ["desk_hours"] * 2


def test_two_workers_remind_a_desk_once() -> None:
    with clock.at(at(9)):
        desks.dispatched()
    with clock.at(at(11.6)):
        digests.remind_desks()
        digests._reminded.clear()  # another process
        assert digests.remind_desks() == 0
    assert telling.of_user("receiver") == ["desk_hours"]


SPANS = st.tuples(st.times(), st.times()).map(lambda both: quiet.Hours(*(t.replace(microsecond=0) for t in both)))


@settings(max_examples=size(200, 1000))
@given(st.integers(0, 365 * 24 * 60), st.lists(SPANS, max_size=3))
def test_the_first_allowed_moment_is_never_earlier_and_lies_outside_quiet_hours(
    minutes: int, spans: list[quiet.Hours]
) -> None:
    asked = at(0) + timedelta(minutes=minutes)
    found = quiet.allowed(asked, spans, ZONE)
    assert found >= asked
    wall = found.astimezone(ZONE).time()
    whole = all(any(span.holds(time(hour, minute)) for span in spans) for hour in range(24) for minute in range(60))
    assert whole or not any(span.holds(wall) for span in spans)
    assert quiet.allowed(found, spans, ZONE) == found or whole


def test_waits_grow_and_end() -> None:
    minutes = [quiet.wait(tries).total_seconds() / 60 for tries in range(1, 8)]
    assert minutes == [1, 5, 25, 125, 240, 240, 240]


@pytest.mark.parametrize("text", ["25:00-07:00", "12:00", "12-14 x", "a-b"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        quiet.hours(text)


def test_old_notices_go_with_their_log_and_their_files(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR, kept = tmp_path, settings.DATA_DIR
    (tmp_path / "keys").symlink_to(kept / "keys")
    with clock.at(at(9)):
        telling.contact("head")
        told(2)
        jobs.send_all()
    with clock.at(world.START + timedelta(days=399)):
        assert jobs.forget_old() == 0
        told(1, begin=7)
    with clock.at(world.START + timedelta(days=402)):
        assert jobs.forget_old() == 2
    assert list(Notice.objects.values_list("key", flat=True)) == ["n7"]
    assert Delivery.objects.count() == 1
