"""Reads a bridge's spool for its figures, without disturbing the bridge: read-only, also while it runs."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Final

from device_bridge import figures
from device_bridge.alarm import Alarm
from device_bridge.errors import SpoolError
from device_bridge.escalation import unix_ms
from device_bridge.figures import Availability, Report

DAY_MS: Final = 24 * 3600 * 1000


def read(spool: Path, days: int, newest: int | None = None) -> Report:
    """Return the figures of the last `days` (of the `newest` alarms at most); SpoolError when it cannot be read."""
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms - days * DAY_MS
    try:
        connection = sqlite3.connect(f"file:{spool}?mode=ro", uri=True)
        try:
            query = "SELECT document FROM alarm ORDER BY n DESC LIMIT ?"
            documents = connection.execute(query, (-1 if newest is None else newest,)).fetchall()[::-1]
            alarms = [Alarm.from_json(json.loads(row[0])) for row in documents]
            recent = [alarm for alarm in alarms if unix_ms(alarm.raised_at) >= start_ms]
            made = figures.report(recent, now_ms)
            routes = connection.execute("SELECT route, at_ms, up FROM route_history ORDER BY n").fetchall()
            devices = connection.execute(
                "SELECT device, at_ms, reasons NOT LIKE '%silent%' AND reasons NOT LIKE '%never-heard%'"
                " FROM device_history ORDER BY n"
            ).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SpoolError(f"the spool {spool} cannot be read: {error}") from error
    return Report(
        made.alarms,
        made.tests,
        made.open,
        made.stages,
        made.missed,
        made.escalated,
        _availabilities(routes, start_ms, now_ms),
        _availabilities(devices, start_ms, now_ms),
    )


def _availabilities(rows: list[tuple[str, int, int]], start_ms: int, end_ms: int) -> tuple[Availability, ...]:
    changes: dict[str, list[tuple[int, bool]]] = {}
    for name, at_ms, works in rows:
        changes.setdefault(name, []).append((at_ms, bool(works)))
    found = (figures.availability(name, one, start_ms, end_ms) for name, one in sorted(changes.items()))
    return tuple(one for one in found if one is not None)
