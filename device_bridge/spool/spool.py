"""The bridge's own durable memory: SQLite with `synchronous=FULL`, a file that no other process writes.

A press is committed here before anyone is told *stored*; nothing else is waited for. No position, name or address
is ever written in clear: an alarm item is stored as its sealed container, what a route must still send and what
was refused are sealed to the bridge's own box key before they get here.
"""

import fcntl
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from device_bridge.alarm.escalation import next_step
from device_bridge.alarm.life import Alarm, sort_of
from device_bridge.alarm.sealing import StoredItem
from device_bridge.errors import SpoolError, UnknownAlarmError
from device_bridge.wire.message import PressId
from evidence import ids

_BUSY_TIMEOUT_S: Final = 10.0
"""Only a reader's checkpoint can hold the file; a longer wait is a fault worth an error."""

GIVE_WAY_S: Final = 0.5
"""How long others give way to presses at most: deadlines must be kept in a storm of presses too."""

RESTORED: Final = "spool.restored"
"""A note beside a spool that came out of a backup (`getuige restore` writes it): time has passed since."""

MAX_QUARANTINE_ROWS: Final = 10_000
"""Poison is kept to be looked at, not to fill the disk; the counter goes on counting."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS press (
  cose_sha256 BLOB PRIMARY KEY, device TEXT NOT NULL, boot INTEGER NOT NULL, counter INTEGER NOT NULL,
  alarm TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest_press (
  device TEXT PRIMARY KEY, boot INTEGER NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest_position (
  device TEXT PRIMARY KEY, boot INTEGER NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL UNIQUE, device TEXT NOT NULL, sort TEXT NOT NULL,
  is_open INTEGER NOT NULL, document BLOB NOT NULL, generation INTEGER NOT NULL DEFAULT 0);
DROP INDEX IF EXISTS one_open_alarm;
CREATE INDEX IF NOT EXISTS open_alarm ON alarm (device, sort) WHERE is_open;
CREATE INDEX IF NOT EXISTS alarm_of_device ON alarm (device, sort);
CREATE TABLE IF NOT EXISTS news (
  n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
  at_ms INTEGER NOT NULL, UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS peer (
  url TEXT PRIMARY KEY, spool TEXT NOT NULL, heard INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool_id (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS item (
  n INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL UNIQUE, alarm TEXT NOT NULL, sha256 TEXT NOT NULL,
  container BLOB NOT NULL, dropped INTEGER NOT NULL DEFAULT 0, boot INTEGER NOT NULL DEFAULT 0,
  counter INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS item_of_alarm ON item (alarm, n);
CREATE INDEX IF NOT EXISTS item_kept ON item (n) WHERE NOT dropped;
CREATE TABLE IF NOT EXISTS statement (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, alarm TEXT NOT NULL, item TEXT,
  dsse BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', detail TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS statement_waiting ON statement (n) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS statement_of_item ON statement (item) WHERE item IS NOT NULL;
CREATE INDEX IF NOT EXISTS statement_early ON statement (n) WHERE state = 'early';
CREATE TABLE IF NOT EXISTS outbox (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL, route TEXT NOT NULL, sealed BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  withdraws INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_of_alarm ON outbox (alarm, route);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (route, due_ms) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS outbox_yielded ON outbox (due_ms) WHERE state = 'yielded';
CREATE TABLE IF NOT EXISTS held (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL, route TEXT NOT NULL, stage INTEGER NOT NULL,
  instead_of TEXT NOT NULL, sealed BLOB NOT NULL, due_ms INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'held');
CREATE INDEX IF NOT EXISTS held_of_alarm ON held (alarm, stage);
CREATE INDEX IF NOT EXISTS held_due ON held (due_ms) WHERE state = 'held' AND stage = 0;
CREATE TABLE IF NOT EXISTS deadline (alarm TEXT PRIMARY KEY, due_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deadline_due ON deadline (due_ms);
CREATE TABLE IF NOT EXISTS quarantine (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
  sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS device_heard (
  device TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, heard_ms INTEGER, battery INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_test (device TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_history (
  n INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, at_ms INTEGER NOT NULL, reasons TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_of_device ON device_history (device, n);
CREATE TABLE IF NOT EXISTS route_history (
  n INTEGER PRIMARY KEY AUTOINCREMENT, route TEXT NOT NULL, at_ms INTEGER NOT NULL, up INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS test_window (device TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class WaitingStatement:
    """A signed statement on its way to the journal, and the item whose container goes before it."""

    n: int
    statement: ids.Sha256
    item: ids.ItemId | None
    dsse: bytes


@dataclass(frozen=True)
class Seen:
    """A press that was stored before, and the alarm that it raised or joined (None for a stray cancel)."""

    alarm: ids.AlarmId | None


class Spool:
    """Opens the spool at `path` and holds it alone until `close`. SpoolError when that cannot be done.

    `shared`: other bridges ask for what it stores (`device_bridge.spool.replication`).
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self.path = path
        self.shared = shared
        self._lock = threading.Lock()
        self._no_press_waits = threading.Event()
        self._no_press_waits.set()
        self._readers = threading.local()
        self._held = _hold(path.with_suffix(".lock"))
        try:
            self._connection = _connect(path)
            _upgrade(self._connection)
            self._connection.executescript(_SCHEMA)
            self._begin_anew(path.with_name(RESTORED))
        except sqlite3.Error as error:
            os.close(self._held)
            raise SpoolError(f"the spool {path} cannot be opened: {error}") from error

    def _begin_anew(self, note: Path) -> None:
        """After a restore: send nothing that was waiting then, and let other bridges hear everything once more."""
        if not note.exists():
            return
        with self.write() as writing:
            for table in ("spool_id", "held"):
                writing.sql.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names
            writing.sql.execute(
                "UPDATE outbox SET state = 'dropped', sealed = x'' WHERE state IN ('waiting', 'yielded')"
            )
            writing.count("restored")
        note.unlink()

    def close(self) -> None:
        """Let go of the file; what was committed stays."""
        with self._lock:
            self._connection.close()
        os.close(self._held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def write(self, *, press: bool = False) -> Iterator["Writing"]:
        """One durable transaction: when the block ends it is on disk. SpoolError means that nothing is.

        Presses (`press`) go before everyone else who waits to write: a lock alone is not fair, and who catches up with
        a long list would take it again and again.
        """
        if press:
            self._no_press_waits.clear()
        else:
            self._no_press_waits.wait(GIVE_WAY_S)
        with self._lock:
            if press:
                self._no_press_waits.set()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield Writing(self._connection, shared=self.shared)
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise SpoolError(f"the spool could not be written: {error}") from error

    def empty_log(self) -> bool:
        """Move what was committed from SQLite's log into the file and cut the log off; False while a reader needs it.

        What was deleted is then overwritten in the one and gone from the other. Presses wait for a few pages at most:
        the first pass does the work without any lock of theirs, and nobody is waited for.
        """
        with closing(_connect(self.path)) as beside:
            beside.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._no_press_waits.wait(GIVE_WAY_S)
        with self._lock:
            try:
                self._connection.execute("PRAGMA busy_timeout = 0")
                try:
                    busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}")
            except sqlite3.Error as error:
                raise SpoolError(f"the spool's log could not be emptied: {error}") from error
        return not busy

    def read(self) -> "Reading":
        """Read what is committed, on a connection of the calling thread: readers never hold up a press."""
        if not hasattr(self._readers, "connection"):
            self._readers.connection = _connect(self.path)
        return Reading(self._readers.connection)


