"""The Merkle tree against RFC 6962 written down naively, for any number of leaves."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import BrokenChainError
from protocol.merkle import MerkleTree, check_consistency, check_inclusion, leaf_hash

LARGEST = 70


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    """Return the largest power of two smaller than ``count``."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def leaves_of(count: int) -> list[bytes]:
    return [f"leaf {i}".encode() for i in range(count)]


def tree_of(leaves: list[bytes]) -> MerkleTree:
    return MerkleTree(leaf_hash(leaf) for leaf in leaves)


sizes = st.integers(0, LARGEST)
pairs = st.tuples(sizes, sizes).map(sorted).map(tuple)
bits = st.integers(0, 255)


def flipped(proof: list[bytes], bit: int) -> list[bytes]:
    """Return the proof with one bit of one hash turned."""
    which, place = bit % len(proof), bit % 32
    one = bytearray(proof[which])
    one[place] ^= 1 << (bit % 8)
    return [*proof[:which], bytes(one), *proof[which + 1 :]]


@given(sizes)
def test_roots_are_those_of_the_standard(size: int) -> None:
    """A tree that grew leaf by leaf has the root of the recursive definition, at every size."""
    leaves = leaves_of(size)
    grown = tree_of(leaves_of(LARGEST))
    assert grown.root(size) == mth(leaves) == tree_of(leaves).root()


@given(pairs.filter(lambda pair: pair[0] < pair[1]), bits)
def test_inclusion_proofs(pair: tuple[int, int], bit: int) -> None:
    """A proof is the standard's, it verifies, and with one bit turned it does not."""
    index, size = pair
    leaves, root = leaves_of(size), mth(leaves_of(size))
    leaf, proof = leaf_hash(leaves[index]), tree_of(leaves).inclusion_proof(index, size)
    assert proof == path(index, leaves)
    check_inclusion(leaf, index, size, proof, root)
    if proof:
        with pytest.raises(BrokenChainError):
            check_inclusion(leaf, index, size, flipped(proof, bit), root)
        with pytest.raises(BrokenChainError):
            check_inclusion(leaf, index, size, proof[:-1], root)
    with pytest.raises(BrokenChainError):
        check_inclusion(leaf, index, size, [*proof, root], root)


@given(pairs, bits)
def test_consistency_proofs(pair: tuple[int, int], bit: int) -> None:
    """A proof is the standard's, it verifies, and with one bit turned it does not."""
    old, new = pair
    leaves = leaves_of(new)
    roots = mth(leaves[:old]), mth(leaves)
    proof = tree_of(leaves).consistency_proof(old, new)
    assert proof == ([] if old in {0, new} else subproof(old, leaves, whole=True))
    check_consistency(old, roots[0], new, roots[1], proof)
    if proof:
        with pytest.raises(BrokenChainError):
            check_consistency(old, roots[0], new, roots[1], flipped(proof, bit))
        with pytest.raises(BrokenChainError):
            check_consistency(old, roots[0], new, roots[1], proof[:-1])
    with pytest.raises(BrokenChainError):
        check_consistency(old, roots[0], new, roots[1], [*proof, roots[1]])


@given(pairs.filter(lambda pair: 0 < pair[0] < pair[1]), st.data())
def test_a_rewritten_leaf_is_noticed(pair: tuple[int, int], data: st.DataObject) -> None:
    """A log that changed an old leaf cannot show that it only grew."""
    old, new = pair
    honest, rewritten = leaves_of(new), leaves_of(new)
    rewritten[data.draw(st.integers(0, old - 1))] = b"another"
    proof = tree_of(rewritten).consistency_proof(old, new)
    with pytest.raises(BrokenChainError):
        check_consistency(old, mth(honest[:old]), new, mth(rewritten), proof)
