"""The probe of the journal's size: asked before every answer that depends on a permission, on its own connection.

Through the pool this question costs more than checking the signature of the request that asks it.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine, event

_SIZE: Final = "SELECT COALESCE(MAX(idx) + 1, 0) FROM events"


class Glance:
    """The question and its connection. Its user sees to it that one thread asks at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None  # a DBAPI connection has no public type
        self._turn: tuple[asyncio.AbstractEventLoop, int | None] | None = None
        """The answer in this turn of an event loop."""
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    @property
    def is_local(self) -> bool:
        """Whether the answer comes from a file of this machine, in microseconds."""
        return self._engine.dialect.name == "sqlite"

    def size(self) -> int | None:
        """Return the number of events; None when the database did not answer here: then ask in the usual way.

        An event loop asks once a turn. Whatever reaches a coroutine in that turn was queued before the question, and so
        knows of nothing that the answer does not.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a thread, which has no turns
            return self._ask()
        if self._turn is None or self._turn[0] is not loop:
            loop.call_soon(self._end_turn)  # first: what is queued behind it asks anew
            self._turn = (loop, self._ask())
        return self._turn[1]

    def _end_turn(self) -> None:
        self._turn = None

    def _ask(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            cursor = self._connection.cursor()
            try:
                cursor.execute(_SIZE)
                (size,) = cursor.fetchone()
            finally:
                cursor.close()
        except self._engine.dialect.loaded_dbapi.Error:
            self.close()
            return None
        return int(size)

    def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        if self._connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                self._connection.close()
            self._connection = None

    def _connect(self) -> Any:  # noqa: ANN401 - as above
        """Return a connection on which each question is a transaction of its own, so that it never sees the past."""
        if self.is_local:
            import sqlite3  # noqa: PLC0415 - the one driver that we name; others come with the address

            path = self._engine.url.database
            return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)
        fairy = self._engine.raw_connection()
        connection = fairy.dbapi_connection
        fairy.detach()
        assert connection is not None  # noqa: S101 - it was just made
        connection.rollback()
        connection.autocommit = True
        return connection
