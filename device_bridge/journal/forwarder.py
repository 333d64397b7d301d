"""The forwarder of what the spool holds to the shared journal, in order: the container first, then its statement.

The journal may be slow, full, locked or gone; presses do not notice. A statement that was appended but not yet marked
here is appended again after a crash, and the journal answers with the same event.
"""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final

import structlog

from device_bridge.errors import BridgeError
from device_bridge.journal.retention import LOOK_EVERY_S
from device_bridge.journal.stores import Stores
from device_bridge.loops import Loop
from device_bridge.registry import Registry
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.reading import WaitingStatement
from evidence import ids, keys
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, catalogue, dsse
from evidence.statements import event as events
from evidence.statements import statement as statements
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.store.ports import Journal

BATCH: Final = 64
"""Statements appended at once; the journal's writer groups them into one commit."""

READ_BATCH: Final = 500
ANSWER_S: Final = 30.0
"""Longer than a database's own lock time-out: after it the statement is offered again, which is harmless."""

STOP_LOOK_S: Final = 0.2

LOOK_S: Final = 1.0
"""How often the journal is looked at for new keys and devices."""

SILENT_S: Final = 10.0
"""A database that hangs refuses nothing and ends no connection: after so long its silence is said."""

FIRST_PAUSE_S: Final = 0.5
LAST_PAUSE_S: Final = 15.0

NOT_YET: Final = frozenset({"unknown-key", "role", "log-state"})
"""Refusals of our own statements that end when the root publishes this bridge's key."""


FIRST_ELSEWHERE: Final = "another bridge was first"

SAID_BY_EACH: Final = frozenset(catalogue.where(by_each_bridge=True))
"""What every bridge says of one press; the journal takes the first, and the others are said as well."""


class NoAnswerError(BridgeError):
    """The journal took a statement and said nothing; it is offered again, which is harmless."""


class NotPublishedError(BridgeError):
    """The journal does not know this bridge; what waits is kept and offered again."""


log = structlog.get_logger()


