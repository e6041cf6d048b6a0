"""What somebody types into a search field, and where it stands in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import ngrams
from civicloop.foundation.ngrams import Wanted, marked, tokens, wanted


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("井盖", Wanted(("井盖",), (), (), ("井盖",))),
        ("解放路", Wanted(("解放", "放路"), ("解放路",), (), ("解放路",))),
        ("解放路 井盖", Wanted(("解放", "放路", "井盖"), ("解放路",), (), ("解放路", "井盖"))),
        ("路灯 -施工", Wanted(("路灯",), (), ("施工",), ("路灯",))),
        ("“解放路 8号”", Wanted(("解放", "放路", "8"), ("解放路 8号",), (), ("解放路 8号",))),
        ("LED灯", Wanted(("led",), ("led灯",), (), ("led灯",))),
        ("ＬＥＤ", Wanted(("led",), (), (), ("led",))),
        ("井盖，破损", Wanted(("井盖", "破损"), (), (), ("井盖", "破损"))),
        ("井盖 灯", Wanted(("井盖",), ("灯",), (), ("井盖", "灯"))),
        ("灯", Wanted(("灯",), (), (), ("灯",))),
        ("20261126-0000123", Wanted(("20261126", "0000123"), (), (), ("20261126", "0000123"))),
        ('解放"井盖"', Wanted(("解放", "井盖"), (), (), ("解放", "井盖"))),
        ("8-1号", Wanted(("8", "1"), ("1号",), (), ("8", "1号"))),
        ('"', Wanted()),
        ("-施工", Wanted((), (), ("施工",), ())),
        ("  ！？ ", Wanted()),
    ],
)
def test_what_is_meant(typed: str, meant: Wanted) -> None:
    assert wanted(typed) == meant


@given(st.text(alphabet='解放路井盖8a -“”"Ａ，', max_size=30), st.text(alphabet="解放路井盖8a ，", max_size=40))
def test_a_text_that_holds_the_words_as_they_stand_is_always_a_candidate(typed: str, around: str) -> None:
    """The look-up by tokens may find too much, which the pieces put right, and never too little."""
    meant = wanted(typed)
    text = f"{around} {' '.join(meant.shown)} {around}"
    alone = {run for run in meant.tokens if len(run) == 1 and run >= "\u3400"}
    assert set(meant.tokens) - alone <= set(tokens(text))
    assert all(piece in ngrams.plain(text) for piece in meant.pieces)


def test_a_search_is_bounded() -> None:
    assert len(wanted(" ".join(f"w{number}" for number in range(1_000))).tokens) == ngrams.MOST_TERMS


@pytest.mark.parametrize(
    ("text", "pieces", "parts"),
    [
        ("解放路井盖破损", ("井盖",), [("解放路", False), ("井盖", True), ("破损", False)]),
        ("ＬＥＤ灯坏", ("led灯",), [("ＬＥＤ灯", True), ("坏", False)]),
        ("井盖井盖", ("井盖",), [("井盖井盖", True)]),
        ("㎡ 与 m2", ("m2",), [("㎡", True), (" 与 ", False), ("m2", True)]),
        ("nothing", ("井盖",), [("nothing", False)]),
        ("", ("井盖",), []),
    ],
)
def test_where_it_stands(text: str, pieces: tuple[str, ...], parts: list[tuple[str, bool]]) -> None:
    assert marked(text, pieces) == parts


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_marking_loses_no_sign(text: str, pieces: list[str]) -> None:
    assert "".join(part for part, _hit in marked(text, tuple(pieces))) == text
