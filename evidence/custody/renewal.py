"""Renewing time stamps before their certificates expire or their algorithms weaken (RFC 4998, section 5.2). Pure.

The standard idea, in formats that a bundle speaks anyway: the SHA-256 of each token that is to be renewed becomes a
leaf of one Merkle tree (RFC 6962), and the head of that tree is stamped anew. One new token renews thousands of old
ones; a bundle carries the path of those that it needs. The new tokens are renewed in their turn.

The head is a checkpoint text without signatures (what signs it is the new token), and the path a tlog-proof file.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from evidence.custody import merkle
from evidence.custody.checkpoint import Checkpoint
from evidence.custody.errors import ProofError
from evidence.custody.tlogproof import TlogProof

ORIGIN: Final = "getuige/token-renewal/v1"
"""The first line of a renewal's head: no other checkpoint that is stamped begins with it and has no signature."""

MAX_TOKENS: Final = 1_000_000
"""Tokens in one renewal: ten years of a head every five minutes, from one authority."""

MAX_ROUNDS: Final = 32
"""Renewals of renewals that a verifier follows; certificates of authorities live for years."""


def token_sha256(token: bytes) -> bytes:
    """Return the entry by which a renewal names a token: SHA-256 of the whole TimeStampResp."""
    return hashlib.sha256(token).digest()


def head(entries: Sequence[bytes]) -> Checkpoint:
    """Return the head over tokens, each named by `token_sha256`; its `body` is what gets stamped.

    Raises:
        ProofError: there are none, or more than `MAX_TOKENS`.
    """
    if not 0 < len(entries) <= MAX_TOKENS:
        raise ProofError(f"a renewal is of 1 to {MAX_TOKENS} tokens")
    return Checkpoint(ORIGIN, len(entries), merkle.fold([merkle.leaf_hash(entry) for entry in entries]))


def proofs(entries: Sequence[bytes], wanted: Sequence[int]) -> list[bytes]:
    """Return the proof files of the entries at the places `wanted`, each with the head at its end.

    Raises:
        ProofError: there is no such entry.
    """
    levels = [[merkle.leaf_hash(entry) for entry in entries]]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])

    def nodes(level: int, index: int) -> bytes:
        return levels[level][index]

    body = head(entries).body
    return [TlogProof(place, merkle.inclusion_proof(place, len(entries), nodes), body).to_bytes() for place in wanted]


def verify(proof: bytes, token: bytes) -> bytes:
    """Check that a renewal's proof file is about `token`; return SHA-256 of the head, which is what was stamped.

    Raises:
        ProofFormatError, CheckpointError: the file is malformed.
        ProofError: it is about another token, or its head is none of a renewal.
    """
    parsed = TlogProof.parse(proof)
    found = Checkpoint.parse(parsed.checkpoint)
    if found.origin != ORIGIN or found.extensions:
        raise ProofError("the head is not that of a renewal")
    leaf = merkle.leaf_hash(token_sha256(token))
    merkle.verify_inclusion(leaf, parsed.index, found.size, parsed.hashes, found.root)
    return hashlib.sha256(parsed.checkpoint).digest()
