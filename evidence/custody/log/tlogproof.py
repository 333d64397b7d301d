"""Proof files: everything needed to check offline that an entry is in the log (c2sp.org/tlog-proof, `.tlog-proof`)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from evidence.custody.errors import ProofError, ProofFormatError
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import MAX_NOTE_BYTES, unb64
from evidence.custody.log.tiles import TileReader, TileSource
from evidence.custody.witnessing.policy import Policy, VerifiedCheckpoint

HEADER: Final = b"c2sp.org/tlog-proof@v1"

MAX_EXTRA_BYTES: Final = 64 * 1024
"""Room for a salt and a small event; whatever is larger travels beside the proof."""

MAX_PROOF_BYTES: Final = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES + 64 * 64
"""A note, the extra data in base64, and the few lines between them."""

_INDEX: Final = re.compile(rb"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class TlogProof:
    """A parsed proof file; nothing in it is verified. `extra` is never authenticated, empty means none."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the file."""
        lines = [HEADER]
        if self.extra:
            lines.append(b"extra " + base64.b64encode(self.extra))
        lines.append(b"index %d" % self.index)
        lines += [base64.b64encode(item) for item in self.hashes]
        return b"\n".join(lines) + b"\n\n" + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "TlogProof":
        """Return the proof in the bytes of a file.

        Raises:
            ProofFormatError: the file does not follow the format, or passes a limit.
        """
        if len(data) > MAX_PROOF_BYTES:
            raise ProofFormatError(f"a proof file has at most {MAX_PROOF_BYTES} bytes")
        head, separator, checkpoint = data.partition(b"\n\n")
        lines = head.split(b"\n")
        if not separator or lines.pop(0) != HEADER:
            raise ProofFormatError("not a c2sp.org/tlog-proof@v1 file")
        extra = b""
        if lines and lines[0].startswith(b"extra "):
            extra = _decode(lines.pop(0).removeprefix(b"extra "))
            if not 0 < len(extra) <= MAX_EXTRA_BYTES:
                raise ProofFormatError(f"extra data has 1–{MAX_EXTRA_BYTES} bytes, or no line at all")
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if index is None:
            raise ProofFormatError("the proof file has no proper index line")
        if len(lines) > merkle.MAX_PROOF_HASHES:
            raise ProofFormatError(f"a proof has at most {merkle.MAX_PROOF_HASHES} hashes")
        hashes = tuple(map(_decode, lines))
        if any(len(item) != merkle.HASH_BYTES for item in hashes):
            raise ProofFormatError(f"a proof hash has {merkle.HASH_BYTES} bytes")
        return cls(int(index[1]), hashes, checkpoint, extra)


@dataclass(frozen=True)
class VerifiedProof:
    """An entry that is in the log at `index`, under a checkpoint that satisfied the policy."""

    index: int
    checkpoint: VerifiedCheckpoint
    extra: bytes


def build_proof(source: TileSource, index: int, signed: SignedCheckpoint, extra: bytes = b"") -> TlogProof:
    """Return the proof that leaf `index` is in the tree of this checkpoint, from the log's tiles.

    Raises:
        ProofError: the tree has no such leaf, or the tiles do not lead to the checkpoint's root.
        ProofFormatError: too much extra data.
        ResourceNotFoundError, TileError, StorageError: a tile is missing, misshapen or unreadable.
    """
    return read_proof(TileReader(source, signed.checkpoint.size), index, signed, extra)


def read_proof(reader: TileReader, index: int, signed: SignedCheckpoint, extra: bytes = b"") -> TlogProof:
    """Return the proof as `build_proof`, by a reader of this checkpoint's tree: many proofs read each tile once."""
    if len(extra) > MAX_EXTRA_BYTES:
        raise ProofFormatError(f"extra data has at most {MAX_EXTRA_BYTES} bytes")
    checkpoint = signed.checkpoint
    hashes = reader.prove_inclusion(index)
    # A receipt must never carry a proof that fails: tiles are checked where they are used.
    merkle.verify_inclusion(reader.nodes(0, index), index, checkpoint.size, hashes, checkpoint.root)
    return TlogProof(index, hashes, signed.to_bytes(), extra)


def verify(proof_bytes: bytes, entry_bytes: bytes, policy: Policy) -> VerifiedProof:
    """Check offline that an entry is in a log that the policy trusts.

    Args:
        proof_bytes: the proof file.
        entry_bytes: the log entry (for Getuige the 33 bytes of `leaf.leaf_entry`).
        policy: who must have signed.

    Raises:
        ProofFormatError: the file is malformed.
        NoteError, CheckpointError, UnknownLogError, SignatureError, QuorumError: see `Policy.verify`.
        ProofError: the entry does not stand at that index under that root.
    """
    proof = TlogProof.parse(proof_bytes)
    return verify_under(proof, entry_bytes, policy.verify(proof.checkpoint))


def verify_under(proof: TlogProof, entry_bytes: bytes, checkpoint: VerifiedCheckpoint) -> VerifiedProof:
    """Check that an entry is under the proof's checkpoint, which a policy has verified; ProofError when it is not."""
    leaf = merkle.leaf_hash(entry_bytes)
    try:
        merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except ProofError as error:
        raise ProofError(f"the entry is not in the log: {error}") from error
    return VerifiedProof(proof.index, checkpoint, proof.extra)


def _decode(line: bytes) -> bytes:
    try:
        return unb64(line.decode("ascii"))
    except ValueError:
        raise ProofFormatError("a line of the proof is not base64") from None
