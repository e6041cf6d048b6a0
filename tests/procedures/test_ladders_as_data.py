"""A ladder is a file; what is wrong with one is named, all at once, and the shipped ones are sound."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicloop.calendars import shipped
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.body import calendar_of
from civicloop.calendars.rules.limits import Limit
from civicloop.procedures import actions, selectors
from civicloop.procedures.rules import ladders, reading
from civicloop.procedures.rules.tables import DeclarationRefused
from civicloop.records.models import AuditEntry
from tests.conftest import size

CALENDAR = calendar_of("cn-8h", 1, shipped.content("cn-8h"))
MARK = '[[mark]]\ncode = "a"\nat = "50 %"\nzh = "甲"\nen = "A"\n'
HEAD = 'code = "x"\nversion = 1\nzh = "乙"\nen = "X"\n'


def faults(text: str) -> set[str]:
    with pytest.raises(DeclarationRefused) as refused:
        ladders.parse(tomllib.loads(text))
    return {fault.code for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD, "no_marks"),
        (HEAD + MARK + MARK, "twice"),
        (HEAD + MARK.replace("50 %", "150 %"), "not_a_share"),
        (HEAD + MARK.replace("50 %", "later"), "not_a_moment"),
        (HEAD + MARK.replace("50 %", "due + 3 days"), "ambiguous_unit"),
        (HEAD + MARK.replace("50 %", "due - 1 work_hour"), "not_civil"),
        (HEAD + MARK + 'colour = "blue"\n', "unknown_value"),
        (HEAD + MARK + 'remind = ["everybody"]\n', "unknown_receiver"),
        (HEAD + MARK + 'repeat = "1 work_day"\n', "repeat_needs_times"),
        (HEAD + MARK + 'repeat = "1 work_day"\ntimes = 3\n', "cannot_repeat"),
        (HEAD + MARK + "shout = true\n", "unknown_key"),
        (HEAD + MARK.replace("50 %", "due") + MARK.replace('"a"', '"b"'), "out_of_order"),
        (HEAD.replace("version = 1", "version = 0") + MARK, "too_small"),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str) -> None:
    assert code in faults(text)


def test_every_clock_of_the_shipped_procedures_names_a_ladder_that_is_there() -> None:
    for path in reading.SHIPPED.glob("*.toml"):
        for declared in reading.load(path).clocks.values():
            assert declared.ladder is None or declared.ladder in selectors.shipped_ladders()
    assert selectors.STAGE_LADDER in selectors.shipped_ladders()


@settings(max_examples=size(60, 2000))
@given(
    start=st.integers(0, 430_000).map(lambda minutes: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)),
    limit=st.builds(
        lambda number, unit: Limit.parse(f"{number} {unit}"), st.integers(1, 40),
        st.sampled_from(["urgent_hour", "work_hour", "work_day", "natural_day", "legal_day", "legal_work_day"]),
    ),
    extensions=st.integers(0, 2),
    code=st.sampled_from(sorted(selectors.shipped_ladders())),
)  # fmt: skip
def test_marks_come_in_their_order_and_the_due_one_at_the_due_moment(
    start: datetime, limit: Limit, extensions: int, code: str
) -> None:
    due = arithmetic.due(CALENDAR, start, limit, (), extensions).moment
    running = ladders.Running(CALENDAR, start, due, limit, (), extensions)
    ladder = selectors.shipped_ladders()[code]
    moments = [ladders.moment(mark, running) for mark in ladder.marks]
    assert moments == sorted(moments)
    at = dict(zip((mark.code for mark in ladder.marks), moments, strict=True))
    assert at.get("due", due) == due
    for now in (start, due, due + timedelta(days=3)):
        assert ladders.passed(ladder, running, now) == sum(each <= now for each in moments)


@pytest.mark.django_db
def test_a_citys_version_is_stored_once_and_told() -> None:
    text = HEAD + MARK
    row = actions.load_ladder(actor_id=None, text=text)
    assert actions.load_ladder(actor_id=None, text=text) == row
    assert [mark.code for mark in selectors.ladder("x").marks] == ["a"]
    with pytest.raises(actions.OtherContent):
        actions.load_ladder(actor_id=None, text=text.replace("50 %", "60 %"))
    assert AuditEntry.objects.filter(action="ladders.load").count() == 1
    with pytest.raises(DeclarationRefused):
        actions.load_ladder(actor_id=None, text="code = ")
    assert selectors.ladder("nobody wrote this").code == selectors.STAGE_LADDER
