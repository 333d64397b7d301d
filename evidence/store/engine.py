"""How the database is opened, so that a commit that returned is on the disk.

SQLite: write-ahead log with `synchronous=FULL` (NORMAL may lose an acknowledged row when the power fails), and
transactions that write begin IMMEDIATE, so that two writers wait for each other instead of failing half-way.
"""

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from evidence.store.schema import metadata

BUSY_TIMEOUT_MS: Final = 5000
"""How long a writer waits for another process's transaction; those last milliseconds."""

WRITE: Final = {"getuige_write": True}
"""Execution option of a connection whose transaction is going to write."""


def open_engine(url: str | URL) -> Engine:
    """Connect to a database (`sqlite:///file` or `postgresql+psycopg://…`) and create what is missing."""
    parsed = make_url(url)
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    with engine.execution_options(**WRITE).begin() as connection:
        metadata.create_all(connection)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection has no public type
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, below; Python's sqlite3 must not.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("getuige_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
