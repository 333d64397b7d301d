"""Rows of the journal as values, and the few statements of SQL that it needs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Select, bindparam, case, distinct, func, insert, or_, select, update

from evidence import ids
from evidence.statements import bodies, catalogue, event, own_event
from evidence.statements import tombstone as tombstones
from evidence.statements.bodies import Body
from evidence.statements.catalogue import ALWAYS_READ, READ_WITH_CASE, Name
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement, Told
from evidence.statements.tombstone import Tombstone
from evidence.store.database.prepared import Prepared, PreparedAmong
from evidence.store.database.schema import blob_copies, events, journal_head
from evidence.store.errors import StoreError
from evidence.store.ports import Tally

_RECORDED: Final = (
    events.c.idx,
    events.c.received_at,
    events.c.statement,
    events.c.event,
    events.c.salt,
    events.c.leaf,
)


NO_SALT: Final = b""
"""What stands in the place of the salt beside a tombstone: so that the database tells the two apart."""

CASES_AT_ONCE: Final = 500
"""In one question: SQLite takes some 32,000 parameters, older ones 999."""

_LIVING: Final = func.length(events.c.salt) > 0

_LOCK_HEAD: Final = Prepared(select(journal_head.c.size).where(journal_head.c.id == 1).with_for_update())
_MOVE_HEAD: Final = Prepared(
    update(journal_head)
    .where(journal_head.c.id == 1, journal_head.c.size == bindparam("old"))
    .values(size=bindparam("new"))
)
_ADD: Final = Prepared(insert(events))
_QUEUE_COPIES: Final = Prepared(
    insert(blob_copies),
    ("idx", "sha256", "case_id", "size_bytes", "state", "queued_at", "due_at", "attempts", "local_since"),
)
_KNOWN: Final = PreparedAmong(events.c.statement, lambda these: select(*_RECORDED).where(these))
_HOMES: Final = PreparedAmong(
    events.c.subject,
    lambda these: select(events.c.type, events.c.subject, events.c.case_id).where(
        these, events.c.idx < bindparam("below")
    ),
)


def lock_head(connection: Connection) -> int:
    """Return the size of the journal, and hold its head row until this transaction ends."""
    for (size,) in _LOCK_HEAD.rows(connection):
        return int(size)
    connection.execute(insert(journal_head).values(id=1, size=0))
    return 0


def move_head(connection: Connection, old: int, new: int) -> None:
    """Advance the head row; StoreError when it is not where this transaction left it."""
    if _MOVE_HEAD.run(connection, {"old": old, "new": new}) != 1:
        raise StoreError("the head of the journal moved under a transaction that held it")


def size_of(connection: Connection) -> int:
    """Return the number of events."""
    return connection.scalar(select(func.coalesce(func.max(events.c.idx) + 1, 0))) or 0


def row_of(statement: Statement, recorded: Recorded) -> dict[str, Any]:
    """Return the columns of a new event."""
    seal = statement.body if isinstance(statement.body, bodies.ItemSeal) else None
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
        "subject": subject_of(statement),
        "reader": statement.body.reader if isinstance(statement.body, bodies.Grant) else None,
    }


def subject_of(statement: Statement) -> str | None:
    """Return the name that a statement brings or seals, of a kind in `catalogue.BRINGS`; None for other types."""
    member = catalogue.BRINGS.get(statement.type)
    return None if member is None else statement.body.named(member)


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert events in one go."""
    _ADD.run_each(connection, rows)


def copy_row_of(statement: Statement, recorded: Recorded) -> dict[str, Any] | None:
    """Return the row by which a sealed item waits for its copy in S3; None for all other statements."""
    body = statement.body
    if not isinstance(body, bodies.ItemSeal):
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
        _QUEUE_COPIES.run_each(connection, rows)


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
    rows = (Recorded(*row) for row in _KNOWN.rows(connection, statements))
    return {row.statement: row if row.salt else tombstones.parse(row.event) for row in rows}


_HISTORY: Final = (events.c.idx, events.c.event, events.c.salt)

_TOUCHING: Final = or_(events.c.type.in_(READ_WITH_CASE), events.c.seq.is_not(None))


