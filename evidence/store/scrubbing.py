"""Reading every blob again, at a pace that leaves the disk to others: disks forget, and say nothing.

A blob's name is the SHA-256 of its bytes, so that rot shows without any other list. The journal tells which blobs must
be there. Nothing is deleted: what rotted is set aside when a good copy takes its place.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence import ids
from evidence.store.blobs import DirectoryBlobs, pieces
from evidence.store.errors import BlobError


class Kind(StrEnum):
    """What is wrong with a blob."""

    ROTTEN = "rotten"
    """It is there, and its bytes are not those that its name promises, or cannot be read."""
    MISSING = "missing"
    """The journal speaks of it, and it is not there."""


@dataclass(frozen=True)
class Finding:
    """One blob that is not well; `mended` when a good copy was put in its place."""

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


def scrub(
    blobs: DirectoryBlobs,
    sealed: Mapping[ids.Sha256, int],
    pace: Pace,
    progress: Callable[[int], None] = lambda _: None,
    spare: DirectoryBlobs | None = None,
) -> Report:
    """Read and hash all blobs.

    Args:
        blobs: the store.
        sealed: the blobs that the journal speaks of, with their sizes; looked up before the reading began.
        pace: how fast.
        progress: hears the size of each piece that was read.
        spare: another store (of a backup), from which what is rotten or missing is put back, after it was hashed.
    """
    count = size = unsealed = 0
    findings: list[Finding] = []
    for sha256 in blobs.names():
        count += 1
        unsealed += sha256 not in sealed
        read = 0
        digest = hashlib.sha256()
        try:
            for piece in pieces(blobs.local_path(sha256)):
                digest.update(piece)
                read += len(piece)
                progress(len(piece))
                pace.read(len(piece))
            good = digest.hexdigest() == sha256
        except BlobError:
            good = False
        size += read
        if not good:
            findings.append(Finding(Kind.ROTTEN, sha256, _mend(blobs, sha256, spare, rotten=True)))
    findings += (
        Finding(Kind.MISSING, sha256, _mend(blobs, sha256, spare, rotten=False))
        for sha256 in sealed
        if blobs.size(sha256) is None
    )
    return Report(count, size, unsealed, tuple(findings))


def _mend(blobs: DirectoryBlobs, sha256: ids.Sha256, spare: DirectoryBlobs | None, *, rotten: bool) -> bool:
    if spare is None or not _is_good(spare, sha256):
        return False
    if rotten:
        blobs.set_aside(sha256)
    try:
        blobs.copy_in(spare.local_path(sha256), sha256)
    except BlobError:
        return False
    return True


def _is_good(blobs: DirectoryBlobs, sha256: ids.Sha256) -> bool:
    """Say whether a whole copy is there: before the rotten one, which may be half readable, is set aside."""
    digest = hashlib.sha256()
    try:
        for piece in pieces(blobs.local_path(sha256)):
            digest.update(piece)
    except BlobError:
        return False
    return digest.hexdigest() == sha256
