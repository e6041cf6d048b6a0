"""One content has one byte form (RFC 8785), whoever wrote it down and in whatever order."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation.canonical import canonical, fingerprint

EXACT = 2**53 - 1  # beyond it a whole float is written as digits that no integer may have
scalars = st.none() | st.booleans() | st.integers(-EXACT, EXACT) | st.floats(-EXACT, EXACT)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def test_the_example_of_the_standard() -> None:
    # RFC 8785, 3.2.2 to 3.2.4
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        canonical(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_ordered_by_utf16_units() -> None:
    # RFC 8785, 3.2.3: U+1F600 is written with surrogates, which come before U+FB33
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == '{"a":3,"\U0001f600":2,"\ufb33":1}'.encode()


@given(values)
def test_it_is_json_that_says_the_same(value: object) -> None:
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


@given(st.dictionaries(texts, scalars, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
    assert fingerprint(dict(reversed(value.items()))) == fingerprint(value)


@given(values | st.dictionaries(st.text("aZ09_\x00\x1f\x7f\u2028\ufb33\U0001f600", max_size=3), values))
def test_the_quick_way_gives_the_bytes_of_the_standard(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_moments_are_utc_with_microseconds() -> None:
    there = datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    assert canonical(there) == b'"2026-03-01T00:00:00.000000Z"'
    assert canonical(there.astimezone(UTC)) == canonical(there)


def test_the_other_known_types() -> None:
    key = UUID("01900000-0000-7000-8000-000000000000")
    assert canonical({"id": key, "day": date(2026, 3, 1), "pair": (1, 2), "set": {"b", "a"}}) == (
        b'{"day":"2026-03-01","id":"01900000-0000-7000-8000-000000000000","pair":[1,2],"set":["a","b"]}'
    )


@pytest.mark.parametrize("value", [Decimal("1.5"), datetime(2026, 3, 1), b"bytes", object(), {"deep": [b"x"]}])  # noqa: DTZ001
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800"])
def test_what_cannot_be_written_exactly_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


def test_fingerprints_tell_contents_apart() -> None:
    assert len(fingerprint({})) == 32
    assert len({fingerprint(each) for each in ({}, [], "", None, 0, False, {"a": None}, {"a": "null"})}) == 8
