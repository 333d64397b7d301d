"""Rows about sealed items that are still here, and what goes with each of them when it is let go."""

from collections.abc import Sequence
from dataclasses import dataclass

from device_bridge.alarm.escalation import unix_ms
from device_bridge.spool import presses
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids


@dataclass(frozen=True)
class Kept:
    """A container that is still in the spool, of an alarm that is closed; `n` is its place there."""

    n: int
    item: ids.ItemId
    alarm: ids.AlarmId
    sha256: ids.Sha256
    closed_ms: int


def answered(reading: Reading, after: int, limit: int) -> list[Kept]:
    """Return containers of closed alarms whose seal the journal has answered, the oldest after place `after` first."""
    rows = reading.sql.execute(
        "SELECT item.n, item.item, item.alarm, item.sha256, json_extract(CAST(alarm.document AS TEXT), '$.closed.at')"
        " FROM item JOIN alarm ON alarm.alarm = item.alarm WHERE NOT item.dropped AND item.n > ? AND NOT alarm.is_open"
        " AND EXISTS (SELECT 1 FROM statement WHERE statement.item = item.item AND state IN ('sent', 'refused'))"
        " ORDER BY item.n LIMIT ?",
        (after, limit),
    )
    return [Kept(n, item, alarm, sha256, unix_ms(closed)) for n, item, alarm, sha256, closed in rows]


def drop(writing: Writing, one: Kept) -> None:
    """Forget the container, and the press and what was never sent of it, which hold the same place."""
    writing.sql.execute("UPDATE item SET dropped = 1, container = x'' WHERE item = ?", (one.item,))
    presses.let_go(writing, one.item)
    writing.sql.execute("DELETE FROM held WHERE alarm = ?", (one.alarm,))
    writing.sql.execute(
        "UPDATE outbox SET state = 'dropped', sealed = x''"
        " WHERE alarm = ? AND state IN ('waiting', 'yielded') AND NOT withdraws",
        (one.alarm,),
    )


def said_before(reading: Reading, before: ids.Time, limit: int) -> list[int]:
    """Return the places of statements that the journal has and nobody here needs: of alarms closed before `before`."""
    rows = reading.sql.execute(
        "SELECT statement.n FROM statement JOIN alarm ON alarm.alarm = statement.alarm"
        " WHERE statement.state = 'sent' AND NOT alarm.is_open AND json_valid(CAST(alarm.document AS TEXT))"
        " AND json_extract(CAST(alarm.document AS TEXT), '$.closed.at') < ?"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE item.item = statement.item AND NOT item.dropped) LIMIT ?",
        (before, limit),
    )
    return [int(row[0]) for row in rows]


def forget_said(writing: Writing, places: Sequence[int]) -> None:
    """Forget statements by their places."""
    writing.sql.executemany("DELETE FROM statement WHERE n = ?", [(place,) for place in places])


def quarantined_before(reading: Reading, before: ids.Time) -> bool:
    """Whether anything in quarantine is older than `before`; a cheap look before a transaction."""
    query = "SELECT 1 FROM quarantine WHERE at < ? LIMIT 1"
    return reading.sql.execute(query, (before,)).fetchone() is not None


def empty_quarantine(writing: Writing, before: ids.Time) -> None:
    """Forget what came into quarantine before `before`."""
    writing.sql.execute("DELETE FROM quarantine WHERE at < ?", (before,))
