"""Requests between a log and a witness as bytes (c2sp.org/tlog-witness). Pure.

A request is the old size, a consistency proof and the checkpoint; an answer is cosignature lines, or the size that the
witness knows. Parsing verifies nothing but the shape: what a request proves is decided by `witness.Witness`, what an
answer is worth by `judge_refusal` and by the integrator, which verifies every line.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evidence.custody.errors import (
    CustodyError,
    EmptyTreeError,
    ForkError,
    ProofError,
    RollbackError,
    SignatureError,
    StaleSizeError,
    UnknownLogError,
    WitnessFormatError,
    WitnessUnavailableError,
)
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import MAX_NOTE_BYTES, MAX_SIGNATURES, NoteSignature, NoteVerifier, unb64
from evidence.errors import EvidenceError, FormatError

SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of the answer 409, whose body is the size that the witness knows."""

MAX_HEAD_BYTES: Final = 32 + merkle.MAX_PROOF_HASHES * 45 + 1
"""The old size line, 63 hashes in base64 with their newlines, and the empty line."""

MAX_REQUEST_BYTES: Final = MAX_HEAD_BYTES + MAX_NOTE_BYTES
"""Nothing larger can be a request, so nothing larger is read."""

MAX_ANSWER_BYTES: Final = MAX_NOTE_BYTES
"""An answer is signature lines only, and these would all fit into a note."""

_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,18})", re.ASCII)
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n", re.ASCII)

_STATUS: Final[tuple[tuple[type[EvidenceError], int], ...]] = (
    (EmptyTreeError, 422),
    (UnknownLogError, 404),
    (SignatureError, 403),
    (StaleSizeError, 409),
    (ForkError, 422),
    (RollbackError, 400),
    (FormatError, 400),
)
"""The first that fits counts; what is not here is the witness's own trouble."""


@dataclass(frozen=True)
class AddCheckpoint:
    """The body of `POST <prefix>/add-checkpoint`; `note` is the signed checkpoint, not parsed yet."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        """Return the body as it is sent."""
        lines = [b"old %d" % self.old_size, *map(base64.b64encode, self.proof)]
        return b"\n".join(lines) + b"\n\n" + self.note

    @classmethod
    def parse(cls, data: bytes) -> "AddCheckpoint":
        """Return the request in a body.

        Raises:
            WitnessFormatError: it does not follow the protocol, or passes a limit.
        """
        if len(data) > MAX_REQUEST_BYTES:
            raise WitnessFormatError(f"a request has at most {MAX_REQUEST_BYTES} bytes")
        head, separator, note = data.partition(b"\n\n")
        old, *proof = head.split(b"\n")
        size = _OLD.fullmatch(old)
        if not separator or size is None:
            raise WitnessFormatError("a request begins with the old size, and an empty line ends its proof")
        if int(size[1]) > merkle.MAX_TREE_SIZE:
            raise WitnessFormatError("the old size is no tree size")
        if len(proof) > merkle.MAX_PROOF_HASHES:
            raise WitnessFormatError(f"a proof has at most {merkle.MAX_PROOF_HASHES} hashes")
        return cls(int(size[1]), tuple(map(_hash, proof)), note)


def status_of(error: EvidenceError) -> int | None:
    """Return the HTTP status by which a witness says this error; None when it is the witness's own trouble (500)."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return None


def size_body(size: int) -> bytes:
    """Return the body of an answer 409."""
    return b"%d\n" % size


def parse_size(data: bytes) -> int:
    """Return the size in the body of an answer 409.

    Raises:
        WitnessFormatError: it is no size.
    """
    found = _SIZE.fullmatch(data)
    if found is None or int(found[1]) > merkle.MAX_TREE_SIZE:
        raise WitnessFormatError("the witness names no tree size")
    return int(found[1])


def parse_cosignatures(data: bytes) -> tuple[NoteSignature, ...]:
    """Return the signature lines of an answer 200; nothing is verified.

    Raises:
        WitnessFormatError: there is none, or something else.
    """
    if len(data) > MAX_ANSWER_BYTES:
        raise WitnessFormatError(f"an answer has at most {MAX_ANSWER_BYTES} bytes")
    try:
        lines = data.decode("utf-8").split("\n")
        if lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES:
            raise WitnessFormatError("the witness gave no signature lines")
        return tuple(NoteSignature.parse(f"{line}\n") for line in lines)
    except (UnicodeDecodeError, FormatError) as error:
        raise WitnessFormatError("the witness gave something else than signature lines") from error


def judge_refusal(request: AddCheckpoint, shown: bytes | None, log: NoteVerifier) -> CustodyError:
    """Say what a witness's *fork* (422) or *I am further* (409) is worth, by the head that it shows for it.

    A fork or a roll-back stops the log, so a witness's word is not enough: it has to show a head that our own log key
    signed and that our tree does not contain. A witness that errs, or lies, costs its cosignature only.

    Args:
        request: what the witness refused; its proof was made from our own tiles.
        shown: what the witness serves as the head that it cosigned last (`<origin hash>/checkpoint`).
        log: our log's key.

    Returns:
        The error to raise: ForkError (two heads of one size, or our tree does not extend what our key signed),
        StaleSizeError (it did cosign a longer tree of ours), else WitnessUnavailableError.
    """
    ours = SignedCheckpoint.parse(request.note).checkpoint
    theirs = _signed_by(log, shown)
    if theirs is None:
        return WitnessUnavailableError("it refuses the head, and shows no signed head that would say why")
    if theirs.size > ours.size:
        return StaleSizeError(theirs.size)
    try:
        if theirs.size == ours.size:
            merkle.verify_consistency(theirs.size, theirs.root, ours.size, ours.root, ())
        elif theirs.size == request.old_size:
            merkle.verify_consistency(theirs.size, theirs.root, ours.size, ours.root, request.proof)
    except ProofError:
        return ForkError(f"the log's key signed another tree of {theirs.size} entries")
    return WitnessUnavailableError("it refuses a head that does extend the one that it shows")


def _signed_by(log: NoteVerifier, shown: bytes | None) -> Checkpoint | None:
    """Return the checkpoint in `shown` when it is our log's and its key signed it."""
    try:
        signed = SignedCheckpoint.parse(shown or b"")
        genuine = bool(log.verify_note(signed.note))
    except CustodyError:
        return None
    return signed.checkpoint if genuine and signed.checkpoint.origin == log.name else None


def check_cosigned(lines: Sequence[NoteSignature], verifier: NoteVerifier, body: bytes) -> NoteSignature:
    """Return the line by this witness's key, verified over the checkpoint's body; other keys' lines are ignored.

    Raises:
        SignatureError: there is none, or one that does not verify.
    """
    own = [line for line in lines if verifier.knows(line)]
    for line in own:
        verifier.verify(body, line)
    if not own:
        raise SignatureError(f"no line is by {verifier.name}")
    return own[0]


def _hash(line: bytes) -> bytes:
    try:
        found = unb64(line.decode("ascii"))
    except ValueError:
        raise WitnessFormatError("a line of the proof is not base64") from None
    if len(found) != merkle.HASH_BYTES:
        raise WitnessFormatError(f"a proof hash has {merkle.HASH_BYTES} bytes")
    return found
