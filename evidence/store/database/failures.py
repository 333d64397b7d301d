"""What a failed statement of SQL means for whoever waits for it: one place that reads the codes of both databases."""

import sqlite3
from enum import Enum
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError


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
