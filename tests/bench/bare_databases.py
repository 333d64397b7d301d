"""What databases do with the journal's bytes when nobody checks anything: the peers of `evidence.py`."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres_world import postgres_server
from tests.support.programs import need

Insert = Callable[[list[bytes]], None]


@contextmanager
def bare_sqlite(folder: Path) -> Iterator[tuple[Insert, str]]:
    """Yield an insert of a batch in one durable transaction, and an empty database for the journal."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, bytes BLOB)")

    def insert(rows: list[bytes]) -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany("INSERT INTO event (bytes) VALUES (?)", [(row,) for row in rows])
        bare.execute("COMMIT")

    yield insert, f"sqlite:///{folder / 'journal.db'}"
    bare.close()


@contextmanager
def bare_postgresql(_folder: Path) -> Iterator[tuple[Insert, str]]:
    """As `bare_sqlite`, in a PostgreSQL of its own with its defaults (fsync and synchronous_commit on)."""
    need("postgres")
    with postgres_server() as server:
        address = server.database()
        with server.connect(address.rpartition("/")[2]) as bare:
            bare.execute("CREATE TABLE bare (number BIGSERIAL PRIMARY KEY, bytes BYTEA)")

            def insert(rows: list[bytes]) -> None:
                with bare.transaction(), bare.cursor() as cursor:
                    cursor.executemany("INSERT INTO bare (bytes) VALUES (%s)", [(row,) for row in rows])

            yield insert, server.database()
