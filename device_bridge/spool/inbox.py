"""The inbox: the press lane's own file, from which the bridge takes presses into the spool, in their order.

The lane alone writes it (SQLite, `synchronous=FULL`), so that no lock, no long transaction and no stopped process of
anybody else stands between a press and *stored*. The bridge only reads; what it has taken in it says, and the lane
forgets that. A row that was taken in and not forgotten is taken in again: the spool knows it by its identity.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_bridge.alarm.press import Pressed
from device_bridge.errors import SpoolError
from evidence import ids, schema
from evidence.errors import EvidenceError

NAME: Final = "lane.db"
_ASIDE: Final = "aside/"
"""Before the name of what is no press, beside the identities of presses."""

_BUSY_TIMEOUT_S: Final = 10.0
MAX_ASIDE: Final = 10_000

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS arrival (
  n INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL UNIQUE, said BLOB NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS file (id TEXT NOT NULL);
INSERT INTO file SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM file);
"""


@dataclass(frozen=True)
class Stored:
    """A press as the lane verified it: whose it is, and its message, sealed to the bridge's own box."""

    press: Pressed
    case: ids.CaseId
    card: ids.ItemId | None
    raw: bytes


@dataclass(frozen=True)
class PutAside:
    """Sealed bytes that are no press; `authentic`: a device signed them, and a fault of ours is in the way.

    The same bytes have the same `name`, whenever and however often they came.
    """

    name: str
    at: ids.Time
    topic: str
    problem: str
    sealed: bytes
    authentic: bool = False


@dataclass(frozen=True)
class Row:
    """What came, and its place in the order."""

    n: int
    what: Stored | PutAside


@dataclass(frozen=True)
class _Press:
    press: Pressed
    case: ids.CaseId
    card: ids.ItemId | None = None


@dataclass(frozen=True)
class _Aside:
    at: ids.Time
    topic: str
    problem: str
    authentic: bool


class Inbox:
    """The lane's end. SpoolError when it cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                self._sql.execute(f"PRAGMA {pragma}")
            self._sql.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;"
            )  # a bridge that looks sees all of it or nothing
            self.id = str(self._sql.execute("SELECT id FROM file").fetchone()[0])
            self._aside = 0
            self._is = _which(path)
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"the lane's file {path} cannot be opened: {error}") from error

    def add(self, rows: Sequence[Stored | PutAside]) -> None:
        """Store a batch durably. SpoolError: nothing of it was stored.

        Of strangers' bytes no more than `MAX_ASIDE` lie here: they are kept to be looked at, not to fill the disk.
        """
        strange = sum(isinstance(one, PutAside) for one in rows)
        if strange and self._aside > MAX_ASIDE:
            rows = [one for one in rows if isinstance(one, Stored) or one.authentic]
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                self._sql.executemany(
                    "INSERT INTO arrival (identity, said, sealed) VALUES (?, ?, ?) ON CONFLICT (identity) DO NOTHING",
                    map(_written, rows),
                )
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise SpoolError(f"the lane's file could not be written: {error}") from error
        self._aside += strange

    def forget(self, up_to: int) -> None:
        """Forget what the bridge has taken in, and cut off SQLite's log, which holds it too. SpoolError as above."""
        try:
            self._sql.execute("DELETE FROM arrival WHERE n <= ?", (up_to,))
            self._aside = 0
            self._sql.execute("PRAGMA busy_timeout = 0")  # a reader may look at it: then another time
            try:
                self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._sql.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}")
        except sqlite3.Error as error:
            raise SpoolError(f"the lane's file could not be written: {error}") from error

    def is_there(self) -> bool:
        """Whether the file is still the one that is written: in another one nobody would find a press."""
        try:
            return _which(self._path) == self._is
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()


class InboxReader:
    """The bridge's end. One thread at a time; what was read once is not read again, unless the file is another one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sql: sqlite3.Connection | None = None
        self._ended = False
        self._is = (0, 0)
        self.id = ""
        """Of the file: places in another one mean other rows."""
        self.taken = 0
        """The place up to which everything is in the spool."""

    def rows(self, limit: int) -> list[Row]:
        """Return the oldest rows that were not taken in. SpoolError when the file cannot be read."""
        try:
            which = _which(self._path)
        except OSError:
            return []  # no lane has made it yet
        if self._ended:
            return []
        try:
            if self._sql is None or which != self._is:
                self._let_go()
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._sql = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
                if self._sql.execute("SELECT 1 FROM sqlite_schema WHERE name = 'file'").fetchone() is None:
                    self._let_go()
                    return []  # a lane is making it this moment
                self._is, self.taken = which, 0  # before its id is known to anybody
                self.id = str(self._sql.execute("SELECT id FROM file").fetchone()[0])
            found = self._sql.execute(
                "SELECT n, identity, said, sealed FROM arrival WHERE n > ? ORDER BY n LIMIT ?", (self.taken, limit)
            ).fetchall()
        except sqlite3.Error as error:
            self._let_go()
            raise SpoolError(f"the lane's file cannot be read: {error}") from error
        return [_row(*one) for one in found]

    def close(self) -> None:
        """Let go of the file for good."""
        self._ended = True
        self._let_go()

    def _let_go(self) -> None:
        if self._sql is not None:
            self._sql.close()
            self._sql = None


def waiting(path: Path) -> int:
    """Return how many rows nobody has taken in. SpoolError when the file cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as sql:
            return int(sql.execute("SELECT count(*) FROM arrival").fetchone()[0])
    except sqlite3.Error as error:
        raise SpoolError(f"the lane's file cannot be read: {error}") from error


def _which(path: Path) -> tuple[int, int]:
    stands = path.stat()
    return stands.st_dev, stands.st_ino


def _written(what: Stored | PutAside) -> tuple[str, bytes, bytes]:
    if isinstance(what, Stored):
        said: object = _Press(what.press, what.case, what.card)
        return what.press.identity, json.dumps(schema.encode(said)).encode(), what.raw
    said = _Aside(what.at, what.topic, what.problem, what.authentic)
    return f"{_ASIDE}{what.name}", json.dumps(schema.encode(said)).encode(), what.sealed


def _row(n: int, identity: str, said: bytes, sealed: bytes) -> Row:
    """Return what came; a row that was damaged is put aside, for it must hold up no other."""
    try:
        if identity.startswith(_ASIDE):
            aside, name = schema.decode(_Aside, json.loads(said)), identity.removeprefix(_ASIDE)
            return Row(n, PutAside(name, aside.at, aside.topic, aside.problem, sealed, aside.authentic))
        press = schema.decode(_Press, json.loads(said))
        return Row(n, Stored(press.press, press.case, press.card, sealed))
    except (EvidenceError, ValueError):
        return Row(
            n, PutAside(identity, ids.now(), "", "what the lane wrote of it cannot be read", sealed, authentic=True)
        )
