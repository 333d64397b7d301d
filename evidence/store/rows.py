"""Between rows and values: the few statements of SQL that the journal needs."""

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from evidence import event, ids
from evidence.event import Recorded
from evidence.statements import tombstone as tombstones
from evidence.statements import types
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone
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


NO_SALT: Final = b""
"""What stands in the place of the salt beside a tombstone: so that the database tells the two apart."""

_LIVING: Final = func.length(events.c.salt) > 0


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
    """Select what makes a `Recorded`: events that were not destroyed."""
    return select(*_RECORDED).where(_LIVING)


def buried() -> Select[Any]:
    """Select the bytes of tombstones."""
    return select(events.c.event).where(~_LIVING)


def bury(connection: Connection, destroyed: Sequence[Tombstone]) -> None:
    """Put tombstones in the place of events, and nothing in the place of their salts; safe to repeat.

    Their copies in S3 are released with them: neither shipped nor locked anew, and deleted when their locks end.
    """
    for one in destroyed:
        values = {"event": one.to_bytes(), "salt": NO_SALT, "container_size": None}
        connection.execute(update(events).where(events.c.idx == one.index, _LIVING).values(values))
        released = {"state": "released", "due_at": ids.now(), "lease_by": None, "lease_until": None, "trouble": None}
        here = (blob_copies.c.idx == one.index, blob_copies.c.state != "released")
        connection.execute(update(blob_copies).where(*here).values(released))


def one(connection: Connection, condition: Any) -> Recorded | None:  # noqa: ANN401 - any SQL condition
    """Return the one event that fulfils a condition."""
    row = connection.execute(query().where(condition)).one_or_none()
    return None if row is None else recorded(row)


def known(connection: Connection, statements: Sequence[ids.Sha256]) -> dict[ids.Sha256, Recorded | Tombstone]:
    """Return the events that hold these statements, or the tombstones of those that did."""
    either: Select[Any] = select(*_RECORDED).where(events.c.statement.in_(statements))
    rows = connection.execute(either)
    return {ids.Sha256(row.statement): recorded(row) if row.salt else tombstones.parse(row.event) for row in rows}


def history_from(connection: Connection, index: int) -> list[Statement | Tombstone]:
    """Return the statements of all events from `index` on, in order, or the tombstones in their place."""
    rows = connection.execute(select(events.c.event, events.c.salt).where(events.c.idx >= index).order_by(events.c.idx))
    return [event.parse(row.event).statement if row.salt else tombstones.parse(row.event) for row in rows]
