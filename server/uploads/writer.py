"""Writing one request's bytes: hash beside the write, in a thread, and flush before anything is acknowledged.

While a long request arrives, what is there already is flushed beside the writing. An offset counts as durable when a
flush that began after its bytes were written has answered well; one that fails takes back all since the last good one.
"""

import errno
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.uploads.digests import Digests

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when a file cannot grow."""

RESERVE: Final = "reserve"
"""Why the disk takes no more although there is room: the rest is kept for the journal and for presses."""

FLUSH_EVERY_BYTES: Final = 32 * 1024 * 1024
"""While a long request arrives, the disk takes in what is there already: its last flush is short, and the journal's own
flushes do not queue behind a gigabyte. At most twice as much is written and not flushed: who is faster than the disk
waits for it."""

_FLUSHING: Final = ThreadPoolExecutor(8, "flush")
"""Flushes beside writing; an upload has one at a time, and the disk would not do more of them at once any faster."""


Piece = bytes | memoryview
"""Bytes of a file as they arrived; a view is on a buffer that is used again."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file looks like from outside: equal stamps, and nothing was written in between."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, handle: int) -> "Stamp":
        """Return the stamp of an open file."""
        return cls.from_stat(os.fstat(handle))

    @classmethod
    def from_stat(cls, found: os.stat_result) -> "Stamp":
        """Return the stamp of a file that was looked at."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one request's bytes; `offset` is durable, and the file then looked like `stamp`."""

    offset: int
    checksum_holds: bool
    full: bool
    stamp: Stamp
    reserved: bool = False
    """Full only because the rest of the disk is kept for the journal and for presses."""


def free_bytes(place: int | Path) -> int:
    """Return how many bytes the file system of a file or folder has left for us."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


class PartWriter:
    """Appends one request to a part, beginning at `start`.

    `digests` are those of the file so far, if this process has seen all of it; they are advanced beside the writes.
    """

    def __init__(
        self,
        path: Path,
        start: int,
        digests: Digests | None,
        checksum: bytes | None,
        reserve_bytes: int = 0,
    ) -> None:
        self._start = start
        self._offset = start
        self._flushed = start
        self._flush_from = start
        self._flushing: Future[None] | None = None
        self._before = digests
        self._digests = digests.copy() if digests is not None else None
        self._expected = checksum
        self._request = hashlib.sha256() if checksum is not None else None
        self._full = self._reserved = False
        self._reserve_bytes = reserve_bytes
        self._handle = os.open(path, os.O_WRONLY)

    @property
    def flushed(self) -> int:
        """The offset that is durable already while the request goes on."""
        return self._flushed

    @property
    def offset(self) -> int:
        """How far the file goes, flushed or not."""
        return self._offset

    @property
    def full(self) -> bool:
        """Whether the disk took no more."""
        return self._full

    @property
    def digests(self) -> Digests | None:
        """Those of all bytes that count now; None when they must be computed from the disk."""
        return self._digests

    def write(self, pieces: Sequence[Piece]) -> None:
        """Append bytes. When the disk is full, what fits is kept and `full` is set.

        One system call and one hash a batch: after each of them this thread waits for its turn beside the thread that
        reads the network, and that costs more than joining the pieces.
        """
        rest = memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if self._reserve_bytes and free_bytes(self._handle) < self._reserve_bytes:
            self._full = self._reserved = True
        while rest and not self._full:
            try:
                count = os.pwrite(self._handle, rest, self._offset)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self._full = True
                break
            for digest in (self._digests, self._request):
                if digest is not None:
                    digest.update(rest[:count])
            self._offset += count
            rest = rest[count:]
        if self._offset - self._flush_from >= FLUSH_EVERY_BYTES and not self._full:
            self._await_flush()
            if not self._full:
                self._flush_from = self._offset
                self._flushing = _FLUSHING.submit(self._flush_beside, self._offset)

    def finish(self, *, whole_request: bool) -> Written:
        """Flush and return the durable offset.

        When a checksum was declared, the bytes of this request are cut off again unless all of them arrived and it
        holds: half of what a checksum covers proves nothing.
        """
        holds = True
        try:
            self._await_flush()
            if self._request is not None:
                holds = whole_request and not self._full and self._request.digest() == self._expected
                if not holds:
                    self._cut_off()
            self._flush()
            return Written(self._offset, holds, self._full, Stamp.of(self._handle), self._reserved)
        finally:
            os.close(self._handle)

    def discard(self) -> int:
        """Cut off all that this request brought; return the durable offset."""
        try:
            self._await_flush()
            self._cut_off()
            os.fdatasync(self._handle)
            return self._offset
        finally:
            os.close(self._handle)

    def _flush_beside(self, offset: int) -> None:
        """Flush in another thread what was written before this was asked for."""
        os.fdatasync(self._handle)
        self._flushed = offset

    def _await_flush(self) -> None:
        """Wait for the flush beside the writing, and judge it."""
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            try:
                flushing.result()
            except OSError as error:
                self._take_back(error)

    def _flush(self) -> None:
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            self._take_back(error)
        self._flushed = self._offset

    def _take_back(self, error: OSError) -> None:
        """Cut off what was written since the last good flush, and raise the error unless the disk is full.

        Blocks are allocated late on some file systems, and after a failed flush the next one may answer well although
        pages are gone: those bytes never landed.
        """
        self._cut_to(self._flushed, None)
        if error.errno not in FULL:
            raise error
        self._full = True
        os.fdatasync(self._handle)

    def _cut_off(self) -> None:
        self._cut_to(self._start, self._before)

    def _cut_to(self, offset: int, digests: Digests | None) -> None:
        os.ftruncate(self._handle, offset)
        self._offset = offset
        self._flushed = min(self._flushed, offset)  # to cut there again must never make the file longer
        self._digests = digests
