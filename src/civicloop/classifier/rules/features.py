"""What a text looks like to the model: runs of one to three signs, within what punctuation holds together."""

import re
import unicodedata

LONGEST = 3  # signs of a run
READ = 2400  # signs of a text that are looked at; a report may have ten thousand
_BREAK = re.compile(r"[^0-9a-z\u3400-\u9fff\uf900-\ufaff]+")
_NUMBER = re.compile(r"[0-9]+")


def plain(text: str) -> list[str]:
    """The pieces of a text between punctuation, in one width and case; every number is `0`, since none tells a kind."""
    folded = unicodedata.normalize("NFKC", text[:READ]).lower()
    return [piece for piece in _BREAK.split(_NUMBER.sub("0", folded)) if piece]


def runs(text: str) -> list[str]:
    """Every run of one to three signs of every piece, as often as it stands there."""
    found: list[str] = []
    for piece in plain(text):
        end = len(piece)
        found.extend(piece)
        for size in range(2, LONGEST + 1):
            found.extend([piece[start : start + size] for start in range(end - size + 1)])
    return found
