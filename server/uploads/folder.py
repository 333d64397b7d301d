"""Uploads on the disk: `<id>.part` holds the bytes that arrived, until they are complete and a blob.

What is written about them stands in `notes`. All of this blocks; the edge calls it from threads. An acknowledged offset
is the size of the part after fdatasync.
"""

import fcntl
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evidence import files, ids
from evidence.store.ports import BlobStore
from server.errors import ServerError
from server.uploads.cache import Remembered
from server.uploads.contents import Contents
from server.uploads.core import Upload
from server.uploads.digests import Digests
from server.uploads.notes import Notes
from server.uploads.writer import Stamp

REWRITE_BYTES: Final = 1024 * 1024
"""One piece of a file that is written over itself."""

MAX_DIGESTS: Final = 512
"""Parts whose digests are kept between requests, half a kilobyte each; one that is missing costs a second reading."""

MAX_STAMPS: Final = 4096
"""Parts remembered as flushed, some 200 bytes each; one that is missing costs one flush."""


class WrongHashError(ServerError):
    """A complete file is not the one that was announced; it was removed."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A part that this process alone works on; release it."""

    handle: int | None

    def release(self) -> None:
        """Let others in."""
        if self.handle is not None:
            os.close(self.handle)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What of one key is here and not sealed: bytes, and uploads."""

    size_bytes: int
    uploads: int

    def plus(self, size_bytes: int, uploads: int) -> "Arrivals":
        """Return this and so much more."""
        return Arrivals(self.size_bytes + size_bytes, self.uploads + uploads)


NOTHING: Final = Arrivals(0, 0)


class UploadFolder:
    """The uploads of one server, and the blob store that complete ones move to."""

    def __init__(self, folder: Path, blobs: BlobStore) -> None:
        self._folder = folder
        self._blobs = blobs
        self._notes = Notes(folder)
        self._contents = Contents(blobs)
        self._flushed: Remembered[Stamp] = Remembered(MAX_STAMPS)
        self._digests: Remembered[tuple[Stamp, Digests]] = Remembered(MAX_DIGESTS)
        self._suspect: set[str] = set()
        """Parts whose last flush failed: the next one may answer well although pages are gone."""

    @property
    def folder(self) -> Path:
        """Where it is on the disk."""
        return self._folder

    @property
    def notes(self) -> Notes:
        """What is written about them."""
        return self._notes

    @property
    def contents(self) -> Contents:
        """What is known of the files that wait for their statement."""
        return self._contents

    def prepare(self) -> None:
        """Create the folder."""
        files.make_folder(self._folder)

    def part(self, upload_id: str) -> Path:
        """Return where the bytes of an upload are."""
        return self._folder / f"{upload_id}.part"

    def _kept(self, upload: Upload) -> Path:
        return self._folder / f"{upload.id}.kept"

    def path(self, upload: Upload) -> Path | None:
        """Return where an upload's bytes are now: its part, the blob that it became, or what was set aside.

        None when they are not here.
        """
        part = self.part(upload.id)
        if part.exists():
            return part
        if self._blobs.size(upload.sha256) is not None:
            return self._blobs.local_path(upload.sha256)
        return self._kept(upload) if self._kept(upload).exists() else None

    def stored(self, upload: Upload) -> int:
        """Return how many bytes of an upload are here, whether or not they are flushed."""
        path = self.path(upload)
        return 0 if path is None else path.stat().st_size

    def create(self, upload: Upload) -> None:
        """Store an announcement and an empty part; durable when it returns.

        A part that is there already was left by a crash in here, or is just made by another process: it is not touched.
        """
        handle = os.open(self.part(upload.id), os.O_WRONLY | os.O_CREAT, files.PRIVATE)
        os.close(handle)
        self._notes.announce(upload)

    def hold(self, upload_id: str) -> "Hold | None":
        """Keep other processes from an upload's part; None while one of them has it. The kernel frees it at a crash.

        An upload without a part needs no lock: what is left to do for it may be done twice.
        """
        try:
            handle = os.open(self.part(upload_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return Hold(None)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return Hold(handle)

    def hold_admissions(self) -> Hold:
        """Wait until no other process admits uploads here: the quota of a case is judged by one at a time."""
        handle = os.open(self._folder / "admissions", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.PRIVATE)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return Hold(handle)

    def settle(self, upload: Upload) -> int:
        """Flush what arrived and return the offset, which is then durable."""
        if upload.complete:
            return upload.length
        try:
            handle = os.open(self.part(upload.id), os.O_RDWR)
        except FileNotFoundError:
            # Stopped between the move to the blobs and the note about it.
            return upload.length if self._blobs.size(upload.sha256) == upload.length else 0
        try:
            stamp = Stamp.of(handle)
            if upload.id in self._suspect:
                _write_again(handle)
            elif stamp.size == 0 or self._flushed.get(upload.id) == stamp:
                return stamp.size
            self._suspect.add(upload.id)
            os.fdatasync(handle)
            self._suspect.discard(upload.id)
            stamp = Stamp.of(handle)
            self.flushed(upload.id, stamp)
            return stamp.size
        finally:
            os.close(handle)

    def flushed(self, upload_id: str, stamp: Stamp, digests: Digests | None = None) -> None:
        """Remember that a part was flushed and is as `stamp` says: while it is, it needs no other flush.

        `digests` are those of its bytes, if they are known.
        """
        self._flushed.keep(upload_id, stamp)
        if digests is not None:
            self._digests.keep(upload_id, (stamp, digests))

    def digests(self, upload_id: str) -> Digests | None:
        """Return the digests of a part's bytes; None when they are not known, or somebody touched it since."""
        known = self._digests.get(upload_id)
        return known[1] if known is not None and known[0] == self._stamp(upload_id) else None

    def _stamp(self, upload_id: str) -> Stamp | None:
        try:
            return Stamp.from_stat(self.part(upload_id).stat())
        except FileNotFoundError:
            return None

    def finish(self, upload: Upload, *, keep: bool = False) -> Upload:
        """Move a complete, flushed file to the blobs; durable when it returns.

        Its digests were computed while it was written; otherwise it is read again. Raises WrongHashError; a file of
        another hash is removed, or set aside to `keep`: its head vouches for what opens.
        """
        part, stamp = self.part(upload.id), self._stamp(upload.id)
        if stamp is not None:
            digests = self.digests(upload.id) or Digests.of(part)
            self._digests.take(upload.id)
            if digests.whole.hexdigest() != upload.sha256:
                if keep:
                    self._set_aside(upload)
                else:
                    self.remove(upload)
                raise WrongHashError("the complete file has another SHA-256 than was announced")
            self._blobs.adopt(part, upload.sha256)
            self._contents.keep(upload.sha256, stamp, digests)
        self._notes.whole(upload)
        return replace(upload, complete=True)

    def hold_blob(self, sha256: ids.Sha256, *, alone: bool) -> Hold | None:
        """Keep a complete file from being removed while a statement about it is on its way; or, `alone`, remove it.

        None when the file is not here, or, `alone`, while somebody else has it. The kernel frees it at a crash.
        """
        file = self._blobs.file(sha256)
        if file is None:
            return None
        try:
            handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        except BlockingIOError:
            os.close(handle)
            return None
        if os.fstat(handle).st_nlink == 0:  # it was removed while we waited
            os.close(handle)
            return None
        return Hold(handle)

    def _set_aside(self, upload: Upload) -> None:
        """Keep the bytes as what arrived of an announced item, and let its upload begin anew."""
        self.part(upload.id).replace(self._kept(upload))
        self._notes.withdraw(upload)
        files.sync_folder(self._folder)

    def remove(self, upload: Upload) -> None:
        """Forget an upload and its bytes. A blob that it became is not touched."""
        self.part(upload.id).unlink(missing_ok=True)
        self._digests.take(upload.id)
        self._notes.forget(upload)
        noted = self._notes.begun(upload.item, upload.owner)
        if noted is not None and noted.id == upload.id:
            self._notes.forget_begun(upload)
            self._kept(upload).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    def destroy(self, items: Collection[ids.ItemId]) -> None:
        """Destroy what arrived of these items, and every note about it: they were erased."""
        for upload in self._notes.of_items(items):
            for path in (self.part(upload.id), self._kept(upload)):
                if path.exists():
                    files.shred(path)
            self.remove(upload)
            self._notes.forget_begun(upload)

    def blobs_of(self, items: Collection[ids.ItemId]) -> set[ids.Sha256]:
        """Return the blobs that complete uploads of these items became, or may become."""
        return {each.sha256 for each in self._notes.of_items(items)}

    def arrived(self, account: str) -> dict[ids.KeyId, Arrivals]:
        """Return what arrived in an account and is not sealed, by the key that sent it."""
        found: dict[ids.KeyId, Arrivals] = {}
        for upload in self._notes.unsealed():
            if upload.account == account:
                here = upload.length if upload.complete else self.stored(upload)
                found[upload.owner] = found.get(upload.owner, NOTHING).plus(here, 1)
        for upload in self._notes.every_begun():
            if upload.account == account and (kept := self._kept(upload)).exists():
                found[upload.owner] = found.get(upload.owner, NOTHING).plus(kept.stat().st_size, 0)
        return found


def _write_again(handle: int) -> None:
    """Write a file's bytes over themselves, so that the next flush speaks of all of them.

    Should some be lost for good, the hash of the whole file will tell.
    """
    at = 0
    while piece := os.pread(handle, REWRITE_BYTES, at):
        at += os.pwrite(handle, piece, at)
