"""Merkle proofs of the wrong length are refused, even with roots that were made to fit what is left of them."""

import pytest

from evidence.custody.errors import ProofError
from evidence.custody.log import merkle
from evidence.custody.log.merkle import node_hash

A, B, C, D = (bytes([letter]) * 32 for letter in b"abcd")


def test_an_inclusion_proof_that_is_too_long_is_refused() -> None:
    with pytest.raises(ProofError, match="too long"):
        merkle.verify_inclusion(A, 0, 1, [B], node_hash(B, A))
    with pytest.raises(ProofError, match="too long"):
        merkle.verify_inclusion(A, 1, 2, [B, C], node_hash(C, node_hash(B, A)))


def test_an_inclusion_proof_that_is_too_short_is_refused() -> None:
    with pytest.raises(ProofError, match="too short"):
        merkle.verify_inclusion(A, 0, 3, [B], node_hash(A, B))


def test_a_consistency_proof_that_is_too_long_is_refused() -> None:
    old, new = node_hash(D, node_hash(C, A)), node_hash(D, node_hash(C, node_hash(A, B)))
    with pytest.raises(ProofError, match="too long"):
        merkle.verify_consistency(3, old, 4, new, [A, B, C, D])


def test_a_consistency_proof_that_is_too_short_is_refused() -> None:
    old, new = node_hash(C, A), node_hash(C, node_hash(A, B))
    merkle.verify_consistency(3, old, 4, new, [A, B, C])
    with pytest.raises(ProofError, match="too short"):
        merkle.verify_consistency(3, old, 8, new, [A, B, C])
    with pytest.raises(ProofError, match="empty"):
        merkle.verify_consistency(3, old, 8, new, [])


@pytest.mark.parametrize("sizes", [(-1, 2), (3, 2), (1, 2**63)])
def test_sizes_out_of_order_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ProofError):
        merkle.verify_consistency(sizes[0], A, sizes[1], B, [C])
    with pytest.raises(ProofError):
        merkle.consistency_proof(*sizes, lambda _level, _index: A)


@pytest.mark.parametrize("bad", [b"", b"a" * 31, b"a" * 33])
def test_a_hash_has_32_bytes(bad: bytes) -> None:
    with pytest.raises(ProofError):
        merkle.verify_inclusion(A, 0, 2, [bad], node_hash(A, bad))
    with pytest.raises(ProofError):
        merkle.verify_consistency(1, A, 2, node_hash(A, bad), [bad])
