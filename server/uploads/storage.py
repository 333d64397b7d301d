"""The storage of an upload: what it does on the disk and in the journal, a whole step at a time.

All of this blocks. Each step is one hand-over to a thread: waking one costs more than most of what it does here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from evidence import ids
from server.principals import Uploader
from server.problems import Member, ProblemError, domains, general
from server.problems.kinds import ProblemType
from server.uploads import core
from server.uploads.accounts import Accounts
from server.uploads.cache import Remembered
from server.uploads.core import Patch, Upload
from server.uploads.digests import Digests
from server.uploads.folder import Hold, WrongHashError
from server.uploads.intake import Rest
from server.uploads.retention import Retention
from server.uploads.store import UploadStore
from server.uploads.writer import FULL, RESERVE, PartWriter, Written, free_bytes

MAX_OWNERS: Final = 4096
"""Uploads of which it is remembered whose they are, some 200 bytes each; for one that is missing its note is read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands; `offset` is durable."""

    upload: Upload
    offset: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """An upload that was announced; `fresh` when it was not known before, and nothing of it is here."""

    upload: Upload
    fresh: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload that one request has to itself, until it lets go of `hold`."""

    hold: Hold
    at: Progress
    writer: PartWriter | None
    """None when there is nothing to write: the upload is complete."""
    room: int
    account: Callable[[int], None]
    """Hears, once, how many bytes really came."""

    def abandon(self) -> None:
        """Let go of what nobody is there to use."""
        try:
            if self.writer is not None:
                self.writer.finish(whole_request=False)
        finally:
            self.release()

    def release(self) -> None:
        """Let others in, and count what came."""
        if self.writer is not None:
            self.account(self.writer.offset - self.at.offset)
        self.hold.release()


