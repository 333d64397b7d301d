"""Promises in the spool: check-ins that are awaited, with the press that each came as, sealed to the bridge's own box.

A promise that was kept leaves nothing behind: its bytes are destroyed when her code ends it, or an alarm takes its
place.
"""

import json
from contextlib import suppress
from typing import Final

from device_bridge.alarm.promise import LATE_MS, Promise
from device_bridge.clock import Step
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids, schema
from evidence.errors import EvidenceError

_MAX_DUE: Final = 100
"""Run out in one turn; the next turn follows at once."""


def held(reading: Reading, device: ids.DeviceId) -> tuple[Promise, ...]:
    """Return what is held of a device, in no order; one that cannot be read still runs out, and holds up no press."""
    rows = reading.sql.execute("SELECT document, due_ms FROM promise WHERE device = ? ORDER BY press", (device,))
    found = []
    for document, due_ms in rows.fetchall():
        with suppress(EvidenceError, ValueError):
            found.append(schema.decode(Promise, {**json.loads(document), "due_ms": due_ms}))
    return tuple(found)


def hold(spool: Writing, device: ids.DeviceId, now_held: tuple[Promise, ...], now_ms: int) -> None:
    """Hold these promises of a device and no others; one that is new and late waits for what stands behind it."""
    before = {one.press for one in held(spool, device)}
    for press in before - {one.press for one in now_held}:
        forget(spool, press)
    for one in now_held:
        if one.due_ms is None:
            _let_go(spool, one.press)
        due_ms = one.due_ms if one.due_ms is None or one.press in before else max(one.due_ms, now_ms + LATE_MS)
        spool.sql.execute(
            "INSERT INTO promise VALUES (?, ?, ?, ?, ?) ON CONFLICT (press) DO UPDATE SET due_ms = excluded.due_ms",
            (one.press, device, due_ms, now_ms, json.dumps(schema.encode(one)).encode()),
        )


def awaited(reading: Reading) -> tuple[int, int | None]:
    """Return how many devices have a promise that is awaited, and when the first of them is due (Unix milliseconds)."""
    query = "SELECT count(DISTINCT device), min(due_ms) FROM promise WHERE due_ms IS NOT NULL"
    devices, first_ms = reading.sql.execute(query).fetchone()
    return int(devices), first_ms


def due(reading: Reading, now_ms: int) -> list[ids.Sha256]:
    """Return the check-ins whose moment has passed, the longest overdue first."""
    query = "SELECT press FROM promise WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
    return [ids.Sha256(row[0]) for row in reading.sql.execute(query, (now_ms, _MAX_DUE)).fetchall()]


def settle(spool: Writing, press: ids.Sha256) -> None:
    """Await a promise no longer: an alarm is open for it."""
    spool.sql.execute("UPDATE promise SET due_ms = NULL WHERE press = ?", (press,))


def forget(spool: Writing, press: ids.Sha256) -> None:
    """Hold a promise no longer."""
    spool.sql.execute("DELETE FROM promise WHERE press = ?", (press,))
    _let_go(spool, press)


def wait_for_news(spool: Writing, now_ms: int) -> None:
    """Let nothing run out before others were heard: this bridge was away, and it may have been ended meanwhile."""
    spool.sql.execute("UPDATE promise SET due_ms = ? WHERE due_ms < ?", (now_ms + LATE_MS, now_ms + LATE_MS))


def carry(spool: Writing, step: Step) -> None:
    """Keep every promise as far away as it was, after the wall clock was set."""
    rows = spool.sql.execute("SELECT press, since_ms FROM promise WHERE due_ms IS NOT NULL").fetchall()
    spool.sql.executemany(
        "UPDATE promise SET due_ms = due_ms + ?, since_ms = since_ms + ? WHERE press = ?",
        [(step.ms, step.ms, press) for press, since_ms in rows if not step.stamped_after(since_ms)],
    )


def _let_go(spool: Writing, press: ids.Sha256) -> None:
    spool.sql.execute("UPDATE press SET raw = NULL, state = 'done' WHERE identity = ? AND state = 'held'", (press,))
