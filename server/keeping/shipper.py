"""The threads that bring sealed items to S3, beside the requests: nothing that is acknowledged waits for them.

State rules:
- Each shipment is leased from the outbox, so that several API processes share the work.
- S3 being away costs one attempt a thread, and then patience that grows with jitter; nobody else notices.
- A stop gives the lease back; after a kill it runs out by itself.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from evidence import ids
from evidence.errors import EvidenceError
from evidence.store.blobs import shipping
from evidence.store.blobs.copies import LeaseLostError, SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs, S3RefusedError
from evidence.store.errors import BlobAwayError, StoreError
from server.keeping.figures import StorageFigures

SHIPPERS: Final = 2
"""Threads of a process, so that one long clip does not hold up small items; each holds a part (8 MiB) in memory."""

LEASE_S: Final = 120.0
"""How long a dead process keeps others from its shipment. A part that takes longer than this is no working S3."""

IDLE_S: Final = 2.0
"""Between two looks at an empty outbox: a read of one row."""

FIRST_PAUSE_S: Final = 1.0
LAST_PAUSE_S: Final = 60.0
"""While S3 is away: the first and the longest wait of a thread."""

CLOSE_S: Final = 5.0
"""A stop waits so long for a thread: S3 may take half a minute to say nothing."""

LAST_DELAY_S: Final = 600.0
"""Between two attempts at an item that fails by itself (refused, rotten)."""

LockUntil = Callable[[Copy, ids.Time], ids.Time]
"""Until when the copy of an item has to be locked, judged now."""

_log = structlog.get_logger(__name__)


class StoppingError(EvidenceError):
    """The process stops; the shipment is taken up later where it was."""


def delay_s(attempts: int, first_s: float, last_s: float, chance: Callable[[], float] = random.random) -> float:
    """Return how long to wait after so many attempts: doubling, capped, and spread so that processes part ways."""
    longest = min(last_s, first_s * 2.0 ** min(attempts, 30))
    return longest * (0.5 + chance() / 2)


@dataclass
class Shipment:
    """Keeps the lease of one shipment while it goes on, and remembers its multipart upload (`shipping.Progress`)."""

    copies: SqlCopies
    copy: Copy
    owner: str
    lease_s: float
    stop: threading.Event
    renewed: float = field(default_factory=time.monotonic)

    def went_on(self, _size_bytes: int) -> None:
        """Renew the lease now and then; StoppingError when the server stops, LeaseLostError."""
        if self.stop.is_set():
            raise StoppingError("the server stops")
        if time.monotonic() - self.renewed > self.lease_s / 3:
            self.copies.renew(self.copy, self.owner, _in(self.lease_s))
            self.renewed = time.monotonic()

    def began(self, upload_id: str | None) -> None:
        """Note the upload."""
        self.copies.note_upload(self.copy, self.owner, upload_id)


class Shipper:
    """Ships what waits, until it is closed."""

    def __init__(
        self,
        copies: SqlCopies,
        local: DirectoryBlobs,
        s3: S3Blobs,
        lock_until: LockUntil,
        figures: StorageFigures,
        *,
        lease_s: float = LEASE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._copies = copies
        self._local = local
        self._s3 = s3
        self._lock_until = lock_until
        self._figures = figures
        self._lease_s = lease_s
        self._idle_s = idle_s
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"shipper-{number}", daemon=True) for number in range(SHIPPERS)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop after the part in hand; what S3 has of an item is not sent again.

        A thread that waits for an answer of S3 for longer than `CLOSE_S` is left behind: its lease runs out.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(CLOSE_S)

    def _run(self) -> None:
        owner = ids.new_id()
        away = 0
        while not self._stop.is_set():
            try:
                worked = self.ship_one(owner)
                away = 0
            except BlobAwayError as error:
                if away == 0:
                    _log.warning("s3 away", error=str(error))
                away += 1
                self._stop.wait(delay_s(away - 1, FIRST_PAUSE_S, LAST_PAUSE_S))
            except StoreError as error:  # the database is away or busy: the journal says so louder
                _log.warning("outbox waits", error=type(error).__name__)
                self._stop.wait(self._idle_s)
            except Exception as error:  # noqa: BLE001 - a shipper that died in silence would be worse than any error
                _log.error("a shipment broke", error=type(error).__name__)
                self._stop.wait(self._idle_s)
            else:
                if not worked:
                    self._stop.wait(self._idle_s)

    def ship_one(self, owner: str) -> bool:
        """Ship one item if one is due, and say whether. Raises BlobAwayError, and StoreError of the database."""
        copy = self._copies.lease(owner, ids.now(), _in(self._lease_s))
        if copy is None:
            return False
        try:
            self._ship(copy, owner)
        except StoppingError:
            self._copies.let_go(copy, owner)
        except LeaseLostError:
            # Another process has it; or its item was erased meanwhile, and what was sent has to be deleted.
            self._copies.note_released(copy, ids.now())
        except Exception as error:
            self._failed(copy, owner, error)
            if is_away(error) or not isinstance(error, EvidenceError):
                raise
            _log.warning("an item was not shipped", error=str(error))
        return True

    def _ship(self, copy: Copy, owner: str) -> None:
        shipment = Shipment(self._copies, copy, owner, self._lease_s, self._stop)
        until = self._lock_until(copy, ids.now())
        shipped = shipping.ship(self._s3, self._local, copy.sha256, until, shipment, copy.upload_id)
        self._copies.stored(copy, owner, shipped.version_id, shipped.locked_until, ids.now())
        self._figures.shipped(copy.size_bytes)

    def _failed(self, copy: Copy, owner: str, error: Exception) -> None:
        """Put an item back. S3's own absence is no fault of the item: it is due again soon."""
        self._figures.failed(type(error).__name__)
        wait_s = FIRST_PAUSE_S if is_away(error) else delay_s(copy.attempts, FIRST_PAUSE_S, LAST_DELAY_S)
        why = str(error) if isinstance(error, EvidenceError) else type(error).__name__
        try:
            self._copies.failed(copy, owner, why, _in(wait_s))
        except LeaseLostError:
            return


def is_away(error: Exception) -> bool:
    """Say whether S3 is away for everything, not only for one item."""
    return isinstance(error, BlobAwayError) and not isinstance(error, S3RefusedError)


def _in(seconds: float) -> ids.Time:
    return ids.time_of(ids.moment_of(ids.now()) + timedelta(seconds=seconds))
