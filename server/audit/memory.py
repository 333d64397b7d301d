"""The memory of an auditor: per origin the head that was verified last, as the log signed it.

The signed head is kept, not just size and root: when the log later shows a history without it, the two notes together
prove that to anyone.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from evidence import files
from evidence.custody.errors import CustodyError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from server.errors import ServerError


class AuditMemoryError(ServerError):
    """What was remembered cannot be read; the text says which file."""


@dataclass(frozen=True)
class AuditMemory:
    """A folder with one file per log."""

    folder: Path

    @classmethod
    def of_user(cls) -> "AuditMemory":
        """Return the memory in the user's state folder (XDG Base Directory Specification)."""
        base = os.environ.get("XDG_STATE_HOME", "")
        return cls((Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "getuige" / "audit")

    def file(self, origin: str) -> Path:
        """Where the head of this log is remembered."""
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"

    def known(self, origin: str) -> Checkpoint | None:
        """Return the head that was verified last, or None at the first look.

        Raises:
            AuditMemoryError: the file is damaged or of another log; it is never silently begun anew.
            StorageError: the disk refused.
        """
        path = self.file(origin)
        stored = files.read_if_there(path)
        if stored is None:
            return None
        try:
            checkpoint = SignedCheckpoint.parse(stored).checkpoint
        except CustodyError as error:
            raise AuditMemoryError(f"{path} holds no head: {error}") from error
        if checkpoint.origin != origin:
            raise AuditMemoryError(f"{path} holds the head of another log")
        return checkpoint

    def remember(self, origin: str, note: bytes) -> None:
        """Remember a verified head."""
        files.make_folder(self.folder)
        files.replace(self.file(origin), note)

    def keep_refused(self, origin: str, note: bytes) -> Path:
        """Keep a head that contradicts the remembered one beside it; return where."""
        path = self.file(origin).with_suffix(f".refused-{hashlib.sha256(note).hexdigest()[:16]}")
        files.replace(path, note)
        return path