def _history(rows: Iterable[Any]) -> list[Statement | Tombstone]:
    return [event.parse(row.event).statement if row.salt else tombstones.parse(row.event) for row in rows]


def always_read(connection: Connection, below: int) -> list[Statement | Tombstone]:
    """Return the statements with an index < `below` that every process has to know, in order."""
    # Sorted here: asked to, a database might rather walk through all events than through the index of types.
    query = select(*_HISTORY).where(events.c.type.in_(ALWAYS_READ))
    rows = sorted(connection.execute(query), key=lambda row: cast("int", row.idx))
    return _history(row for row in rows if row.idx < below)


def of_case(connection: Connection, name: ids.CaseId, start: int, end: int) -> list[Told[Body] | Tombstone]:
    """Return what `start` <= index < `end` tell a case alone, in order, with tombstones in their places."""
    columns = (events.c.event, events.c.salt, events.c.leaf)
    query = select(*columns).where(events.c.case_id == name, events.c.idx >= start, events.c.idx < end, _TOUCHING)
    return [
        own_event.read(data, salt, leaf) if salt else tombstones.parse(data)
        for data, salt, leaf in connection.execute(query.order_by(events.c.idx))
    ]


def news(
    connection: Connection, start: int, end: int, wanted: Callable[[ids.CaseId], bool]
) -> Iterator[Statement | Tombstone | None]:
    """Yield the statements with `start` <= index < `end`, in order.

    None stands for each that says nothing to the organisation and is of no case that is `wanted`. That is asked when
    its turn comes: a case may be opened by one of the statements before it.
    """
    columns = (*_HISTORY, events.c.type, events.c.seq, events.c.case_id)
    rows = connection.execute(select(*columns).where(events.c.idx >= start, events.c.idx < end).order_by(events.c.idx))
    for row in rows:
        touching = row.type in READ_WITH_CASE or row.seq is not None
        if row.type in ALWAYS_READ or (touching and wanted(ids.CaseId(row.case_id))):
            yield from _history([row])
        else:
            yield None


def homes(connection: Connection, names: Sequence[str], below: int) -> dict[tuple[Name, str], ids.CaseId]:
    """Return in which case these names are, of the events with an index < `below`; absent: nowhere."""
    rows = _HOMES.rows(connection, names, {"below": below})
    return {(catalogue.BRINGS[kind], subject): ids.CaseId(case) for kind, subject, case in rows}


def granted_in(connection: Connection, reader: ids.KeyId, below: int) -> set[ids.CaseId]:
    """Return the cases in which something was ever granted to a reader."""
    query = select(events.c.case_id).distinct().where(events.c.reader == reader, events.c.idx < below)
    return {ids.CaseId(case) for case in connection.scalars(query)}


def announced_in(connection: Connection, author: ids.KeyId, below: int) -> set[ids.CaseId]:
    """Return the cases in which a key announced an item that no event sealed."""
    seal = events.alias()
    sealed = select(seal.c.idx).where(seal.c.item == events.c.subject, seal.c.idx < below).exists()
    # Put together, so that a database looks among what this key said and not among all announcements.
    opening = events.c.type + "" == "item.open"
    mine = (events.c.signer == author, opening, events.c.idx < below)
    return {ids.CaseId(case) for case in connection.scalars(select(events.c.case_id).distinct().where(*mine, ~sealed))}


def tallies(connection: Connection, cases: Sequence[ids.CaseId]) -> dict[ids.CaseId, Tally]:
    """Return how much each case holds, of those that hold anything."""
    items = func.count(distinct(case((events.c.type.in_(catalogue.where(brings="item")), events.c.subject))))
    alarms = func.count(distinct(case((events.c.type.in_(catalogue.where(brings="alarm")), events.c.subject))))
    found: dict[ids.CaseId, Tally] = {}
    for first in range(0, len(cases), CASES_AT_ONCE):
        these = events.c.case_id.in_(cases[first : first + CASES_AT_ONCE])
        query = select(events.c.case_id, items.label("items"), alarms.label("alarms"))
        rows = connection.execute(query.where(these, events.c.subject.is_not(None)).group_by(events.c.case_id))
        found |= {ids.CaseId(row.case_id): Tally(row.items, row.alarms) for row in rows}
    return found
