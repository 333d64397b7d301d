"""pymerkle, a Merkle tree that others wrote: the same roots and inclusion proofs, and consistency proofs after folding.

Where the two differ (pymerkle 7): leaves count from one; an inclusion path begins with the leaf itself, which RFC 6962
leaves out; a consistency path spells out the right-hand subtree down to its first leaf when the older tree ends on the
border of a subtree, where RFC 6962 (2.1.2) gives that subtree's root, and always holds the older tree's own node.
"""

import hashlib
import itertools
from typing import Any

import pymerkle  # type: ignore[import-untyped]  # it publishes no types
import pytest

from evidence.custody.errors import ProofError
from evidence.custody.log import merkle

ENTRIES = [b"\x01" + hashlib.sha256(bytes([number])).digest() for number in range(70)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
PAIRS = [(old, new) for new in (1, 2, 3, 5, 8, 13, 31, 32, 33, 64, 70) for old in range(1, new + 1)]


@pytest.fixture(scope="module")
def tree() -> pymerkle.InmemoryTree:
    made = pymerkle.InmemoryTree(algorithm="sha256")
    made.append_entries(ENTRIES)
    return made


def nodes(level: int, index: int) -> bytes:
    return merkle.fold(LEAVES[index << level : (index + 1) << level])


def root(size: int) -> bytes:
    return merkle.root_hash(size, nodes)


def as_rfc6962(proof: pymerkle.ConsistencyProof) -> tuple[bytes, ...]:
    """Fold what pymerkle spells out into the proof of RFC 6962, section 2.1.2."""
    if proof.prior_size == proof.size:
        return ()
    first = proof.subset.index(1)
    if first == 0:
        return tuple(proof.path)
    right = proof.path[0]
    for bit, sibling in zip(proof.rule, proof.path[1:first], strict=False):
        right = merkle.node_hash(sibling, right) if bit else merkle.node_hash(right, sibling)
    complete = proof.prior_size & (proof.prior_size - 1) == 0
    left = () if complete else (proof.path[first],)
    return (*left, right, *proof.path[first + 1 :])


def test_roots(tree: pymerkle.InmemoryTree) -> None:
    assert [tree.get_root(size) for size in range(len(ENTRIES) + 1)] == [root(n) for n in range(len(ENTRIES) + 1)]


def test_inclusion(tree: pymerkle.InmemoryTree) -> None:
    for size in (1, 2, 3, 7, 8, 9, 33, 64, 70):
        for index in range(size):
            theirs = tree.prove_inclusion(index + 1, size)
            ours = merkle.inclusion_proof(index, size, nodes)
            assert (theirs.path[0], tuple(theirs.path[1:])) == (LEAVES[index], ours)
            merkle.verify_inclusion(LEAVES[index], index, size, theirs.path[1:], root(size))
            pymerkle.verify_inclusion(LEAVES[index], root(size), remade(theirs, [LEAVES[index], *ours]))


def test_consistency(tree: pymerkle.InmemoryTree) -> None:
    for old, new in PAIRS:
        theirs = tree.prove_consistency(old, new)
        pymerkle.verify_consistency(root(old), root(new), theirs)
        assert as_rfc6962(theirs) == merkle.consistency_proof(old, new, nodes)
        merkle.verify_consistency(old, root(old), new, root(new), as_rfc6962(theirs))


def test_both_refuse_a_changed_proof(tree: pymerkle.InmemoryTree) -> None:
    for index, size in itertools.product((0, 5, 32), (33, 70)):
        ours = list(merkle.inclusion_proof(index, size, nodes))
        for place in range(len(ours)):
            wrong = [*ours[:place], bytes(32), *ours[place + 1 :]]
            with pytest.raises(ProofError):
                merkle.verify_inclusion(LEAVES[index], index, size, wrong, root(size))
            theirs = remade(tree.prove_inclusion(index + 1, size), [LEAVES[index], *wrong])
            with pytest.raises(pymerkle.InvalidProof):
                pymerkle.verify_inclusion(LEAVES[index], root(size), theirs)


def test_both_refuse_another_history(tree: pymerkle.InmemoryTree) -> None:
    for old, new in PAIRS:
        theirs, other = tree.prove_consistency(old, new), hashlib.sha256(root(old)).digest()
        with pytest.raises(pymerkle.InvalidProof):
            pymerkle.verify_consistency(other, root(new), theirs)
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, other, new, root(new), as_rfc6962(theirs))


def remade(proof: pymerkle.InclusionProof, path: list[bytes]) -> Any:  # noqa: ANN401 - pymerkle has no types
    """Return the proof with another path, through its JSON form as a stranger would send it."""
    return pymerkle.InclusionProof.deserialize({**proof.serialize(), "path": [one.hex() for one in path]})
