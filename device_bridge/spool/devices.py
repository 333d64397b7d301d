"""Rows about devices: signs of life, tests, and the changes of their state, written by supervision alone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from device_bridge.spool.connection import Spool
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from device_bridge.wire.message import PressId
from evidence import ids

MAX_HISTORY_ROWS: Final = 200
"""Changes kept of each device; a broken radio must not fill the disk."""

NOT_WATCHED: Final = "not-watched"
"""The reason that stands alone when a device was given back: from then on this bridge says nothing of it."""


@dataclass(frozen=True)
class Heard:
    """Since when a device is known and when it was last heard (Unix milliseconds), and its battery then (percent)."""

    since_ms: int
    heard_ms: int | None
    battery: int | None


@dataclass(frozen=True)
class Change:
    """What was wrong with a device from a moment on; nothing: it was in order."""

    at_ms: int
    reasons: tuple[str, ...]


def heard(reading: Reading, device: ids.DeviceId) -> Heard | None:
    """Return the last sign of life that was written down; None when there is none."""
    query = "SELECT since_ms, heard_ms, battery FROM device_heard WHERE device = ?"
    row = reading.sql.execute(query, (device,)).fetchone()
    return None if row is None else Heard(*row)


def all_heard(reading: Reading) -> dict[ids.DeviceId, Heard]:
    """Return the last sign of life of every device that was written down."""
    rows = reading.sql.execute("SELECT device, since_ms, heard_ms, battery FROM device_heard")
    return {name: Heard(*row) for name, *row in rows}


def note_heard(writing: Writing, device: ids.DeviceId, sign: Heard) -> None:
    """Write down a sign of life in the place of the one before."""
    row = (device, sign.since_ms, sign.heard_ms, sign.battery)
    writing.sql.execute("INSERT OR REPLACE INTO device_heard VALUES (?, ?, ?, ?)", row)


@dataclass(frozen=True)
class Numbers:
    """The newest numbers that a device's life signs bore: of those that follow each other, and of those far ahead."""

    newest: PressId | None = None
    ahead: PressId | None = None


def numbers(spool: Spool, device: ids.DeviceId) -> Numbers:
    """Return the newest numbers that were written down; none when there are none."""
    query = "SELECT boot, counter, ahead_boot, ahead_counter FROM newest_sign WHERE device = ?"
    row = spool.read().sql.execute(query, (device,)).fetchone()
    if row is None:
        return Numbers()
    return Numbers(None if row[0] is None else PressId(*row[:2]), None if row[2] is None else PressId(*row[2:]))


def note_numbers(writing: Writing, device: ids.DeviceId, known: Numbers) -> None:
    """Write down the newest numbers in the place of those before: after a restart nothing older is believed."""
    pairs = [(None, None) if one is None else (one.boot, one.counter) for one in (known.newest, known.ahead)]
    row = (device, *pairs[0], *pairs[1])
    writing.sql.execute("INSERT OR REPLACE INTO newest_sign VALUES (?, ?, ?, ?, ?)", row)


def tests(reading: Reading) -> dict[ids.DeviceId, int]:
    """Return when each device was last tested (Unix milliseconds)."""
    return dict(reading.sql.execute("SELECT device, at_ms FROM device_test"))


def tampered(reading: Reading) -> set[ids.DeviceId]:
    """Return the devices whose tamper alarm is open."""
    return {row[0] for row in reading.sql.execute("SELECT device FROM alarm WHERE is_open AND sort = 'tamper'")}


def changes(reading: Reading, device: ids.DeviceId, limit: int) -> Iterator[Change]:
    """Yield the newest changes of a device's state, the newest first."""
    rows = reading.sql.execute(
        "SELECT at_ms, reasons FROM device_history WHERE device = ? ORDER BY n DESC LIMIT ?", (device, limit)
    )
    return (Change(at_ms, tuple(json.loads(reasons))) for at_ms, reasons in rows.fetchall())


def add_change(writing: Writing, device: ids.DeviceId, at_ms: int, reasons: Sequence[str]) -> None:
    """Write down that the state of a device changed at `at_ms`; the oldest changes make room."""
    writing.sql.execute(
        "INSERT INTO device_history (device, at_ms, reasons) VALUES (?, ?, ?)", (device, at_ms, json.dumps(reasons))
    )
    writing.sql.execute(
        "DELETE FROM device_history WHERE device = ? AND n <="
        " (SELECT n FROM device_history WHERE device = ? ORDER BY n DESC LIMIT 1 OFFSET ?)",
        (device, device, MAX_HISTORY_ROWS),
    )
