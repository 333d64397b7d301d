"""One device as its caseworker sees it: what was wrong and how long, its tests and its presses.

From the spool of this bridge alone, so it reaches back as far as that does; a press's position is sealed and not here.
"""

import json
from typing import Any, Final

from device_bridge.alarm.life import Alarm
from device_bridge.spool.spool import Reading
from device_bridge.supervision.rules import TEST_EVERY_MS
from evidence import ids

PRESSES_SHOWN: Final = 50
CHANGES_READ: Final = 500
"""As many as the spool keeps of one device; a device that flaps more often than that is broken, and says so."""


def presses(reading: Reading, device: ids.DeviceId) -> list[dict[str, Any]]:
    """Return the newest alarms of a device, newest first: kind, moments, how often it was pressed, how it ended."""
    rows = reading.sql.execute(
        "SELECT document FROM alarm WHERE device = ? ORDER BY n DESC LIMIT ?", (device, PRESSES_SHOWN)
    )
    return [_press(Alarm.from_json(json.loads(row[0]))) for row in rows]


def missed_deadlines(reading: Reading, device: ids.DeviceId, now_ms: int) -> list[dict[str, int]]:
    """Return the silences of a device, newest first: since when and for how long (milliseconds; the last may go on)."""
    rows = reading.sql.execute(
        "SELECT at_ms, reasons FROM device_history WHERE device = ? ORDER BY n DESC LIMIT ?", (device, CHANGES_READ)
    ).fetchall()
    found: list[dict[str, int]] = []
    since: int | None = None
    for at_ms, reasons in reversed(rows):
        silent = "silent" in json.loads(reasons)
        if silent and since is None:
            since = at_ms
        elif not silent and since is not None:
            found.append({"since_ms": since, "for_ms": at_ms - since})
            since = None
    if since is not None:
        found.append({"since_ms": since, "for_ms": max(0, now_ms - since)})
    return found[::-1]


def due_test_ms(reading: Reading, device: ids.DeviceId) -> int | None:
    """Return when a device must be tested next (Unix milliseconds); None while nothing is known of it."""
    for query in (
        "SELECT at_ms FROM device_test WHERE device = ?",
        "SELECT since_ms FROM device_heard WHERE device = ?",
    ):
        row = reading.sql.execute(query, (device,)).fetchone()
        if row is not None:
            return int(row[0]) + TEST_EVERY_MS
    return None


def _press(alarm: Alarm) -> dict[str, Any]:
    accepted = next((entry.at for entry in alarm.history if entry.what == "accepted"), None)
    return {
        "alarm": alarm.alarm,
        "kind": alarm.kind,
        "raised_at": alarm.raised_at,
        "repeats": alarm.repeats,
        "flags": list(alarm.flags),
        "state": alarm.state,
        "accepted_at": accepted,
        "reason": None if alarm.closed is None else alarm.closed.reason,
    }
