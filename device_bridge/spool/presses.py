"""Presses in the spool: what is known when one comes, the step that it makes, and what is left to do for it.

`apply` is all that happens before a device is told *stored*: one transaction, nothing sealed but the bytes themselves,
to the bridge's own box. What follows is made from the row, and `complete` commits it whole.
"""

import json
import time
from dataclasses import dataclass
from typing import Final

from device_bridge.alarm import lineage, promise
from device_bridge.alarm.numbers import newest_of
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.sealing import StoredItem
from device_bridge.alarm.step import Known, Last, Remaining, Seen, Sending, Step
from device_bridge.spool import outbox, promises, yielding
from device_bridge.spool.reading import Reading
from device_bridge.spool.writing import Writing
from evidence import ids, schema
from evidence.statements.statement import Statement

SORTS: Final = ("real", "test", "tamper", "overdue")
_COLUMNS: Final = "n, alarm, pressed, raw, item, remaining"


@dataclass(frozen=True)
class Row:
    """One press as it is kept; `raw` is the device's message, sealed to the bridge, while it is needed."""

    n: int
    pressed: Pressed
    alarm: ids.AlarmId | None
    raw: bytes | None
    item: ids.ItemId | None
    remaining: Remaining | None


@dataclass(frozen=True)
class Evidence:
    """The sealed item of a press, and the statement about it."""

    item: StoredItem
    seal: Statement


@dataclass(frozen=True)
class Made:
    """What was made of a press: what is said of it, what routes are sent, evidence (None: no reader could open it)."""

    said: Statement
    dispatch: bytes | None
    evidence: Evidence | None


def known(reading: Reading, press: Pressed, *, anew: bool = False) -> Known:
    """Return what a decision about this press rests on; `anew`: it leaves an alarm that was closed without it."""
    last = []
    for sort in SORTS:
        row = reading.sql.execute(
            "SELECT alarm, generation FROM alarm WHERE device = ? AND sort = ? AND NOT is_open"
            " ORDER BY generation DESC, alarm DESC LIMIT 1",
            (press.device, sort),
        ).fetchone()
        if row is not None:
            last.append((sort, Last(ids.AlarmId(row[0]), int(row[1]))))
    covered = reading.sql.execute(
        "SELECT alarm FROM covered WHERE press = ?", (lineage.cover(press.identity),)
    ).fetchone()
    return Known(
        seen=None if anew else seen(reading, press.identity),
        newest=None if anew else reading.newest_press(press.device),
        test_window=reading.test_window_open(press.device, press.received_ms),
        open=tuple(reading.open_alarms(press.device)),
        promises=promises.held(reading, press.device),
        last=tuple(last),
        blind=reading.blind(),
        covered_by=None if covered is None else ids.AlarmId(covered[0]),
    )


def seen(reading: Reading, identity: ids.Sha256) -> Seen | None:
    """Return what became of a press, if it was stored before."""
    row = reading.sql.execute("SELECT alarm FROM press WHERE identity = ?", (identity,)).fetchone()
    return None if row is None else Seen(row[0] and ids.AlarmId(row[0]))


