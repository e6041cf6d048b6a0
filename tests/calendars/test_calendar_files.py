"""Calendar files: read, refused with every fault, written in the form in which they are read."""

import tomllib

import pytest

from civicloop.calendars import files, shipped
from civicloop.calendars.rules.body import CalendarRefused, calendar_of, content_of


def test_a_written_calendar_reads_as_the_same(cn):
    text = files.written(content_of(cn))
    assert calendar_of("cn-8h", 0, tomllib.loads(text)) == cn
    assert files.written(content_of(calendar_of("cn-8h", 0, tomllib.loads(text)))) == text


def test_every_shipped_calendar_is_sound():
    for code in shipped.codes():
        assert shipped.calendar(code).names["zh-hans"]


def test_all_faults_are_named_at_once():
    content = {
        "zone": "Asia/Nowhere",
        "week": {"monday": ["8-12"], "funday": []},
        "day": [
            {"kind": "party", "on": "2026-01-01"},
            {"kind": "holiday", "from": "2026-02-30", "to": "2026-03-01"},
            {"kind": "holiday", "from": "2026-03-02", "to": "2026-03-01"},
            {"kind": "holiday", "on": "2026-05-01", "name": {"en": "Labour Day"}},
            {"kind": "holiday", "on": "2026-05-01"},
            {"kind": "special", "on": "2026-05-02"},
        ],
        "colour": "red",
    }
    with pytest.raises(CalendarRefused) as refused:
        calendar_of("odd", 0, content)
    said = "\n".join(refused.value.faults)
    for words in (
        "Nowhere",
        "week.monday",
        "funday",
        "party",
        "2026-02-30",
        "reversed",
        "Chinese",
        "already",
        "colour",
        "day 6",
    ):
        assert words in said


@pytest.mark.parametrize(
    "week",
    [{}, {"monday": ["08:00-12:00", "11:00-13:00"]}, {"monday": ["25:00-26:00"]}],
    ids=["nobody works", "overlap", "no hour"],
)
def test_a_week_that_cannot_be_is_refused(week):
    with pytest.raises(CalendarRefused):
        calendar_of("odd", 0, {"zone": "UTC", "week": week})


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    path = tmp_path / "odd.toml"
    path.write_bytes(b"\xff\xfe not toml")
    with pytest.raises(CalendarRefused):
        files.read(path)
