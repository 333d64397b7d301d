"""Rows of the outbox of copies, as values: what `copies` reads and asks for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, Select, and_, or_, select

from evidence import ids
from evidence.store.database.schema import blob_copies

NEVER: Final = ids.Time("9999-12-31T23:59:59.999Z")
"""When a row is due of which nothing is left to do."""


class State(StrEnum):
    """Where a copy stands."""

    WAITING = "waiting"
    STORED = "stored"
    RELEASED = "released"
    """Its item was erased: no longer shipped, mended or locked anew."""


@dataclass(frozen=True)
class Copy:
    """One row; `size_bytes` of the container, `version_id` of the object when it is stored."""

    index: int
    sha256: ids.Sha256
    case: ids.CaseId | None
    size_bytes: int
    state: State
    attempts: int
    trouble: str | None
    upload_id: str | None
    version_id: str | None
    verified_at: ids.Time | None
    locked_until: ids.Time | None
    local_since: ids.Time | None


@dataclass(frozen=True)
class Backlog:
    """What waits: rows, bytes, since when the oldest, how many failed at least once, and why the last one did."""

    waiting: int
    waiting_bytes: int
    oldest: ids.Time | None
    failing: int
    last_trouble: str | None


@dataclass(frozen=True)
class Totals:
    """What is stored in S3: rows, bytes, and those that are nowhere else."""

    stored: int
    stored_bytes: int
    dropped: int
    dropped_bytes: int


_COLUMNS: Final = (
    blob_copies.c.idx,
    blob_copies.c.sha256,
    blob_copies.c.case_id,
    blob_copies.c.size_bytes,
    blob_copies.c.state,
    blob_copies.c.attempts,
    blob_copies.c.trouble,
    blob_copies.c.upload_id,
    blob_copies.c.version_id,
    blob_copies.c.verified_at,
    blob_copies.c.locked_until,
    blob_copies.c.local_since,
)


def query() -> Select[Any]:
    """Select what makes a `Copy`."""
    return select(*_COLUMNS)


def copy_of(row: Row[Any]) -> Copy:
    """Read a row back."""
    return Copy(
        row.idx,
        ids.Sha256(row.sha256),
        row.case_id,
        row.size_bytes,
        State(row.state),
        row.attempts,
        row.trouble,
        row.upload_id,
        row.version_id,
        row.verified_at,
        row.locked_until,
        row.local_since,
    )


def free(state: State, now: ids.Time) -> Any:  # noqa: ANN401 - a SQL condition
    """Return the condition of rows in a state that are due and nobody works on."""
    unleased = or_(blob_copies.c.lease_until.is_(None), blob_copies.c.lease_until < now)
    return and_(blob_copies.c.state == state, blob_copies.c.due_at <= now, unleased)
