"""Whose calendar counts: the unit's own, else that of the unit above, of the district, of the city."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from civicloop.calendars import actions as calendars
from civicloop.calendars import editing
from civicloop.calendars import selectors as published
from civicloop.foundation import clock
from civicloop.matters import working
from civicloop.matters.models import Clock
from civicloop.people.models import Unit
from civicloop.records import actions as records
from civicloop.records import settings
from tests.matters import loop

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = datetime(2026, 3, 3, 9, tzinfo=ZONE)


@pytest.fixture
def closed_on_thursday() -> None:
    """A second calendar in which one ordinary Thursday is off."""
    content = published.content("cn-8h", published.working_calendar("cn-8h").version)
    off = editing.rule_of("holiday", (), {"zh-hans": "本区休息"})
    content = editing.with_days(content, first=date(2026, 3, 5), last=date(2026, 3, 5), rule=off)
    calendars.publish(actor_id=None, actor_words="tests", code="other", content=content)


def put(scope: str, code: str) -> None:
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code=working.SETTING, scope=scope, value=code)
    settings.forget()


def handled() -> UUID:
    with clock.at(TUESDAY):
        matter = loop.report(kind="01001")
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        return matter


def handle(matter: UUID) -> Clock:
    return Clock.objects.get(matter_id=matter, name="handle")


def test_a_units_own_calendar_decides_and_clocks_that_run_keep_theirs(closed_on_thursday: None) -> None:
    before = handled()
    due = handle(before).due_at
    assert due is not None
    unit = Unit.objects.get(code="s1-office")
    put(f"unit:{unit.code}", "other")
    after = handled()
    assert (handle(before).calendar, handle(after).calendar) == ("cn-8h", "other")
    assert handle(before).due_at == due
    assert handle(after).due_at != due
    assert Clock.objects.filter(matter_id=after).exclude(name="handle").first().calendar == "cn-8h"  # type: ignore[union-attr]


def test_a_districts_calendar_holds_for_its_units_unless_they_have_their_own(closed_on_thursday: None) -> None:
    put("district:990101", "other")
    assert handle(handled()).calendar == "other"
    put("unit:s1-office", "cn-8h")
    assert handle(handled()).calendar == "cn-8h"


def test_a_calendar_that_does_not_exist_is_refused(closed_on_thursday: None) -> None:
    with pytest.raises(settings.SettingRefused) as refused:
        put("installation", "nobody")
    assert refused.value.code == "unknown"
    assert handle(handled()).calendar == "cn-8h"
    put("installation", "other")
    assert handle(handled()).calendar == "other"


def test_nothing_is_looked_up_where_no_unit_differs(closed_on_thursday: None) -> None:
    working.forget()
    handled()
    assert working._above == {}
