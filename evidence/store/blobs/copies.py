"""The outbox of shipments to S3 and, afterwards, the list of where the copies are: rows beside the journal.

State rules:
- A row is written with the event that seals its item (`rows.queue_copies`), and never in the way of that event.
- A row is worked on under a lease. A process that dies loses it by time; two that overlap (clocks differ) meet at the
  object, which is written once (`If-None-Match`), so that the worst outcome of a broken lease is wasted work.
- `stored` means: this version of the object was read back whole, and had the right SHA-256.
- Rows hold no key and no name: SHA-256, size, times, pseudonymous case.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Engine, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from evidence import ids
from evidence.errors import EvidenceError
from evidence.statements import event
from evidence.store.blobs import copy_rows
from evidence.store.blobs.copy_rows import NEVER, Backlog, Copy, State, Totals, copy_of
from evidence.store.database.engine import reading, writing
from evidence.store.database.schema import blob_copies, events
from evidence.store.errors import StoreError
from evidence.store.journal import rows

ROWS_AT_ONCE: Final = 500
"""Of one transaction that adds rows for older items: the journal's writer waits for it."""

MAX_TROUBLE_CHARS: Final = 200
"""Of the column; a reason is a sentence."""


class LeaseLostError(StoreError):
    """Another process works on this row now."""


