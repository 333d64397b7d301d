"""Shredding of destroyed rows in a database's files, and the look whether they are gone.

A row that was overwritten by SQL may live on: in SQLite's write-ahead log, in pages that were split long ago; in
PostgreSQL as a dead row, and in its own write-ahead log. So bytes are looked for, not only overwritten.

State rules:
- SQLite: `secure_delete` overwrites a row in its page (`engine`); a TRUNCATE checkpoint empties the write-ahead log;
  then both are searched for pieces of what was destroyed. A find means VACUUM, once, and another search.
- PostgreSQL: VACUUM FULL writes the table anew up to a size; beyond it plain VACUUM frees the rows and the result says
  that its files may hold them until they are used again. Its write-ahead log and replicas are always such files.
- No step holds up a statement for longer than `PATIENCE_MS` at a time, VACUUM of SQLite excepted.
"""

import base64
import re
import sqlite3
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from evidence import ids
from evidence.statements import bodies, event
from evidence.statements.event import Recorded
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs, pieces
from evidence.store.errors import NotShreddedError

PATIENCE_MS: Final = 200
"""How long a checkpoint waits for readers while it keeps writers out: not felt by a phone."""

TRIES: Final = 100
PAUSE_S: Final = 0.1
"""Ten seconds in all for the readers of a busy server to leave the write-ahead log for a moment."""

TRACE_BYTES: Final = 36
"""Of a payload: whole groups of three bytes, so that their base64 (48 characters) stands in the event as it is."""

ASK_AGAIN: Final = timedelta(days=1)
"""How long to wait for a store that should have deleted by now."""

SMALL_TABLE_BYTES: Final = 256 * 1024**2
"""PostgreSQL writes such a table anew within the time that the writer endures (`writer.ENDURE_S`)."""


def traces_of(recorded: Recorded) -> frozenset[bytes]:
    """Return pieces of an event that stand nowhere else: its salt, its signatures, and in it each hash and key wrap."""
    statement = event.parse(recorded.event).statement
    inside = (_aligned(statement.envelope.body, secret.encode()) for secret in _secrets(statement.body))
    signatures = (one.sig.encode()[:TRACE_BYTES] for one in statement.envelope.signatures)
    return frozenset({recorded.salt, *signatures, *(trace for trace in inside if trace)})


def _secrets(body: bodies.Body) -> Iterator[str]:
    match body:
        case bodies.ItemOpen(head=head):
            yield head.sha256
        case bodies.ItemSeal(container=container, head=head, meta=meta):
            yield from (container.sha256, head.sha256, meta.sha256, meta.commitment)
        case bodies.Grant(items=items):
            yield from (one.wrap for one in items)
        case _:
            pass


def _aligned(payload: bytes, secret: bytes) -> bytes:
    """Return the base64 of a piece of `secret` as it stands in the base64 of `payload`."""
    found = payload.find(secret)
    start = -(-found // 3) * 3
    piece = payload[start : start + TRACE_BYTES]
    return base64.b64encode(piece) if found >= 0 and len(piece) == TRACE_BYTES else b""


class Shredder:
    """Destroys rows and blobs of one data folder."""

    def __init__(self, engine: Engine, local: DirectoryBlobs) -> None:
        self._engine = engine
        self._local = local
        self._copies = SqlCopies(engine)

    def shred_rows(self, traces: Collection[bytes] | None) -> bool:
        """Get destroyed rows out of the database's files; see `shred`."""
        return shred(self._engine, traces)

    def destroy_unsealed(self, sha256: ids.Sha256) -> None:
        """Destroy a blob here that no living statement names.

        Whoever announces an upload says which item it is of, and which hash: a note may tie the file of another item to
        one that is erased, and that file stays.
        """
        if not self._copies.is_sealed(sha256):
            self._local.destroy(sha256)

    def destroy_blob(self, sha256: ids.Sha256, now: ids.Time) -> ids.Time | None:
        """Destroy a blob here. Return until when a copy of it elsewhere is kept at least; None: there is none left.

        The copy is released with the burial of its event (`rows.bury`), and deleted by whoever keeps the store when its
        lock ends. One whose lock has ended and that is still there counts as kept for `ASK_AGAIN` more.
        """
        self._local.destroy(sha256)
        copy = self._copies.any_state(sha256)
        if copy is None or copy.version_id is None:
            return None
        later = ids.time_of(ids.moment_of(now) + ASK_AGAIN)
        return max(later, copy.locked_until or later)


def shred(engine: Engine, traces: Collection[bytes] | None) -> bool:
    """Get destroyed rows out of the database's files.

    Args:
        engine: the database; the rows are overwritten and committed.
        traces: what to look for; None when it is not known any more (the process died in between): then the file is
            written anew without looking.

    Returns:
        Whether nothing of them is left in files of this database that Getuige can look into; False: PostgreSQL.

    Raises:
        NotShreddedError: something is left, or others never left the database alone.
    """
    if engine.dialect.name != "sqlite":
        _vacuum_postgresql(engine)
        return False
    path = Path(engine.url.database or "")
    _checkpoint(engine)
    if traces is None or _holds(path, traces):
        _insist(engine, "VACUUM", "the database cannot be written anew: others never let go of it")
        _checkpoint(engine)
        if traces is not None and _holds(path, traces):
            raise NotShreddedError("the database still holds bytes that were destroyed")
    return True


def _checkpoint(engine: Engine) -> None:
    truncate = "PRAGMA wal_checkpoint(TRUNCATE)"
    _insist(engine, truncate, "the write-ahead log cannot be emptied: somebody reads for a long time")


def _insist(engine: Engine, statement: str, otherwise: str) -> None:
    """Run a statement until nobody is in its way; NotShreddedError with the text `otherwise` when that never is."""
    for _ in range(TRIES):
        try:
            row = _on_its_own(engine, statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise NotShreddedError(f"the database could not be cleaned: {error.sqlite_errorname}") from error
        else:
            if row is None or not row[0]:  # a checkpoint answers with 1 when it was in the way of somebody
                return
        time.sleep(PAUSE_S)
    raise NotShreddedError(otherwise)


def _on_its_own(engine: Engine, statement: str) -> Any:  # noqa: ANN401 - a row of SQLite
    """Run a statement outside every transaction, and return its first row."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        try:
            return cursor.execute(statement).fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={patience}")
    finally:
        raw.close()


def _holds(database: Path, traces: Collection[bytes]) -> bool:
    return any(found for path in _files(database) if path.exists() for found in _search(pieces(path), traces))


def _files(database: Path) -> Iterator[Path]:
    yield database
    for suffix in ("-wal", "-journal"):
        yield database.with_name(database.name + suffix)


def _search(data: Iterator[bytes], traces: Collection[bytes]) -> Iterator[bytes]:
    """Yield each trace that stands in a stream of bytes."""
    if not traces:
        return
    wanted = re.compile(b"|".join(re.escape(trace) for trace in sorted(traces)))
    overlap = max(len(trace) for trace in traces) - 1
    rest = b""
    for piece in data:
        window = rest + piece
        for match in wanted.finditer(window):
            yield match.group()
        rest = window[-overlap:]


def _vacuum_postgresql(engine: Engine) -> None:
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            size = connection.scalar(text("SELECT pg_total_relation_size('events')")) or 0
            connection.execute(text("VACUUM FULL events" if size <= SMALL_TABLE_BYTES else "VACUUM events"))
    except DBAPIError as error:
        raise NotShreddedError("the table cannot be vacuumed now") from error
