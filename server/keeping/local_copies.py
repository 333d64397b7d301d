"""Local copies: which go once S3 has theirs, and how long those in S3 stay locked.

State rules:
- A local copy goes only by an explicit policy, and only after the version in S3 was read back whole within a day, and
  is locked. The file goes first and the note after: a crash between leaves a note that reading does not believe.
- A lock in S3 is renewed long before it ends, for as long as the item lives: so it can be short, and what is erased is
  not kept by its own protection for years (docs/adr, *rolling locks*).
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from evidence import ids
from evidence.envelope import container
from evidence.errors import FormatError
from evidence.store.blobs import shipping
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.errors import BlobError
from server.keeping.figures import StorageFigures
from server.keeping.shipper import LockUntil, StoppingError, is_away

AT_ONCE: Final = 1000
"""Copies looked at in one round, which comes every few minutes: 100,000 a day and more."""

FRESH: Final = timedelta(days=1)
"""A read-back that is older is made again before the local copy goes."""

STAYS: Final = timedelta(hours=1)
"""However full the disk: an item that has just come, or was fetched for an export, is about to be read."""

RENEW_BEFORE: Final = timedelta(days=15)
"""A lock that ends sooner is renewed: half of the shortest one (30 days), so that two weeks without this server leave
everything locked."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Policy:
    """When local copies go: after a time, or while the disk is fuller than so many percent; None: not for that."""

    after: timedelta | None = None
    above_percent: int | None = None


def fullness_percent(folder: Path) -> float:
    """Return how full the disk of a folder is."""
    usage = shutil.disk_usage(folder)
    return 100 * usage.used / (usage.used + usage.free)


@dataclass(frozen=True)
class LocalCopies:
    """The folder, the list, the bucket."""

    local: DirectoryBlobs
    copies: SqlCopies
    s3: S3Blobs
    figures: StorageFigures

    def drop_due(self, policy: Policy, fullness: Callable[[], float], stopping: Callable[[], bool]) -> int:
        """Drop what the policy says; return how many. Blocks for long: every byte may be read back first."""
        dropped = 0
        for copy in self._due(policy, fullness):
            if stopping():
                break
            try:
                dropped += self._drop(copy, stopping)
            except StoppingError:
                break
            except BlobError as error:
                if is_away(error):
                    break
                _log.warning("a local copy stays", error=str(error))
        return dropped

    def _due(self, policy: Policy, fullness: Callable[[], float]) -> Iterator[Copy]:
        if policy.after is not None:
            yield from self.copies.longest_here(_ago(max(policy.after, STAYS)), AT_ONCE)
        if policy.above_percent is None:
            return
        if fullness() > policy.above_percent:
            for copy in self.copies.longest_here(_ago(STAYS), AT_ONCE):
                if fullness() <= policy.above_percent:
                    return
                yield copy

    def _drop(self, copy: Copy, stopping: Callable[[], bool]) -> bool:
        """Drop one local copy after S3's was looked at, and read back if that is long ago. BlobError: it stays."""
        if copy.version_id is None:
            return False
        if self.local.size(copy.sha256) is not None:
            found = self.s3.look(copy.sha256, copy.version_id)
            now = ids.now()
            if found is None:
                self.copies.send_again(copy, now)
                raise BlobError("its copy in S3 is gone; it is sent again")
            if found.locked_until is None or found.locked_until <= now:
                raise BlobError("its copy in S3 is not locked")
            if copy.verified_at is None or copy.verified_at < _ago(FRESH):

                def read(_size_bytes: int) -> None:
                    if stopping():
                        raise StoppingError("the server stops")

                if not shipping.is_whole(self.s3, copy.sha256, copy.version_id, read):
                    self.copies.send_again(copy, now)
                    raise BlobError("its copy in S3 is rotten; it is sent again")
                self.copies.note_verified(copy, now)
            self.local.drop(copy.sha256, keep_bytes=_beginning_bytes(self.local, copy.sha256))
            self.figures.dropped()
        self.copies.note_local(copy.sha256, None)
        return True

    def renew_locks(self, lock_until: LockUntil, stopping: Callable[[], bool]) -> int:
        """Renew the locks that end soon; return how many."""
        renewed = 0
        now = ids.now()
        soon = ids.time_of(ids.moment_of(now) + RENEW_BEFORE)
        for copy in self.copies.soon_unlocked(soon, AT_ONCE):
            if stopping() or copy.version_id is None:
                break
            try:
                until = shipping.ensure_lock(self.s3, copy.sha256, copy.version_id, lock_until(copy, now))
            except BlobError as error:
                if is_away(error):
                    break
                _log.warning("a lock was not renewed", error=str(error))
                continue
            self.copies.note_lock(copy, until)
            renewed += 1
        return renewed

    def delete_released(self) -> int:
        """Delete from S3 what was erased and is locked no longer; return how many copies are gone."""
        gone = 0
        now = ids.now()
        for copy in self.copies.released_due(now, AT_ONCE):
            try:
                gone += self._delete_released(copy, now)
            except BlobError as error:
                if is_away(error):
                    break
                _log.warning("an erased copy stays", error=str(error))
        return gone

    def _delete_released(self, copy: Copy, now: ids.Time) -> bool:
        if copy.upload_id is not None:
            self.s3.call_off(copy.sha256, copy.upload_id)
        found = self.s3.look(copy.sha256, copy.version_id)
        if found is not None and found.locked_until is not None and found.locked_until > now:
            self.copies.note_released(copy, found.locked_until, found.version_id)
            return False
        if found is not None:
            self.s3.delete(copy.sha256, found.version_id)
        self.copies.note_released(copy, None)
        return found is not None


def _beginning_bytes(local: DirectoryBlobs, sha256: ids.Sha256) -> int:
    """Return how much of a container stays here: head and sealed description, which every look at a timeline reads."""
    try:
        with local.open(sha256) as file:
            limit = container.HEAD_OFFSET + container.MAX_HEAD_BYTES + container.MAX_META_BYTES
            return container.parse_prefix(file.read(limit)).size
    except FormatError:
        return 0


def _ago(span: timedelta) -> ids.Time:
    return ids.time_of(ids.moment_of(ids.now()) - span)
