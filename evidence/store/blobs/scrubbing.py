"""The scrub: every blob is read again, at a pace that leaves the disk to others; disks forget, and say nothing.

A blob's name is the SHA-256 of its bytes, so that rot shows without any other list. The journal tells which blobs must
be there. Nothing is deleted: what rotted is set aside when a good copy takes its place, and a good copy was hashed
before it takes any place. Copies in S3 are looked at too; one that is lost or rotten is sent again from here.
"""

import hashlib
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from evidence import ids
from evidence.store.blobs import shipping
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.errors import BlobError

ROWS_AT_ONCE: Final = 500
"""Of the list of copies, held in memory."""


class Kind(StrEnum):
    """What is wrong with a blob."""

    ROTTEN = "rotten"
    """It is there, and its bytes are not those that its name promises, or cannot be read."""
    MISSING = "missing"
    """The journal speaks of it, and it is not there."""
    ROTTEN_COPY = "rotten-in-s3"
    """Its version in S3 has other bytes than were read back when it was shipped."""
    MISSING_COPY = "missing-in-s3"
    """Its version in S3 is gone."""


@dataclass(frozen=True)
class Finding:
    """One blob that is not well; `mended` when a good copy was put in its place, or is on its way to S3."""

    kind: Kind
    sha256: ids.Sha256
    mended: bool = False


@dataclass(frozen=True)
class Report:
    """What a scrub read, and what it found; `unsealed` blobs were uploaded and no statement names them (yet)."""

    blobs: int
    size_bytes: int
    unsealed: int
    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether every blob that must be here is here, whole, now."""
        return all(finding.mended for finding in self.findings)


class Pace:
    """Sleeps so that on average no more than `bytes_per_s` are read; None reads as fast as the disk can."""

    def __init__(
        self,
        bytes_per_s: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = bytes_per_s
        self._clock = clock
        self._sleep = sleep
        self._begun = clock()
        self._read = 0

    def read(self, count: int) -> None:
        """Count bytes that were read, and wait until that many were due."""
        self._read += count
        if self._rate is not None:
            early = self._begun + self._read / self._rate - self._clock()
            if early > 0:
                self._sleep(early)


class Spare(Protocol):
    """Where a good copy may be: the folder of a backup, or S3."""

    def pieces(self, sha256: ids.Sha256) -> Iterator[bytes]:
        """Yield the bytes of a blob, whatever they are now; BlobError when it is not there."""
        ...


class S3Spare:
    """The versions in S3 that were read back when they were shipped."""

    def __init__(self, copies: SqlCopies, s3: S3Blobs) -> None:
        self._copies = copies
        self._s3 = s3

    def pieces(self, sha256: ids.Sha256) -> Iterator[bytes]:
        """Yield the bytes of a blob; BlobError when it has no copy, BlobAwayError when S3 does not answer."""
        copy = self._copies.find(sha256)
        if copy is None or copy.version_id is None:
            raise BlobError("this blob is not in S3")
        return self._s3.read(sha256, copy.version_id, 0, copy.size_bytes - 1)


def _untold(_count: int) -> None:
    return


def scrub(
    blobs: DirectoryBlobs,
    sealed: Mapping[ids.Sha256, int],
    pace: Pace,
    progress: Callable[[int], None] = _untold,
    spare: Spare | None = None,
    elsewhere: Container[ids.Sha256] = frozenset(),
    prefix: str = "",
) -> Report:
    """Read and hash all blobs, or those whose names begin with `prefix` (two digits).

    Args:
        blobs: the store.
        sealed: the blobs (of this prefix) that the journal speaks of, with their sizes; looked up before the reading
            began.
        pace: how fast.
        progress: hears the size of each piece that was read; it may raise to stop.
        spare: from where what is rotten or missing is put back, hashed on the way.
        elsewhere: blobs whose local copy was dropped on purpose; `scrub_copies` reads those.
        prefix: of the names.
    """
    count = size = unsealed = 0
    findings: list[Finding] = []
    for sha256 in blobs.names(prefix):
        count += 1
        unsealed += sha256 not in sealed
        good, read = _is_good(blobs, sha256, pace, progress)
        size += read
        if not good and blobs.size(sha256) is not None:  # a copy that was dropped just now is not rotten
            findings.append(Finding(Kind.ROTTEN, sha256, _mend(blobs, sha256, spare)))
    findings += (
        Finding(Kind.MISSING, sha256, _mend(blobs, sha256, spare))
        for sha256 in sealed
        if sha256 not in elsewhere and blobs.size(sha256) is None
    )
    return Report(count, size, unsealed, tuple(findings))


def scrub_copies(
    blobs: DirectoryBlobs,
    copies: SqlCopies,
    s3: S3Blobs,
    pace: Pace,
    progress: Callable[[int], None] = _untold,
    *,
    every_byte: bool = False,
    prefix: str = "",
) -> Report:
    """Look at every copy in S3, and read back whole those that are nowhere else, or all with `every_byte`.

    With a `prefix` only at those whose names begin so.
    What is lost or rotten there and whole here is queued to be sent again. BlobAwayError when S3 does not answer.
    """
    count = size = 0
    findings: list[Finding] = []

    def told(read: int) -> None:
        nonlocal size
        size += read
        progress(read)
        pace.read(read)

    after = -1
    while batch := copies.stored_after(after, ROWS_AT_ONCE, prefix):
        for copy in batch:
            count += 1
            kind = _look(blobs, s3, copy, told, every_byte=every_byte)
            if kind is None:
                if every_byte:
                    copies.note_verified(copy, ids.now())
                continue
            whole, _ = _is_good(blobs, copy.sha256, pace, progress)
            if whole:
                copies.send_again(copy, ids.now())
            findings.append(Finding(kind, copy.sha256, whole))
        after = batch[-1].index
    return Report(count, size, 0, tuple(findings))


def _look(
    blobs: DirectoryBlobs, s3: S3Blobs, copy: Copy, told: Callable[[int], None], *, every_byte: bool
) -> Kind | None:
    """Return what is wrong with a copy in S3."""
    found = None if copy.version_id is None else s3.look(copy.sha256, copy.version_id)
    if found is None:
        return Kind.MISSING_COPY
    if found.size_bytes != copy.size_bytes:
        return Kind.ROTTEN_COPY
    if not every_byte and blobs.size(copy.sha256) is not None:
        return None
    return None if shipping.is_whole(s3, copy.sha256, found.version_id, told) else Kind.ROTTEN_COPY


def _mend(blobs: DirectoryBlobs, sha256: ids.Sha256, spare: Spare | None) -> bool:
    """Put a good copy in the place of a bad one, which is set aside, or of none."""
    if spare is None:
        return False
    try:
        blobs.take_in(spare.pieces(sha256), sha256)
    except BlobError:
        return False
    return True


def _is_good(
    blobs: DirectoryBlobs, sha256: ids.Sha256, pace: Pace, progress: Callable[[int], None]
) -> tuple[bool, int]:
    """Read and hash one blob; say whether it is whole, and how many bytes could be read."""
    digest = hashlib.sha256()
    read = 0
    try:
        for piece in blobs.pieces(sha256):
            digest.update(piece)
            read += len(piece)
            progress(len(piece))
            pace.read(len(piece))
    except BlobError:
        return False, read
    return digest.hexdigest() == sha256, read
