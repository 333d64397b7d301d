"""Yielding: who sends first, when several bridges have the same alarm in their outboxes.

A bridge that does not have the lease (`device_bridge.journal.lease`) queues an alarm as *yielded*: it waits two
seconds for another bridge to report that a route has it, and is sent when none did, or when the report says that it
failed. So the worst of two bridges that misunderstand each other is that a route hears of one alarm twice, under the
same id, and never that it hears nothing.
"""

from typing import Final

from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids

HANDOVER_MS: Final = 2_000
"""Connecting to an alarm centre and its answer take less; a route that is slower is heard of twice."""


def give_way(spool: Writing, alarm: ids.AlarmId, until_ms: int) -> None:
    """Let what was queued for the alarm, and not tried yet, wait for another bridge until `until_ms`."""
    spool.sql.execute(
        "UPDATE outbox SET state = 'yielded', due_ms = ? WHERE alarm = ? AND state = 'waiting' AND attempts = 0",
        (until_ms, alarm),
    )


def due(reading: Reading, now_ms: int) -> bool:
    """Whether something yielded was waited for long enough; a cheap look before a transaction."""
    query = "SELECT 1 FROM outbox WHERE state = 'yielded' AND due_ms <= ? LIMIT 1"
    return reading.sql.execute(query, (now_ms,)).fetchone() is not None


def take_over(spool: Writing, now_ms: int) -> list[ids.AlarmId]:
    """Let everything that was waited for long enough be sent from here; return its alarms."""
    rows = spool.sql.execute(
        "UPDATE outbox SET state = 'waiting' WHERE state = 'yielded' AND due_ms <= ? RETURNING alarm", (now_ms,)
    ).fetchall()
    return [ids.AlarmId(row[0]) for row in rows]


def delivered(spool: Writing, alarm: ids.AlarmId, route: str) -> None:
    """Another bridge delivered on this route: it is not sent from here, now or as an alternate."""
    spool.sql.execute(
        "UPDATE outbox SET state = 'delivered', sealed = x'', attempts = 1"
        " WHERE alarm = ? AND route = ? AND state = 'yielded' AND NOT withdraws",
        (alarm, route),
    )
    spool.sql.execute("DELETE FROM held WHERE alarm = ? AND route = ? AND state = 'held' AND stage = 0", (alarm, route))
    spool.sql.execute(
        "UPDATE held SET state = 'released' WHERE alarm = ? AND route = ? AND state = 'held'", (alarm, route)
    )


def withdrawn(spool: Writing, alarm: ids.AlarmId, route: str) -> None:
    """Another bridge told this route's receiver that the alarm was none: it is not told again from here."""
    spool.sql.execute(
        "UPDATE outbox SET state = 'delivered', sealed = x'' WHERE alarm = ? AND route = ?"
        " AND state IN ('waiting', 'yielded')",
        (alarm, route),
    )


def failed(spool: Writing, alarm: ids.AlarmId, route: str) -> None:
    """Another bridge failed on this route: it is tried from here at once."""
    spool.sql.execute(
        "UPDATE outbox SET state = 'waiting', due_ms = 0 WHERE alarm = ? AND route = ? AND state = 'yielded'",
        (alarm, route),
    )


def drop(spool: Writing, alarm: ids.AlarmId, *, later_only: bool) -> None:
    """A human has the alarm (`later_only`: routes of later stages), or closed it: what was yielded is not sent."""
    later = " AND route IN (SELECT route FROM held WHERE alarm = ? AND stage > 0)" if later_only else ""
    spool.sql.execute(
        f"UPDATE outbox SET state = 'dropped', sealed = x''"  # noqa: S608 - one of two texts above
        f" WHERE alarm = ? AND state = 'yielded' AND NOT withdraws{later}",
        (alarm, alarm) if later_only else (alarm,),
    )
