"""Failures of SQL as those who wait see them: one place that reads the codes of both databases."""

import sqlite3
from enum import Enum
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

MAX_SAID: Final = 200
"""Characters of a driver's own words: enough for host, port and reason."""


class Verdict(Enum):
    """What is known after a failure."""

    BUSY = "busy"
    """Nothing was stored; another transaction was in the way."""
    FULL = "full"
    """Nothing was stored; the disk is full."""
    LOST = "lost"
    """The database went away. A commit that was on its way may or may not have happened; looking again tells."""
    BROKEN = "broken"
    """Anything else: only a restart, which reads back, knows what is there."""


_SQLITE: Final = {sqlite3.SQLITE_BUSY: Verdict.BUSY, sqlite3.SQLITE_FULL: Verdict.FULL}
"""Primary result codes (sqlite.org/rescode.html)."""

_POSTGRESQL: Final = (
    ("53100", Verdict.FULL),  # disk_full
    ("53", Verdict.LOST),  # too many connections, out of memory: it is there, and will be again
    ("55P03", Verdict.BUSY),  # lock_not_available: lock_timeout
    ("40", Verdict.BUSY),  # rolled back for another transaction
    ("08", Verdict.LOST),  # connection exception
    ("57P", Verdict.LOST),  # shut down, starting up, crashed
    ("25P03", Verdict.LOST),  # idle_in_transaction_session_timeout closed the session
    ("25006", Verdict.LOST),  # read_only_sql_transaction: this host is a standby now
)
"""SQLSTATE or its beginning (PostgreSQL, appendix A); the first that fits. PostgreSQL itself stops after a failed
fsync, so that what it reports after a restart is what the disk holds."""


_UNUSABLE: Final = frozenset(
    {
        *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY),
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_AUTH),
    }
)
"""What a wrong file, or a folder that is not writable, is told by."""

_REFUSED: Final = ("28", "3D000", "42501")
"""SQLSTATEs of PostgreSQL: a wrong name or password, no such database, no right to use its tables."""


def is_unusable(error: DBAPIError) -> bool:
    """Say whether the file or address is the trouble, so that a person has to mend it before a start."""
    if isinstance(error.orig, sqlite3.Error):
        return (getattr(error.orig, "sqlite_errorcode", 0) or 0) & 0xFF in _UNUSABLE
    return (getattr(error.orig, "sqlstate", None) or "").startswith(_REFUSED)


def said(error: DBAPIError) -> str:
    """Return what the database itself says, in brackets, one line; drivers put no password into it."""
    words = " ".join(str(error.orig).split())
    return f" ({words[:MAX_SAID]})" if words else ""


def judge(error: Exception) -> Verdict:
    """Say what a failure means; BROKEN for everything that is not known to be harmless."""
    if not isinstance(error, DBAPIError):
        return Verdict.BROKEN
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get((code or 0) & 0xFF, Verdict.BROKEN)
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return next((verdict for prefix, verdict in _POSTGRESQL if state.startswith(prefix)), Verdict.BROKEN)
    # libpq itself gave up: no answer came, so there is no code.
    lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return Verdict.LOST if lost else Verdict.BROKEN
