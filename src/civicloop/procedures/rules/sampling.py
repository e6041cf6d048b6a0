"""Which matters handled on the spot are drawn for a check: repeatable from a published seed, by nobody's choice."""

import hashlib

from civicloop.procedures.rules.language import Sample


def drawn(sample: Sample, seed: bytes, matter: bytes, share: float, risks: frozenset[str] = frozenset()) -> bool:
    """Whether `matter` (the 16 bytes of its id) is drawn under `seed`, the published seed of the day.

    share: the share in force (the sample's own, raised after failures by `raised`); each risk that applies multiplies
    it by its weight, up to 1. Anybody who has the seed and the ids can repeat the draw.
    """
    chance = share
    for risk in risks:
        chance *= sample.weights.get(risk, 1.0)
    number = int.from_bytes(
        hashlib.sha256(seed + b"\x00" + sample.code.encode() + b"\x00" + matter).digest()[:8], "big"
    )
    return number < min(chance, 1.0) * 2**64


def raised(sample: Sample, share: float) -> float:
    """The share after a failed sampled check."""
    return min(sample.at_most, round(share + sample.raise_by, 6))