def apply(spool: Writing, step: Step, raw: bytes | None) -> None:
    """Store everything that a press changes; `raw` is its message, sealed to the bridge's own box."""
    for name in step.counts:
        spool.count(name)
    if step.is_known:
        return
    press = step.press
    spool.tell_peers("press", press.identity, b"")
    _add(spool, step, raw)
    if step.alarm is not None:
        spool.save_alarm(step.alarm, tell=step.tells)
    if step.tested:
        spool.note_test(press.device, press.received_ms)
    if step.promises is not None:
        promises.hold(spool, press.device, step.promises, time.time_ns() // 1_000_000)
    if step.alarm is not None and step.sending is not None:
        _send(spool, step.alarm.alarm, press, step.sending)


def _add(spool: Writing, step: Step, raw: bytes | None) -> None:
    press, remaining = step.press, step.remaining
    awaited = promise.awaits(step.promises or (), press.identity)
    spool.sql.execute(
        "DELETE FROM statement WHERE state IN ('making', 'kept') AND id IN (?, ?)", _places(press.identity)
    )
    (item,) = spool.sql.execute(
        "INSERT INTO press (identity, alarm, pressed, taken_ms, state, remaining, raw) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (identity) DO UPDATE SET alarm = excluded.alarm, state = excluded.state,"
        " remaining = excluded.remaining RETURNING item",
        (
            press.identity,
            step.belongs,
            _written(press),
            time.time_ns() // 1_000_000,
            "held" if awaited else "done" if remaining is None else "taken",
            None if remaining is None else _written(remaining),
            raw if awaited or remaining is not None else None,
        ),
    ).fetchone()
    newest = newest_of(press.number, spool.newest_press(press.device))
    if newest == press.number:
        spool.sql.execute(
            "INSERT INTO newest_press VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET boot = excluded.boot,"
            " counter = excluded.counter WHERE (excluded.boot, excluded.counter) > (boot, counter)",
            (press.device, press.boot, press.counter),
        )
    if remaining is not None:
        places = _places(press.identity)[item is not None :]
        rows = [(place, step.belongs, time.time_ns() // 1_000_000) for place in places]
        spool.sql.executemany(
            "INSERT INTO statement (id, alarm, dsse, state, queued_ms) VALUES (?, ?, x'', 'making', ?)", rows
        )
    if item is not None and step.belongs is not None:
        spool.sql.execute("UPDATE item SET alarm = ? WHERE item = ?", (step.belongs, item))


def _send(spool: Writing, alarm: ids.AlarmId, press: Pressed, sending: Sending) -> None:
    for route in sending.queue:
        outbox.queue(spool, alarm, route, b"", press.received_ms, press.identity)
    outbox.hold(spool, alarm, sending.hold, press.identity)
    for stage in sending.begun:
        outbox.release_stage(spool, alarm, stage)
    if sending.yields:
        yielding.give_way(spool, alarm, time.time_ns() // 1_000_000 + yielding.HANDOVER_MS)


def taken(reading: Reading, after: int, limit: int, state: str = "taken") -> list[Row]:
    """Return presses after place `after` for which something is left to do, the oldest first.

    `state` *unsealed*: only their evidence is.
    """
    query = f"SELECT {_COLUMNS} FROM press WHERE state = ? AND n > ? ORDER BY n LIMIT ?"  # noqa: S608 - our own names
    return [_row(*found) for found in reading.sql.execute(query, (state, after, limit)).fetchall()]


def row(reading: Reading, identity: ids.Sha256) -> Row | None:
    """Return a press, if it was stored."""
    query = f"SELECT {_COLUMNS} FROM press WHERE identity = ?"  # noqa: S608 - our own names
    found = reading.sql.execute(query, (identity,)).fetchone()
    return None if found is None else _row(*found)


def of_alarm(reading: Reading, alarm: ids.AlarmId) -> list[Row]:
    """Return every press that raised or joined an alarm, in the order in which they came."""
    query = f"SELECT {_COLUMNS} FROM press WHERE alarm = ? ORDER BY n"  # noqa: S608 - our own names
    return [_row(*found) for found in reading.sql.execute(query, (alarm,)).fetchall()]


def identities(reading: Reading, alarm: ids.AlarmId) -> list[ids.Sha256]:
    """Return the identity of every press that raised or joined an alarm."""
    query = "SELECT identity FROM press WHERE alarm = ? ORDER BY n"
    return [ids.Sha256(found[0]) for found in reading.sql.execute(query, (alarm,))]


def complete(spool: Writing, was: Row, made: Made) -> bool:
    """Store what was made of a press; False when the press has moved meanwhile, and must be made anew."""
    identity, present = was.pressed.identity, row(spool, was.pressed.identity)
    if present != was or was.alarm is None:
        return False
    seal_place, said_place = _places(identity)
    item = was.item
    if made.evidence is not None:
        item = made.evidence.item.item
        spool.add_item(was.alarm, made.evidence.item)
        _say(spool, seal_place, made.evidence.seal, item)
    elif was.raw is not None:
        spool.sql.execute("UPDATE statement SET state = 'kept' WHERE id = ? AND state = 'making'", (seal_place,))
    else:
        spool.sql.execute("DELETE FROM statement WHERE id = ? AND state = 'making'", (seal_place,))
    _say(spool, said_place, made.said, None)
    if made.dispatch is not None:
        outbox.fill_in(spool, identity, made.dispatch)
        if was.remaining is not None and not was.remaining.sends:
            outbox.refresh(spool, was.alarm, made.dispatch)
    query = "UPDATE press SET state = ?, item = ? WHERE identity = ?"
    spool.sql.execute(query, ("unsealed" if item is None and was.raw is not None else "done", item, identity))
    return True


def add_evidence(spool: Writing, was: Row, evidence: Evidence) -> None:
    """Store the evidence of a press that could be sealed to nobody when it came."""
    if was.alarm is None or row(spool, was.pressed.identity) != was:
        return
    item, seal = evidence.item, evidence.seal
    spool.add_item(was.alarm, item)
    _say(spool, _places(was.pressed.identity)[0], seal, item.item)
    query = "UPDATE press SET state = 'done', item = ? WHERE identity = ?"
    spool.sql.execute(query, (item.item, was.pressed.identity))


def is_any_taken(reading: Reading, alarm: ids.AlarmId) -> bool:
    """Whether something is left to do for a press of this alarm."""
    query = "SELECT 1 FROM press WHERE alarm = ? AND state = 'taken' LIMIT 1"
    return reading.sql.execute(query, (alarm,)).fetchone() is not None


def note_elsewhere(spool: Writing, identity: ids.Sha256, alarm: ids.AlarmId) -> None:
    """Remember into which alarm another bridge, or the journal, put a press that is here as well."""
    spool.sql.execute("INSERT OR REPLACE INTO elsewhere VALUES (?, ?)", (identity, alarm))


def elsewhere(reading: Reading, identity: ids.Sha256) -> ids.AlarmId | None:
    """Return the alarm that others have a press in: where they said that it is, or whose closing covers it."""
    query = "SELECT alarm FROM elsewhere WHERE press = ? UNION ALL SELECT alarm FROM covered WHERE press = ?"
    found = reading.sql.execute(query, (identity, lineage.cover(identity))).fetchone()
    return None if found is None else ids.AlarmId(found[0])


def remember(spool: Writing, press: Pressed, alarm: ids.AlarmId) -> None:
    """Remember a press that the journal has, so that nobody raises it anew by repeating it."""
    spool.sql.execute(
        "INSERT OR IGNORE INTO press (identity, alarm, pressed, taken_ms, state) VALUES (?, ?, ?, ?, 'done')",
        (press.identity, alarm, _written(press), press.received_ms),
    )


def fold(spool: Writing, orphan: ids.AlarmId, into: ids.AlarmId, *, sends: bool) -> None:
    """Let everything of an orphan belong to another alarm; `sends`: what was not sent yet still is."""
    for table in ("press", "item"):
        spool.sql.execute(f"UPDATE {table} SET alarm = ? WHERE alarm = ?", (into, orphan))  # noqa: S608 - one of two names
    if sends:
        spool.sql.execute(
            "UPDATE outbox SET alarm = ? WHERE alarm = ? AND state IN ('waiting', 'yielded')", (into, orphan)
        )
        spool.sql.execute("UPDATE held SET alarm = ? WHERE alarm = ? AND state = 'held'", (into, orphan))
        return
    spool.sql.execute("DELETE FROM held WHERE alarm = ?", (orphan,))
    spool.sql.execute(
        "UPDATE outbox SET state = 'dropped', sealed = x'' WHERE alarm = ? AND state IN ('waiting', 'yielded')",
        (orphan,),
    )


def left_behind(reading: Reading) -> list[ids.AlarmId]:
    """Return alarms that were folded into another and have presses here all the same."""
    query = (
        "SELECT alarm FROM alarm WHERE generation = -1"
        " AND EXISTS (SELECT 1 FROM press WHERE press.alarm = alarm.alarm) ORDER BY n"
    )
    return [ids.AlarmId(found[0]) for found in reading.sql.execute(query)]


def let_go(spool: Writing, item: ids.ItemId) -> None:
    """Destroy the message of a press, sealed as it was: the journal has its item."""
    spool.sql.execute("UPDATE press SET raw = NULL WHERE item = ? AND raw IS NOT NULL AND state = 'done'", (item,))


def oldest_raw_ms(reading: Reading) -> int | None:
    """Return when the oldest press came whose item the journal does not have (Unix milliseconds)."""
    query = "SELECT min(taken_ms) FROM press WHERE raw IS NOT NULL AND state <> 'held'"
    oldest: int | None = reading.sql.execute(query).fetchone()[0]
    return oldest


def unsealed_count(reading: Reading) -> int:
    """Return how many presses could be sealed to nobody."""
    return int(reading.sql.execute("SELECT count(*) FROM press WHERE state = 'unsealed'").fetchone()[0])


def _say(spool: Writing, place: str, said: Statement, item: ids.ItemId | None) -> None:
    """Put a statement where its place was kept; once, whoever made it."""
    spool.sql.execute(
        "UPDATE OR IGNORE statement SET id = ?, dsse = ?, item = ?, state = 'waiting'"
        " WHERE id = ? AND state IN ('making', 'kept')",
        (said.id, said.envelope.to_bytes(), item, place),
    )
    spool.sql.execute("DELETE FROM statement WHERE id = ? AND state IN ('making', 'kept')", (place,))


def _places(identity: ids.Sha256) -> tuple[str, str]:
    return f"{identity}/seal", f"{identity}/said"


def _written(value: object) -> bytes:
    return json.dumps(schema.encode(value)).encode()


def _row(
    n: int, alarm: str | None, pressed: bytes, raw: bytes | None, item: str | None, remaining: bytes | None
) -> Row:
    return Row(
        n,
        schema.decode(Pressed, json.loads(pressed)),
        None if alarm is None else ids.AlarmId(alarm),
        raw,
        None if item is None else ids.ItemId(item),
        None if remaining is None else schema.decode(Remaining, json.loads(remaining)),
    )
