"""Calendars as versions in the database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.calendars import actions, selectors, shipped
from civicloop.calendars.models import CalendarVersion
from civicloop.calendars.rules.body import CalendarRefused
from civicloop.foundation import caches, clock

pytestmark = pytest.mark.django_db
WHO = {"actor_id": None, "actor_words": "test"}
NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing(db) -> None:
    """No calendar yet, until the end of the test."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM calendars_calendarversion")
        cursor.execute("DELETE FROM calendars_calendar")
    caches.forget_all()


def test_the_shipped_calendars_are_loaded_once():
    actions.load_shipped(**WHO)
    actions.load_shipped(**WHO)
    assert CalendarVersion.objects.count() == len(shipped.codes())
    assert selectors.working_calendar("cn-8h", NOW - timedelta(days=900)).version == 1
    assert selectors.working_calendar("cn-8h").day_minutes == 480


def test_a_changed_calendar_is_a_new_version_and_the_old_one_stays():
    with clock.at(NOW):
        actions.load_shipped(**WHO)
        content = shipped.content("cn-8h") | {"day_minutes": 420}
        made = actions.publish(**WHO, code="cn-8h", content=content)
    assert made.version == 2
    assert selectors.working_calendar("cn-8h", NOW - timedelta(seconds=1)).day_minutes == 480
    assert selectors.working_calendar("cn-8h", NOW).day_minutes == 420
    assert selectors.calendar_version("cn-8h", 1).day_minutes == 480


def test_a_bad_calendar_is_refused_and_nothing_is_written():
    with pytest.raises(CalendarRefused):
        actions.publish(**WHO, code="odd", content={"zone": "UTC", "week": {}})
    with pytest.raises(CalendarRefused, match="Chinese"):
        actions.publish(**WHO, code="odd", content={"zone": "UTC", "week": {"monday": ["08:00-12:00"]}})
    assert CalendarVersion.objects.count() == 0


def test_an_unknown_calendar_is_said():
    with pytest.raises(selectors.UnknownCalendar):
        selectors.working_calendar("nowhere")
    with pytest.raises(selectors.UnknownCalendar):
        selectors.calendar_version("cn-8h", 7)


def test_asking_again_costs_no_statement():
    actions.load_shipped(**WHO)
    selectors.working_calendar("cn-8h")
    with CaptureQueriesContext(connection) as queries:
        for _ in range(50):
            selectors.working_calendar("cn-8h")
    assert len(queries) <= 1


def test_another_process_notices_a_new_version(monkeypatch):
    actions.load_shipped(**WHO)
    first = CalendarVersion.objects.get(calendar__code="cn-8h")
    selectors.working_calendar("cn-8h")
    CalendarVersion.objects.create(
        calendar=first.calendar, version=2, body={**first.body, "day_minutes": 420}, valid_from=first.valid_from,
        published_words="another process",
    )  # fmt: skip
    assert selectors.working_calendar("cn-8h").version == 1
    monkeypatch.setattr(selectors, "RECHECK_SECONDS", 0.0)
    assert selectors.working_calendar("cn-8h").version == 2


def run(*words: object):
    from click.testing import CliRunner

    from civicloop.calendars.commands import calendars

    return CliRunner().invoke(calendars, [str(word) for word in words])


def test_an_exported_file_is_the_same_version_when_imported(tmp_path):
    assert run("import", "--shipped").exit_code == 0
    (tmp_path / "mine.toml").write_text(run("export", "cn-8h").stdout, encoding="utf-8")
    again = run("import", tmp_path / "mine.toml")
    assert (again.exit_code, selectors.working_calendar("cn-8h").version) == (0, 1)


def test_with_one_bad_file_no_file_is_imported(tmp_path):
    (tmp_path / "good.toml").write_text('zone = "UTC"\nname = { zh-hans = "好" }\n[week]\nmonday = ["08:00-12:00"]\n')
    (tmp_path / "bad.toml").write_text('zone = "UTC"\n[week]\nmonday = ["late"]\n')
    answer = run("import", tmp_path / "good.toml", tmp_path / "bad.toml")
    assert answer.exit_code == 1
    assert "week.monday" in answer.stderr
    assert CalendarVersion.objects.count() == 0


def test_a_calendar_that_does_not_exist_cannot_be_exported():
    answer = run("export", "nowhere")
    assert answer.exit_code == 1
    assert "there is no calendar nowhere" in answer.stderr
