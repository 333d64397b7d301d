"""The engine of the database, opened so that a commit that returned is on the disk.

SQLite: write-ahead log with `synchronous=FULL` (NORMAL may lose an acknowledged row when the power fails), and
transactions that write begin IMMEDIATE, so that two writers wait for each other instead of failing half-way.

PostgreSQL: refused while it is set up to forget (`fsync`, `synchronous_commit` or `full_page_writes` off), always READ
COMMITTED (whoever waited for the head row must see what its holder wrote), and never waited for without an end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from evidence.store.database import failures
from evidence.store.errors import BusyError, StoreError, UnreadyError

BUSY_TIMEOUT_MS: Final = 5000
"""How long a writer waits for another process's transaction; those last milliseconds."""

POOL_SIZE: Final = 5
MAX_OVERFLOW: Final = 15
"""Connections of one process to PostgreSQL at most: 20, so that four processes fit its default of 100."""

POOL_TIMEOUT_S: Final = 10.0
"""How long a request waits for a connection before it hears "busy"."""

_POSTGRESQL: Final = {
    "connect_timeout": "5",
    # A host that lost its power says nothing: without these a commit would wait for it for two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    # With several hosts in the address (a cluster), the one that takes writes.
    "target_session_attrs": "read-write",
    # The head row is held for milliseconds. An API process whose host died must not hold it for ever.
    "options": "-c lock_timeout=15s -c idle_in_transaction_session_timeout=15s",
}
"""Parameters of libpq; an address that names one of them keeps its own."""

_FORGETFUL: Final = (
    "SELECT name FROM pg_settings WHERE setting = 'off'"
    " AND name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name"
)

WRITE: Final = {"getuige_write": True}
"""Execution option of a connection whose transaction is going to write."""


class NotDurableError(StoreError):
    """The database is set up so that it may forget what it acknowledged."""


class UnusableError(UnreadyError):
    """The file cannot be opened or is no database, or PostgreSQL lets nobody in; the text says why."""


def connect(url: str | URL) -> Engine:
    """Return an engine for a database (`sqlite:///file` or `postgresql+psycopg://…`), whatever tables it holds.

    Raises StoreError for an address that cannot be used, or when its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            # Kept, not opened anew for a burst: preparing a connection costs more than most questions.
            engine = create_engine(parsed, pool_size=POOL_SIZE + MAX_OVERFLOW, pool_timeout=POOL_TIMEOUT_S)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        engine = create_engine(
            parsed,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=POOL_SIZE,
            max_overflow=MAX_OVERFLOW,
            pool_timeout=POOL_TIMEOUT_S,
            connect_args={name: value for name, value in _POSTGRESQL.items() if name not in parsed.query},
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError("the address of the database is not sqlite:///… or postgresql+psycopg://…") from error
    except ModuleNotFoundError as error:
        raise StoreError(f"{error.name} is not installed; for PostgreSQL: pip install 'getuige[postgresql]'") from error
    event.listen(engine, "connect", _check_postgresql)
    return engine


def open_engine(url: str | URL) -> Engine:
    """Return an engine for a database whose tables are those of this Getuige.

    A SQLite file is made, or migrated, on the way: it is the embedded default and has no administrator. Any other
    database must have been migrated before.

    Raises:
        migrating.UnmigratedError: its tables are older; the text names the command.
        migrating.NewerDatabaseError: its tables were made by a newer Getuige.
        UnreadyError: it does not answer.
    """
    from evidence.store.database import migrating  # noqa: PLC0415 - it opens engines itself

    engine = connect(url)
    try:
        migrating.ensure(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def time_of(engine: Engine) -> datetime:
    """Return what time the database says it is; for SQLite that is this machine's. Errors as of `reading`."""
    here = engine.dialect.name == "sqlite"
    question = "SELECT strftime('%s', 'now')" if here else "SELECT extract(epoch FROM clock_timestamp())"
    with reading(engine) as connection:
        return datetime.fromtimestamp(float(connection.scalar(text(question)) or 0), UTC)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection; UnreadyError or BusyError when the database has none to give or is lost on the way."""
    with _translated(), engine.connect() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Yield a connection on which all questions see the database at one instant; errors as of `reading`."""
    with reading(engine) as connection:
        yield at_one_instant(connection)


def at_one_instant(connection: Connection) -> Connection:
    """Return a connection, that asked nothing yet, such that all its questions see the database at one instant."""
    if connection.dialect.name == "sqlite":
        return connection  # its transactions are such already
    return connection.execution_options(isolation_level="REPEATABLE READ")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose transaction is committed at the end; errors as of `reading`.

    After an UnreadyError it is open whether the transaction was committed.
    """
    with _translated(), engine.execution_options(**WRITE).begin() as connection:
        yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise BusyError("all connections to the database are in use") from error
    except DBAPIError as error:
        match failures.judge(error):
            case failures.Verdict.LOST:
                raise UnreadyError(f"the database does not answer{failures.said(error)}") from error
            case failures.Verdict.BUSY:
                raise BusyError("another process holds the database") from error
            case _ if failures.is_unusable(error):
                raise UnusableError(f"the database cannot be used{failures.said(error)}") from error
            case _:
                raise


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection has no public type
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, below; Python's sqlite3 must not.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what an erasure takes out of a page is overwritten there
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("getuige_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _check_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 - as above
    with connection.cursor() as cursor:
        off = [name for (name,) in cursor.execute(_FORGETFUL).fetchall()]
    connection.rollback()
    if off:
        connection.close()
        raise NotDurableError(f"PostgreSQL may forget what it acknowledged: switch on {', '.join(off)}")
