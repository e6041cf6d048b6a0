"""How alike two reports are: what they say, how near they lie, their kinds. Calculation without rows.

The weights were set on planted repetitions (tests/matters/test_reports_that_may_be_the_same.py prints what they find):
told in other words, up to 60 m away, up to three days later.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from civicloop.foundation import ngrams

FAR = 120.0  # metres from which on nothing is near
SAME_ENOUGH = 0.62
STEP, STEEP = 65.0, 12.0  # metres at which nearness is worth half, and over which it falls: who repeats stands near
FEWEST_SHARED = 1  # tokens that must be shared, unless the kinds are the same
FEW = 2  # of a report that was joined: with fewer shared tokens somebody should look
SATURATION = 1.0  # what is shared counts, not what each says beside it: three rare tokens are nearly all
TEXT, NEAR, KIND = 0.4, 0.3, 0.3


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says and where: its tokens, its kind and class ("" while nobody knows)."""

    tokens: frozenset[str]
    kind: str
    kind_class: str

    @classmethod
    def of(cls, title: str, text: str, kind: str, kind_class: str) -> "Told":
        """Read the texts."""
        return cls(frozenset(ngrams.tokens(title, text)), kind, kind_class)


@dataclass(frozen=True, slots=True)
class Likeness:
    """0–1, and the tokens that both have, the rarest first."""

    value: float
    shared: tuple[str, ...]

    @property
    def suggested(self) -> bool:
        """Whether it is worth a look."""
        return self.value >= SAME_ENOUGH


def rarity(every: Collection[Told]) -> dict[str, float]:
    """What a token weighs among reports of one place: one that all have says little."""
    counts: dict[str, int] = {}
    for told in every:
        for token in told.tokens:
            counts[token] = counts.get(token, 0) + 1
    return {token: 1.0 / count for token, count in counts.items()}


def compare(one: Told, other: Told, metres: float, weights: Mapping[str, float]) -> Likeness:
    """How alike two reports are that lie so far apart; the same whichever is named first."""
    shared = one.tokens & other.tokens
    text = 1.0 - math.exp(-SATURATION * _weight(shared, weights))
    near = 1.0 / (1.0 + math.exp((metres - STEP) / STEEP)) if metres < FAR else 0.0
    kinds = _kinds(one, other)
    value = TEXT * text + NEAR * near + KIND * kinds
    if near == 0.0 or (len(shared) < FEWEST_SHARED and kinds < 1.0):
        value = 0.0
    return Likeness(value, tuple(sorted(shared, key=lambda token: (weights.get(token, 1.0) * -1, token))[:6]))


def _weight(tokens: Collection[str], weights: Mapping[str, float]) -> float:
    return sum(weights.get(token, 1.0) for token in tokens)


def _kinds(one: Told, other: Told) -> float:
    if not one.kind or not other.kind:
        return 0.4  # nobody has said yet what one of them is
    if one.kind == other.kind:
        return 1.0
    return 0.3 if one.kind_class == other.kind_class else 0.0
