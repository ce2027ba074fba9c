"""The Merkle tree of RFC 6962, section 2: roots, inclusion and consistency proofs.

::

    leaf(data)        = SHA-256(0x00 || data)
    node(left, right) = SHA-256(0x01 || left || right)

`MerkleTree` keeps the hashes of all complete subtrees, so that appending, a root and
a proof each cost O(log n). The verifying functions follow RFC 9162, sections 2.1.3.2
and 2.1.4.2, and need no tree.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from protocol.errors import BrokenChainError, ForkError, MalformedError

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_HASH_SIZE: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """An append-only tree over leaf hashes."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash (32 bytes); return its index."""
        index = len(self)
        self._levels[0].append(leaf)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            left, right = self._levels[level][-2:]
            self._levels[level + 1].append(node_hash(left, right))
            level += 1
        return index

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first ``size`` leaves, all where None."""
        size = len(self) if size is None else size
        self._check_size(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the audit path of leaf ``index`` in the tree of ``size`` leaves."""
        self._check_size(size)
        if not 0 <= index < size:
            raise ValueError(f"expected a leaf below {size}, got {index}")
        return self._path(index, 0, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of ``old`` leaves is a prefix of that of ``new``."""
        self._check_size(new)
        if not 0 <= old <= new:
            raise ValueError(f"expected a size of at most {new}, got {old}")
        if old in {0, new}:
            return []
        return self._subproof(old, 0, new, whole=True)

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= len(self):
            raise ValueError(f"expected a size of at most {len(self)}, got {size}")

    def _range(self, start: int, end: int) -> bytes:
        """Return the hash over leaves start..end, where start is a multiple of its span."""
        span = end - start
        level = span.bit_length() - 1
        if span == 1 << level and start % span == 0:
            return self._levels[level][start >> level]
        split = start + _split(span)
        return node_hash(self._range(start, split), self._range(split, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        split = start + _split(end - start)
        if index < split:
            return [*self._path(index, start, split), self._range(split, end)]
        return [*self._path(index, split, end), self._range(start, split)]

    def _subproof(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end:
            return [] if whole else [self._range(start, end)]
        split = start + _split(end - start)
        if old <= split:
            proof = self._subproof(old, start, split, whole=whole)
            return [*proof, self._range(split, end)]
        proof = self._subproof(old, split, end, whole=False)
        return [*proof, self._range(start, split)]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `BrokenChainError` unless the proof puts ``leaf`` at ``index`` under ``root``."""
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise BrokenChainError(f"expected a leaf below {size}, got {index}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BrokenChainError("the inclusion proof is longer than the tree is high")
        if node % 2 or node == last:
            found = node_hash(sibling, found)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or found != root:
        raise BrokenChainError(f"leaf {index} is not under the root of {size} leaves")


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `BrokenChainError` unless the old tree is a prefix of the new one."""
    _check_hashes(old_root, new_root, *proof)
    if not 0 <= old <= new:
        raise BrokenChainError(f"the log shrank from {old} to {new} leaves")
    if old == 0 and old_root != EMPTY_ROOT:
        raise BrokenChainError("a log without leaves has one root, the SHA-256 of nothing")
    if old == new and old_root != new_root:
        raise ForkError(f"the log shows two roots for one size of {old} leaves")
    if old in {0, new}:
        if proof:
            raise BrokenChainError(f"expected no proof from {old} to {new} leaves")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BrokenChainError("the consistency proof is empty")
    first, second = _walk_consistency(old, new, path)
    if first != old_root or second != new_root:
        raise BrokenChainError(f"the log of {old} leaves is not the beginning of that of {new}")


def _check_hashes(*hashes: bytes) -> None:
    """Refuse other sizes: a node is two hashes side by side, without a boundary."""
    for size in map(len, hashes):
        if size != _HASH_SIZE:
            raise MalformedError(f"expected hashes of {_HASH_SIZE} bytes; got one of {size}")


def _walk_consistency(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the old and the new root that the proof leads to (RFC 9162, 2.1.4.2)."""
    node, last = old - 1, new - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BrokenChainError("the consistency proof is longer than the tree is high")
        if node % 2 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BrokenChainError("the consistency proof is shorter than the tree is high")
    return first, second
