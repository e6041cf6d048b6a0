"""Plain data goes out as TOML and comes in as it was, in its order."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import toml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
single = st.one_of(st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False), texts)
values = st.recursive(single, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)), max_leaves=20)


def in_order(plain: Any) -> Any:
    """Nested lists of pairs, so that the order of keys is compared, too."""
    if isinstance(plain, dict):
        return [(key, in_order(inner)) for key, inner in plain.items()]
    return [in_order(inner) for inner in plain] if isinstance(plain, list) else plain


@given(st.dictionaries(texts, values, max_size=6))
def test_what_is_written_is_read_again(plain: dict[str, Any]) -> None:
    assert tomllib.loads(toml.document(plain)) == plain


@given(
    st.dictionaries(texts, st.dictionaries(texts, st.dictionaries(texts, single, max_size=3), max_size=3), max_size=3)
)
def test_tables_keep_the_order_of_their_entries(plain: dict[str, Any]) -> None:
    assert in_order(tomllib.loads(toml.document(plain))) == in_order(plain)


def test_long_entries_get_headings_of_their_own() -> None:
    plain = {"code": "x", "step": {"a b": {"zh": "待办" * 60}, "c": {}}, "mark": [{"at": "due"}, {"at": "50 %"}]}
    text = toml.document(plain)
    assert '[step."a b"]' in text
    assert text.count("[[mark]]") == 2
    assert tomllib.loads(text) == plain


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        toml.document({"a": None})
