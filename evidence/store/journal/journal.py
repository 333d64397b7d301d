"""The journal on a database, SQLite or PostgreSQL: reads of its events, beside the writer and the asked replica."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final, TypeVar

from sqlalchemy import Engine, func, select

from evidence import ids
from evidence.statements import tombstone as tombstones
from evidence.statements.bodies import LogRotate
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.statements.tombstone import Tombstone
from evidence.store.database.engine import reading, snapshot, writing
from evidence.store.database.schema import events
from evidence.store.errors import ErasedError
from evidence.store.journal import rows
from evidence.store.journal.asking import Asked
from evidence.store.journal.replica import MAX_HELD
from evidence.store.journal.writer import Writer
from evidence.store.ports import Offered, Outcome, Requirement, Tally

MAX_READ: Final = 10_000
"""Events in one answer of `read`."""

Answer = TypeVar("Answer")


class SqlJournal:
    """The `Journal` on SQLite or PostgreSQL. Start it to append; reading needs no start."""

    def __init__(self, engine: Engine, clock: Callable[[], ids.Time] = ids.now, held: int = MAX_HELD) -> None:
        self._engine = engine
        self._asked = Asked(engine, held)
        self._writer = Writer(engine, clock, held, self._asked.add)

    def start(self) -> None:
        """Read what the journal says about the organisation, and start the writer thread."""
        with snapshot(self._engine) as connection:
            size = rows.size_of(connection)
            history = rows.always_read(connection, size)
        self._asked.begin(history, size)
        self._writer.start(history, size)

    def close(self) -> None:
        """Write what is queued, then stop the writer."""
        self._writer.close()
        self._asked.close()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be appended; None when all is well."""
        return self._writer.trouble

    def append(self, dsse_bytes: bytes, *, requires: Requirement | None = None) -> Future[Recorded]:
        """Queue a statement; see `ports.Journal.append`."""
        return self._writer.append(dsse_bytes, requires)

    def append_all(self, offered: Sequence[Offered]) -> Future[Sequence[Outcome]]:
        """Queue statements together, of which the first refusal stops the rest; see `ports.Journal.append_all`."""
        return self._writer.append_all(offered)

    def append_soon(self, offered: Sequence[Offered]) -> asyncio.Future[Sequence[Outcome]]:
        """Queue statements of the running event loop together; see `ports.Journal.append_soon`."""
        return self._writer.append_soon(offered)

    @property
    def answers_at_once(self) -> bool:
        """Whether `ask` waits for no network: then an event loop may ask it without another thread."""
        return self._asked.answers_at_once

    def ask(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from all that is durable, other processes' events included."""
        return self._asked.ask(question)

    def rotations(self, index: int) -> tuple[LogRotate, ...]:
        """Return the rotations of the log's key, those of event `index` and before among them.

        The database is asked only about an event that this process has not heard of.
        """
        size, rotations = self._writer.rotated
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

    def stored_bytes_by(self, signer: ids.KeyId) -> int:
        """Return the size in bytes of all containers that a key has sealed, in whatever case."""
        total = select(func.coalesce(func.sum(events.c.container_size), 0)).where(events.c.signer == signer)
        with reading(self._engine) as connection:
            return int(connection.scalar(total) or 0)

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the log entries with `start` <= index < `end`."""
        query = select(events.c.leaf).where(events.c.idx >= start, events.c.idx < end).order_by(events.c.idx)
        with reading(self._engine) as connection:
            return list(connection.scalars(query))