class Forwarder:
    """Owns one loop. `open_stores` is called until it succeeds; `on_revoked` hears of revoked devices.

    `recall` hears from the journal what this spool lacks, before anything new is said (`device_bridge.peers.recall`).
    `tidy` lets go of what the journal has (`device_bridge.journal.retention`), now and then, when nothing waits.
    """

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        board: Board,
        open_stores: Callable[[], Stores],
        on_revoked: Callable[[ids.DeviceId], None],
        bridge: ids.KeyId,
        tidy: Callable[[Stores], frozenset[ids.AlarmId]] = lambda _stores: frozenset(),
        recall: Callable[[Stores], None] = lambda _stores: None,
    ) -> None:
        self._tidy = tidy
        self._recall = recall
        self._tidied: float | None = None
        self._board = board
        self._failure: str | None = "not connected yet"
        self._asked_s: float | None = None
        """Since when the journal owes an answer (monotonic)."""

        self._spool = spool
        self._registry = registry
        self._open_stores = open_stores
        self._on_revoked = on_revoked
        self._bridge = bridge
        self._stores: Stores | None = None
        self._pause_s = FIRST_PAUSE_S
        self.loop = Loop("forwarder", self._turn, self._let_go)
        self._leave = board.listen(lambda _changed: self.loop.wake())

    def start(self) -> None:
        """Start forwarding."""
        self.loop.start()

    def stop(self) -> None:
        """End; what was not forwarded stays in the spool."""
        self._leave()
        self.loop.stop()

    @property
    def trouble(self) -> str | None:
        """Why the journal takes nothing; a journal that only says nothing is named as well."""
        asked_s = self._asked_s
        silent_s = 0.0 if asked_s is None else time.monotonic() - asked_s
        return f"the journal has not answered for {silent_s:.0f} s" if silent_s > SILENT_S else self._failure

    def _turn(self) -> float:
        """Learn new keys and devices, then bring one batch: a backlog holds up no revocation."""
        self._asked_s = time.monotonic()
        try:
            self._stores = self._stores or self._open_stores()
            self._refresh(self._stores.journal)
            self._recall(self._stores)
            self._offer_again()
            more = self._forward(self._stores)
            if not more:
                self._tidy_up(self._stores)
        except Exception as error:  # noqa: BLE001 - whatever the database throws, presses go on and we try again
            text = str(error) if isinstance(error, BridgeError) else type(error).__name__
            self._failure, self._asked_s = f"the journal does not take what waits: {text}", None
            log.warning("journal-unavailable", error=type(error).__name__, again_in_s=self._pause_s)
            self._let_go()
            self.loop.pause(self._pause_s)
            self._pause_s = min(LAST_PAUSE_S, self._pause_s * 2)
            return 0.0
        self._failure, self._asked_s, self._pause_s = None, None, FIRST_PAUSE_S
        return 0.0 if more else LOOK_S

    def _let_go(self) -> None:
        stores, self._stores = self._stores, None
        _close(stores)

    def _offer_again(self) -> None:
        if self._spool.read().early_statements():
            with self._spool.write() as spool:
                spool.offer_again()

    def _tidy_up(self, stores: Stores) -> None:
        now = time.monotonic()
        if self.loop.stopping or (self._tidied is not None and now - self._tidied < LOOK_EVERY_S):
            return
        self._board.announce(self._tidy(stores))
        self._tidied = now

    def _refresh(self, journal: Journal) -> None:
        """Fold new keys, cases and devices into the registry."""
        while not self.loop.stopping:
            start = self._registry.next_index
            self._asked_s = time.monotonic()
            recorded = journal.read(after=start - 1, limit=READ_BATCH)
            if not recorded:
                self._registry.write_down()
                return
            parsed = [envelope for one in recorded if (envelope := self._envelope(one)) is not None]
            for device in self._registry.add(recorded[-1].index + 1, parsed):
                self._on_revoked(device)

    def _envelope(self, recorded: Recorded) -> dsse.Envelope | None:
        """Return the statement of an event; None when it cannot be read: devices behind it must be learnt too."""
        try:
            return events.parse(recorded.event).statement.envelope
        except EvidenceError:
            self._registry.leave_out()
            return None

    def _forward(self, stores: Stores) -> bool:
        """Append one batch and mark what the journal said; False when nothing is left to do now."""
        reading = self._spool.read()
        rows = reading.waiting_statements(BATCH)
        for row in rows:
            if row.item is not None:
                stores.blobs.put(reading.container(row.item))
        answers = [(row, stores.journal.append(row.dsse)) for row in rows]
        marks: list[tuple[WaitingStatement, str, str]] = []
        try:
            for row, answer in answers:
                marks.append((row, *self._verdict(row, answer)))
                if row.item is not None and marks[-1][2] == FIRST_ELSEWHERE:
                    self._take_back(stores, row.item)
        finally:
            self._mark(marks)
        return bool(rows) and not self.loop.stopping

    def _verdict(self, row: WaitingStatement, answer: Future[Recorded]) -> tuple[str, str]:
        """Wait for the journal's word on one statement: state and detail. Raises when it may still be taken."""
        try:
            self._await(answer)
        except (NotAllowedError, FormatError, keys.SignatureError) as error:
            if statements.parse(row.dsse).by == self._bridge and getattr(error, "reason", "") in NOT_YET:
                raise NotPublishedError("the root has not published this bridge's key in the journal") from error
            if getattr(error, "reason", "") == "exists" and statements.parse(row.dsse).type in SAID_BY_EACH:
                return "sent", FIRST_ELSEWHERE
            if getattr(error, "reason", "") == "unknown-alarm" and (
                self._spool.shared or statements.parse(row.dsse).type == "alarm.fold"
            ):
                return "early", "the bridge that raised the alarm has not told the journal yet"
            log.error("journal-refused", statement=row.statement, reason=str(error))  # noqa: TRY400 - says enough
            return "refused", str(error)
        return "sent", ""

    def _take_back(self, stores: Stores, item: ids.ItemId) -> None:
        """Remove our container of a press that the journal knows in another bridge's: no erasure would find it."""
        recorded = stores.journal.seal_of(item)
        ours = ids.Sha256(hashlib.sha256(self._spool.read().container(item)).hexdigest())
        if recorded is None:
            return
        body = events.parse(recorded.event).statement.body
        if isinstance(body, bodies.ItemSeal) and body.container.sha256 != ours:
            stores.blobs.destroy(ours)

    def _await(self, answer: Future[Recorded]) -> None:
        """Wait for an answer, but not past the moment that the bridge is told to stop."""
        deadline = time.monotonic() + ANSWER_S
        while not answer.done():
            done, _ = wait([answer], STOP_LOOK_S)
            if not done and (self.loop.stopping or time.monotonic() >= deadline):
                raise NoAnswerError("the journal has not answered")
        answer.result()

    def _mark(self, marks: list[tuple[WaitingStatement, str, str]]) -> None:
        if not marks:
            return
        with self._spool.write() as spool:
            for row, state, detail in marks:
                spool.mark_statement(row.n, state, detail)
                if row.item is not None and state == "sent":
                    presses.let_go(spool, row.item)
                spool.count(f"statements.{state}")


def _close(stores: Stores | None) -> None:
    if stores is None:
        return
    try:
        stores.close()
    except Exception as error:  # noqa: BLE001 - what is broken is thrown away; the spool still has everything
        log.warning("journal-close", error=type(error).__name__)
