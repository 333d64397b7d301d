"""Uploads on the disk: `<id>.open` says what was announced, `<id>.part` holds the bytes that arrived.

When the file is complete it is a blob, and the note is called `<id>.whole` until a statement has sealed it. Then a note
`done/<two digits>/<id>.done` remains for clients that did not hear the last answer. Those of a week may be a hundred
thousand, so nothing that a phone waits for looks through them.

All of this blocks; the edge calls it from threads. An acknowledged offset is the size of the part after fdatasync.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from evidence import canonical, files, ids, schema
from evidence.errors import FormatError
from evidence.store.ports import BlobStore
from server.errors import ServerError
from server.uploads.cache import Remembered
from server.uploads.core import EXPIRY_S, UPLOAD_ID_BYTES, Upload
from server.uploads.writer import Stamp

HASH_READ_BYTES: Final = 1024 * 1024
"""One read while a file is hashed again from the disk."""

DONE: Final = ".done"
"""The end of a note's name tells that its upload is complete and sealed; nothing in it does."""

WHOLE: Final = ".whole"
"""The end of the name of a note whose upload is complete, and that no statement has sealed yet."""

OPEN: Final = ".open"
"""The end of the name of an announcement whose upload is not complete."""

MAX_STAMPS: Final = 4096
"""Parts remembered as flushed, some 200 bytes each; one that is missing costs one flush."""


MAX_ANNOUNCEMENTS: Final = 16_384
"""Announcements remembered, half a kilobyte each; one that is missing is read."""

_log = structlog.get_logger(__name__)


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
        self._flushed: Remembered[Stamp] = Remembered(MAX_STAMPS)
        self._announcements: Remembered[Upload] = Remembered(MAX_ANNOUNCEMENTS)
        self._suspect: set[str] = set()
        """Parts whose last flush failed: the next one may answer well although pages are gone."""

    @property
    def folder(self) -> Path:
        """Where it is on the disk."""
        return self._folder

    def prepare(self) -> None:
        """Create the folder."""
        files.make_folder(self._folder)

    def part(self, upload_id: str) -> Path:
        """Return where the bytes of an upload are."""
        return self._folder / f"{upload_id}.part"

    def _open_note(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{OPEN}"

    def _whole_note(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{WHOLE}"

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
        waiting = _names(self._folder, item, OPEN, WHOLE)
        return list(self._noted((*waiting, *_names(done, item, DONE))))

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
        return _read(self._open_note(name)) or _read(self._whole_note(name)) or _read(self._done_note(name))

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
        """Flush what arrived and return the offset, which is then files."""
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
        with contextlib.suppress(FileNotFoundError):  # another request did it
            self._open_note(upload.id).replace(self._whole_note(upload.id))
            os.utime(self._whole_note(upload.id))  # from now on it waits for its statement
        return replace(upload, complete=True)

    def sealed(self, upload_id: str) -> None:
        """Put the note of a complete upload away: a statement names its item now. Safe to repeat."""
        whole, done = self._whole_note(upload_id), self._done_note(upload_id)
        if whole.exists():
            files.make_folder(done.parent)
            with contextlib.suppress(FileNotFoundError):
                whole.replace(done)

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
        self._open_note(upload.id).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    def remove(self, upload: Upload) -> None:
        """Forget an upload and its bytes. A blob that it became is not touched."""
        self.part(upload.id).unlink(missing_ok=True)
        for note in (self._open_note(upload.id), self._whole_note(upload.id), self._done_note(upload.id)):
            note.unlink(missing_ok=True)
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

    def waiting(self) -> Iterator[Upload]:
        """Yield every upload that is complete, and whose item no statement has sealed as far as its note tells."""
        return self._noted(_names(self._folder, "", WHOLE))

    def has_other(self, upload: Upload) -> bool:
        """Whether another upload that is not sealed became, or may become, the same file."""
        every = map(self._announced, _names(self._folder, "", OPEN, WHOLE))
        return any(one is not None and one.sha256 == upload.sha256 and one.id != upload.id for one in every)

    def arrived(self, account: str) -> dict[ids.KeyId, Arrivals]:
        """Return what arrived in an account and is not sealed, by the key that sent it."""
        found: dict[ids.KeyId, Arrivals] = {}
        for note in _names(self._folder, "", OPEN, WHOLE):
            upload = self._announced(note)
            if upload is not None and upload.account == account:
                here = upload.length if note.suffix == WHOLE else self.stored(upload)
                found[upload.owner] = found.get(upload.owner, NOTHING).plus(here, 1)
        for upload in self._noted(_names(self._folder, "", ".begun")):
            if upload.account == account and (kept := self._kept(upload)).exists():
                found[upload.owner] = found.get(upload.owner, NOTHING).plus(kept.stat().st_size, 0)
        return found

    def expired(self, now: ids.Time) -> list[Upload]:
        """Return the uploads whose time is over, complete and sealed ones (of which only the note remains) included."""
        every = (*self.unfinished(), *self.waiting(), *self._noted(self._folder.glob(f"**/*{DONE}")))
        return [each for each in every if self.is_expired(each, now)]

    def is_expired(self, upload: Upload, now: ids.Time) -> bool:
        """Whether an upload's time is over; one that waits for its statement has a week from its last byte."""
        try:
            whole_since = self._whole_note(upload.id).stat().st_mtime
        except FileNotFoundError:
            return upload.expires_at <= now
        return whole_since + EXPIRY_S <= ids.moment_of(now).timestamp()

    def _announced(self, note: Path) -> Upload | None:
        """Return what a note announces, whatever has become of it: all of that is in its name, so it never changes.

        Judging the room of one upload looks at all others, and reading them anew each time would be what costs.
        """
        known = self._announcements.get(note.stem)
        if known is None and (known := _read(note)) is not None:
            self._announcements.keep(note.stem, known)
        return known

    @staticmethod
    def _noted(notes: Iterable[Path]) -> Iterator[Upload]:
        for note in notes:
            upload = _read(note)
            if upload is not None:
                yield upload


def done_note(upload_id: str) -> str:
    """Return where, in the folder of the uploads, the note about a complete one is."""
    return f"done/{upload_id[:2]}/{upload_id}{DONE}"


def _names(folder: Path, begin: str, *ends: str) -> list[Path]:
    """Return the files whose names begin and end so: `Path.glob` takes ten times as long, and a phone waits."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a Path for each of them is what takes the time
    except FileNotFoundError:
        return []
    return [folder / name for name in names if name.startswith(begin) and name.endswith(ends)]


def _read(note: Path) -> Upload | None:
    try:
        upload = schema.decode(Upload, canonical.decode_exact(note.read_bytes()))
    except FileNotFoundError:
        return None
    except FormatError as error:  # a power cut, or a disk that rots: it costs this upload, which is announced anew
        _log.warning("the note of an upload cannot be read", error=str(error))
        return None
    return replace(upload, complete=note.suffix in {WHOLE, DONE})


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
