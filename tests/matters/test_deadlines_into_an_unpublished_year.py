"""A deadline beyond the published calendar is provisional, and counted again when the year is published."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from civicloop.calendars import actions as calendars
from civicloop.calendars import editing
from civicloop.calendars import selectors as published
from civicloop.foundation import clock
from civicloop.matters import jobs, proof, reckoning, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Entry, Matter
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
CODE = "cn-8h"


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZONE)  # type: ignore[arg-type]


def dispatched_on(moment: datetime) -> UUID:
    with clock.at(moment):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        loop.act("receiver", matter, "accept")
        return matter


def publish_2027(**changes: Any) -> int:
    """New Year's days off from the first to the fifth of January."""
    content = published.content(CODE, published.working_calendar(CODE).version)
    off = editing.rule_of("holiday", (), {"zh-hans": "元旦"})
    content = editing.with_days(content, first=date(2027, 1, 1), last=date(2027, 1, 5), rule=off)
    content = editing.with_published_until(content, date(2027, 12, 31)) | changes
    made = calendars.publish(
        actor_id=None, actor_words="tests", code=CODE, content=content, valid_from=at(2026, 12, 31)
    )
    return made.version


def handle(matter: UUID) -> Clock:
    return Clock.objects.get(matter_id=matter, name="handle")


def test_it_is_provisional_then_counted_again_with_an_entry() -> None:
    matter = dispatched_on(at(2026, 12, 31, 16))
    before = handle(matter)
    assert before.provisional
    with clock.at(at(2026, 12, 31, 17)):
        assert jobs.recounted() == 0  # nothing is published
        version = publish_2027()
        assert jobs.recounted() == 1
        assert jobs.recounted() == 0
    after = handle(matter)
    assert (after.provisional, after.calendar_version) == (False, version)
    assert after.due_at is not None
    assert before.due_at is not None
    assert (after.due_at - before.due_at).days in range(2, 8)
    assert Matter.objects.get(id=matter).due_at == after.due_at
    entry = Entry.objects.get(matter_id=matter, action="recount")
    assert proof.verify(matter) == []
    with clock.at(at(2026, 12, 31, 17, 30)):
        seen = selectors.seen_by(world.actor("clerk"), matter)
        mine = next(row for row in reckoning.clocks(seen) if row.name == "handle")
        assert mine.due_at == after.due_at
        counted = sum((i.end - i.start).total_seconds() for i in mine.pieces if i.counted and not i.over)
        assert counted / 3600 == pytest.approx(float(after.limit.split()[0]) * 8)
    assert entry.account_id is None


def test_longer_days_of_the_new_year_change_no_promise() -> None:
    """What a working day holds stays as it was: two of eight hours are sixteen hours, also where days have nine."""
    matter = dispatched_on(at(2026, 12, 31, 16))
    hours = float(handle(matter).limit.split()[0]) * 8
    with clock.at(at(2026, 12, 31, 17)):
        nine = ["08:00-12:00", "13:00-18:00"]
        week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), nine)
        publish_2027(week=week | {"saturday": [], "sunday": []}, day_minutes=540)
        assert jobs.recounted() == 1
    after = handle(matter)
    unit = after.limit.split()[1]
    assert unit == "work_hour"
    assert float(after.limit.split()[0]) == hours


def test_a_clock_that_stands_still_is_counted_when_it_goes_on() -> None:
    matter = dispatched_on(at(2026, 12, 31, 16))
    Clock.objects.filter(matter_id=matter, name="handle").update(
        state="paused", pauses=[[at(2026, 12, 31, 16, 30).isoformat(), None, "hold"]]
    )
    with clock.at(at(2026, 12, 31, 17)):
        version = publish_2027()
        assert jobs.recounted() == 1
        assert jobs.recounted() == 0
    row = handle(matter)
    assert (row.calendar_version, row.state) == (version, "paused")


def test_nobody_but_the_platform_counts_again() -> None:
    matter = dispatched_on(at(2026, 12, 31, 16))
    with clock.at(at(2026, 12, 31, 17)):
        publish_2027()
        with pytest.raises(Refused) as refused:
            loop.act("clerk", matter, "recount")
    assert refused.value.status == 403
