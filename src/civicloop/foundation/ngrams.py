"""Search words of Chinese and other text: bigrams of Han characters, whole words of the rest, lower case.

`tokens` says by which words a text is found, `wanted` what somebody means who types into a search field.
"""

import re
import unicodedata
from dataclasses import dataclass

_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[0-9a-z]+")
_PIECES = re.compile(r"[\u3400-\u9fff\uf900-\ufaff0-9a-z]+")
_TERMS = re.compile(r'(?P<less>(?:(?<=\s)|^)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans("“”„‟「」『』＂", '"' * 9)
LONGEST = 24
MOST_TERMS = 12


def plain(text: str) -> str:
    """A text as it is compared: NFKC and lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def tokens(*texts: str) -> list[str]:
    """The distinct tokens of the texts, sorted. "解放路" gives 解放, 放路; a single character stands alone."""
    found: set[str] = set()
    for text in texts:
        for run in _RUNS.findall(plain(text)):
            found.update(_of_run(run))
    return sorted(found)


def _of_run(run: str) -> list[str]:
    if run[0] < "\u3400" or len(run) == 1:
        return [run[:LONGEST]]
    return [run[i : i + 2] for i in range(len(run) - 1)]


@dataclass(frozen=True)
class Wanted:
    """What a text must have to be found.

    `tokens` are looked up, all of them; `pieces` must stand in the plain text as they are, for bigrams beside each
    other may come from two places; none of `without` may stand in it. `shown` is what to mark in a found text.
    """

    tokens: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


def wanted(text: str) -> Wanted:
    """What somebody looks for: every word, divided by other signs, "words as they stand", -but not this.

    At most MOST_TERMS terms count. A single Han character is no word of its own: beside other words it must stand in
    the text, alone it finds only texts where it stands alone.
    """
    tokens_: dict[str, None] = {}
    pieces: dict[str, None] = {}
    without: dict[str, None] = {}
    shown: dict[str, None] = {}
    single: list[str] = []
    for found in list(_TERMS.finditer(plain(text.translate(_QUOTES)).strip()))[:MOST_TERMS]:
        term = (found["phrase"] if found["phrase"] is not None else found["word"]).strip()
        for piece in [term] if found["phrase"] is not None else _PIECES.findall(term):
            runs = _RUNS.findall(piece)
            if not runs:
                continue
            if found["less"]:
                without[piece] = None
                continue
            shown[piece] = None
            looked_up = [token for run in runs if len(run) > 1 or run[0] < "\u3400" for token in _of_run(run)]
            single += [run for run in runs if len(run) == 1 and run[0] >= "\u3400"]
            tokens_ |= dict.fromkeys(looked_up)
            if looked_up != [piece]:
                pieces[piece] = None
    if not tokens_:  # single characters alone
        return Wanted(tuple(dict.fromkeys(single)), (), tuple(without), tuple(shown))
    return Wanted(tuple(tokens_), tuple(pieces), tuple(without), tuple(shown))


def marked(text: str, pieces: tuple[str, ...]) -> list[tuple[str, bool]]:
    """`text` cut where one of `pieces` stands in it: (part, whether it is one). Case and width do not matter."""
    flat, owners = [], []
    for position, sign in enumerate(text):
        for each in plain(sign):
            flat.append(each)
            owners.append(position)
    whole, hits = "".join(flat), [False] * len(text)
    for piece in pieces:
        begin = whole.find(piece) if piece else -1
        while begin >= 0:
            for position in owners[begin : begin + len(piece)]:
                hits[position] = True
            begin = whole.find(piece, begin + len(piece))
    found: list[tuple[str, bool]] = []
    for sign, hit in zip(text, hits, strict=True):
        if found and found[-1][1] == hit:
            found[-1] = (found[-1][0] + sign, hit)
        else:
            found.append((sign, hit))
    return found
