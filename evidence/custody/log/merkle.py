"""The Merkle tree of RFC 6962 section 2.1: hashes, roots, inclusion and consistency proofs. Pure.

A tree is never held as a whole: every function that needs hashes asks a `Nodes` callable for *complete* subtrees,
which tiles can answer (`evidence.custody.log.tiles`). Verification follows the iterative algorithms of RFC 9162
sections 2.1.3.2 and 2.1.4.2, which accept the same proofs as RFC 6962.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from evidence.custody.errors import ProofError

HASH_BYTES: Final = 32
"""SHA-256, the one hash of tlog-tiles."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of a tree without leaves (RFC 6962 section 2.1)."""

MAX_TREE_SIZE: Final = 2**63 - 1
"""A larger tree cannot be named by an int64, which other implementations use for sizes."""

MAX_PROOF_HASHES: Final = 63
"""c2sp.org/tlog-witness; no tree of at most `MAX_TREE_SIZE` leaves needs more."""

Nodes = Callable[[int, int], bytes]
"""`nodes(level, index)`: hash of the complete subtree over leaves `[index << level, (index + 1) << level)`."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one log entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(row: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring subtrees of equal size, of which the last may be incomplete."""
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        pairs = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = [*pairs, row[-1]] if len(row) % 2 else pairs
    return row[0]


def root_hash(size: int, nodes: Nodes) -> bytes:
    """Return the root of the first `size` leaves."""
    return _range_root(0, size, nodes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, sibling of the leaf first.

    Raises:
        ProofError: there is no such leaf.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    return tuple(_path(index, 0, size, nodes))


def consistency_proof(old_size: int, new_size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """Return the proof that the first `old_size` leaves are a prefix of the first `new_size` (RFC 6962, 2.1.2).

    Empty for equal sizes and for `old_size` 0: every tree extends the empty one.

    Raises:
        ProofError: the sizes are not in order.
    """
    if not 0 <= old_size <= new_size <= MAX_TREE_SIZE:
        raise ProofError(f"no tree of {new_size} leaves extends one of {old_size}")
    if old_size in {0, new_size}:
        return ()
    return tuple(_subproof(old_size, 0, new_size, nodes, whole=True))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (a leaf hash) stands at `index` in the tree of `size` leaves with this root.

    Raises:
        ProofError: it does not, or the proof has the wrong shape.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _check_hashes(leaf, root, *proof)
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the inclusion proof is too short")
    if not hmac.compare_digest(computed, root):
        raise ProofError("the inclusion proof does not lead to the root")


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree with `new_root` extends the tree with `old_root`.

    Raises:
        ProofError: the proof does not show it.
    """
    if not 0 <= old_size <= new_size <= MAX_TREE_SIZE:
        raise ProofError(f"no tree of {new_size} leaves extends one of {old_size}")
    _check_hashes(old_root, new_root, *proof)
    if old_size in {0, new_size}:
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if proof or not hmac.compare_digest(old_root, expected):
            raise ProofError("the consistency proof does not connect the two roots")
        return
    # A complete old tree is itself the first node, and is then left out of the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise ProofError("the consistency proof is empty")
    old_computed, new_computed = _climb(old_size - 1, new_size - 1, path)
    if not (hmac.compare_digest(old_computed, old_root) and hmac.compare_digest(new_computed, new_root)):
        raise ProofError("the consistency proof does not connect the two roots")


def _climb(position: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the old and new root that a consistency path leads to (RFC 9162 section 2.1.4.2)."""
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the consistency proof is too short")
    return old, new


def _check_hashes(*hashes: bytes) -> None:
    # The two roots or the leaf and root come on top of the proof itself.
    if len(hashes) > MAX_PROOF_HASHES + 2:
        raise ProofError(f"more than {MAX_PROOF_HASHES} proof hashes")
    if any(len(item) != HASH_BYTES for item in hashes):
        raise ProofError(f"a hash is not {HASH_BYTES} bytes long")


def _split(begin: int, end: int) -> int:
    """Return the end of the left subtree: the largest power of two below the width (RFC 6962 section 2.1)."""
    return begin + (1 << ((end - begin - 1).bit_length() - 1))


def _range_root(begin: int, end: int, nodes: Nodes) -> bytes:
    width = end - begin
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return nodes(level, begin >> level)
    middle = _split(begin, end)
    return node_hash(_range_root(begin, middle, nodes), _range_root(middle, end, nodes))


def _path(index: int, begin: int, end: int, nodes: Nodes) -> Iterator[bytes]:
    if end - begin == 1:
        return
    middle = _split(begin, end)
    if index < middle:
        yield from _path(index, begin, middle, nodes)
        yield _range_root(middle, end, nodes)
    else:
        yield from _path(index, middle, end, nodes)
        yield _range_root(begin, middle, nodes)


def _subproof(old_size: int, begin: int, end: int, nodes: Nodes, *, whole: bool) -> Iterator[bytes]:
    if old_size == end:
        if not whole:
            yield _range_root(begin, end, nodes)
        return
    middle = _split(begin, end)
    if old_size <= middle:
        yield from _subproof(old_size, begin, middle, nodes, whole=whole)
        yield _range_root(middle, end, nodes)
    else:
        yield from _subproof(old_size, middle, end, nodes, whole=False)
        yield _range_root(begin, middle, nodes)