class Reading:
    """Questions to the spool."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sql = connection

    def seen(self, cose_sha256: bytes) -> Seen | None:
        """Return what became of a press with exactly these bytes, if it was stored before."""
        row = self.sql.execute("SELECT alarm FROM press WHERE cose_sha256 = ?", (cose_sha256,)).fetchone()
        return None if row is None else Seen(row[0] and ids.AlarmId(row[0]))

    def newest_press(self, device: ids.DeviceId) -> PressId | None:
        """Return the highest press id that this device ever sent."""
        row = self.sql.execute("SELECT boot, counter FROM newest_press WHERE device = ?", (device,)).fetchone()
        return None if row is None else PressId(*row)

    def alarm(self, alarm: ids.AlarmId) -> Alarm:
        """Return an alarm; UnknownAlarmError if there is none of that id."""
        row = self.sql.execute("SELECT document FROM alarm WHERE alarm = ?", (alarm,)).fetchone()
        if row is None:
            raise UnknownAlarmError("there is no such alarm")
        return _alarm(row[0])

    def open_alarm(self, device: ids.DeviceId, sort: str) -> Alarm | None:
        """Return the open alarm that a press of this sort joins, if there is one."""
        row = self.sql.execute(
            "SELECT document FROM alarm WHERE device = ? AND sort = ? AND is_open"
            " ORDER BY generation DESC, alarm LIMIT 1",
            (device, sort),
        ).fetchone()
        return None if row is None else _alarm(row[0])

    def newest_closed(self, device: ids.DeviceId, sort: str, limit: int) -> list[Alarm]:
        """Return the closed alarms of this sort that a press cannot join any more, the newest first."""
        rows = self.sql.execute(
            "SELECT document FROM alarm WHERE device = ? AND sort = ? AND NOT is_open"
            " ORDER BY generation DESC, n DESC LIMIT ?",
            (device, sort, limit),
        )
        return [_alarm(row[0]) for row in rows]

    def presses_of(self, alarm: ids.AlarmId) -> list[bytes]:
        """Return the SHA-256 of every press that raised or joined an alarm."""
        return [bytes(row[0]) for row in self.sql.execute("SELECT cose_sha256 FROM press WHERE alarm = ?", (alarm,))]

    def open_alarms(self, device: ids.DeviceId) -> list[Alarm]:
        """Return every open alarm of a device, the oldest first."""
        rows = self.sql.execute("SELECT document FROM alarm WHERE device = ? AND is_open ORDER BY n", (device,))
        return [_alarm(row[0]) for row in rows]

    def all_open_alarms(self) -> list[Alarm]:
        """Return every open alarm of every device, the oldest first."""
        return [_alarm(row[0]) for row in self.sql.execute("SELECT document FROM alarm WHERE is_open ORDER BY n")]

    def alarms_due(self, now_ms: int, limit: int) -> list[ids.AlarmId]:
        """Return alarms for which something happens now because no human did anything, the longest due first."""
        query = "SELECT alarm FROM deadline WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
        return [ids.AlarmId(row[0]) for row in self.sql.execute(query, (now_ms, limit))]

    def newest_alarms(self, closed_limit: int) -> list[Alarm]:
        """Return all open alarms and the newest `closed_limit` closed ones, newest first."""
        rows = self.sql.execute(
            "SELECT document FROM alarm WHERE is_open OR n IN"
            " (SELECT n FROM alarm WHERE NOT is_open ORDER BY n DESC LIMIT ?) ORDER BY n DESC",
            (closed_limit,),
        )
        return [_alarm(row[0]) for row in rows]

    def newest_item(self, alarm: ids.AlarmId) -> StoredItem | None:
        """Return the sealed item of the alarm's newest press: the freshest position is in there. None once let go."""
        row = self.sql.execute(
            "SELECT item, sha256, container, boot, counter FROM item WHERE alarm = ? AND NOT dropped"
            " ORDER BY n DESC LIMIT 1",
            (alarm,),
        ).fetchone()
        return None if row is None else StoredItem(row[0], row[1], row[2], PressId(row[3], row[4]))

    def container(self, item: ids.ItemId) -> bytes:
        """Return the sealed container of an item that this spool stored."""
        row = self.sql.execute("SELECT container FROM item WHERE item = ?", (item,)).fetchone()
        if row is None:
            raise SpoolError("the spool has lost a container")
        return bytes(row[0])

    def waiting_statements(self, limit: int) -> list[WaitingStatement]:
        """Return statements that the journal does not have yet, in the order in which they were made."""
        rows = self.sql.execute(
            "SELECT n, id, item, dsse FROM statement WHERE state = 'waiting' ORDER BY n LIMIT ?", (limit,)
        )
        return [WaitingStatement(*row) for row in rows]

    def test_window_open(self, device: ids.DeviceId, at_ms: int) -> bool:
        """Whether a test of this device was announced and is still awaited."""
        row = self.sql.execute("SELECT until_ms FROM test_window WHERE device = ?", (device,)).fetchone()
        return row is not None and at_ms < int(row[0])

    def counters(self) -> dict[str, int]:
        """Return everything that is counted, by name."""
        return dict(self.sql.execute("SELECT name, n FROM counter"))

    def early_statements(self) -> bool:
        """Whether a statement came to the journal before what it is about."""
        return self.sql.execute("SELECT 1 FROM statement WHERE state = 'early' LIMIT 1").fetchone() is not None

    def waiting_statements_count(self) -> int:
        """Return how many statements the journal does not have yet."""
        query = "SELECT count(*) FROM statement WHERE state IN ('waiting', 'early')"
        return int(self.sql.execute(query).fetchone()[0])

    def waiting_deliveries_count(self) -> int:
        """Return how many deliveries on routes have no final outcome yet."""
        return int(self.sql.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0])


