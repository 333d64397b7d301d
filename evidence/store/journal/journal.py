"""The journal on a database: readers, and one writer thread per process with group commit.

The writer drains its queue, locks the head row, catches up with what other processes appended, judges each statement
(`evidence.statements.authority`), writes all that passed in one transaction, commits, and only then resolves the
futures. So the cost of a flush is shared by all who wait for it, and nobody hears of a statement that is not durable.

State rules:
- A statement that is refused fails alone; its neighbours in the batch are written.
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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from evidence import ids
from evidence.statements import authority, event, statement
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing, touches
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone
from evidence.statements.types import LogRotate
from evidence.statements.unread import Unread
from evidence.store.database import failures
from evidence.store.database.engine import WRITE, at_one_instant, reading, snapshot, writing
from evidence.store.database.failures import Verdict
from evidence.store.database.schema import events
from evidence.store.errors import (
    BusyError,
    ErasedError,
    StorageFullError,
    StoreError,
    UnknownOutcomeError,
    UnreadyError,
)
from evidence.store.journal import rows
from evidence.store.journal.replica import MAX_HELD, Page, Replica, read_page
from evidence.store.journal.size_probe import Glance
from evidence.store.ports import Requirement, Tally

MAX_QUEUED: Final = 4096
"""At 5,000 statements a second this is under a second of waiting; beyond it, saying "busy" is kinder."""

MAX_BATCH: Final = 512
"""Statements in one transaction: the flush is long shared by then, and the lock on the head stays short."""

MAX_READ: Final = 10_000
"""Events in one answer of `read`."""

ENDURE_S: Final = 10.0
"""How long those who wait are kept waiting while the database is away: a restart or a failover of PostgreSQL takes
seconds. After it they hear that the outcome is open, and newcomers hear "not ready" until it is back."""

LOOK_AGAIN_S: Final = 0.25
"""Between two looks at a database that is away."""

AWAY: Final = "the database does not answer"

Answer = TypeVar("Answer")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    statement: Statement
    requires: Requirement | None
    future: Future[Recorded]


class _ToReadError(Exception):
    """A question needs cases that were not read."""

    def __init__(self, cases: list[ids.CaseId]) -> None:
        super().__init__(f"{len(cases)} cases have to be read first")
        self.cases = cases


class SqlJournal:
    """The `Journal` on SQLite or PostgreSQL. Start it to append; reading needs no start."""

    def __init__(self, engine: Engine, clock: Callable[[], ids.Time] = ids.now, held: int = MAX_HELD) -> None:
        self._engine = engine
        self._held = held
        self._writing = engine.execution_options(**WRITE)
        self._clock = clock
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(MAX_QUEUED)
        self._thread: threading.Thread | None = None
        self._trouble: str | None = "not started"
        self._outage: str | None = None
        self._asked = Replica(self._held)
        self._asking = threading.Lock()
        self._glance = Glance(engine)
        self._judged = Replica(self._held)
        self._rotated: tuple[int, tuple[LogRotate, ...]] = (0, ())

    # ------------------------------------------------------------------------------------------------- life

    def start(self) -> None:
        """Read what the journal says about the organisation, and start the writer thread."""
        with snapshot(self._engine) as connection:
            size = rows.size_of(connection)
            history = rows.always_read(connection, size)
        self._judged.begin(history, size)
        with self._asking:
            if self._asked.size == 0:
                self._asked.begin(history, size)
        self._trouble = None
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, then stop the writer."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._trouble = self._trouble or "closed"
        with self._asking:
            self._glance.close()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be appended; None when all is well."""
        return self._trouble or self._outage

    # ------------------------------------------------------------------------------------------------ append

    def append(self, dsse_bytes: bytes, *, requires: Requirement | None = None) -> Future[Recorded]:
        """Queue a statement; see `ports.Journal.append`."""
        if self.trouble is not None:
            raise UnreadyError(f"the journal takes nothing: {self.trouble}")
        future: Future[Recorded] = Future()
        try:
            self._queue.put_nowait(_Waiting(statement.parse(dsse_bytes), requires, future))
        except queue.Full as error:
            raise BusyError("too many statements are waiting to be written") from error
        return future

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
        waiting = self._queue.get()
        while waiting is not None:
            if waiting.future.set_running_or_notify_cancel():
                batch.append(waiting)
            if len(batch) >= MAX_BATCH:
                return batch, True
            try:
                waiting = self._queue.get_nowait()
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
            else:
                batch[0].future.set_exception(
                    authority.NotAllowedError("exists", "the journal already has such a statement")
                )
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._judged = Replica(self._held)
            self._fail(batch, error)
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Recorded):
                    waiting.future.set_result(outcome)
                else:
                    waiting.future.set_exception(outcome)

    def _endure(self, batch: list[_Waiting]) -> list[Recorded | Exception]:
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
                self.size()
            except (UnreadyError, BusyError):
                continue
            self._outage = None
            _log.warning("the database is back")
            return True

    def _transaction(self, batch: list[_Waiting]) -> list[Recorded | Exception]:
        """Judge and write one batch; what is returned is durable."""
        self._read_ahead(batch)
        with self._writing.begin() as connection:
            size = rows.lock_head(connection)
            if self._judged.size > size:
                raise StoreError("the database lost events that it had acknowledged")
            self._judged.catch_up(connection, size)
            self._judged.look_up(connection, [waiting.statement for waiting in batch])
            present = rows.known(connection, [waiting.statement.id for waiting in batch])
            received_at = self._clock()
            outcomes: list[Recorded | Exception] = []
            accepted: list[Statement] = []
            new: list[dict[str, Any]] = []
            to_copy: list[dict[str, Any]] = []
            for waiting in batch:
                known = present.get(waiting.statement.id)
                if known is None:
                    outcome = self._judge(connection, waiting, received_at)
                    if isinstance(outcome, Recorded):
                        new.append(rows.row_of(waiting.statement, outcome))
                        if copy := rows.copy_row_of(waiting.statement, outcome):
                            to_copy.append(copy)
                        accepted.append(waiting.statement)
                        present[outcome.statement] = outcome
                    outcomes.append(outcome)
                elif isinstance(known, Tombstone):
                    outcomes.append(ErasedError(known))
                else:
                    outcomes.append(replace(known, again=True))
            if new:
                rows.add(connection, new)
                rows.queue_copies(connection, to_copy)
                rows.move_head(connection, size, size + len(new))
        with self._asking:
            if self._asked.size == size:
                self._asked.add(accepted)
        self._rotated = (self._judged.size, self._judged.standing.rotations)
        self._judged.let_go()
        return outcomes

    def _read_ahead(self, batch: list[_Waiting]) -> None:
        """Read the cases that a batch is about before the head is locked: other processes need not wait for that."""
        cases = [one.statement.case if one.requires else touches(one.statement) for one in batch]
        if self._judged.size and not self._judged.unread(cases):
            return
        with self._engine.connect() as asking:  # not `snapshot`: the writer judges the database's own errors
            connection = at_one_instant(asking)
            self._judged.catch_up(connection, rows.size_of(connection))
            for case in self._judged.unread(cases):
                self._judged.adopt(connection, read_page(connection, case, self._judged.size))

    def _judge(self, connection: Connection, waiting: _Waiting, received_at: ids.Time) -> Recorded | Exception:
        """Return the event of a statement, which is taken in, or why it is refused."""
        while True:
            try:
                outcome = self._verdict(waiting, received_at)
            except Unread as missing:
                for case in self._judged.resolve(connection, missing):
                    self._judged.adopt(connection, read_page(connection, case, self._judged.size))
            except Exception as error:  # noqa: BLE001 - a refusal, or poison: it fails alone
                return error
            else:
                self._judged.add([waiting.statement])
                return outcome

    def _verdict(self, waiting: _Waiting, received_at: ids.Time) -> Recorded:
        standing = self._judged.standing
        authority.check(standing, waiting.statement, received_at)
        if waiting.requires is not None:
            waiting.requires(standing, waiting.statement)
        if (case := touches(waiting.statement)) is not None:
            standing.reach.demand(case)
        return event.record(waiting.statement, self._judged.size, received_at)

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
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return more
            if waiting is None:
                more = False
            elif waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(UnreadyError(f"the journal takes nothing: {why}"))

    # -------------------------------------------------------------------------------------------------- read

    @property
    def answers_at_once(self) -> bool:
        """Whether `ask` waits for no network: then an event loop may ask it without another thread."""
        return self._glance.is_local

    def ask(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from all that is durable, other processes' events included.

        A question about a case that nobody asked about lately is asked again after that case was read, so it must not
        change anything. Nobody else waits for the reading.
        """
        pages: list[Page] = []
        while True:
            with self._asking:
                self._keep_up(pages)
                try:
                    return self._answer(question)
                except _ToReadError as missing:
                    cases, below = missing.cases, self._asked.size
            with snapshot(self._engine) as connection:
                pages.extend(read_page(connection, case, below) for case in cases)

    def _keep_up(self, pages: list[Page]) -> None:
        """Take in what was appended, and then the cases that were read meanwhile."""
        size = self._glance.size()
        if pages or size is None or size > self._asked.size:
            with snapshot(self._engine) as connection:
                self._asked.catch_up(connection, rows.size_of(connection))
                for page in pages:
                    self._asked.adopt(connection, page)

    def _answer(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from what was read; _ToReadError when cases have to be read first."""
        while True:
            try:
                answer = question(self._asked.standing)
            except Unread as missing:
                with snapshot(self._engine) as connection:
                    if cases := self._asked.resolve(connection, missing):
                        raise _ToReadError(cases) from missing
            else:
                self._asked.let_go()
                return answer

    def rotations(self, index: int) -> tuple[LogRotate, ...]:
        """Return the rotations of the log's key, those of event `index` and before among them.

        The database is asked only about an event that this process has not heard of.
        """
        size, rotations = self._rotated
        return rotations if index < size else self.ask(lambda standing: standing.rotations)

    def size(self) -> int:
        """Return the number of events."""
        with reading(self._engine) as connection:
            return rows.size_of(connection)

    def read(self, *, after: int = -1, limit: int, case: ids.CaseId | None = None) -> Sequence[Recorded]:
        """Return up to `limit` (at most MAX_READ) events behind index `after`, in order, of one case or of all."""
        query = rows.query().where(events.c.idx > after).order_by(events.c.idx).limit(min(limit, MAX_READ))
        if case is not None:
            query = query.where(events.c.case_id == case)
        with reading(self._engine) as connection:
            return [rows.recorded(row) for row in connection.execute(query)]

    def organisation(self) -> Sequence[Recorded]:
        """Return the events about the organisation (log, keys, teams), in order; they belong to no case."""
        query = rows.query().where(events.c.case_id.is_(None)).order_by(events.c.idx)
        with reading(self._engine) as connection:
            return [rows.recorded(row) for row in connection.execute(query)]

    def event(self, index: int) -> Recorded | None:
        """Return the event at `index`, None beyond the end."""
        with reading(self._engine) as connection:
            return rows.one(connection, events.c.idx == index)

    def by_statement(self, statement_id: ids.Sha256) -> Recorded | None:
        """Return the event that holds a statement; ErasedError when it was destroyed."""
        with reading(self._engine) as connection:
            found = rows.known(connection, [statement_id]).get(statement_id)
        if isinstance(found, Tombstone):
            raise ErasedError(found)
        return found

    def seal_of(self, item: ids.ItemId) -> Recorded | None:
        """Return the event that sealed an item."""
        with reading(self._engine) as connection:
            return rows.one(connection, events.c.item == item)

    def tombstones(
        self, *, case: ids.CaseId | None = None, after: int = -1, through: int | None = None
    ) -> Sequence[Tombstone]:
        """Return what stands in the place of destroyed events in a range, in order, of one case or of all.

        The range is `after` < index <= `through`; without an end every row behind `after` is looked at.
        """
        query = rows.buried().where(events.c.idx > after).order_by(events.c.idx)
        if through is not None:
            query = query.where(events.c.idx <= through)
        if case is not None:
            query = query.where(events.c.case_id == case)
        with reading(self._engine) as connection:
            return [tombstones.parse(data) for data in connection.scalars(query)]

    def tombstone(self, index: int) -> Tombstone | None:
        """Return the tombstone at `index`; None when the event there lives, or there is none."""
        with reading(self._engine) as connection:
            data = connection.scalar(rows.buried().where(events.c.idx == index))
        return None if data is None else tombstones.parse(data)

    def erasable(self, case: ids.CaseId) -> Sequence[Recorded]:
        """Return the living events of a case that open or prove an item, in order."""
        query = rows.query().where(events.c.case_id == case, events.c.type.in_(tombstones.ERASABLE))
        with reading(self._engine) as connection:
            return [rows.recorded(row) for row in connection.execute(query.order_by(events.c.idx))]

    def bury(self, destroyed: Sequence[Tombstone]) -> None:
        """Put tombstones in the place of events in one transaction; durable when it returns, and safe to repeat.

        What the database's files still hold of the events is for `shredding` to look after. Raises UnreadyError or
        BusyError.
        """
        with writing(self._engine) as connection:
            rows.lock_head(connection)  # beside no writer: whoever catches up reads one or the other
            rows.bury(connection, destroyed)

    def tallies(self, cases: Sequence[ids.CaseId]) -> Mapping[ids.CaseId, Tally]:
        """Return how much each case holds, erased items among them; a case that holds nothing is absent."""
        with reading(self._engine) as connection:
            return rows.tallies(connection, cases)

    def stored_bytes(self, case: ids.CaseId) -> int:
        """Return the size in bytes of all containers that a case has sealed."""
        total = select(func.coalesce(func.sum(events.c.container_size), 0)).where(events.c.case_id == case)
        with reading(self._engine) as connection:
            return int(connection.scalar(total) or 0)

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the log entries with `start` <= index < `end`."""
        query = select(events.c.leaf).where(events.c.idx >= start, events.c.idx < end).order_by(events.c.idx)
        with reading(self._engine) as connection:
            return list(connection.scalars(query))