class Steps:
    """The steps of one process. Of one upload, one request at a time takes them; who that is, `service` decides."""

    def __init__(self, store: UploadStore) -> None:
        self._journal = store.journal
        self._folder = store.folder
        self._accounts = Accounts(store.journal, store.copies, store.folder)
        self._retention = Retention(store)
        self._reserve_bytes = store.reserve_bytes
        self._owners: Remembered[ids.KeyId] = Remembered(MAX_OWNERS)

    def admit(self, upload: Upload) -> Admitted | None:
        """Judge an announcement and store it; None when an upload of that name is out of date and must go first.

        One process at a time admits uploads, so that two cannot fill the room of one.
        """
        if self._journal.ask(lambda standing: upload.item in standing.erased):
            raise ProblemError(domains.ERASED)
        hold = self._folder.hold_admissions()
        try:
            known = self._folder.notes.load(upload.id)
            if known is not None:
                return None if self._retention.is_over(known) else Admitted(known, fresh=False)
            core.admit(upload, self._accounts.usage(upload, fresh=True))
            self._keep_reserve()
            with _telling_when_full():
                self._folder.create(upload)
            self._owners.keep(upload.id, upload.owner)
        finally:
            hold.release()
        return Admitted(upload, fresh=True)

    def is_known_of(self, who: Uploader, upload_id: str) -> bool:
        """Whether an upload of this name was found to be this principal's before; whose it is never changes."""
        return self._owners.get(upload_id) == who.kid

    def find(self, who: Uploader, upload_id: str) -> Upload:
        """Return an upload of this principal; NOT_FOUND for others' and for none."""
        upload = self._folder.notes.load(upload_id)
        if upload is None or upload.owner != who.kid:
            raise ProblemError(general.NOT_FOUND)
        if self._folder.notes.is_expired(upload, ids.now()) and not self._keeps(upload):
            raise ProblemError(general.NOT_FOUND)
        self._owners.keep(upload_id, upload.owner)
        return upload

    def look(self, who: Uploader, upload_id: str) -> Progress | None:
        """Return where an upload stands; None while another process has it."""
        hold = self._folder.hold(upload_id)
        if hold is None:
            return None
        try:
            return self._settle(self.find(who, upload_id))
        finally:
            hold.release()

    def open(self, who: Uploader, upload_id: str, patch: Patch) -> Opened | None:
        """Decide on a PATCH and open the part for its bytes; None while another process has the upload."""
        hold = self._folder.hold(upload_id)
        if hold is None:
            return None
        try:
            at = self._settle(self.find(who, upload_id))
            room = core.decide_patch(at.upload, at.offset, patch)
            writer = None
            if not at.upload.complete:
                self._keep_reserve()
                self._grant(at.upload, room if patch.length is None else patch.length)
                part = self._folder.part(upload_id)
                writer = PartWriter(part, at.offset, self._digests_at(at), patch.checksum, self._reserve_bytes)
        except BaseException:
            hold.release()
            raise
        return Opened(hold, at, writer, room, partial(self._accounts.end, at.upload))

    def close(self, opened: Opened, writer: PartWriter, rest: Rest, *, superseded: bool) -> Progress:
        """Write the rest of what a request brought, flush it all, and judge it: a complete file becomes a blob."""
        upload = opened.at.upload
        try:
            if rest.pieces:
                writer.write(rest.pieces)
        except BaseException:
            writer.finish(whole_request=False)
            raise
        written = writer.finish(whole_request=rest.whole)
        self._folder.flushed(upload.id, written.stamp, writer.digests)
        _judge(written, whole=rest.whole, superseded=superseded)
        return self._settle(upload)

    def remove(self, who: Uploader, upload_id: str) -> bool:
        """Terminate an upload that is not complete; False while another process has it."""
        hold = self._folder.hold(upload_id)
        if hold is None:
            return False
        try:
            upload = self.find(who, upload_id)
            if upload.complete:
                raise ProblemError(domains.UPLOAD_COMPLETE)
            if self._keeps(upload):
                raise ProblemError(domains.UPLOAD_BEGUN)
            self._folder.remove(upload)
        finally:
            hold.release()
        return True

    def over(self) -> list[Upload]:
        """Return the uploads that go now: what became nothing in time, or whose key was revoked."""
        return self._retention.over()

    def end(self, upload_id: str) -> bool:
        """Let go of an upload that is over; False while another process has it, or a statement about it is written."""
        hold = self._folder.hold(upload_id)
        if hold is None:
            return False
        try:
            upload = self._folder.notes.load(upload_id)
            if upload is None:
                return True
            return self._retention.end(upload)
        finally:
            hold.release()

    def _keeps(self, upload: Upload) -> bool:
        return self._retention.keeps(upload)

    def _grant(self, upload: Upload, wanted: int) -> int:
        """Return how many bytes the request may bring; QUOTA when there is no room for what it wants."""
        granted = self._accounts.begin(upload, wanted)
        if granted < wanted:
            self._accounts.end(upload, 0)
            raise ProblemError(domains.QUOTA)
        return granted

    def _keep_reserve(self) -> None:
        """Refuse what would take from the disk what the journal and the bridges' spools need: STORAGE_FULL."""
        if self._reserve_bytes and free_bytes(self._folder.folder) < self._reserve_bytes:
            raise ProblemError(general.STORAGE_FULL, reason=RESERVE)

    def _settle(self, upload: Upload) -> Progress:
        """Return the durable offset; a file that is all there becomes a blob first, also after a crash in between."""
        offset = self._folder.settle(upload)
        if offset == upload.length and not upload.complete:
            try:
                keep = self._keeps(upload)
                with _telling_when_full():
                    upload = self._folder.finish(upload, keep=keep)
            except WrongHashError as error:
                raise ProblemError(domains.UPLOAD_HASH) from error
        return Progress(upload, offset)

    def _digests_at(self, at: Progress) -> Digests | None:
        return Digests() if at.offset == 0 else self._folder.digests(at.upload.id)


def _judge(written: Written, *, whole: bool, superseded: bool) -> None:
    if written.full:
        raise at_offset(general.STORAGE_FULL, written.offset, **({"reason": RESERVE} if written.reserved else {}))
    if superseded:
        raise at_offset(domains.UPLOAD_LOCKED, written.offset)
    if not whole:
        raise at_offset(general.TIMEOUT, written.offset)
    if not written.checksum_holds:
        raise at_offset(domains.UPLOAD_CHECKSUM, written.offset)


@contextmanager
def _telling_when_full() -> Iterator[None]:
    """Say STORAGE_FULL when a note or a folder finds no room."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise ProblemError(general.STORAGE_FULL) from error


def at_offset(kind: ProblemType, offset: int, **members: Member) -> ProblemError:
    """Return a problem that tells which offset is durable."""
    return ProblemError(kind, {"upload-offset": str(offset)}, upload_offset=offset, **members)
