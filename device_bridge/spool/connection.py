"""The bridge's own durable memory: SQLite with `synchronous=FULL`, a file that no other process writes.

A press is committed here before anyone is told *stored*; nothing else is waited for. Only this room speaks SQL.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from weakref import WeakKeyDictionary

from device_bridge.errors import SpoolError
from device_bridge.spool.reading import Reading
from device_bridge.spool.schema import SCHEMA
from device_bridge.spool.writing import Writing
from evidence import ids

_BUSY_TIMEOUT_S: Final = 10.0
"""Only a reader's checkpoint can hold the file; a longer wait is a fault worth an error."""

GIVE_WAY_S: Final = 0.5
"""How long others give way to presses at most: deadlines must be kept in a storm of presses too."""

MARK: Final = "spool.mark"
"""Beside the spool: by which a spool of yesterday that was put back is known."""

RESTORED: Final = "spool.restored"
"""A note beside a spool that came out of a backup (`getuige restore` writes it): time has passed since."""


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
        self._readers: WeakKeyDictionary[threading.Thread, sqlite3.Connection] | None = WeakKeyDictionary()
        """Of the threads that read; None when closed."""
        self._of_readers = threading.Lock()
        self._told: tuple[Callable[[], None], ...] = ()
        self._held: int | None = _hold(path.with_suffix(".lock"))
        try:
            self._connection = _connect(path)
            self._connection.executescript(SCHEMA)
            self._begin_anew(path.with_name(RESTORED))
            self._mark(path.with_name(MARK))
        except sqlite3.Error as error:
            self._let_go()
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
            writing.sql.execute("DELETE FROM mark")
            writing.count("restored")
        note.unlink()

    def _mark(self, file: Path) -> None:
        """Find out whether this is the spool that was here last; another one, or a new one, may lack alarms.

        The mark stands in the spool and beside it, and is renewed at each start. What a kill leaves in between, or a
        file that was put back, differ: then others are asked once more.
        """
        row = self._connection.execute("SELECT id FROM mark").fetchone()
        beside = file.read_text() if file.exists() else None
        new = ids.new_id()
        try:
            file.write_text(new)
        except OSError as error:
            raise SpoolError(f"the folder of the spool cannot be used: {error}") from error
        with self.write() as writing:
            if row is None or row[0] != beside:
                writing.sql.execute("INSERT INTO blind VALUES (?)", (time.time_ns() // 1_000_000,))
            writing.sql.execute("DELETE FROM mark")
            writing.sql.execute("INSERT INTO mark VALUES (?)", (new,))

    def close(self) -> None:
        """Let go of the file; what was committed stays. A second time does nothing.

        Readers end too: a connection that outlives its file would empty and remove, by its name, the log of the file
        that is put in its place (sqlite.org/howtocorrupt.html, section 2.4).
        """
        with self._lock, self._of_readers:
            readers, self._readers = self._readers, None
            for connection in list((readers or {}).values()):
                connection.close()
            self._connection.close()
            self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:  # once: the number may be another file's afterwards
            os.close(held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def on_commit(self, told: Callable[[], None]) -> None:
        """Call `told`, which must return at once, after each commit: what is due may be another moment now."""
        self._told = (*self._told, told)

    @contextmanager
    def write(self, *, press: bool = False) -> Iterator[Writing]:
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
        for told in self._told:
            told()

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

    def read(self) -> Reading:
        """Read what is committed, on a connection of the calling thread: readers never hold up a press.

        SpoolError when the spool is closed.
        """
        thread = threading.current_thread()
        with self._of_readers:
            if self._readers is None:
                raise SpoolError("the spool is closed")
            if thread not in self._readers:
                self._readers[thread] = _connect(self.path)
            return Reading(self._readers[thread])


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is let go is overwritten, not only forgotten
    return connection


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