class SqlCopies:
    """The rows, in the database of the journal. Errors of all methods: UnreadyError, BusyError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue_sealed_before(self) -> int:
        """Add rows for items that were sealed before there was an outbox; return how many. Safe to run at any time."""
        missing = (
            rows.query()
            .join(blob_copies, blob_copies.c.idx == events.c.idx, isouter=True)
            .where(events.c.item.is_not(None), blob_copies.c.idx.is_(None))
            .order_by(events.c.idx)
            .limit(ROWS_AT_ONCE)
        )
        added = 0
        while True:
            with reading(self._engine) as connection:
                if connection.execute(missing).first() is None:
                    return added  # looking costs the journal's writer nothing
            try:
                with writing(self._engine) as connection:
                    found = [rows.recorded(row) for row in connection.execute(missing)]
                    new = [row for one in found if (row := _row_for(one)) is not None]
                    if not new:
                        return added
                    connection.execute(insert(blob_copies), new)
            except IntegrityError:
                continue  # another process adds them at this moment
            added += len(new)

    def sealed(self, prefix: str = "") -> dict[ids.Sha256, tuple[int, bool]]:
        """Return every living blob that was sealed: its size in bytes, and whether it is to be here.

        With a `prefix`, only those whose names begin so: a journal of a million items is then asked in portions.
        """
        here = blob_copies.c.local_since.is_not(None)
        query = select(blob_copies.c.sha256, blob_copies.c.size_bytes, here.label("here")).where(
            blob_copies.c.state != State.RELEASED, blob_copies.c.sha256.startswith(prefix)
        )
        with reading(self._engine) as connection:
            return {ids.Sha256(row.sha256): (row.size_bytes, bool(row.here)) for row in connection.execute(query)}

    # ------------------------------------------------------------------------------------------------ shipping

    def lease(self, owner: str, now: ids.Time, until: ids.Time) -> Copy | None:
        """Return the row that has been due longest and is nobody's, now leased to `owner`; None when there is none."""
        due = copy_rows.free(State.WAITING, now)
        oldest = copy_rows.query().where(due).order_by(blob_copies.c.due_at, blob_copies.c.idx).limit(1)
        with reading(self._engine) as connection:
            if connection.execute(oldest).first() is None:
                return None  # looking costs the journal's writer nothing
        with writing(self._engine) as connection:
            row = connection.execute(oldest.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            values = {"lease_by": owner, "lease_until": until}
            connection.execute(update(blob_copies).where(blob_copies.c.idx == row.idx).values(values))
        return copy_of(row)

    def renew(self, copy: Copy, owner: str, until: ids.Time) -> None:
        """Keep a lease; LeaseLostError when it is another's."""
        self._own(copy, owner, {"lease_until": until})

    def note_upload(self, copy: Copy, owner: str, upload_id: str | None) -> None:
        """Remember the multipart upload that was begun, so that the next attempt goes on with it."""
        self._own(copy, owner, {"upload_id": upload_id})

    def stored(self, copy: Copy, owner: str, version_id: str, locked_until: ids.Time, now: ids.Time) -> None:
        """Write down that a version was read back whole."""
        done = {
            "state": State.STORED,
            "version_id": version_id,
            "verified_at": now,
            "locked_until": locked_until,
            "upload_id": None,
            "trouble": None,
            "lease_by": None,
            "lease_until": None,
        }
        self._own(copy, owner, done)

    def failed(self, copy: Copy, owner: str, why: str, due_at: ids.Time) -> None:
        """Let go of a row, to be tried again at `due_at`."""
        values = {
            "attempts": copy.attempts + 1,
            "trouble": why[:MAX_TROUBLE_CHARS],
            "due_at": due_at,
            "lease_by": None,
            "lease_until": None,
        }
        self._own(copy, owner, values)

    def let_go(self, copy: Copy, owner: str) -> None:
        """Give a lease back without a verdict: this process stops."""
        self._own(copy, owner, {"lease_by": None, "lease_until": None})

    def _own(self, copy: Copy, owner: str, values: dict[str, Any]) -> None:
        mine = (blob_copies.c.idx == copy.index, blob_copies.c.lease_by == owner)
        with writing(self._engine) as connection:
            if connection.execute(update(blob_copies).where(*mine).values(values)).rowcount != 1:
                raise LeaseLostError("another process works on this copy now")

    # ------------------------------------------------------------------------------------------------- keeping

    def is_sealed(self, sha256: ids.Sha256) -> bool:
        """Whether a statement that was not erased names this blob."""
        living = (blob_copies.c.sha256 == sha256, blob_copies.c.state != State.RELEASED)
        with reading(self._engine) as connection:
            return connection.execute(select(blob_copies.c.idx).where(*living).limit(1)).first() is not None

    def find(self, sha256: ids.Sha256) -> Copy | None:
        """Return the stored copy of a blob; None when there is none."""
        query = copy_rows.query().where(blob_copies.c.sha256 == sha256, blob_copies.c.state == State.STORED).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else copy_of(row)

    def stored_after(self, index: int, limit: int, prefix: str = "") -> Sequence[Copy]:
        """Return up to `limit` stored rows behind an index, in order, of blobs whose names begin with `prefix`."""
        query = copy_rows.query().where(
            blob_copies.c.idx > index,
            blob_copies.c.state == State.STORED,
            blob_copies.c.sha256.startswith(prefix),
        )
        with reading(self._engine) as connection:
            return [copy_of(row) for row in connection.execute(query.order_by(blob_copies.c.idx).limit(limit))]

    def longest_here(self, before: ids.Time, limit: int) -> Sequence[Copy]:
        """Return stored rows whose local copy has been here since before a time, the oldest first."""
        query = (
            copy_rows.query()
            .where(blob_copies.c.state == State.STORED, blob_copies.c.local_since < before)
            .order_by(blob_copies.c.local_since, blob_copies.c.idx)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [copy_of(row) for row in connection.execute(query)]

    def soon_unlocked(self, before: ids.Time, limit: int) -> Sequence[Copy]:
        """Return stored rows whose Object Lock ends before a time, the earliest first."""
        query = (
            copy_rows.query()
            .where(blob_copies.c.state == State.STORED, blob_copies.c.locked_until < before)
            .order_by(blob_copies.c.locked_until)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [copy_of(row) for row in connection.execute(query)]

    def note_lock(self, copy: Copy, until: ids.Time) -> None:
        """Write down how long a version is locked now."""
        self._set(copy, {"locked_until": until})

    def note_verified(self, copy: Copy, now: ids.Time) -> None:
        """Write down that a version was read back whole once more."""
        self._set(copy, {"verified_at": now})

    def note_local(self, sha256: ids.Sha256, since: ids.Time | None) -> None:
        """Write down that a blob is here since a time; None: its local copy was dropped."""
        with writing(self._engine) as connection:
            connection.execute(update(blob_copies).where(blob_copies.c.sha256 == sha256).values({"local_since": since}))

    def send_again(self, copy: Copy, now: ids.Time) -> None:
        """Queue a blob whose copy in S3 is lost or rotten. It must be here, whole."""
        values = {"state": State.WAITING, "version_id": None, "verified_at": None, "locked_until": None, "due_at": now}
        self._set(copy, values)

    # ------------------------------------------------------------------------------------------------- erasing

    def any_state(self, sha256: ids.Sha256) -> Copy | None:
        """Return the row of a blob, released ones included: `locked_until` says how long S3 keeps it at least."""
        query = copy_rows.query().where(blob_copies.c.sha256 == sha256).order_by(blob_copies.c.idx).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else copy_of(row)

    def released_due(self, now: ids.Time, limit: int) -> Sequence[Copy]:
        """Return released rows whose copy may be deleted by now (`rows.bury` releases them)."""
        query = copy_rows.query().where(blob_copies.c.state == State.RELEASED, blob_copies.c.due_at <= now).limit(limit)
        with reading(self._engine) as connection:
            return [copy_of(row) for row in connection.execute(query)]

    def note_released(self, copy: Copy, locked_until: ids.Time | None, version_id: str | None = None) -> None:
        """Look at a released copy again when its lock ends; None: nothing of it is left in S3."""
        values: dict[str, Any] = {"due_at": NEVER, "locked_until": None, "version_id": None, "upload_id": None}
        if locked_until is not None:
            values = {"due_at": locked_until, "locked_until": locked_until, "version_id": version_id or copy.version_id}
        mine = (blob_copies.c.idx == copy.index, blob_copies.c.state == State.RELEASED)
        with writing(self._engine) as connection:
            connection.execute(update(blob_copies).where(*mine).values(values))

    def _set(self, copy: Copy, values: dict[str, Any]) -> None:
        same = (blob_copies.c.idx == copy.index, blob_copies.c.state == State.STORED)
        with writing(self._engine) as connection:
            connection.execute(update(blob_copies).where(*same).values(values))

    def backlog(self) -> Backlog:
        """Count what waits; quick however much is stored."""
        waits = blob_copies.c.state == State.WAITING
        failed = blob_copies.c.trouble.is_not(None)
        query = select(
            func.count(),
            func.coalesce(func.sum(blob_copies.c.size_bytes), 0),
            func.min(blob_copies.c.queued_at),
            func.count(case((failed, 1))),
        ).where(waits)
        last = select(blob_copies.c.trouble).where(waits, failed).order_by(blob_copies.c.due_at.desc()).limit(1)
        with reading(self._engine) as connection:
            waiting, size, oldest, failing = connection.execute(query).one()
            why = connection.scalar(last) if failing else None
        return Backlog(waiting, int(size), oldest, failing, why)

    def totals(self) -> Totals:
        """Count what is stored; reads every row."""
        size, gone = blob_copies.c.size_bytes, blob_copies.c.local_since.is_(None)
        query = select(
            func.count(),
            func.coalesce(func.sum(size), 0),
            func.count(case((gone, 1))),
            func.coalesce(func.sum(case((gone, size))), 0),
        ).where(blob_copies.c.state == State.STORED)
        with reading(self._engine) as connection:
            stored, stored_bytes, dropped, dropped_bytes = connection.execute(query).one()
        return Totals(stored, int(stored_bytes), dropped, int(dropped_bytes))


def _row_for(recorded: event.Recorded) -> dict[str, Any] | None:
    try:
        return rows.copy_row_of(event.parse(recorded.event).statement, recorded)
    except EvidenceError:
        return None  # an erased event says no longer what it sealed
