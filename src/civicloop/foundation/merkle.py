"""A Merkle tree over the heads of timelines, as in RFC 6962 section 2.1, with SM3 instead of SHA-256 by default.

Leaf: H(0x00 ‖ matter id, 16 bytes ‖ seq, 8 bytes big-endian ‖ head, 32 bytes). Inner: H(0x01 ‖ left ‖ right). A level
with an odd number of hashes hands its last one up unchanged, which gives the tree of the RFC. Leaves stand in the order
of (matter id, seq), so that one set of heads has one root. The prefixes keep a leaf from being taken for an inner node.
Algorithm ids are those of `chain`.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from civicloop.foundation.chain import DEFAULT, digest

HASH = 32
_LEAF, _INNER = b"\x00", b"\x01"


@dataclass(frozen=True, order=True)
class Leaf:
    """The head of one timeline: its matter, the number of its last entry, and that entry's hash."""

    matter_id: UUID
    seq: int
    head: bytes

    def content(self) -> bytes:
        """The 56 bytes that are hashed. Raises ValueError when the head has not 32 bytes or the seq does not fit."""
        if len(self.head) != HASH:
            raise ValueError(f"a head of {len(self.head)} bytes")
        if not 0 < self.seq < 1 << 63:
            raise ValueError(f"a seq of {self.seq}")
        return self.matter_id.bytes + struct.pack(">Q", self.seq) + self.head

    def hash(self, algorithm: int = DEFAULT) -> bytes:
        """The hash of this leaf in the tree."""
        return digest(_LEAF + self.content(), algorithm)


@dataclass(frozen=True)
class Proof:
    """That a leaf stands in a tree: its place, the number of leaves, and the hashes beside its way up, lowest first."""

    index: int
    size: int
    path: tuple[bytes, ...]


class Tree:
    """The tree of some leaves, given in any order; `root` and the proof of each leaf."""

    def __init__(self, leaves: Iterable[Leaf], algorithm: int = DEFAULT) -> None:
        """Raises ValueError for a leaf without a form, or when one matter's entry comes twice."""
        self.algorithm = algorithm
        self.leaves: Sequence[Leaf] = sorted(leaves)
        self._places = {(leaf.matter_id, leaf.seq): place for place, leaf in enumerate(self.leaves)}
        if len(self._places) != len(self.leaves):
            raise ValueError("the same entry twice")
        self._levels = [[leaf.hash(algorithm) for leaf in self.leaves]]
        while len(self._levels[-1]) > 1:
            self._levels.append(_above(self._levels[-1], algorithm))

    @property
    def root(self) -> bytes:
        """The one hash over all leaves; of no leaves the hash of nothing, as the RFC says."""
        return self._levels[-1][0] if self.leaves else digest(b"", self.algorithm)

    def proof(self, matter_id: UUID, seq: int) -> Proof:
        """The proof for the leaf of an entry. Raises LookupError when it is no leaf of this tree."""
        index = place = self._places[matter_id, seq]
        path = []
        for level in self._levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                path.append(level[beside])
            place >>= 1
        return Proof(index, len(self.leaves), tuple(path))


def _above(level: list[bytes], algorithm: int) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    found = [digest(_INNER + left + right, algorithm) for left, right in pairs]
    return found + level[-1:] if len(level) % 2 else found


def root_of(leaf: Leaf, proof: Proof, algorithm: int = DEFAULT) -> bytes | None:
    """The root to which a proof leads from its leaf; None when the proof has not the form that its place demands."""
    if not 0 <= proof.index < proof.size:
        return None
    here, place, size = leaf.hash(algorithm), proof.index, proof.size
    beside = iter(proof.path)
    try:
        while size > 1:
            if place % 2:
                here = digest(_INNER + next(beside) + here, algorithm)
            elif place + 1 < size:
                here = digest(_INNER + here + next(beside), algorithm)
            place, size = place >> 1, (size + 1) >> 1
    except StopIteration:
        return None
    return here if next(beside, None) is None and all(len(each) == HASH for each in proof.path) else None


def holds(leaf: Leaf, proof: Proof, root: bytes, algorithm: int = DEFAULT) -> bool:
    """Whether the proof shows that `leaf` stands under `root`."""
    return root_of(leaf, proof, algorithm) == root
