"""The accounts of uploads: how much arrived by each key and in each case, and how much more may come.

A request must not fill the disk, and must not look through thousands of notes either. So an account is counted from the
disk when an upload is announced, and again when the count is older than `COUNT_AGAIN_S`; in between, what this process
writes is added. What a request is about to bring counts while it is on its way, against its own key and nobody else's
reserve. Other processes on the same folder are seen at the next count.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from evidence import ids
from evidence.store.blobs.copies import SqlCopies
from evidence.store.journal.journal import SqlJournal
from server.uploads import core
from server.uploads.core import Upload, Usage
from server.uploads.folder import NOTHING, Arrivals, UploadFolder

COUNT_AGAIN_S: Final = 30.0
"""How old a count may be when a request brings bytes; what one key can bring in that time is what others may lack."""

MAX_COUNTED: Final = 1024
"""Accounts whose counts are remembered; one that is not is counted."""


@dataclass
class _Account:
    """What one account took up when it was counted, by key, and what was written since."""

    at: float
    case_sealed: int
    arrived: dict[ids.KeyId, Arrivals]
    sealed: dict[ids.KeyId, int] = field(default_factory=dict)
    coming: dict[str, tuple[ids.KeyId, int]] = field(default_factory=dict)
    """What requests are bringing now, by upload."""


class Accounts:
    """The counts of one process. Safe from any thread; all of it blocks."""

    def __init__(
        self,
        journal: SqlJournal,
        copies: SqlCopies,
        folder: UploadFolder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._copies = copies
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def usage(self, upload: Upload, *, fresh: bool) -> Usage:
        """Return what the key of an upload and its case take up; counted now when `fresh`."""
        self._count(upload, fresh=fresh)
        with self._lock:
            return self._usage(upload, self._accounts[upload.account])

    def begin(self, upload: Upload, wanted: int) -> int:
        """Return how many bytes of `wanted` may come for this upload, and count them until `end`."""
        self._count(upload, fresh=False)
        with self._lock:
            account = self._accounts[upload.account]
            account.coming.pop(upload.id, None)
            granted = min(wanted, core.room(upload, self._usage(upload, account)))
            account.coming[upload.id] = (upload.owner, granted)
            return granted

    def end(self, upload: Upload, arrived: int) -> None:
        """Count what really came instead of what might have."""
        with self._lock:
            account = self._accounts.get(upload.account)
            if account is not None:
                account.coming.pop(upload.id, None)
                account.arrived[upload.owner] = account.arrived.get(upload.owner, NOTHING).plus(arrived, 0)

    def _count(self, upload: Upload, *, fresh: bool) -> None:
        """See to it that there is a count, young enough; nobody else waits while it is made."""
        now = self._clock()
        with self._lock:
            known = self._accounts.get(upload.account)
        if known is not None and not fresh and now - known.at <= COUNT_AGAIN_S and upload.owner in known.sealed:
            return
        self._put_away_sealed(upload.account)
        own = self._journal.stored_bytes_by(upload.owner)
        case = 0 if upload.by_staff else self._journal.stored_bytes(ids.CaseId(upload.account))
        counted = _Account(now, case, self._folder.arrived(upload.account), {upload.owner: own})
        with self._lock:
            before = self._accounts.pop(upload.account, None)
            if before is not None:
                counted.coming = before.coming
                counted.sealed = {**before.sealed, upload.owner: own}
            self._accounts[upload.account] = counted
            while len(self._accounts) > MAX_COUNTED:
                self._accounts.pop(next(iter(self._accounts)))

    def _put_away_sealed(self, account: str) -> None:
        """Let the notes of what was sealed no longer count; a statement names the file, whatever its uploader said."""
        for one in self._folder.notes.waiting():
            if one.account == account and self._copies.is_sealed(one.sha256):
                self._folder.notes.sealed(one.id)

    @staticmethod
    def _usage(upload: Upload, account: _Account) -> Usage:
        own = account.arrived.get(upload.owner, NOTHING)
        coming = sum(size for owner, size in account.coming.values() if owner == upload.owner)
        arrived = sum(one.size_bytes for one in account.arrived.values())
        return Usage(
            account.sealed[upload.owner] + own.size_bytes + coming,
            0 if upload.by_staff else account.case_sealed + arrived + coming,
            own.uploads,
        )
