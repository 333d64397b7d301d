"""One shipment: a sealed item's file goes to S3 and is read back, before anyone says that it is there.

State rules:
- The file is hashed while it is sent; a multipart upload of a file that is not what its name promises is called off.
- The upload's id is written down before its first part, so that a process that was killed goes on where it was.
- An object that is there already is read back and taken as ours: another process was quicker, or this one was killed
  between writing and saying so. One with other bytes stays, and a new version is laid beside it.
- The lock is as long as was asked for, or longer, before a shipment counts as done.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import NoUploadError, Part, S3Blobs, S3RefusedError, S3TakenError, checksum
from evidence.store.errors import BlobAwayError, BlobError

PART_BYTES: Final = 8 * 1024 * 1024
"""Sent at once and held in memory by each shipper. S3 wants at least 5 MiB and at most 10,000 parts: the largest
upload (8 GiB) has 1,024."""


class RottenError(BlobError):
    """The local file is not what its name promises; nothing of it was stored."""


class NotReadBackError(BlobError):
    """S3 gave other bytes back than were sent."""


class Progress(Protocol):
    """Whom a shipment tells how far it is; each may raise to stop it."""

    def went_on(self, size_bytes: int) -> None:
        """Hear that so many bytes were sent or read back."""
        ...

    def began(self, upload_id: str | None) -> None:
        """Durably note the multipart upload that is under way; None: there is none (any more)."""
        ...


@dataclass(frozen=True)
class Shipped:
    """A version that was read back whole."""

    version_id: str
    locked_until: ids.Time
    sent_bytes: int


def ship(
    s3: S3Blobs,
    local: DirectoryBlobs,
    sha256: ids.Sha256,
    lock_until: ids.Time,
    progress: Progress,
    upload_id: str | None = None,
) -> Shipped:
    """Bring a blob to S3 and read it back. `upload_id` is what an earlier attempt began.

    Raises RottenError, NotReadBackError, BlobError when it is not here, BlobAwayError and S3RefusedError.
    """
    there = _whole(s3, sha256, progress)
    sent = 0
    if there is None:
        over = s3.look(sha256) is not None
        try:
            version, sent = _send(s3, local, sha256, lock_until, progress, upload_id, over=over)
        except S3TakenError as error:
            there = _whole(s3, sha256, progress)
            if there is None:
                raise BlobAwayError(
                    "S3 has something else under this name now; the next attempt looks again"
                ) from error
            version = there
        else:
            if not is_whole(s3, sha256, version, progress.went_on):
                raise NotReadBackError("S3 gave other bytes back than were sent")
    else:
        version = there
    return Shipped(version, ensure_lock(s3, sha256, version, lock_until), sent)


def is_whole(s3: S3Blobs, sha256: ids.Sha256, version_id: str, read: Callable[[int], None] = lambda _: None) -> bool:
    """Read a version back and say whether it has the SHA-256 of its name. BlobError when it is not there."""
    found = s3.look(sha256, version_id)
    if found is None:
        raise BlobError("this version is not in S3")
    digest = hashlib.sha256()
    if found.size_bytes:
        for piece in s3.read(sha256, version_id, 0, found.size_bytes - 1):
            digest.update(piece)
            read(len(piece))
    return digest.hexdigest() == sha256


def ensure_lock(s3: S3Blobs, sha256: ids.Sha256, version_id: str, until: ids.Time) -> ids.Time:
    """Lock a version until a time, unless it is for longer; return until when it is locked then.

    S3RefusedError when the store took the order and does not lock.
    """
    locked = _locked_until(s3, sha256, version_id)
    if locked is None or _to_the_second(locked) < _to_the_second(until):
        s3.lock(sha256, version_id, until)
        locked = _locked_until(s3, sha256, version_id)
    if locked is None or _to_the_second(locked) < _to_the_second(until):
        raise S3RefusedError("the bucket does not lock what it is told to lock")
    return locked


def _locked_until(s3: S3Blobs, sha256: ids.Sha256, version_id: str) -> ids.Time | None:
    found = s3.look(sha256, version_id)
    if found is None:
        raise BlobError("this version is not in S3")
    return found.locked_until


def _to_the_second(moment: ids.Time) -> str:
    """S3 keeps the end of a lock to the second."""
    return moment.partition(".")[0]


def _whole(s3: S3Blobs, sha256: ids.Sha256, progress: Progress) -> str | None:
    """Return the current version when it is what the name promises."""
    found = s3.look(sha256)
    if found is None or not is_whole(s3, sha256, found.version_id, progress.went_on):
        return None
    return found.version_id


def _send(
    s3: S3Blobs,
    local: DirectoryBlobs,
    sha256: ids.Sha256,
    lock_until: ids.Time,
    progress: Progress,
    upload_id: str | None,
    *,
    over: bool,
) -> tuple[str, int]:
    """Send the file; return the version and how many bytes went out."""
    size = local.local_path(sha256).stat().st_size
    if size > PART_BYTES:
        try:
            return _send_parts(s3, local, sha256, lock_until, progress, upload_id, over=over)
        except NoUploadError:
            progress.began(None)
            if upload_id is None:
                raise
            return _send_parts(s3, local, sha256, lock_until, progress, None, over=over)
    with local.open(sha256) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RottenError("the file here is not what its name promises")
    version = s3.put(sha256, data, lock_until, over=over)
    progress.went_on(len(data))
    return version, len(data)


def _send_parts(
    s3: S3Blobs,
    local: DirectoryBlobs,
    sha256: ids.Sha256,
    lock_until: ids.Time,
    progress: Progress,
    upload_id: str | None,
    *,
    over: bool,
) -> tuple[str, int]:
    there: dict[int, Part] = {} if upload_id is None else s3.parts(sha256, upload_id)
    if upload_id is None:
        upload_id = s3.begin(sha256, lock_until)
        progress.began(upload_id)
    digest = hashlib.sha256()
    parts: list[Part] = []
    sent = 0
    with local.open(sha256) as file:
        while data := file.read(PART_BYTES):
            digest.update(data)
            known = there.get(len(parts) + 1)
            if known is not None and known.is_of(data):
                parts.append(Part(known.number, known.size_bytes, known.etag, checksum(data)))
            else:
                parts.append(s3.send_part(sha256, upload_id, len(parts) + 1, data))
                sent += len(data)
            progress.went_on(len(data))
    if digest.hexdigest() != sha256:
        s3.call_off(sha256, upload_id)
        progress.began(None)
        raise RottenError("the file here is not what its name promises")
    try:
        return s3.complete(sha256, upload_id, parts, over=over), sent
    except S3TakenError:
        s3.call_off(sha256, upload_id)
        progress.began(None)
        raise
