"""The writer of the journal: one thread per process with group commit.

It drains its queue, locks the head row, catches up with what other processes appended, judges each statement
(`evidence.statements.rules.authority`), writes all that passed in one transaction, commits, and only then resolves the
futures. So the cost of a flush is shared by all who wait for it, and nobody hears of a statement that is not durable.

State rules:
- A statement that is refused fails alone; its neighbours in the batch are written. Of statements that were handed over
  together the first refusal stops those behind it: what is written of them is a whole beginning, in one commit.
- A statement that is in the journal already resolves with the event that holds it.
- When a commit fails in a way that leaves its outcome open, the writer stops: a disk that lost a flush may have
  dropped the pages (fsyncgate, PostgreSQL wiki), so that only a restart, which reads back, knows what is there.
- When the database is another process and went away, that process guards its own disk: the writer forgets what it
  knew, and writes the same batch again as soon as there is an answer. What was stored by then is found, not doubled.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from evidence import ids
from evidence.statements import event, fold, statement
from evidence.statements.bodies import LogRotate
from evidence.statements.event import Recorded
from evidence.statements.rules import authority
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone
from evidence.statements.unread import Unread
from evidence.store.database import failures
from evidence.store.database.engine import WRITE, at_one_instant, reading
from evidence.store.database.failures import Verdict
from evidence.store.errors import (
    BusyError,
    ErasedError,
    StorageFullError,
    StoreError,
    UnknownOutcomeError,
    UnreadyError,
)
from evidence.store.journal import rows
from evidence.store.journal.replica import Replica, read_page
from evidence.store.ports import Offered, Outcome, Requirement

MAX_QUEUED: Final = 4096
"""At 5,000 statements a second this is under a second of waiting; beyond it, saying "busy" is kinder."""

MAX_BATCH: Final = 512
"""Statements in one transaction: the flush is long shared by then, and the lock on the head stays short."""

ENDURE_S: Final = 10.0
"""How long those who wait are kept waiting while the database is away: a restart or a failover of PostgreSQL takes
seconds. After it they hear that the outcome is open, and newcomers hear "not ready" until it is back."""

LOOK_AGAIN_S: Final = 0.25
"""Between two looks at a database that is away."""

AWAY: Final = "the database does not answer"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    """Statements that were handed over together, in order; `alone` when it is one and its future is of one event."""

    offered: Sequence[Offered]
    future: Future[Any]
    alone: bool

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Tell whoever waits what became of each, up to the first that was refused."""
        if not self.alone:
            self.future.set_result(tuple(outcomes))
        elif isinstance(outcomes[0], Recorded):
            self.future.set_result(outcomes[0])
        else:
            self.future.set_exception(outcomes[0])


@dataclass
class _Taking:
    """What a transaction found, and what it takes in."""

    present: dict[ids.Sha256, Recorded | Tombstone]
    received_at: ids.Time
    accepted: list[Statement] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)
    to_copy: list[dict[str, Any]] = field(default_factory=list)

    def add(self, said: Statement, recorded: Recorded) -> None:
        """Take a statement in: the same one again in this transaction is found."""
        self.new.append(rows.row_of(said, recorded))
        if copy := rows.copy_row_of(said, recorded):
            self.to_copy.append(copy)
        self.accepted.append(said)
        self.present[recorded.statement] = recorded


