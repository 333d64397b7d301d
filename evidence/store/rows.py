"""Between rows and values: the few statements of SQL that the journal needs."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from evidence import event, ids
from evidence.event import Recorded
from evidence.statements import types
from evidence.statements.statement import Statement
from evidence.store.errors import StoreError
from evidence.store.schema import blob_copies, events, journal_head

_RECORDED = (
    events.c.idx,
    events.c.received_at,
    events.c.statement,
    events.c.event,
    events.c.salt,
    events.c.leaf,
)


def lock_head(connection: Connection) -> int:
    """Return the size of the journal, and hold its head row until this transaction ends."""
    size = connection.scalar(select(journal_head.c.size).where(journal_head.c.id == 1).with_for_update())
    if size is None:
        connection.execute(insert(journal_head).values(id=1, size=0))
        return 0
    return cast("int", size)


def move_head(connection: Connection, old: int, new: int) -> None:
    """Advance the head row; StoreError when it is not where this transaction left it."""
    moved = connection.execute(
        update(journal_head).where(journal_head.c.id == 1, journal_head.c.size == old).values(size=new)
    )
    if moved.rowcount != 1:
        raise StoreError("the head of the journal moved under a transaction that held it")


def size_of(connection: Connection) -> int:
    """Return the number of events."""
    return connection.scalar(select(func.coalesce(func.max(events.c.idx) + 1, 0))) or 0


def row_of(statement: Statement, recorded: Recorded) -> dict[str, Any]:
    """Return the columns of a new event."""
    seal = statement.body if isinstance(statement.body, types.ItemSeal) else None
    return {
        "idx": recorded.index,
        "statement": recorded.statement,
        "type": statement.type,
        "case_id": statement.case,
        "signer": statement.by,
        "seq": statement.chain.seq if statement.chain else None,
        "item": seal.item if seal else None,
        "container_size": seal.container.size if seal else None,
        "received_at": recorded.received_at,
        "event": recorded.event,
        "salt": recorded.salt,
        "leaf": recorded.leaf,
    }


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert events in one go."""
    connection.execute(insert(events), rows)


def copy_row_of(statement: Statement, recorded: Recorded) -> dict[str, Any] | None:
    """Return the row by which a sealed item waits for its copy in S3; None for all other statements."""
    body = statement.body
    if not isinstance(body, types.ItemSeal):
        return None
    return {
        "idx": recorded.index,
        "sha256": body.container.sha256,
        "case_id": statement.case,
        "size_bytes": body.container.size,
        "state": "waiting",
        "queued_at": recorded.received_at,
        "due_at": recorded.received_at,
        "attempts": 0,
        "local_since": recorded.received_at,
    }


def queue_copies(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert what `copy_row_of` made, in the transaction of the events."""
    if rows:
        connection.execute(insert(blob_copies), rows)


def recorded(row: Row[Any]) -> Recorded:
    """Read an event back; its bytes are what was written, never made anew."""
    return Recorded(row.idx, ids.Time(row.received_at), ids.Sha256(row.statement), row.event, row.salt, row.leaf)


def query() -> Select[Any]:
    """Select what makes a `Recorded`."""
    return select(*_RECORDED)


def one(connection: Connection, condition: Any) -> Recorded | None:  # noqa: ANN401 - any SQL condition
    """Return the one event that fulfils a condition."""
    row = connection.execute(query().where(condition)).one_or_none()
    return None if row is None else recorded(row)


def known(connection: Connection, statements: Sequence[ids.Sha256]) -> dict[ids.Sha256, Recorded]:
    """Return the events that hold these statements."""
    found = connection.execute(query().where(events.c.statement.in_(statements)))
    return {record.statement: record for record in map(recorded, found)}


def statements_from(connection: Connection, index: int) -> list[Statement]:
    """Return the statements of all events from `index` on, in order."""
    rows = connection.execute(select(events.c.event).where(events.c.idx >= index).order_by(events.c.idx))
    return [event.parse(row.event).statement for row in rows]
