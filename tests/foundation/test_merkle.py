"""The tree over the heads of a day: every head proves, nothing changed does, and the order of reading is free."""

import hashlib
import random
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import chain, merkle
from civicloop.foundation.merkle import Leaf, Proof, Tree

ALGORITHMS = sorted(chain.ALGORITHMS)
LEAVES = st.lists(
    st.builds(Leaf, st.uuids(), st.integers(1, 2**31 - 1), st.binary(min_size=32, max_size=32)),
    min_size=1, max_size=40, unique_by=lambda leaf: (leaf.matter_id, leaf.seq),
)  # fmt: skip


def some(number: int) -> list[Leaf]:
    draw = random.Random(number)
    return [Leaf(UUID(int=draw.getrandbits(128)), draw.randint(1, 30), draw.randbytes(32)) for _each in range(number)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(LEAVES)
def test_every_leaf_proves(algorithm: int, leaves: list[Leaf]) -> None:
    tree = Tree(leaves, algorithm)
    for leaf in leaves:
        proof = tree.proof(leaf.matter_id, leaf.seq)
        assert proof.size == len(leaves)
        assert merkle.holds(leaf, proof, tree.root, algorithm)


@given(LEAVES, st.randoms(use_true_random=False))
def test_the_order_in_which_leaves_come_changes_nothing(leaves: list[Leaf], draw: random.Random) -> None:
    mixed = list(leaves)
    draw.shuffle(mixed)
    first, second = Tree(leaves), Tree(mixed)
    assert first.root == second.root
    for leaf in leaves:
        assert first.proof(leaf.matter_id, leaf.seq) == second.proof(leaf.matter_id, leaf.seq)


@given(LEAVES, st.data())
def test_no_flipped_byte_of_a_leaf_proves(leaves: list[Leaf], data: st.DataObject) -> None:
    tree = Tree(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    proof = tree.proof(leaf.matter_id, leaf.seq)
    content = bytearray(leaf.content())
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= data.draw(st.integers(1, 255))
        seq = int.from_bytes(changed[16:24], "big")
        if 0 < seq < 1 << 63:
            other = Leaf(UUID(bytes=bytes(changed[:16])), seq, bytes(changed[24:]))
            assert not merkle.holds(other, proof, tree.root)


@given(LEAVES, st.data())
def test_no_flipped_byte_of_a_proof_or_a_root_proves(leaves: list[Leaf], data: st.DataObject) -> None:
    tree = Tree(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    proof = tree.proof(leaf.matter_id, leaf.seq)
    for step, each in enumerate(proof.path):
        for place in range(len(each)):
            changed = bytearray(each)
            changed[place] ^= data.draw(st.integers(1, 255))
            path = (*proof.path[:step], bytes(changed), *proof.path[step + 1 :])
            assert not merkle.holds(leaf, replace(proof, path=path), tree.root)
    for place in range(32):
        root = bytearray(tree.root)
        root[place] ^= data.draw(st.integers(1, 255))
        assert not merkle.holds(leaf, proof, bytes(root))


@given(LEAVES, st.data())
def test_a_proof_of_another_form_does_not_prove(leaves: list[Leaf], data: st.DataObject) -> None:
    tree = Tree(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    proof = tree.proof(leaf.matter_id, leaf.seq)
    longer = [replace(proof, path=(*proof.path, tree.root)), replace(proof, path=(bytes(32), *proof.path))]
    shorter = [replace(proof, path=proof.path[1:]), replace(proof, path=proof.path[:-1])] if proof.path else []
    elsewhere = [replace(proof, index=-1), replace(proof, index=proof.size), Proof(0, 0, ()), Proof(0, -1, ())]
    for other in [*longer, *shorter, *elsewhere]:
        assert not merkle.holds(leaf, other, tree.root)
    for index in range(proof.size):
        if index != proof.index:
            assert not merkle.holds(leaf, replace(proof, index=index), tree.root)
    if proof.path:
        cut = replace(proof, path=(proof.path[0][:31], *proof.path[1:]))
        assert not merkle.holds(leaf, cut, tree.root)


@given(LEAVES)
def test_a_leaf_left_out_gives_another_root(leaves: list[Leaf]) -> None:
    root = Tree(leaves).root
    for place in range(len(leaves)):
        assert Tree(leaves[:place] + leaves[place + 1 :]).root != root


def test_the_root_is_that_of_the_standard_for_every_number_of_leaves() -> None:
    # RFC 6962, section 2.1, as it is written there: k is the largest power of two smaller than n
    def of_the_rfc(entries: list[bytes]) -> bytes:
        if not entries:
            return hashlib.sha256(b"").digest()
        if len(entries) == 1:
            return hashlib.sha256(b"\x00" + entries[0]).digest()
        k = 1 << (len(entries) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + of_the_rfc(entries[:k]) + of_the_rfc(entries[k:])).digest()

    for number in range(70):
        leaves = some(number)
        assert Tree(leaves, 2).root == of_the_rfc([leaf.content() for leaf in sorted(leaves)]), number


def test_a_proof_grows_with_the_logarithm() -> None:
    leaves = some(1000)
    tree = Tree(leaves)
    assert max(len(tree.proof(leaf.matter_id, leaf.seq).path) for leaf in leaves) == 10


def test_two_leaves_are_not_one_inner_node() -> None:
    one, other = sorted(some(2))
    joined = chain.digest(one.hash() + other.hash())
    assert Tree([one, other]).root != joined


def test_what_is_no_leaf_is_refused() -> None:
    leaf = some(1)[0]
    with pytest.raises(ValueError, match="twice"):
        Tree([leaf, replace(leaf, head=bytes(32))])
    for wrong in (replace(leaf, head=bytes(31)), replace(leaf, seq=0), replace(leaf, seq=2**63)):
        with pytest.raises(ValueError, match="of"):
            Tree([wrong])
    with pytest.raises(LookupError):
        Tree([leaf]).proof(leaf.matter_id, leaf.seq + 1)
