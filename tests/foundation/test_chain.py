"""The chained timeline: everything that is rewritten is named; what was lawfully erased is not taken for tampering."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical
from civicloop.foundation.chain import Finding, Row


def made(length: int = 5, algorithm: int = chain.DEFAULT) -> list[Row]:
    """A sound chain; every entry has a column and a text that may be erased."""
    rows: list[Row] = []
    previous = chain.GENESIS
    for seq in range(1, length + 1):
        salt, text = bytes([seq]) * 16, f"第{seq}条".encode()
        told = {"seq": seq, "action": "handle", "texts": {"text": chain.commitment(salt, text, algorithm).hex()}}
        stored = chain.body(canonical(told), algorithm)
        previous = chain.entry_hash(previous, stored)
        rows.append(Row(seq, stored, previous, {"seq": seq, "action": "handle"}, {"text": (salt, text)}))
    return rows


def changed(rows: list[Row], seq: int, **values: object) -> list[Row]:
    return [replace(row, **values) if row.seq == seq else row for row in rows]  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", chain.ALGORITHMS)
def test_a_sound_chain_has_no_findings(algorithm: int) -> None:
    assert chain.verify(made(6, algorithm), 6) == []
    assert chain.verify([], 0) == []


def test_a_chain_may_change_its_algorithm() -> None:
    rows = made(2, algorithm=1)
    stored = chain.body(canonical({"seq": 3}), 2)
    rows.append(Row(3, stored, chain.entry_hash(rows[-1].hash, stored), {"seq": 3}, {}))
    assert chain.verify(rows, 3) == []


def test_a_changed_body_is_named() -> None:
    stored = made()[2].body.replace(b"handle", b"cancel")
    assert Finding(3, "broken_link") in chain.verify(changed(made(), 3, body=stored), 5)


def test_a_changed_body_with_a_fitting_hash_breaks_the_next_link() -> None:
    rows = made()
    stored = rows[2].body.replace(b"handle", b"cancel")
    rows = changed(rows, 3, body=stored, hash=chain.entry_hash(rows[1].hash, stored), columns={"action": "cancel"})
    assert chain.verify(rows, 5) == [Finding(4, "broken_link")]


def test_a_changed_hash_is_named_with_the_entry_after_it() -> None:
    found = chain.verify(changed(made(), 3, hash=bytes(32)), 5)
    assert found == [Finding(3, "broken_link"), Finding(4, "broken_link")]


def test_swapped_rows_are_named() -> None:
    rows = made()
    rows[1], rows[2] = replace(rows[2], seq=2), replace(rows[1], seq=3)
    assert {(each.seq, each.code) for each in chain.verify(rows, 5)} >= {(2, "broken_link"), (3, "broken_link")}


def test_rows_in_another_order_are_named() -> None:
    rows = made()
    rows[1], rows[2] = rows[2], rows[1]
    assert any(each.code == "out_of_order" for each in chain.verify(rows, 5))


def test_the_same_row_twice_is_named() -> None:
    rows = made()
    assert any(each.code == "out_of_order" for each in chain.verify([*rows[:3], rows[2], *rows[3:]], 5))


def test_a_missing_row_is_named() -> None:
    found = chain.verify([row for row in made() if row.seq != 3], 5)
    assert found[0] == Finding(3, "missing")
    assert Finding(4, "broken_link") in found


def test_a_missing_beginning_is_named() -> None:
    assert chain.verify(made()[2:], 5) == [Finding(1, "missing", "2"), Finding(3, "broken_link")]


def test_a_number_far_away_is_named_at_once() -> None:
    rows = [*made()[:4], replace(made()[4], seq=2**31 - 1)]
    assert chain.verify(rows, 5)[0] == Finding(5, "missing", str(2**31 - 2))


@pytest.mark.parametrize("left", [0, 1, 4])
def test_a_truncated_tail_is_named(left: int) -> None:
    assert chain.verify(made()[:left], 5) == [Finding(left + 1, "truncated")]


def test_rows_beyond_the_end_are_named() -> None:
    assert Finding(5, "beyond_end") in chain.verify(made(), 4)


def test_a_changed_text_is_named() -> None:
    found = chain.verify(changed(made(), 2, texts={"text": (bytes([2]) * 16, b"other")}), 5)
    assert found == [Finding(2, "text_changed", "text")]


def test_a_changed_salt_is_named() -> None:
    assert chain.verify(changed(made(), 2, texts={"text": (bytes(16), "第2条".encode())}), 5)[0].code == "text_changed"


def test_characters_moved_from_a_text_into_its_salt_are_named() -> None:
    salt, text = made()[1].texts["text"]
    for cut in range(1, len(text) + 1):
        moved = changed(made(), 2, texts={"text": (salt + text[:cut], text[cut:])})
        assert chain.verify(moved, 5) == [Finding(2, "text_changed", "text")]
    moved = changed(made(), 2, texts={"text": (salt[:8], salt[8:] + text)})
    assert chain.verify(moved, 5) == [Finding(2, "text_changed", "text")]


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_commitment_with_another_length_of_salt_is_not_made(length: int) -> None:
    with pytest.raises(ValueError):
        chain.commitment(bytes(length), b"text")


def test_a_text_that_was_never_committed_to_is_named() -> None:
    texts = dict(made()[1].texts) | {"note": (b"salt", b"slipped in")}
    assert chain.verify(changed(made(), 2, texts=texts), 5) == [Finding(2, "text_unknown", "note")]


def with_erasure(*texts: tuple[int, str]) -> list[Row]:
    """The chain with a sixth entry that says which texts were destroyed."""
    rows = made()
    told = {"seq": 6, "action": chain.ERASE, "data": {"list": "3", "on": "2036-03-01", "texts": [*map(list, texts)]}}
    body = chain.body(canonical(told))
    return [*rows, Row(6, body, chain.entry_hash(rows[-1].hash, body), {"seq": 6}, {})]


def test_a_text_that_a_later_entry_says_was_erased_is_no_finding() -> None:
    rows = with_erasure((2, "text"), (4, "text"))
    gone = [replace(row, texts={}) if row.seq in (2, 4) else row for row in rows]
    found = chain.examine(gone, 6)
    assert found.findings == []
    assert found.erased == [chain.Erased(2, "text", "3", "2036-03-01"), chain.Erased(4, "text", "3", "2036-03-01")]
    assert found.lists == {"3"}


def test_a_text_that_is_gone_without_a_word_is_named() -> None:
    assert chain.verify([replace(row, texts={}) if row.seq == 3 else row for row in made()], 5) == [
        Finding(3, "text_missing", "text")
    ]
    rows = with_erasure((2, "text"))
    gone = [replace(row, texts={}) for row in rows]
    assert {each.seq for each in chain.verify(gone, 6)} == {1, 3, 4, 5}


def test_a_changed_column_is_named() -> None:
    found = chain.verify(changed(made(), 4, columns={"seq": 4, "action": "close"}), 5)
    assert found == [Finding(4, "column_changed", "action")]


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\x01",
        b"\x02\x01{}",
        b"\x01\x09{}",
        b"\x01\x01{",
        b"\x01\x01\xff",
        b"\x01\x01[]",
        b"\x01\x01" + b"[" * 99_999,
    ],
)
def test_bytes_of_no_known_form_are_named(stored: bytes) -> None:
    assert Finding(3, "unknown_form") in chain.verify(changed(made(), 3, body=stored), 5)


def test_commitments_that_are_no_list_of_commitments_are_named() -> None:
    stored = chain.body(canonical({"seq": 1, "texts": "none"}))
    row = Row(1, stored, chain.entry_hash(chain.GENESIS, stored), {}, {"text": (b"s", b"v")})
    assert chain.verify([row], 1) == [Finding(1, "text_unknown", "text")]


@given(st.integers(0, 4), st.data())
def test_no_flipped_bit_goes_unnoticed(place: int, data: st.DataObject) -> None:
    rows = made()
    part = data.draw(st.sampled_from(["body", "hash"]))
    content = bytearray(getattr(rows[place], part))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    rows[place] = replace(rows[place], **{part: bytes(content)})
    assert chain.verify(rows, 5)


def test_the_format_can_be_checked_without_the_platform() -> None:
    rows = made(2)
    assert rows[0].body[:2] == b"\x01\x01"
    assert rows[0].body[2:].startswith(b'{"action"')
    assert (
        rows[1].hash
        == hashlib.new("sm3", hashlib.new("sm3", bytes(32) + rows[0].body).digest() + rows[1].body).digest()
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_examples_of_the_standard(message: bytes, expected: str) -> None:
    # GB/T 32905-2016, annex A
    assert chain.digest(message, 1).hex() == expected
