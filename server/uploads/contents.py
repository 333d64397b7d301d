"""The contents of complete files that wait for their statement: the SHA-256 of each, as it arrived.

State rules:
- What is remembered counts while the file looks as it did when its last byte was flushed: same inode, size and time of
  change. One that does not is read.
- It says what arrived, not what the disk still holds: a disk that forgets says nothing, and the scrub finds that.
- One process remembers it. Another one, or this one after a restart, reads the file once.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from evidence import ids
from evidence.store.ports import BlobStore
from server.uploads.cache import Remembered
from server.uploads.digests import READ_BYTES, Digests
from server.uploads.writer import Stamp

MAX_CONTENTS: Final = 4096
"""Contents remembered, some 300 bytes each; one that is missing is read."""


@dataclass(frozen=True, slots=True)
class _Content:
    """The digest of a file's content, and what the file looked like."""

    stamp: Stamp
    begins: int
    sha256: str


class Contents:
    """What is known of the files in `blobs`. Safe from any thread; all of it blocks."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._known: Remembered[_Content] = Remembered(MAX_CONTENTS)

    def keep(self, sha256: ids.Sha256, stamp: Stamp, digests: Digests) -> None:
        """Remember the content of a file that arrived and looked like `stamp` then."""
        if digests.begins is not None:
            self._known.keep(sha256, _Content(stamp, digests.begins, digests.content.hexdigest()))

    def sha256(self, blob: ids.Sha256, begins: int) -> str:
        """Return the SHA-256 of a file from `begins` on. Errors as of `BlobStore.open`."""
        with self._blobs.open(blob) as file:
            here = self._blobs.file(blob) is not None
            stamp = Stamp.of(file.fileno()) if here else None
            known = self._known.get(blob)
            if known is not None and (known.stamp, known.begins) == (stamp, begins):
                return known.sha256
            file.seek(begins)
            digest = hashlib.sha256()
            while piece := file.read(READ_BYTES):
                digest.update(piece)
            if stamp is not None and stamp == Stamp.of(file.fileno()):
                # Whoever asks again with another hash does not make us read it again.
                self._known.keep(blob, _Content(stamp, begins, digest.hexdigest()))
            return digest.hexdigest()
