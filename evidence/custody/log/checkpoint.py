"""Checkpoints: the signed head of the log at one size (c2sp.org/tlog-checkpoint)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evidence.custody.errors import CheckpointError, EmptyTreeError
from evidence.custody.log import merkle
from evidence.custody.log.note import Note, NoteSignature, NoteSigner, unb64

MIN_LINES: Final = 3
"""Origin, tree size, root."""

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: `size` leaves have the 32-byte `root`.

    `extensions` are opaque lines after the root; Getuige writes none, and reads them so that other logs verify.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(not line or any(char < " " for char in line) for line in (self.origin, *self.extensions)):
            raise CheckpointError("the lines of a checkpoint are not empty and have no control characters")
        if not 0 <= self.size <= merkle.MAX_TREE_SIZE:
            raise CheckpointError(f"{self.size} is no tree size")
        if len(self.root) != merkle.HASH_BYTES:
            raise CheckpointError(f"a root hash has {merkle.HASH_BYTES} bytes")
        if self.size == 0 and self.root != merkle.EMPTY_ROOT:
            raise EmptyTreeError("the empty tree has one root, and this is another")

    @property
    def body(self) -> bytes:
        """The note text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode("ascii"), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()

    @classmethod
    def parse(cls, body: bytes) -> "Checkpoint":
        """Return the checkpoint in a note text.

        Raises:
            CheckpointError: the text is not a checkpoint, or not in its one canonical spelling.
        """
        try:
            lines = body.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            raise CheckpointError("a checkpoint is UTF-8 text") from None
        if len(lines) <= MIN_LINES or lines[-1]:
            raise CheckpointError("a checkpoint has an origin, a size and a root, each on a line")
        if _SIZE.fullmatch(lines[1]) is None:
            raise CheckpointError("the tree size is not a plain decimal number")
        try:
            root = unb64(lines[2])
        except ValueError:
            raise CheckpointError("the root hash is not base64") from None
        return cls(lines[0], int(lines[1]), root, tuple(lines[MIN_LINES:-1]))


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint and the note that carries it; parsing verifies nothing (see `policy.Policy.verify`)."""

    checkpoint: Checkpoint
    note: Note

    @classmethod
    def sign(cls, checkpoint: Checkpoint, signer: NoteSigner) -> "SignedCheckpoint":
        """Sign as the log; the key's name must be the origin, so that a vkey says which log it is for.

        Raises:
            CheckpointError: the key bears another name.
        """
        if signer.name != checkpoint.origin:
            raise CheckpointError(f"the key of {signer.name} does not sign for {checkpoint.origin}")
        return cls(checkpoint, Note(checkpoint.body, (signer.sign(checkpoint.body),)))

    @classmethod
    def parse(cls, data: bytes) -> "SignedCheckpoint":
        """Return the signed checkpoint in the bytes of a note.

        Raises:
            NoteError: the bytes are no signed note.
            CheckpointError: its text is no checkpoint.
        """
        note = Note.parse(data)
        return cls(Checkpoint.parse(note.text), note)

    def with_signatures(self, signatures: Sequence[NoteSignature]) -> "SignedCheckpoint":
        """Return the same checkpoint with further signature lines (cosignatures)."""
        return SignedCheckpoint(self.checkpoint, self.note.with_signatures(signatures))

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and served."""
        return self.note.to_bytes()