class Writing(Reading):
    """Changes to the spool, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, *, shared: bool = False) -> None:
        super().__init__(connection)
        self.shared = shared

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Undo what one message did, and only that, when it turns out to be poison."""
        self.sql.execute("SAVEPOINT message")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK TO message")
            self.sql.execute("RELEASE message")
            raise
        self.sql.execute("RELEASE message")

    def add_press(self, cose_sha256: bytes, device: ids.DeviceId, press: PressId, alarm: ids.AlarmId | None) -> None:
        """Remember a press and the alarm that it raised or joined."""
        self.sql.execute(
            "INSERT INTO press VALUES (?, ?, ?, ?, ?)",
            (cose_sha256, device, press.boot, press.counter, alarm),
        )
        newest = max(press, self.newest_press(device) or press)
        self.sql.execute("INSERT OR REPLACE INTO newest_press VALUES (?, ?, ?)", (device, newest.boot, newest.counter))

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
        """Store a new alarm or its changed form, and when it is to be looked at again.

        `tell` other bridges, unless the change is a press, which they take themselves.
        """
        step = next_step(alarm)
        if step is None:
            self.sql.execute("DELETE FROM deadline WHERE alarm = ?", (alarm.alarm,))
        else:
            self.sql.execute("INSERT OR REPLACE INTO deadline VALUES (?, ?)", (alarm.alarm, step[0]))
        self.sql.execute(
            "INSERT INTO alarm (alarm, device, sort, is_open, document, generation) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (alarm) DO UPDATE SET is_open = excluded.is_open, document = excluded.document",
            (
                alarm.alarm,
                alarm.device,
                sort_of(alarm.kind),
                alarm.is_open,
                json.dumps(alarm.to_json()).encode(),
                alarm.generation or 0,
            ),
        )
        if tell:
            self.tell_peers("alarm", alarm.alarm, b"")

    def tell_peers(self, kind: str, key: str, body: bytes) -> None:
        """Note news for other bridges; newer news of the same thing takes the place of older. Nothing without peers."""
        if self.shared:
            self.sql.execute(
                "INSERT OR REPLACE INTO news (kind, key, body, at_ms) VALUES (?, ?, ?, ?)",
                (kind, key, body, time.time_ns() // 1_000_000),
            )

    def forget_press(self, cose_sha256: bytes) -> None:
        """Forget that a press was taken: it is going to be taken anew, into another alarm."""
        self.sql.execute("DELETE FROM press WHERE cose_sha256 = ?", (cose_sha256,))

    def move_item(self, item: ids.ItemId, alarm: ids.AlarmId) -> bool:
        """Let a sealed item that is stored belong to `alarm`; False when there is none of that id."""
        before = self.sql.total_changes
        self.sql.execute("UPDATE item SET alarm = ? WHERE item = ?", (alarm, item))
        return self.sql.total_changes > before

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
            "INSERT OR IGNORE INTO statement (id, alarm, item, dsse) VALUES (?, ?, ?, ?)",
            (name, alarm, item, dsse),
        )
        return self.sql.total_changes > before

    def mark_statement(self, n: int, state: str, detail: str) -> None:
        """Record that the journal took (`sent`) or will never take (`refused`) a statement."""
        self.sql.execute("UPDATE statement SET state = ?, detail = ? WHERE n = ?", (state, detail, n))

    def offer_again(self) -> None:
        """Let statements that came to the journal before what they are about (`early`) be offered once more."""
        self.sql.execute("UPDATE statement SET state = 'waiting' WHERE state = 'early'")

    def quarantine(self, at: ids.Time, topic: str, reason: str, sealed: bytes) -> None:
        """Keep sealed bytes that nobody could read, with the reason; the oldest make room."""
        self.sql.execute(
            "INSERT INTO quarantine (at, topic, reason, sealed) VALUES (?, ?, ?, ?)",
            (at, topic, reason, sealed),
        )
        self.sql.execute(
            "DELETE FROM quarantine WHERE n <= (SELECT max(n) FROM quarantine) - ?", (MAX_QUARANTINE_ROWS,)
        )

    def count(self, name: str, by: int = 1) -> None:
        """Add to a named counter."""
        self.sql.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n",
            (name, by),
        )

    def note_test(self, device: ids.DeviceId, at_ms: int) -> None:
        """Remember when a device was last tested."""
        self.sql.execute("INSERT OR REPLACE INTO device_test VALUES (?, ?)", (device, at_ms))

    def open_test_window(self, device: ids.DeviceId, until_ms: int) -> None:
        """Announce a test of `device`, up to the moment `until_ms` (Unix milliseconds)."""
        self.sql.execute("INSERT OR REPLACE INTO test_window VALUES (?, ?)", (device, until_ms))
        self.tell_peers("window", device, str(until_ms).encode())


def _alarm(document: bytes) -> Alarm:
    return Alarm.from_json(json.loads(document))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is let go is overwritten, not only forgotten
    return connection


def _upgrade(connection: sqlite3.Connection) -> None:
    """Add to a spool of an older version what `_SCHEMA` cannot."""
    added = {"alarm": ("generation",), "outbox": ("withdraws",), "item": ("dropped", "boot", "counter")}
    for table, new in added.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in new if columns else ():
            if column not in columns:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")


def _hold(path: Path) -> int:
    """Take the lock that keeps a second bridge off this spool; it ends with the process, however that ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"the folder of the spool cannot be used: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SpoolError("another bridge has this spool open; each bridge needs a folder of its own") from error
    return descriptor
