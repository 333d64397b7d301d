"""Changes to a spool, inside one transaction: nobody is told of them before it was committed."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from device_bridge.alarm import merging
from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import next_step
from device_bridge.alarm.life import sort_of
from device_bridge.alarm.sealing import StoredItem
from device_bridge.errors import SpoolError
from device_bridge.spool.reading import Reading
from device_bridge.wire.message import PressId
from evidence import ids

MAX_QUARANTINE_ROWS: Final = 10_000
"""Poison is kept to be looked at, not to fill the disk; the counter goes on counting."""


class Writing(Reading):
    """Changes to the spool, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, *, shared: bool = False) -> None:
        super().__init__(connection)
        self.shared = shared

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Undo what one message did, and only that, when it turns out to be poison.

        SpoolError for a fault of the disk, which is no fault of the message.
        """
        self.sql.execute("SAVEPOINT message")
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.InternalError) as error:
            raise SpoolError(f"the spool could not be written: {error}") from error
        except BaseException:
            self.sql.execute("ROLLBACK TO message")
            self.sql.execute("RELEASE message")
            raise
        self.sql.execute("RELEASE message")

    def note_position(self, device: ids.DeviceId, position: PressId) -> bool:
        """Remember the newest position of a device by its number; False for one that is not newer."""
        before = self.sql.total_changes
        self.sql.execute(
            "INSERT INTO newest_position VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET boot = excluded.boot,"
            " counter = excluded.counter WHERE (excluded.boot, excluded.counter) > (boot, counter)",
            (device, position.boot, position.counter),
        )
        return self.sql.total_changes > before

    def save_alarm(self, alarm: Alarm, *, tell: bool = True) -> None:
        """Store an alarm as it is now, when it is to be looked at again, and which presses its closing covers.

        `tell` other bridges, unless the change is a press, which they take themselves.
        """
        step = next_step(alarm)
        if step is None:
            self.sql.execute("DELETE FROM deadline WHERE alarm = ?", (alarm.alarm,))
        else:
            self.sql.execute("INSERT OR REPLACE INTO deadline VALUES (?, ?)", (alarm.alarm, step[0]))
        self.sql.execute(
            "INSERT INTO alarm (alarm, device, sort, is_open, document, generation, orphan)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (alarm) DO UPDATE SET is_open = excluded.is_open, document = excluded.document,"
            " generation = excluded.generation, orphan = excluded.orphan",
            (
                alarm.alarm,
                alarm.device,
                sort_of(alarm.kind),
                alarm.is_open,
                json.dumps(alarm.to_json()).encode(),
                -1 if alarm.folded_into else alarm.generation or 0,  # nothing follows what was another alarm
                bool(alarm.orphan and alarm.folded_into is None),
            ),
        )
        self.cover(alarm)
        if tell:
            self.tell_peers("alarm", alarm.alarm, b"")

    def cover(self, alarm: Alarm) -> None:
        """Note which presses the closing of an alarm covers; nothing of one that is open."""
        if not alarm.is_open:
            covers = [(press, alarm.alarm) for press in merging.covered(alarm) or ()]
            self.sql.executemany("INSERT OR IGNORE INTO covered VALUES (?, ?)", covers)

    def tell_peers(self, kind: str, key: str, body: bytes) -> None:
        """Note news for other bridges; newer news of the same thing takes the place of older. Nothing without peers."""
        if self.shared:
            self.sql.execute(
                "INSERT OR REPLACE INTO news (kind, key, body, at_ms) VALUES (?, ?, ?, ?)",
                (kind, key, body, time.time_ns() // 1_000_000),
            )

    def add_item(self, alarm: ids.AlarmId, item: StoredItem) -> None:
        """Store the sealed item of a press."""
        self.sql.execute(
            "INSERT INTO item (item, alarm, sha256, container, boot, counter) VALUES (?, ?, ?, ?, ?, ?)",
            (item.item, alarm, item.sha256, item.container, item.press.boot, item.press.counter),
        )

    def queue_statement(
        self, name: ids.Sha256, alarm: ids.AlarmId, dsse: bytes, item: ids.ItemId | None = None
    ) -> bool:
        """Queue a statement for the journal, behind all before it; False if it was queued before.

        With `item`, the container of that item goes into the blob store first.
        """
        before = self.sql.total_changes
        self.sql.execute(
            "INSERT OR IGNORE INTO statement (id, alarm, item, dsse, queued_ms) VALUES (?, ?, ?, ?, ?)",
            (name, alarm, item, dsse, time.time_ns() // 1_000_000),
        )
        return self.sql.total_changes > before

    def mark_statement(self, n: int, state: str, detail: str) -> None:
        """Record that the journal took (`sent`) or will never take (`refused`) a statement."""
        self.sql.execute("UPDATE statement SET state = ?, detail = ? WHERE n = ?", (state, detail, n))

    def offer_again(self) -> None:
        """Let statements that came to the journal before what they are about (`early`) be offered once more."""
        self.sql.execute("UPDATE statement SET state = 'waiting' WHERE state = 'early'")

    def quarantine(
        self, name: str, at: ids.Time, topic: str, reason: str, sealed: bytes, *, authentic: bool = False
    ) -> bool:
        """Keep sealed bytes of a stranger, with the reason; the oldest make room. False when they lie there already.

        `authentic`: a device signed them, and a fault of ours kept them from being a press.
        """
        before = self.sql.total_changes
        self.sql.execute(
            "INSERT OR IGNORE INTO quarantine (name, at, topic, reason, sealed, authentic) VALUES (?, ?, ?, ?, ?, ?)",
            (name, at, topic, reason, sealed, authentic),
        )
        if self.sql.total_changes == before:
            return False
        self.sql.execute(
            "DELETE FROM quarantine WHERE n <= (SELECT max(n) FROM quarantine) - ?", (MAX_QUARANTINE_ROWS,)
        )
        return True

    def count(self, name: str, by: int = 1) -> None:
        """Add to a named counter."""
        self.sql.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n",
            (name, by),
        )

    def know(self) -> None:
        """Note that other bridges, or the journal, told of every alarm that there was."""
        self.sql.execute("DELETE FROM blind")

    def note_test(self, device: ids.DeviceId, at_ms: int) -> None:
        """Remember when a device was last tested."""
        self.sql.execute("INSERT OR REPLACE INTO device_test VALUES (?, ?)", (device, at_ms))

    def open_test_window(self, device: ids.DeviceId, until_ms: int) -> None:
        """Announce a test of `device`, up to the moment `until_ms` (Unix milliseconds)."""
        self.sql.execute("INSERT OR REPLACE INTO test_window VALUES (?, ?)", (device, until_ms))
        self.tell_peers("window", device, str(until_ms).encode())
