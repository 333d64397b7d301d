"""Background work for storage: shipping, keeping and reading again, each at its own pace.

State rules:
- Shipping is shared by all processes (leases). Keeping and scrubbing are done by one process of a data folder at a
  time, which holds a lock that the kernel frees when it dies.
- A scrub goes folder by folder and writes down how far it is, so that a restart does not begin it anew.
- Nothing here stops the server: what fails is logged, counted and tried again.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from evidence import ids
from evidence.statements import retention
from evidence.store.blobs import scrubbing
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.blobs.scrubbing import Finding, Pace, S3Spare
from evidence.store.blobs.tiers import TieredBlobs
from evidence.store.journal.journal import SqlJournal
from server.keeping.figures import StorageFigures
from server.keeping.local_copies import LocalCopies, Policy, fullness_percent
from server.keeping.scrub_state import FOLDERS, NOTE, Rounds
from server.keeping.shipper import CLOSE_S, Shipper, StoppingError
from server.layout import Layout
from server.settings import Settings

COUNT_EVERY_S: Final = 15.0
"""The backlog for Prometheus: one query, and as often as it asks."""

KEEP_EVERY_S: Final = 300.0
"""Dropping local copies and renewing locks: both are a matter of days."""

FIRST_SCRUB_S: Final = 600.0
"""A server that has just started has other things to read."""

LOOK_EVERY_S: Final = 60.0
"""Whether a scrub is due, and whether another process has died that did them."""

MIB: Final = 1024 * 1024
LOCK: Final = ".keeping.lock"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Storage:
    """What storage is kept by; `s3` is None where copies go nowhere."""

    settings: Settings
    layout: Layout
    journal: SqlJournal
    blobs: TieredBlobs
    copies: SqlCopies
    s3: S3Blobs | None


class Background:
    """The threads of one server."""

    def __init__(
        self, storage: Storage, figures: StorageFigures, *, idle_s: float | None = None, lease_s: float | None = None
    ) -> None:
        """Prepare; with shorter `idle_s` and `lease_s` for tests."""
        self._storage = storage
        self._figures = figures
        self._stop = threading.Event()
        self._rounds = Rounds(storage.layout.data / NOTE)
        self._lock: int | None = None
        self._shipper: Shipper | None = None
        paces = {name: value for name, value in (("idle_s", idle_s), ("lease_s", lease_s)) if value is not None}
        if storage.s3 is not None:
            self._shipper = Shipper(storage.copies, storage.blobs.local, storage.s3, self.lock_until, figures, **paces)
        self._threads = [
            threading.Thread(target=self._keep_forever, name="keeping", daemon=True),
            threading.Thread(target=self._scrub_forever, name="scrub", daemon=True),
        ]

    def start(self) -> None:
        """Start the threads."""
        if self._shipper is not None:
            self._shipper.start()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop all threads, each after the piece in hand; one that waits for S3 is left behind, as by a kill."""
        self._stop.set()
        if self._shipper is not None:
            self._shipper.close()
        for thread in self._threads:
            thread.join(CLOSE_S)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def lock_until(self, copy: Copy, now: ids.Time) -> ids.Time:
        """Return until when the copy of a living item is locked: the floor from now on, or the end of its class."""
        if copy.case is None:
            return ids.time_of(ids.moment_of(now) + retention.FLOOR)
        case = copy.case
        return self._storage.journal.ask(lambda standing: retention.retention_until(standing, case, now))

    # ------------------------------------------------------------------------------------------------- keeping

    def _keep_forever(self) -> None:
        storage = self._storage
        kept = None
        if storage.s3 is not None:
            self._calmly("queueing older items", storage.copies.queue_sealed_before)
            kept = LocalCopies(storage.blobs.local, storage.copies, storage.s3, self._figures)
        waited = KEEP_EVERY_S
        while not self._stop.is_set():
            self._calmly("counting", self._count)
            if kept is not None and waited >= KEEP_EVERY_S and self._is_keeper():
                waited = 0.0
                self.keep_once(kept)
            self._stop.wait(COUNT_EVERY_S)
            waited += COUNT_EVERY_S

    def keep_once(self, kept: LocalCopies) -> None:
        """Renew locks, delete what was erased, and drop local copies as the settings say."""
        settings = self._storage.settings
        days = settings.s3_drop_after_days
        policy = Policy(None if days is None else timedelta(days=days), settings.s3_drop_above_percent)
        folder = self._storage.layout.blobs
        self._calmly("renewing locks", lambda: kept.renew_locks(self.lock_until, self._stop.is_set))
        self._calmly("deleting what was erased", kept.delete_released)
        self._calmly("dropping", lambda: kept.drop_due(policy, lambda: fullness_percent(folder), self._stop.is_set))

    def _count(self) -> None:
        if self._storage.s3 is None:
            return  # nothing waits for what nobody set up
        self._figures.backlog(self._storage.copies.backlog(), ids.now())

    def _calmly(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except StoppingError:
            return
        except Exception as error:  # noqa: BLE001 - the next round tries again
            _log.warning(f"{what} failed", error=type(error).__name__)

    def _is_keeper(self) -> bool:
        """Say whether this process keeps the data folder; become it when nobody is."""
        if self._lock is None:
            handle = os.open(self._storage.layout.data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    # --------------------------------------------------------------------------------------------------- scrub

    def _scrub_forever(self) -> None:
        self._figures.scrubbed_before(self._rounds.load().finished_at)
        every_days = self._storage.settings.scrub_every_days
        if every_days == 0 or self._stop.wait(FIRST_SCRUB_S):
            return
        while not self._stop.is_set():
            if self._rounds.load().is_due(ids.now(), timedelta(days=every_days)) and self._is_keeper():
                self._calmly("a scrub", self.scrub_once)
            self._stop.wait(LOOK_EVERY_S)

    def scrub_once(self) -> None:
        """Read every sealed item again, or go on where a restart cut that short; mend what can be mended."""
        self._storage.copies.queue_sealed_before()
        state = self._rounds.load()
        for number in range(state.next_folder, FOLDERS):
            findings = self._scrub_folder(f"{number:02x}")
            for finding in findings:
                _log.error("a sealed item is not well", state=finding.kind.value, count=int(not finding.mended))
            self._figures.found(findings)
            state = state.after_folder(number, sum(not one.mended for one in findings), ids.now())
            self._rounds.save(state)
        self._figures.scrub_finished(state.unmended, state.finished_at)

    def _scrub_folder(self, prefix: str) -> tuple[Finding, ...]:
        storage = self._storage
        sealed = storage.copies.sealed(prefix)
        pace = Pace(storage.settings.scrub_pace_mib * MIB, sleep=self._rest)
        local, copies, s3 = storage.blobs.local, storage.copies, storage.s3
        sizes = {name: size for name, (size, _) in sealed.items()}
        elsewhere = {name for name, (_, here) in sealed.items() if not here}
        spare = None if s3 is None else S3Spare(copies, s3)
        here = scrubbing.scrub(local, sizes, pace, self._read, spare, elsewhere, prefix).findings
        if s3 is None:
            return here
        return here + scrubbing.scrub_copies(local, copies, s3, pace, self._read, prefix=prefix).findings

    def _read(self, size_bytes: int) -> None:
        self._figures.scrubbed(size_bytes)
        if self._stop.is_set():
            raise StoppingError("the server stops")

    def _rest(self, seconds: float) -> None:
        self._stop.wait(seconds)
