"""Head rows for tests: in memory, and in a real SQLite file that outlives a killed process."""

import sqlite3
import threading
from pathlib import Path

from evidence.custody.log.integrator import Head
from tests.support.waiting import patience


class MemoryHeadStore:
    def __init__(self) -> None:
        self.head: Head | None = None
        self._lock = threading.Lock()

    def load(self) -> Head | None:
        return self.head

    def swap(self, expected: Head | None, new: Head) -> bool:
        with self._lock:
            if self.head != expected:
                return False
            self.head = new
            return True


class SqliteHeadStore:
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connect() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), size, root, note)"
            )
        connection.close()

    def load(self) -> Head | None:
        connection = self._connect()
        try:
            row = connection.execute("SELECT size, root, note FROM head").fetchone()
        finally:
            connection.close()
        return None if row is None else Head(*row)

    def swap(self, expected: Head | None, new: Head) -> bool:
        connection = self._connect()
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                row = connection.execute("SELECT size, root, note FROM head").fetchone()
                if (None if row is None else Head(*row)) != expected:
                    return False
                connection.execute("REPLACE INTO head VALUES (1, ?, ?, ?)", (new.size, new.root, new.note))
            return True
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=patience(30), isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection
