"""Blobs here first, and in S3 when they are no longer here: one `BlobStore` over both.

Writing goes to the folder only: nothing that is acknowledged waits for S3. Reading falls back to the version that was
read back whole when it was shipped; when that cannot be reached, BlobAwayError says so before the first byte. The
beginnings of containers stay here, so that a timeline needs no S3.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from evidence import ids
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import PIECE_BYTES, S3Blobs
from evidence.store.errors import BlobAwayError, BlobError

READ_AHEAD_BYTES: Final = 1024 * 1024
"""Fetched at once when a blob in S3 is opened as a file: its beginning (head, meta) is one request then."""


class TieredBlobs:
    """A `BlobStore`: `local`, and what `copies` says of S3. Without `s3` it is the folder alone."""

    def __init__(self, local: DirectoryBlobs, copies: SqlCopies | None = None, s3: S3Blobs | None = None) -> None:
        self.local = local
        self._copies = copies
        self._s3 = s3

    def _remote(self, sha256: ids.Sha256) -> tuple[S3Blobs, Copy, str]:
        """Return where the copy in S3 is; BlobError when there is none, BlobAwayError when S3 is not configured."""
        copy = None if self._copies is None else self._copies.find(sha256)
        if copy is None or copy.version_id is None:
            raise BlobError("this blob is not here")
        if self._s3 is None:
            raise BlobAwayError("this blob is in S3, which the settings do not name")
        return self._s3, copy, copy.version_id

    def size(self, sha256: ids.Sha256) -> int | None:
        """Return the size in bytes, None when the blob is neither here nor in S3. Does not ask S3."""
        size = self.local.size(sha256)
        if size is not None or self._copies is None:
            return size
        copy = self._copies.find(sha256)
        return None if copy is None else copy.size_bytes

    def open(self, sha256: ids.Sha256) -> IO[bytes]:
        """Open for reading, wherever it is; BlobError when nowhere. Reading may raise BlobAwayError."""
        try:
            return self.local.open(sha256)
        except (BlobError, FileNotFoundError):
            s3, copy, version = self._remote(sha256)
            return io.BufferedReader(_RemoteFile(s3, copy, version, self.local.beginning(sha256)), READ_AHEAD_BYTES)

    def pieces(self, sha256: ids.Sha256, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes `first` to `last` (both included) of a blob, or raise: never fewer.

        It is opened at once, so that what goes wrong then is raised before the iterator.
        """
        try:
            file = self.local.open(sha256)
        except (BlobError, FileNotFoundError):
            s3, _, version = self._remote(sha256)
            return s3.read(sha256, version, first, last)
        return _file_pieces(file, first, last)

    def local_path(self, sha256: ids.Sha256) -> Path:
        """Return a local file with the blob's bytes; it is fetched from S3, and verified, when it was dropped here."""
        try:
            return self.local.local_path(sha256)
        except BlobError:
            self.fetch(sha256)
            return self.local.local_path(sha256)

    def file(self, sha256: ids.Sha256) -> Path | None:
        """Return the blob's file on this disk; None when it is elsewhere or nowhere. Asks nobody."""
        return self.local.file(sha256)

    def fetch(self, sha256: ids.Sha256) -> None:
        """Bring a blob back from S3, hashed on the way; it counts as here since now. Errors as of `pieces`."""
        s3, copy, version = self._remote(sha256)
        self.local.take_in(s3.read(sha256, version, 0, copy.size_bytes - 1), sha256)
        if self._copies is not None:
            self._copies.note_local(sha256, ids.now())

    def put(self, data: bytes) -> ids.Sha256:
        """Store small bytes here; durable when it returns."""
        return self.local.put(data)

    def adopt(self, path: Path, sha256: ids.Sha256) -> None:
        """Take over a complete, flushed file; durable when it returns."""
        self.local.adopt(path, sha256)


def _file_pieces(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        rest = last - first + 1
        while rest:
            piece = file.read(min(rest, PIECE_BYTES))
            if not piece:
                raise BlobError("the file is shorter than it was")
            rest -= len(piece)
            yield piece


class _RemoteFile(io.RawIOBase):
    """A version in S3 as a file that can be read and sought; each read behind the beginning is a request."""

    def __init__(self, s3: S3Blobs, copy: Copy, version_id: str, beginning: bytes) -> None:
        super().__init__()
        self._s3 = s3
        self._copy = copy
        self._version_id = version_id
        self._beginning = beginning
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place of the next read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the place of the next read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._copy.size_bytes}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer (PEP 688 is of Python 3.12)
        """Read up to the buffer's size; fewer at the end of what was kept here, and at the end of the blob."""
        last = min(self._at + len(buffer), self._copy.size_bytes) - 1
        if last < self._at:
            return 0
        done = len(known := self._beginning[self._at : last + 1])
        if known:  # a reader that wants more asks again
            buffer[:done] = known
            self._at += done
            return done
        for piece in self._s3.read(self._copy.sha256, self._version_id, self._at, last):
            buffer[done : done + len(piece)] = piece
            done += len(piece)
        self._at += done
        return done
