"""Renewing time stamps before their certificates expire or their algorithms weaken (RFC 4998, section 5.2). Pure.

The standard idea, in formats that a bundle speaks anyway: the SHA-256 of each token that is to be renewed becomes a
leaf of one Merkle tree (RFC 6962), and the head of that tree is stamped anew. One new token renews thousands of old
ones; a bundle carries the path of those that it needs. The new tokens are renewed in their turn.

The head is a checkpoint text without signatures (what signs it is the new token), and the path a tlog-proof file.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from evidence.custody.errors import ProofError
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.tlogproof import TlogProof

ORIGIN: Final = "getuige/token-renewal/v1"
"""The first line of a renewal's head: no other checkpoint that is stamped begins with it and has no signature."""

MAX_TOKENS: Final = 1_000_000
"""Tokens in one renewal: ten years of a head every five minutes, from one authority."""

MAX_ROUNDS: Final = 32
"""Renewals of renewals that a verifier follows; certificates of authorities live for years."""


def token_sha256(token: bytes) -> bytes:
    """Return the entry by which a renewal names a token: SHA-256 of the whole TimeStampResp."""
    return hashlib.sha256(token).digest()


@dataclass(frozen=True)
class Tree:
    """The tokens of one renewal, each named by `token_sha256`, in the order in which they were written down."""

    entries: Sequence[bytes]

    def __post_init__(self) -> None:
        if not 0 < len(self.entries) <= MAX_TOKENS:
            raise ProofError(f"a renewal is of 1 to {MAX_TOKENS} tokens")

    @cached_property
    def _levels(self) -> list[list[bytes]]:
        levels = [[merkle.leaf_hash(entry) for entry in self.entries]]
        while len(row := levels[-1]) > 1:
            levels.append([merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])
        return levels

    @cached_property
    def body(self) -> bytes:
        """The text of the head: what gets stamped."""
        return Checkpoint(ORIGIN, len(self.entries), merkle.fold(self._levels[0])).body

    @property
    def digest(self) -> bytes:
        """SHA-256 of the head."""
        return hashlib.sha256(self.body).digest()

    def proof(self, place: int) -> bytes:
        """Return the proof file of the entry at `place`, with the head at its end; ProofError if there is none."""
        hashes = merkle.inclusion_proof(place, len(self.entries), lambda level, index: self._levels[level][index])
        return TlogProof(place, hashes, self.body).to_bytes()


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
