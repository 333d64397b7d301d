"""What a server does for its storage beside the requests: shipping, keeping and reading again, each at its own pace.

State rules:
- Shipping is shared by all processes (leases). Keeping and scrubbing are done by one process of a data folder at a
  time, which holds a lock that the kernel frees when it dies.
- A scrub that a restart cut short begins again a while after the start; the last whole one is written down.
- Nothing here stops the server: what fails is logged, counted and tried again.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from evidence import canonical, durable, ids
from evidence.errors import FormatError
from evidence.statements import retention
from evidence.store import scrubbing
from evidence.store.copy_rows import Copy
from evidence.store.scrubbing import Pace, S3Spare
from server.keeping.figures import StorageFigures
from server.keeping.local_copies import LocalCopies, Policy, fullness_percent
from server.keeping.shipper import CLOSE_S, Shipper, StoppingError
from server.services import Services

COUNT_EVERY_S: Final = 15.0
"""The backlog for Prometheus: one query, and as often as it asks."""

KEEP_EVERY_S: Final = 300.0
"""Dropping local copies and renewing locks: both are a matter of days."""

FIRST_SCRUB_S: Final = 3600.0
"""A server that has just started has other things to read; and one that restarts all the time is no reason to hurry."""

LOOK_EVERY_S: Final = 60.0
"""Whether a scrub is due, and whether another process has died that did them."""

MIB: Final = 1024 * 1024
NOTE: Final = "scrub.json"
LOCK: Final = ".keeping.lock"

_log = structlog.get_logger(__name__)


class Background:
    """The threads of one server."""

    def __init__(
        self, services: Services, figures: StorageFigures, *, idle_s: float | None = None, lease_s: float | None = None
    ) -> None:
        """Prepare; with shorter `idle_s` and `lease_s` for tests."""
        self._services = services
        self._figures = figures
        self._stop = threading.Event()
        self._lock: int | None = None
        self._shipper: Shipper | None = None
        paces = {name: value for name, value in (("idle_s", idle_s), ("lease_s", lease_s)) if value is not None}
        if services.s3 is not None:
            self._shipper = Shipper(
                services.copies, services.blobs.local, services.s3, self.lock_until, figures, **paces
            )
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
        if self._lock is not None:
            os.close(self._lock)

    def lock_until(self, copy: Copy, now: ids.Time) -> ids.Time:
        """Return until when the copy of a living item is locked: the floor from now on, or the end of its class."""
        if copy.case is None:
            return ids.time_of(ids.moment_of(now) + retention.FLOOR)
        case = copy.case
        return self._services.journal.ask(lambda standing: retention.retention_until(standing, case, now))

    # ------------------------------------------------------------------------------------------------- keeping

    def _keep_forever(self) -> None:
        services = self._services
        kept = None
        if services.s3 is not None:
            self._calmly("queueing older items", services.copies.queue_sealed_before)
            kept = LocalCopies(services.blobs.local, services.copies, services.s3, self._figures)
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
        settings = self._services.settings
        days = settings.s3_drop_after_days
        policy = Policy(None if days is None else timedelta(days=days), settings.s3_drop_above_percent)
        folder = self._services.layout.blobs
        self._calmly("renewing locks", lambda: kept.renew_locks(self.lock_until, self._stop.is_set))
        self._calmly("deleting what was erased", kept.delete_released)
        self._calmly("dropping", lambda: kept.drop_due(policy, lambda: fullness_percent(folder), self._stop.is_set))

    def _count(self) -> None:
        if self._services.s3 is None:
            return  # nothing waits for what nobody set up
        self._figures.backlog(self._services.copies.backlog(), ids.now())

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
            handle = os.open(self._services.layout.data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    # --------------------------------------------------------------------------------------------------- scrub

    def _scrub_forever(self) -> None:
        note = self._services.layout.data / NOTE
        self._figures.scrubbed_before(last_scrub(note))
        every_days = self._services.settings.scrub_every_days
        if every_days == 0 or self._stop.wait(FIRST_SCRUB_S):
            return
        while not self._stop.is_set():
            last = last_scrub(note)
            due = last is None or ids.moment_of(ids.now()) - ids.moment_of(last) >= timedelta(days=every_days)
            if due and self._is_keeper():
                self._calmly("a scrub", self.scrub_once)
            self._stop.wait(LOOK_EVERY_S)

    def scrub_once(self) -> None:
        """Read every sealed item again, mend what can be mended, and write down that it was done."""
        services = self._services
        services.copies.queue_sealed_before()
        sealed = services.copies.sealed()
        rate = services.settings.scrub_pace_mib * MIB
        spare = None if services.s3 is None else S3Spare(services.copies, services.s3)
        findings = scrubbing.scrub(
            services.blobs.local,
            {name: size for name, (size, _) in sealed.items()},
            Pace(rate, sleep=self._rest),
            self._read,
            spare,
            elsewhere={name for name, (_, here) in sealed.items() if not here},
        ).findings
        if services.s3 is not None:
            pace = Pace(rate, sleep=self._rest)
            looked = scrubbing.scrub_copies(services.blobs.local, services.copies, services.s3, pace, self._read)
            findings += looked.findings
        now = ids.now()
        for finding in findings:
            _log.error("a sealed item is not well", state=finding.kind.value, count=int(not finding.mended))
        self._figures.scrub_finished(findings, now)
        document = {"v": 1, "finished_at": now, "unmended": sum(not one.mended for one in findings)}
        durable.write_file(services.layout.data / NOTE, canonical.encode(document) + b"\n")

    def _read(self, size_bytes: int) -> None:
        self._figures.scrubbed(size_bytes)
        if self._stop.is_set():
            raise StoppingError("the server stops")

    def _rest(self, seconds: float) -> None:
        self._stop.wait(seconds)


def last_scrub(note: Path) -> ids.Time | None:
    """Return when the last whole scrub ended."""
    try:
        document = canonical.decode(note.read_bytes())
        if isinstance(document, dict):
            moment = document.get("finished_at")
            ids.moment_of(moment)
            return ids.Time(str(moment))
    except (OSError, FormatError):
        return None
    return None