class Writer:
    """Owns the thread; `tell` hears of what became durable: the size before it, and the statements."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], ids.Time],
        held: int,
        tell: Callable[[int, Sequence[Statement]], None],
    ) -> None:
        self._engine = engine
        self._held = held
        self._writing = engine.execution_options(**WRITE)
        self._clock = clock
        self._tell = tell
        self._queue: queue.Queue[_Waiting | None] = queue.Queue()
        self._queued = 0
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._trouble: str | None = "not started"
        self._outage: str | None = None
        self._judged = Replica(held)
        self._rotated: tuple[int, tuple[LogRotate, ...]] = (0, ())

    def start(self, history: Sequence[Statement | Tombstone], size: int) -> None:
        """Begin with what the journal says about the organisation up to `size`."""
        self._judged.begin(history, size)
        self._trouble = None
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, then stop."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._trouble = self._trouble or "closed"

    @property
    def trouble(self) -> str | None:
        """Why nothing can be appended; None when all is well."""
        return self._trouble or self._outage

    @property
    def rotated(self) -> tuple[int, tuple[LogRotate, ...]]:
        """Up to which size the rotations of the log's key are known here, and these."""
        return self._rotated

    def append(self, dsse_bytes: bytes, requires: Requirement | None) -> Future[Recorded]:
        """Queue a statement; see `ports.Journal.append`."""
        self._demand_well()
        future: Future[Recorded] = Future()
        self._put(_Waiting([Offered(statement.parse(dsse_bytes), requires)], future, alone=True))
        return future

    def append_all(self, offered: Sequence[Offered]) -> Future[Sequence[Outcome]]:
        """Queue statements together; see `ports.Journal.append_all`."""
        self._demand_well()
        future: Future[Sequence[Outcome]] = Future()
        self._put(_Waiting(offered, future, alone=False))
        return future

    def _demand_well(self) -> None:
        if self.trouble is not None:
            raise UnreadyError(f"the journal takes nothing: {self.trouble}")

    def _put(self, waiting: _Waiting) -> None:
        with self._counting:
            if self._queued + len(waiting.offered) > MAX_QUEUED:
                raise BusyError("too many statements are waiting to be written")
            self._queued += len(waiting.offered)
            self._queue.put(waiting)

    def _taken(self, waiting: _Waiting | None) -> _Waiting | None:
        """Count what came out of the queue."""
        if waiting is not None:
            with self._counting:
                self._queued -= len(waiting.offered)
        return waiting

    def _run(self) -> None:
        open_ = True
        while open_ and self._trouble is None:
            batch, open_ = self._drain()
            if batch:
                self._write(batch)
            if self._outage is not None:
                open_ = self._await_database() and open_
        self._refuse_rest()

    def _drain(self) -> tuple[list[_Waiting], bool]:
        batch: list[_Waiting] = []
        waiting = self._taken(self._queue.get())
        while waiting is not None:
            if waiting.future.set_running_or_notify_cancel():
                batch.append(waiting)
            if sum(len(one.offered) for one in batch) >= MAX_BATCH:
                return batch, True
            try:
                waiting = self._taken(self._queue.get_nowait())
            except queue.Empty:
                return batch, True
        return batch, False

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = self._endure(batch)
        except IntegrityError:
            self._judged = Replica(self._held)
            if len(batch) > 1:  # one of them is poison for the database: find it by writing each alone
                for waiting in batch:
                    self._write([waiting])
            elif len(batch[0].offered) > 1:
                self._write_each(batch[0])
            else:
                batch[0].settle([authority.NotAllowedError("exists", "the journal already has such a statement")])
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._judged = Replica(self._held)
            self._fail(batch, error)
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.settle(outcome)

    def _write_each(self, together: _Waiting) -> None:
        """Write statements that were handed over together one by one, up to the one that is poison."""
        outcomes: list[Outcome] = []
        for offered in together.offered:
            alone = _Waiting([offered], Future(), alone=False)
            self._write([alone])
            if (failed := alone.future.exception()) is not None:
                together.future.set_exception(failed)
                return
            outcomes.extend(alone.future.result())
            if isinstance(outcomes[-1], Exception):
                break
        together.settle(outcomes)

    def _endure(self, batch: list[_Waiting]) -> list[list[Outcome]]:
        """Write one batch, again and again for `ENDURE_S` while the database is away."""
        until = time.monotonic() + ENDURE_S
        while True:
            try:
                return self._transaction(batch)
            except Exception as error:
                if failures.judge(error) is not Verdict.LOST or time.monotonic() > until:
                    raise
                _log.warning("the database went away, trying again: %s", type(error).__name__)
                self._judged = Replica(self._held)
            time.sleep(LOOK_AGAIN_S)

    def _await_database(self) -> bool:
        """Turn newcomers away until the database answers; False when the journal is closed meanwhile."""
        while True:
            time.sleep(LOOK_AGAIN_S)
            if not self._turn_away(AWAY):
                return False
            try:
                with reading(self._engine) as connection:
                    rows.size_of(connection)
            except (UnreadyError, BusyError):
                continue
            self._outage = None
            _log.warning("the database is back")
            return True

    def _transaction(self, batch: list[_Waiting]) -> list[list[Outcome]]:
        """Judge and write one batch; what is returned is durable."""
        self._read_ahead(batch)
        said = [offered.statement for waiting in batch for offered in waiting.offered]
        with self._writing.begin() as connection:
            size = rows.lock_head(connection)
            if self._judged.size > size:
                raise StoreError("the database lost events that it had acknowledged")
            self._judged.catch_up(connection, size)
            self._judged.look_up(connection, said)
            taking = _Taking(rows.known(connection, [one.id for one in said]), self._clock())
            outcomes = [self._take(connection, waiting, taking) for waiting in batch]
            if taking.new:
                rows.add(connection, taking.new)
                rows.queue_copies(connection, taking.to_copy)
                rows.move_head(connection, size, size + len(taking.new))
        self._tell(size, taking.accepted)
        self._rotated = (self._judged.size, self._judged.standing.rotations)
        self._judged.let_go()
        return outcomes

    def _take(self, connection: Connection, waiting: _Waiting, taking: "_Taking") -> list[Outcome]:
        """Judge what was handed over together, up to the first refusal."""
        outcomes: list[Outcome] = []
        for offered in waiting.offered:
            known = taking.present.get(offered.statement.id)
            if known is None:
                outcome = self._judge(connection, offered, taking.received_at)
                if isinstance(outcome, Recorded):
                    taking.add(offered.statement, outcome)
            elif isinstance(known, Tombstone):
                outcome = ErasedError(known)
            else:
                outcome = replace(known, again=True)
            outcomes.append(outcome)
            if isinstance(outcome, Exception):
                break
        return outcomes

    def _read_ahead(self, batch: list[_Waiting]) -> None:
        """Read the cases that a batch is about before the head is locked: other processes need not wait for that."""
        offered = [one for waiting in batch for one in waiting.offered]
        cases = [one.statement.case if one.requires else fold.touches(one.statement) for one in offered]
        if self._judged.size and not self._judged.unread(cases):
            return
        with self._engine.connect() as asking:  # not `snapshot`: the writer judges the database's own errors
            connection = at_one_instant(asking)
            self._judged.catch_up(connection, rows.size_of(connection))
            for case in self._judged.unread(cases):
                self._judged.adopt(connection, read_page(connection, case, self._judged.size))

    def _judge(self, connection: Connection, offered: Offered, received_at: ids.Time) -> Outcome:
        """Return the event of a statement, which is taken in, or why it is refused."""
        while True:
            try:
                outcome = self._verdict(offered, received_at)
            except Unread as missing:
                for case in self._judged.resolve(connection, missing):
                    self._judged.adopt(connection, read_page(connection, case, self._judged.size))
            except Exception as error:  # noqa: BLE001 - a refusal, or poison: it fails alone
                return error
            else:
                self._judged.add([offered.statement])
                return outcome

    def _verdict(self, offered: Offered, received_at: ids.Time) -> Recorded:
        standing = self._judged.standing
        authority.check(standing, offered.statement, received_at)
        if offered.requires is not None:
            offered.requires(standing, offered.statement)
        if (case := fold.touches(offered.statement)) is not None:
            standing.reach.demand(case)
        return event.record(offered.statement, self._judged.size, received_at)

    def _fail(self, batch: list[_Waiting], error: Exception) -> None:
        match failures.judge(error):
            case Verdict.BUSY:
                answer: Exception = BusyError("another process holds the database")
            case Verdict.FULL:
                answer = StorageFullError("the disk is full; nothing was stored")
            case Verdict.LOST:
                self._outage = AWAY
                _log.critical("journal writer waits: %s", AWAY)
                answer = UnknownOutcomeError("the database went away; ask again later")
            case _:
                self._trouble = f"a write failed ({type(error).__name__})"
                _log.critical("journal writer stops: %s", type(error).__name__)
                answer = UnknownOutcomeError("the write failed; ask again after the restart")
        for waiting in batch:
            waiting.future.set_exception(answer)

    def _refuse_rest(self) -> None:
        self._trouble = self._trouble or "closed"
        self._turn_away(self._trouble)

    def _turn_away(self, why: str) -> bool:
        """Refuse all that is queued; False when the end of the queue is among it."""
        more = True
        while True:
            try:
                waiting = self._taken(self._queue.get_nowait())
            except queue.Empty:
                return more
            if waiting is None:
                more = False
            elif waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(UnreadyError(f"the journal takes nothing: {why}"))
