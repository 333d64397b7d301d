"""Brings what the spool holds into the shared journal, in order: the container first, then its statement.

The journal may be slow, full, locked or gone; presses do not notice. A statement that was appended but not yet marked
here is appended again after a crash, and the journal answers with the same event.
"""

import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final

import structlog

from device_bridge.board import Board
from device_bridge.registry import Registry
from device_bridge.spool import Spool
from evidence import event as events
from evidence import ids, keys
from evidence.errors import EvidenceError, FormatError
from evidence.statements.authority import NotAllowedError
from evidence.store.ports import BlobStore, Journal

BATCH: Final = 64
"""Statements appended at once; the journal's writer groups them into one commit."""

READ_BATCH: Final = 500
ANSWER_S: Final = 30.0
"""Longer than a database's own lock time-out: after it the statement is offered again, which is harmless."""

LOOK_S: Final = 1.0
"""How often the journal is looked at for new keys and devices."""

FIRST_PAUSE_S: Final = 0.5
LAST_PAUSE_S: Final = 15.0

Stores = tuple[Journal, BlobStore]

log = structlog.get_logger()


class Forwarder:
    """Owns one thread. `open_stores` is called until it succeeds; `on_revoked` hears of revoked devices."""

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        board: Board,
        open_stores: Callable[[], Stores],
        on_revoked: Callable[[ids.DeviceId], None],
    ) -> None:
        self.trouble: str | None = "not connected yet"
        self._spool = spool
        self._registry = registry
        self._open_stores = open_stores
        self._on_revoked = on_revoked
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._leave = board.listen(lambda _changed: self._wake.set())
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def start(self) -> None:
        """Start forwarding."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not forwarded stays in the spool."""
        self._leave()
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        stores: Stores | None = None
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                stores = stores or self._open_stores()
                self._refresh(stores[0])
                while self._forward(stores):
                    pass
                self.trouble, pause = None, FIRST_PAUSE_S
                self._wake.wait(LOOK_S)
                self._wake.clear()
            except Exception as error:  # noqa: BLE001 - whatever the database throws, presses go on and we try again
                self.trouble = f"the journal does not answer: {type(error).__name__}"
                log.warning("journal-unavailable", error=type(error).__name__, again_in_s=pause)
                self._stop.wait(pause)
                pause = min(LAST_PAUSE_S, pause * 2)
        _close(stores)

    def _refresh(self, journal: Journal) -> None:
        """Fold new keys, cases and devices into the registry."""
        while not self._stop.is_set():
            start = self._registry.next_index
            recorded = journal.read(after=start - 1, limit=READ_BATCH)
            if not recorded:
                return
            parsed = [events.parse(one.event).statement.envelope for one in recorded]
            for device in self._registry.add(recorded[-1].index + 1, parsed):
                self._on_revoked(device)

    def _forward(self, stores: Stores) -> bool:
        """Append one batch; False when nothing waits."""
        journal, blobs = stores
        reading = self._spool.read()
        rows = reading.waiting_statements(BATCH)
        for row in rows:
            if row.item is not None:
                blobs.put(reading.container(row.item))
        futures = [(row, journal.append(row.dsse)) for row in rows]
        for row, future in futures:
            try:
                future.result(ANSWER_S)
                state, detail = "sent", ""
            except FutureTimeoutError:
                raise
            except (NotAllowedError, FormatError, keys.SignatureError) as error:
                state, detail = "refused", str(error)
                log.error("journal-refused", statement=row.statement, reason=detail)  # noqa: TRY400 - says enough
            with self._spool.write() as spool:
                spool.mark_statement(row.n, state, detail)
                spool.count(f"statements.{state}")
            if self._stop.is_set():
                return False
        return bool(rows)


def _close(stores: Stores | None) -> None:
    close = getattr(stores[0], "close", None) if stores else None
    if close is not None:
        try:
            close()
        except (EvidenceError, OSError) as error:
            log.warning("journal-close", error=type(error).__name__)
