"""The digests of a file, kept while it arrives: of all of it, and of its content alone.

A statement that seals an item names both, so nothing is read again when it comes. hashlib's state cannot be saved: what
a restart forgot is computed from the file once, when the file is complete.
"""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from evidence.envelope import container
from evidence.errors import FormatError

READ_BYTES: Final = 1024 * 1024
"""One read while a file is hashed from the disk."""

MAX_START_BYTES: Final = 32 * 1024
"""Kept of a beginning that tells not yet where content begins. A head of a dozen readers is shorter; the content of a
file with a longer one that came in crumbs is hashed when it is sealed."""


@dataclass(slots=True)
class Digests:
    """The digests of a file from its first byte on, as far as `size`."""

    size: int = 0
    begins: int | None = None
    """Where content begins; None when the beginning did not tell."""
    whole: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    content: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    start: bytes | None = b""
    """The beginning, until it tells where content begins; None when it told, or never will."""

    @classmethod
    def of(cls, path: Path) -> "Digests":
        """Return the digests of a file on the disk."""
        digests = cls()
        with path.open("rb", buffering=0) as file:
            while piece := file.read(READ_BYTES):
                digests.update(piece)
        return digests

    def update(self, piece: bytes | memoryview) -> None:
        """Take in the next bytes."""
        if self.start is not None:
            self._look_for_content(self.start + piece)
        self.whole.update(piece)
        if self.begins is not None:
            self.content.update(piece[max(0, self.begins - self.size) :])
        self.size += len(piece)

    def copy(self) -> "Digests":
        """Return another of the same bytes, which goes on by itself."""
        return replace(self, whole=self.whole.copy(), content=self.content.copy())

    def _look_for_content(self, start: bytes) -> None:
        try:
            begins = container.prefix_size(start)
        except FormatError:
            self.start = None
            return
        # Whoever wrote the head chose the number: bytes that went by are not content any more.
        self.begins = begins if begins is not None and begins >= self.size else None
        self.start = start if begins is None and len(start) <= MAX_START_BYTES else None
