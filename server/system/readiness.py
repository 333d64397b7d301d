"""The readiness of a server: whether a proxy should send it requests, what is not well, and the same as figures.

A thread measures every two seconds, so that a probe never waits for a database that hangs; what the probe is told is
fixed words for each part, because anyone may ask. `/health/live` is apart: it says that the process answers.
"""

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from evidence import ids
from evidence.errors import EvidenceError
from evidence.store.ports import Journal
from server.errors import ServerError
from server.log.health import HEAD_WITHIN

LOOK_EVERY_S: Final = 2.0

STALE_S: Final = 15.0
"""A look that takes longer hangs: a database that is away is told by its driver within ten seconds."""

HEAD_WITHIN_S: Final = HEAD_WITHIN.total_seconds()

CLOCK_WITHIN_S: Final = 60.0
"""Requests are refused when device and server differ by more than a few minutes: a server must be far within that."""

FREE_BYTES: Final = 8 * 1024 * 1024
"""SQLite's log and one batch of tiles fit; uploads stop long before (GETUIGE_UPLOAD_RESERVE_MIB)."""

FOR_ALARMS: Final = frozenset({"database", "server"})
"""What a desk cannot do without: it signs in by the database. Alarms themselves come from the bridges."""

PARTS: Final = ("journal", "database", "log", "clock", "disk", "server")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a look found. Without a database only the disk is known."""

    free_bytes: int
    waiting: int = 0
    """Events that no published head covers."""
    oldest_s: float = 0.0
    """Age of the oldest of those."""
    ahead_s: float = 0.0
    """By how much this machine's clock is before the database's; negative: behind it."""
    database: bool = True


def judge(found: Measured) -> dict[str, str]:
    """Return what is not well, by part, in words that anyone may read; empty when all is. Pure."""
    trouble = {}
    if not found.database:
        trouble["database"] = "does not answer: statements wait, and nothing that was confirmed is lost"
    if found.oldest_s > HEAD_WITHIN_S:
        trouble["log"] = (
            f"no published head covers the newest {found.waiting} events for {found.oldest_s:.0f} s: its disk is full,"
            " or too few witnesses cosign"
        )
    if abs(found.ahead_s) > CLOCK_WITHIN_S:
        side = "ahead of" if found.ahead_s > 0 else "behind"
        trouble["clock"] = f"is {abs(found.ahead_s):.0f} s {side} the database's: devices are refused for it"
    if found.free_bytes < FREE_BYTES:
        trouble["disk"] = f"is full: {found.free_bytes // 1024} KiB are free"
    return trouble


def measure(
    folder: Path, database_time: Callable[[], datetime], journal: Journal, proven_through: int, now: ids.Time
) -> Measured:
    """Look at disk, database, clock and log. `proven_through`: number of the newest event under a published head."""
    free = shutil.disk_usage(folder).free
    try:
        ahead = (ids.moment_of(now) - database_time()).total_seconds()
        waiting = journal.size() - 1 - proven_through
        oldest = journal.read(after=proven_through, limit=1) if waiting > 0 else ()
    except EvidenceError as error:
        _log.error("readiness cannot be judged", error=type(error).__name__)
        return Measured(free, database=False)
    # By the database's clock: this machine's may be wrong.
    age = (
        max(0.0, (ids.moment_of(now) - ids.moment_of(oldest[0].received_at)).total_seconds() - ahead) if oldest else 0.0
    )
    return Measured(free, waiting, age, ahead)


class Readiness:
    """Measures until it is closed. Reading may be from any thread."""

    def __init__(
        self,
        folder: Path,
        database_time: Callable[[], datetime],
        journal: Journal,
        proven_through: Callable[[], int],
        clock: Callable[[], ids.Time] = ids.now,
    ) -> None:
        self._look: Callable[[], Measured] = lambda: measure(folder, database_time, journal, proven_through(), clock())
        self._stop = threading.Event()
        self._measured: Measured | None = None
        self._at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    def start(self) -> None:
        """Look once, then again and again on a thread."""
        self._look_once()
        self._thread.start()

    def close(self) -> None:
        """Stop; a look that hangs is not waited for."""
        self._stop.set()

    @property
    def measured(self) -> Measured | None:
        """What the last look found; None when the first one failed."""
        return self._measured

    def trouble(self) -> dict[str, str]:
        """Return what is not well, by part."""
        if time.monotonic() - self._at > STALE_S:
            return {"database": "does not answer: the question hangs"}
        return {} if self._measured is None else judge(self._measured)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._look_once()

    def _look_once(self) -> None:
        try:
            self._measured = self._look()
            self._at = time.monotonic()
        except (EvidenceError, ServerError, OSError) as error:
            # A head that cannot be read, a folder that is gone: the age of the last look says it.
            _log.error("readiness cannot be judged", error=type(error).__name__)


class ReadinessFigures:
    """What Prometheus hears of it, asked when it scrapes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"getuige_server_{name}", text, registry=registry)

        self._ready = gauge("ready", "1 while /health/ready says yes")
        self._trouble = Gauge("getuige_server_trouble", "1 while a part is not well", ("part",), registry=registry)
        self._waiting = gauge("log_waiting_events", "Events that no published head covers")
        self._oldest = gauge("log_oldest_waiting_seconds", "Age of the oldest of those")
        self._silent = gauge("log_silent_witnesses", "Witnesses that did not cosign the newest head")
        self._ahead = gauge("clock_ahead_seconds", "This machine's clock minus the database's")
        self._free = gauge("disk_free_bytes", "Free on the disk of the data folder")
        self._unread = gauge("cases_without_reader", "Cases of which nobody gets all that is added")

    def follow(
        self,
        readiness: Readiness,
        trouble: Callable[[], Mapping[str, str]],
        silent: Callable[[], int],
        unread: Callable[[], float],
    ) -> None:
        """Answer from here on with what these say."""

        def found() -> Measured:
            return readiness.measured or Measured(0, database=False)

        self._ready.set_function(lambda: float(not trouble()))
        for part in PARTS:
            self._trouble.labels(part).set_function(partial(_is_in, part, trouble))
        self._waiting.set_function(lambda: float(found().waiting))
        self._oldest.set_function(lambda: found().oldest_s)
        self._silent.set_function(lambda: float(silent()))
        self._ahead.set_function(lambda: found().ahead_s)
        self._free.set_function(lambda: float(found().free_bytes))
        self._unread.set_function(unread)


def _is_in(part: str, trouble: Callable[[], Mapping[str, str]]) -> float:
    return float(part in trouble())
