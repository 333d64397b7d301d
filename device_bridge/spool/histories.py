"""Histories for the figures: when each route worked and each device was heard, and a spool read by another process."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_bridge.alarm.alarm import Alarm, Push
from device_bridge.errors import SpoolError
from device_bridge.spool.devices import Heard, all_heard, tests
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids

ALIVE: Final = "route-log.alive-ms"
"""The counter that holds when a bridge of this spool last ran (Unix milliseconds)."""

Changes = dict[str, list[tuple[int, bool | None]]]
"""What happened to each route or device, by its name, in order: since when (Unix milliseconds) it works or not; None
when nothing can be said."""


@dataclass(frozen=True)
class Histories:
    """What one spool tells; `alive_ms` is when its bridge last wrote a sign of life."""

    alarms: tuple[Alarm, ...]
    routes: Changes
    devices: Changes
    alive_ms: int | None
    heard: Mapping[ids.DeviceId, Heard]
    tested: Mapping[ids.DeviceId, int]
    """When each device was last tested (Unix milliseconds)."""


@dataclass(frozen=True)
class Stands:
    """A press and the alarm that it is in."""

    identity: ids.Sha256
    alarm: ids.AlarmId
    push: Push


def alive_ms(reading: Reading) -> int | None:
    """Return when a bridge of this spool last ran (Unix milliseconds)."""
    return reading.counters().get(ALIVE)


def note_routes(writing: Writing, states: Iterable[tuple[str, int, bool]]) -> None:
    """Write down (route, since when in Unix milliseconds, whether it works)."""
    writing.sql.executemany("INSERT INTO route_history (route, at_ms, up) VALUES (?, ?, ?)", states)


def note_alive(writing: Writing, now_ms: int) -> None:
    """Write down that a bridge of this spool runs at `now_ms`."""
    writing.sql.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (ALIVE, now_ms))


def read(spool: Path, newest: int | None = None) -> Histories:
    """Read the spool of another process, read-only, with its `newest` alarms at most; SpoolError when it cannot be."""
    try:
        with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as connection:
            query = "SELECT document FROM alarm ORDER BY n DESC LIMIT ?"
            documents = connection.execute(query, (-1 if newest is None else newest,)).fetchall()[::-1]
            routes = _by_name(connection.execute("SELECT route, at_ms, up FROM route_history ORDER BY n"))
            devices = _by_name(
                connection.execute(
                    "SELECT device, at_ms, CASE WHEN reasons LIKE '%not-watched%' THEN NULL"
                    " ELSE reasons NOT LIKE '%silent%' AND reasons NOT LIKE '%never-heard%' END"
                    " FROM device_history ORDER BY n"
                )
            )
            reading = Reading(connection)
            alive, heard, tested = alive_ms(reading), all_heard(reading), tests(reading)
    except sqlite3.Error as error:
        raise SpoolError(f"the spool {spool} cannot be read: {error}") from error
    return Histories(
        tuple(Alarm.from_json(json.loads(row[0])) for row in documents), routes, devices, alive, heard, tested
    )


def presses(spool: Path, alarms: Iterable[ids.AlarmId]) -> list[Stands]:
    """Return where the spool of another process has the presses of these alarms; cancels and check-ins are none."""
    query = (
        "SELECT identity, alarm, json_extract(CAST(pressed AS TEXT), '$.boot'),"
        " json_extract(CAST(pressed AS TEXT), '$.counter') FROM press"
        " WHERE alarm = ? AND json_extract(CAST(pressed AS TEXT), '$.kind') NOT IN ('cancel', 'check-in')"
    )
    try:
        with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as connection:
            rows = [row for alarm in alarms for row in connection.execute(query, (alarm,))]
    except sqlite3.Error as error:
        raise SpoolError(f"the spool {spool} cannot be read: {error}") from error
    return [Stands(identity, alarm, Push(boot, counter)) for identity, alarm, boot, counter in rows]


def _by_name(rows: Iterable[tuple[str, int, int | None]]) -> Changes:
    changes: Changes = {}
    for name, at_ms, works in rows:
        changes.setdefault(name, []).append((at_ms, None if works is None else bool(works)))
    return changes
