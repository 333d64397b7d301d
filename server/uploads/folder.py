"""Uploads on the disk: `<id>.open` says what was announced, `<id>.part` holds the bytes that arrived.

When the file is complete it is a blob, and a note `done/<two digits>/<id>.done` remains for clients that did not hear
the last answer. Those of a week may be a hundred thousand, so nothing that a phone waits for looks through them.

All of this blocks; the edge calls it from threads. An acknowledged offset is the size of the part after fdatasync.
"""

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evidence import canonical, files, ids, schema
from evidence.errors import FormatError
from evidence.store.ports import BlobStore
from server.errors import ServerError
from server.uploads.cache import Remembered
from server.uploads.core import UPLOAD_ID_BYTES, Upload, Usage
from server.uploads.writer import Stamp

HASH_READ_BYTES: Final = 1024 * 1024
"""One read while a file is hashed again from the disk."""

DONE: Final = ".done"
"""The end of a note's name tells that its upload is complete; nothing in it does."""

OPEN: Final = ".open"
"""The end of the name of an announcement whose upload is not complete."""

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


class UploadFolder:
    """The uploads of one server, and the blob store that complete ones move to."""

    def __init__(self, folder: Path, blobs: BlobStore) -> None:
        self._folder = folder
        self._blobs = blobs
        self._flushed: Remembered[Stamp] = Remembered(MAX_STAMPS)
        self._suspect: set[str] = set()
        """Parts whose last flush failed: the next one may answer well although pages are gone."""

    def prepare(self) -> None:
        """Create the folder."""
        files.make_folder(self._folder)

    def part(self, upload_id: str) -> Path:
        """Return where the bytes of an upload are."""
        return self._folder / f"{upload_id}.part"

    def _open_note(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{OPEN}"

    def _done_note(self, upload_id: str) -> Path:
        return self._folder / done_note(upload_id)

    def _begun_note(self, item: ids.ItemId, owner: ids.KeyId) -> Path:
        return self._folder / f"{item}-{owner}.begun"

    def note_begun(self, upload: Upload) -> None:
        """Write down that its item, which was announced, arrives in this upload; durable when it returns."""
        files.replace(self._begun_note(upload.item, upload.owner), canonical.encode(schema.encode(upload)))

    def _kept(self, upload: Upload) -> Path:
        return self._folder / f"{upload.id}.kept"

    def begun(self, item: ids.ItemId, owner: ids.KeyId) -> Upload | None:
        """Return the upload that an announced item of `owner` arrives in; None when it was not noted."""
        return _read(self._begun_note(item, owner))

    def of_item(self, item: ids.ItemId) -> list[Upload]:
        """Return the uploads of an item, whoever makes them."""
        done = self._folder / Path(done_note(item)).parent
        return list(self._noted((*_names(self._folder, item, OPEN), *_names(done, item, DONE))))

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
        files.replace(self._open_note(upload.id), canonical.encode(schema.encode(upload)))

    def load(self, upload_id: str) -> Upload | None:
        """Return an announcement; None when there is none of that name."""
        try:
            name = ids.hex_text(upload_id, UPLOAD_ID_BYTES)
        except FormatError:
            return None
        # In this order: the note moves from here to there at any moment.
        return _read(self._open_note(name)) or _read(self._done_note(name))

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

    def flushed(self, upload_id: str, stamp: Stamp) -> None:
        """Remember that a part was flushed and is as `stamp` says: while it is, it needs no other flush."""
        self._flushed.keep(upload_id, stamp)

    def finish(self, upload: Upload, streamed: str | None, *, keep: bool = False) -> Upload:
        """Move a complete, flushed file to the blobs; durable when it returns.

        `streamed` is its SHA-256 if that was computed while writing; otherwise the file is read again. Raises
        WrongHashError; a file of another hash is removed, or set aside to `keep`: its head vouches for what opens.
        """
        part = self.part(upload.id)
        if part.exists():
            if (streamed or hash_file(part)) != upload.sha256:
                if keep:
                    self._set_aside(upload)
                else:
                    self.remove(upload)
                raise WrongHashError("the complete file has another SHA-256 than was announced")
            self._blobs.adopt(part, upload.sha256)
        # Not flushed: should the old name come back after a power cut, the blob is found and this is done again.
        done = self._done_note(upload.id)
        if not done.exists():
            files.make_folder(done.parent)
            self._open_note(upload.id).replace(done)
        return replace(upload, complete=True)

    def _set_aside(self, upload: Upload) -> None:
        """Keep the bytes as what arrived of an announced item, and let its upload begin anew."""
        self.part(upload.id).replace(self._kept(upload))
        self._open_note(upload.id).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    def remove(self, upload: Upload) -> None:
        """Forget an upload and its bytes. A blob that it became is not touched."""
        self.part(upload.id).unlink(missing_ok=True)
        self._open_note(upload.id).unlink(missing_ok=True)
        self._done_note(upload.id).unlink(missing_ok=True)
        noted = self.begun(upload.item, upload.owner)
        if noted is not None and noted.id == upload.id:
            self._begun_note(upload.item, upload.owner).unlink(missing_ok=True)
            self._kept(upload).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    def destroy(self, items: Collection[ids.ItemId]) -> None:
        """Destroy what arrived of these items, and every note about it: they were erased."""
        for upload in self._noted_of(items):
            for path in (self.part(upload.id), self._kept(upload)):
                if path.exists():
                    files.shred(path)
            self.remove(upload)
            self._begun_note(upload.item, upload.owner).unlink(missing_ok=True)

    def blobs_of(self, items: Collection[ids.ItemId]) -> set[ids.Sha256]:
        """Return the blobs that complete uploads of these items became, or may become."""
        return {each.sha256 for each in self._noted_of(items)}

    def _noted_of(self, items: Collection[ids.ItemId]) -> list[Upload]:
        begun = self._noted(note for item in items for note in _names(self._folder, item, ".begun"))
        return [*(upload for item in items for upload in self.of_item(item)), *begun]

    def unfinished(self) -> Iterator[Upload]:
        """Yield every upload that is not complete."""
        return self._noted(_names(self._folder, "", OPEN))

    def usage(self, account: str, stored_bytes: int) -> Usage:
        """Return what an account takes up, with the bytes that its unfinished uploads announced."""
        waiting = [each for each in self.unfinished() if each.account == account]
        now = ids.now()
        # Kept beyond its time (`begun`), an upload takes up what is here: nobody reserves space for ever by announcing.
        room = sum(each.length if each.expires_at > now else self.stored(each) for each in waiting)
        return Usage(stored_bytes, room, len(waiting))

    def expired(self, now: ids.Time) -> list[Upload]:
        """Return the uploads whose time is over, complete ones (of which only the note remains) included."""
        done = self._noted(self._folder.glob(f"**/*{DONE}"))
        return [each for each in (*self.unfinished(), *done) if each.expires_at <= now]

    @staticmethod
    def _noted(notes: Iterable[Path]) -> Iterator[Upload]:
        for note in notes:
            upload = _read(note)
            if upload is not None:
                yield upload


def done_note(upload_id: str) -> str:
    """Return where, in the folder of the uploads, the note about a complete one is."""
    return f"done/{upload_id[:2]}/{upload_id}{DONE}"


def _names(folder: Path, begin: str, end: str) -> list[Path]:
    """Return the files whose names begin and end so: `Path.glob` takes ten times as long, and a phone waits."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a Path for each of them is what takes the time
    except FileNotFoundError:
        return []
    return [folder / name for name in names if name.startswith(begin) and name.endswith(end)]


def _read(note: Path) -> Upload | None:
    try:
        upload = schema.decode(Upload, canonical.decode_exact(note.read_bytes()))
    except FileNotFoundError:
        return None
    return replace(upload, complete=note.suffix == DONE)


def _write_again(handle: int) -> None:
    """Write a file's bytes over themselves, so that the next flush speaks of all of them.

    Should some be lost for good, the hash of the whole file will tell.
    """
    at = 0
    while piece := os.pread(handle, HASH_READ_BYTES, at):
        at += os.pwrite(handle, piece, at)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(HASH_READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()
