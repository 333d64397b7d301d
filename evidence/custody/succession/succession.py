"""Rotation of the log's key: a new log whose first entry commits to the last head of the old one. Pure.

A log's key is rotated when it may be known to others, or when it is old. The tree of the old log ends with a *final
head*; a new log with a new origin and a new key begins, and its entry 0 commits to that head, so that the witnesses of
the new log cosign the end of the old one with every head. From then on the old key is worth nothing beyond the final
head: whoever stole it cannot add, and cannot show another past, because what it signed has to lead to that head
(`lineage.Lineage.admit`). Who may say that a log ended is decided elsewhere (`evidence/statements/rotation.py`).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from evidence.custody.errors import ProofError
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.witnessing.policy import Policy

SUCCESSION_VERSION: Final = b"\x02"
"""First byte of an entry that is no event's leaf (`leaf.LEAF_VERSION`) but the end of an older log."""

_CONTEXT: Final = b"getuige/log-succession/v1\n"


def succession_entry(final: Checkpoint) -> bytes:
    """Return entry 0 of the log that follows: `0x02 ‖ SHA-256(context ‖ body of the final head)`, 33 bytes.

    It has no salt: a head is public.
    """
    return SUCCESSION_VERSION + hashlib.sha256(_CONTEXT + final.body).digest()


@dataclass(frozen=True)
class Succession:
    """A proven rotation: the final head of the old log, and the origin that follows it."""

    final: Checkpoint
    successor: str


def prove(final_note: bytes, entry_proof: bytes, policy: Policy) -> Succession:
    """Check a rotation: both logs are the policy's, and the new one begins with the end of the old one.

    Args:
        final_note: the final head of the old log, cosigned.
        entry_proof: the `.tlog-proof` of entry 0 of the new log.
        policy: names both logs, each with a key of its own. It travels apart from the evidence, so whoever stole a key
            cannot name a successor.

    Raises:
        CustodyError: see `Policy.verify` and `tlogproof.verify`; ProofError also when the new log does not begin with
            this head, or both are the same log.
    """
    final = policy.verify(final_note).signed.checkpoint
    proven = tlogproof.verify(entry_proof, succession_entry(final), policy)
    successor = proven.checkpoint.signed.checkpoint.origin
    if proven.index != 0:
        raise ProofError("a log commits to its predecessor with its first entry, and this is another")
    if successor == final.origin:
        raise ProofError("a log that succeeds another has a name of its own")
    return Succession(final, successor)
