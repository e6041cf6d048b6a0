"""Names of data in the reader's language, with a visible fall-back."""

import pytest

from civicloop.foundation.names import problems, shown


@pytest.mark.parametrize(
    ("names", "language", "words"),
    [
        ({"zh-hans": "井盖", "en": "Manhole cover"}, "en", "Manhole cover"),
        ({"zh-hans": "井盖"}, "en", "井盖〔中〕"),
        ({"zh-hans": "井盖"}, "zh-hans", "井盖"),
        ({"zh-hans": "井盖"}, "zh-cn", "井盖"),
        ({}, "zh-hans", ""),
        ({}, "en", ""),
    ],
)
def test_names_are_shown(names: dict[str, str], language: str, words: str) -> None:
    assert shown(names, language) == words


def test_problems_are_named() -> None:
    assert problems({}) == ["zh_missing"]
    assert problems({"zh-hans": "井盖", "en": " "}) == ["empty:en"]
    assert problems({"zh-hans": "井盖"}) == []
