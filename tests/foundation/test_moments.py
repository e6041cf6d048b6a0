"""Dates and moments as people write them into files and commands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import moments

ZONE = "Asia/Shanghai"


@pytest.mark.parametrize("text", ["2026-07-01", "2026/7/1", "2026-7-1 ", "2026/07/01 00:00", "2026-06-30T16:00:00Z"])
def test_a_date_is_its_first_moment_in_the_city(text: str) -> None:
    assert moments.read(text, ZONE) == datetime(2026, 6, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "1.7.2026", "20260701", "2026-07-01x"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moments.read(text, ZONE)


@given(st.integers(700_000_000_000_000, 7_000_000_000_000_000))
def test_what_is_written_is_read_as_the_same_moment(microseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert moments.read(moments.written(moment, ZONE), ZONE) == moment
    assert moments.written(None, ZONE) == ""
