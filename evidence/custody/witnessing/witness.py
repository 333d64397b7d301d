"""A witness: cosigns the heads of logs that it knows, and never two heads that one history cannot have.

The rules are those of c2sp.org/tlog-witness, `add-checkpoint`; the HTTP status that belongs to each error stands
beside it, so that a thin edge (`server/witness/`) can put the same object behind HTTP. The state is durable before a
cosignature leaves: a witness that forgot what it signed could be made to sign a fork.
"""

import hashlib
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from evidence import files
from evidence.custody.errors import (
    CorruptLogError,
    CustodyError,
    ForkError,
    KeyFormatError,
    ProofError,
    RollbackError,
    SignatureError,
    StaleSizeError,
    UnknownLogError,
)
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import COSIGNERS, KeyType, Note, NoteSigner, NoteVerifier
from evidence.custody.log.note_key import load_or_create_key


class WitnessState(Protocol):
    """What a witness must remember: per origin the last head, as a note with the log's and its own signature."""

    def load(self, origin: str) -> bytes | None:
        """Return the remembered note, or None when this log was never cosigned."""

    def swap(self, origin: str, expected: bytes | None, new: bytes) -> bool:
        """Durably replace `expected` by `new` in one step; False, and nothing changed, when it is not `expected`."""


class FileWitnessState:
    """Keeps one file per log in a folder; safe between threads and between processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self._lock = threading.Lock()
        files.make_folder(path)

    def load(self, origin: str) -> bytes | None:
        """See `WitnessState`."""
        return files.read_if_there(self._file(origin))

    def swap(self, origin: str, expected: bytes | None, new: bytes) -> bool:
        """See `WitnessState`."""
        with self._lock, files.locked(self._folder / ".lock"):
            if self.load(origin) != expected:
                return False
            files.replace(self._file(origin), new)
            return True

    def _file(self, origin: str) -> Path:
        # The name that tlog-witness gives a log under its monitoring prefix.
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()


class Witness:
    """Cosigns checkpoints of the logs whose keys it was given."""

    development = False

    def __init__(self, signer: NoteSigner, state: WitnessState, logs: Sequence[NoteVerifier]) -> None:
        if signer.kind not in COSIGNERS:
            raise KeyFormatError("a witness needs a key of type 4 or 6")
        self._signer = signer
        self._state = state
        self._logs = tuple(logs)

    @property
    def name(self) -> str:
        """The witness's key name."""
        return self._signer.name

    @property
    def verifier(self) -> NoteVerifier:
        """The public key that its cosignatures verify under."""
        return self._signer.verifier

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        """Remember a head that extends the last one, and cosign it.

        Args:
            old_size: size of the head that this witness last cosigned for the log; 0 if none.
            proof: consistency proof from `old_size`, at most 63 hashes.
            note_bytes: the checkpoint, signed by its log.
            now: the time that the cosignature states (aware).

        Returns:
            The signature line, with its newline, to add to the note.

        Raises:
            NoteError, CheckpointError: no signed checkpoint (400).
            UnknownLogError: not a log of this witness (404).
            SignatureError: not signed by the log's key (403).
            RollbackError: the checkpoint is smaller than `old_size` (400).
            StaleSizeError: the last cosigned size is another one, given in the error (409).
            ForkError: not an extension of what was cosigned before, or not proven to be one (422).
            StorageError: the state could not be made durable; nothing was cosigned.
        """
        head = self._authentic(note_bytes)
        checkpoint = head.checkpoint
        if not 0 <= old_size <= checkpoint.size:
            raise RollbackError(f"size {checkpoint.size} comes after size {old_size}")
        remembered = self._state.load(checkpoint.origin)
        known = _remembered(checkpoint.origin, remembered)
        if old_size != known.size:
            raise StaleSizeError(known.size)
        try:
            merkle.verify_consistency(old_size, known.root, checkpoint.size, checkpoint.root, proof)
        except ProofError as error:
            raise ForkError(f"size {checkpoint.size} is not shown to extend size {old_size}: {error}") from error
        line = self._signer.cosign(checkpoint.body, now)
        if not self._state.swap(checkpoint.origin, remembered, head.with_signatures([line]).to_bytes()):
            raise StaleSizeError(_remembered(checkpoint.origin, self._state.load(checkpoint.origin)).size)
        return line.line

    def newest(self, origin_hash: str) -> bytes | None:
        """Return the newest cosigned head of the log with this origin hash (SHA-256, lower-case hex), as a note.

        None when there is no such log, or nothing of it was cosigned (tlog-witness, *Monitor Retrieval Mechanism*).
        """
        for key in self._logs:
            if hashlib.sha256(key.name.encode()).hexdigest() == origin_hash:
                return self._state.load(key.name)
        return None

    def _authentic(self, note_bytes: bytes) -> SignedCheckpoint:
        """Return the checkpoint with nothing but its log's own verified signature lines."""
        signed = SignedCheckpoint.parse(note_bytes)
        keys = [key for key in self._logs if key.name == signed.checkpoint.origin]
        if not keys:
            raise UnknownLogError(f"this witness knows no log {signed.checkpoint.origin!r}")
        for key in keys:
            key.verify_note(signed.note)
        lines = tuple(line for line in signed.note.signatures if any(key.knows(line) for key in keys))
        if not lines:
            raise SignatureError(f"no known key of {signed.checkpoint.origin} signed the checkpoint")
        return SignedCheckpoint(signed.checkpoint, Note(signed.note.text, lines))


class DevelopmentWitness(Witness):
    """A witness in the operator's own process: proves nothing against the operator, so production refuses it."""

    development = True

    @classmethod
    def in_folder(cls, folder: Path, key_name: str, logs: Sequence[NoteVerifier]) -> "DevelopmentWitness":
        """Return the witness whose key (`witness.skey`) and state live in `folder`; made on first use."""
        signer = load_or_create_key(folder / "witness.skey", key_name, KeyType.COSIGNATURE_V1)
        return cls(signer, FileWitnessState(folder / "state"), logs)


def _remembered(origin: str, note_bytes: bytes | None) -> Checkpoint:
    if note_bytes is None:
        return Checkpoint(origin, 0, merkle.EMPTY_ROOT)
    try:
        return SignedCheckpoint.parse(note_bytes).checkpoint
    except CustodyError as error:
        raise CorruptLogError(f"the witness's memory of {origin} is damaged: {error}") from error
