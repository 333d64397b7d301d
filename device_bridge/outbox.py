"""What routes still have to send: rows written in the press's own transaction, tried until each has an answer.

A lease is implied by `due_ms`: taking a row pushes it into the future, so that a route that dies in the middle
finds its row again, and the same process never sends one row twice at the same time.
"""

from dataclasses import dataclass
from typing import Final

from device_bridge.spool import Reading, Writing
from evidence import ids

LEASE_MS: Final = 15_000
"""Longer than connecting, sending and waiting for one answer; after it the row is tried anew."""

FIRST_RETRY_MS: Final = 500
LAST_RETRY_MS: Final = 30_000
"""Retries double from half a second to half a minute; an open alarm is never given up."""


@dataclass(frozen=True)
class Delivery:
    """One alarm for one route; `sealed` opens with the bridge's box key only."""

    n: int
    alarm: ids.AlarmId
    route: str
    sealed: bytes
    attempts: int


def queue(spool: Writing, alarm: ids.AlarmId, route: str, sealed: bytes, now_ms: int) -> None:
    """Add a delivery that is due at once."""
    spool.sql.execute(
        "INSERT INTO outbox (alarm, route, sealed, due_ms) VALUES (?, ?, ?, ?)", (alarm, route, sealed, now_ms)
    )


def take(spool: Writing, route: str, now_ms: int, limit: int) -> list[Delivery]:
    """Lease up to `limit` due deliveries of `route`, the oldest first."""
    rows = spool.sql.execute(
        "SELECT n, alarm, route, sealed, attempts FROM outbox"
        " WHERE state = 'waiting' AND route = ? AND due_ms <= ? ORDER BY n LIMIT ?",
        (route, now_ms, limit),
    ).fetchall()
    for row in rows:
        spool.sql.execute(
            "UPDATE outbox SET due_ms = ?, attempts = attempts + 1 WHERE n = ?", (now_ms + LEASE_MS, row[0])
        )
    return [Delivery(*row) for row in rows]


def due(spool: Reading, route: str, now_ms: int) -> bool:
    """Whether anything is due on `route`; a cheap look before a transaction."""
    query = "SELECT 1 FROM outbox WHERE state = 'waiting' AND route = ? AND due_ms <= ? LIMIT 1"
    return spool.sql.execute(query, (route, now_ms)).fetchone() is not None


def release_leases(spool: Writing) -> None:
    """Make everything due that a former process of this spool had taken and not finished."""
    spool.sql.execute("UPDATE outbox SET due_ms = 0 WHERE state = 'waiting'")


def finish(spool: Writing, delivery: Delivery, *, delivered: bool) -> None:
    """Close a delivery for good; what it would have sent is forgotten."""
    spool.sql.execute(
        "UPDATE outbox SET state = ?, sealed = x'' WHERE n = ?",
        ("delivered" if delivered else "failed", delivery.n),
    )


def retry_later(spool: Writing, delivery: Delivery, now_ms: int) -> None:
    """Try again after a pause that doubles with each attempt."""
    pause = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(delivery.attempts, 10))
    spool.sql.execute("UPDATE outbox SET due_ms = ? WHERE n = ?", (now_ms + pause, delivery.n))
