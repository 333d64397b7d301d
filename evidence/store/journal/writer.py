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
- One that breaks the database's rules, or our own code, is found by writing each of its batch alone. It fails alone.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from evidence import ids
from evidence.errors import EvidenceError
from evidence.logs import place
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
    UnjudgedError,
    UnknownOutcomeError,
    UnreadyError,
)
from evidence.store.journal import rows
from evidence.store.journal.replica import Replica, read_page
from evidence.store.journal.waiting import Answer, Queue, tell
from evidence.store.ports import Offered, Outcome, Requirement

MAX_BATCH: Final = 512
"""Statements in one transaction: the flush is long shared by then, and the lock on the head stays short."""

ENDURE_S: Final = 10.0
"""How long those who wait are kept waiting while the database is away: a restart or a failover of PostgreSQL takes
seconds. After it they hear that the outcome is open, and newcomers hear "not ready" until it is back."""

LOOK_AGAIN_S: Final = 0.25
"""Between two looks at a database that is away."""

AWAY: Final = "the database does not answer"

_log = logging.getLogger(__name__)


Group = Sequence[Offered]
"""Statements that were handed over together."""


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
        self._queue = Queue()
        self._connection: Connection | None = None
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
            self._queue.close()
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
        future.set_running_or_notify_cancel()
        together = self._queue.put([Offered(statement.parse(dsse_bytes), requires)])
        together.add_done_callback(lambda done: _settle_alone(future, done))
        return future

    def append_all(self, offered: Group) -> Future[Sequence[Outcome]]:
        """Queue statements together; see `ports.Journal.append_all`."""
        self._demand_well()
        return self._queue.put(offered)

    def append_soon(self, offered: Group) -> asyncio.Future[Sequence[Outcome]]:
        """Queue statements of the running event loop; see `ports.Journal.append_soon`."""
        self._demand_well()
        return self._queue.put_soon(offered)

    def _demand_well(self) -> None:
        if self.trouble is not None:
            raise UnreadyError(f"the journal takes nothing: {self.trouble}")

    def _run(self) -> None:
        while self._trouble is None and (batch := self._queue.take(MAX_BATCH)):
            tell(zip(batch, self._write([waiting.offered for waiting in batch]), strict=True))
            if self._outage is not None and not self._await_database():
                break
        self._trouble = self._trouble or "closed"
        self._queue.end(self._trouble)
        self._let_go_of_connection()

    def _write(self, groups: Sequence[Group]) -> Sequence[Answer]:
        """Write groups and return what became of each; what is said to be stored is durable."""
        if self.trouble is not None:  # one of those before it in its batch, which were written alone, met it
            return [UnreadyError(f"the journal takes nothing: {self.trouble}")] * len(groups)
        try:
            return self._endure(groups)
        except (IntegrityError, UnjudgedError) as error:
            self._forget()
            return self._find_poison(groups, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._forget()
            return [self._failure(error)] * len(groups)

    def _find_poison(self, groups: Sequence[Group], error: Exception) -> Sequence[Answer]:
        """Write groups that cannot be written together one by one; the one that cannot be written alone fails."""
        if len(groups) > 1:
            return [answer for group in groups for answer in self._write([group])]
        if len(groups[0]) > 1:
            return [self._write_each(groups[0])]
        if isinstance(error, UnjudgedError):
            return [[error]]
        return [[authority.NotAllowedError("exists", "the journal already has such a statement")]]

    def _write_each(self, group: Group) -> Answer:
        """Write statements that were handed over together one by one, up to the one that is poison."""
        outcomes: list[Outcome] = []
        for offered in group:
            (answer,) = self._write([[offered]])
            if isinstance(answer, Exception):
                return answer
            outcomes.extend(answer)
            if isinstance(outcomes[-1], Exception):
                break
        return outcomes

    def _endure(self, groups: Sequence[Group]) -> Sequence[Answer]:
        """Write one batch, again and again for `ENDURE_S` while the database is away."""
        until = time.monotonic() + ENDURE_S
        while True:
            try:
                return self._transaction(groups)
            except Exception as error:
                if failures.judge(error) is not Verdict.LOST or time.monotonic() > until:
                    raise
                _log.warning("the database went away, trying again: %s", type(error).__name__)
                self._forget()
            time.sleep(LOOK_AGAIN_S)

    def _forget(self) -> None:
        """Know nothing for certain any more: neither the journal, nor whether the connection lives."""
        self._judged = Replica(self._held)
        self._let_go_of_connection()

    def _let_go_of_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    def _await_database(self) -> bool:
        """Turn newcomers away until the database answers; False when the journal is closed meanwhile."""
        while not self._queue.is_closing:
            time.sleep(LOOK_AGAIN_S)
            self._queue.turn_away(AWAY)
            try:
                with reading(self._engine) as connection:
                    rows.size_of(connection)
            except (UnreadyError, BusyError):
                continue
            self._outage = None
            _log.warning("the database is back")
            return True
        return False

    def _transaction(self, groups: Sequence[Group]) -> Sequence[Answer]:
        """Judge and write one batch; what is returned is durable."""
        self._read_ahead(groups)
        said = [offered.statement for group in groups for offered in group]
        if self._connection is None:
            # Kept: to fetch one and give it back costs more than what is asked on it.
            self._connection = self._writing.connect()
        connection = self._connection
        with connection.begin():
            size = rows.lock_head(connection)
            if self._judged.size > size:
                raise StoreError("the database lost events that it had acknowledged")
            self._judged.catch_up(connection, size)
            self._judged.look_up(connection, said)
            taking = _Taking(rows.known(connection, [one.id for one in said]), self._clock())
            outcomes = [self._take(connection, group, taking) for group in groups]
            if taking.new:
                rows.add(connection, taking.new)
                rows.queue_copies(connection, taking.to_copy)
                rows.move_head(connection, size, size + len(taking.new))
        self._tell(size, taking.accepted)
        self._rotated = (self._judged.size, self._judged.standing.rotations)
        self._judged.let_go()
        return outcomes

    def _take(self, connection: Connection, group: Group, taking: "_Taking") -> list[Outcome]:
        """Judge what was handed over together, up to the first refusal."""
        outcomes: list[Outcome] = []
        for offered in group:
            known = taking.present.get(offered.statement.id)
            if known is None:
                outcome = self._judge(connection, offered, taking.received_at)
                if isinstance(outcome, Recorded):
                    self._record(offered.statement, outcome, taking)
            elif isinstance(known, Tombstone):
                outcome = ErasedError(known)
            else:
                outcome = replace(known, again=True)
            outcomes.append(outcome)
            if isinstance(outcome, Exception):
                break
        return outcomes

    def _record(self, said: Statement, recorded: Recorded, taking: "_Taking") -> None:
        try:
            self._judged.add([said])
        except Exception as error:
            raise _unjudged(said, error) from error
        taking.add(said, recorded)

    def _read_ahead(self, groups: Sequence[Group]) -> None:
        """Read the cases that a batch is about before the head is locked: other processes need not wait for that."""
        offered = [one for group in groups for one in group]
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
                return self._verdict(offered, received_at)
            except Unread as missing:
                for case in self._judged.resolve(connection, missing):
                    self._judged.adopt(connection, read_page(connection, case, self._judged.size))
            except Exception as error:  # noqa: BLE001 - a refusal, or poison: it fails alone
                return error

    def _verdict(self, offered: Offered, received_at: ids.Time) -> Recorded:
        standing = self._judged.standing
        try:
            authority.check(standing, offered.statement, received_at)
        except (EvidenceError, Unread):
            raise
        except Exception as error:
            raise _unjudged(offered.statement, error) from error
        if offered.requires is not None:
            offered.requires(standing, offered.statement)
        if (case := fold.touches(offered.statement)) is not None:
            standing.reach.demand(case)
        return event.record(offered.statement, self._judged.size, received_at)

    def _failure(self, error: Exception) -> Exception:
        """Return what those who wait hear; after some failures the writer stops, or waits for the database."""
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
        return answer


def _unjudged(said: Statement, error: Exception) -> UnjudgedError:
    """Say in the log over which type of statement our own code broke, and where; never what the statement says."""
    _log.error("a statement could not be judged: %s, %s", said.type, place(error))
    return UnjudgedError(f"{said.type} could not be judged")


def _settle_alone(future: Future[Recorded], together: Future[Sequence[Outcome]]) -> None:
    """Tell whoever appended one statement what became of it."""
    error = together.exception()
    outcome = together.result()[0] if error is None else error
    if isinstance(outcome, Recorded):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
