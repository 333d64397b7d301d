"""Copying a journal from one database to another, as it was at one instant, while it is written.

The copy goes row by row inside one read transaction, so that it works between SQLite and PostgreSQL in both
directions, and carries nothing along that was deleted: the pages of a database file keep such remains.
Browser sessions stay behind: whoever restores a backup lets everyone sign in anew.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine, delete, func, insert, select

from evidence.store.database.engine import WRITE
from evidence.store.database.schema import (
    blob_copies,
    events,
    former_locked_keys,
    journal_head,
    locked_keys,
    log_head,
    spent_challenges,
)
from evidence.store.errors import StoreError

TABLES: Final = (journal_head, events, blob_copies, log_head, locked_keys, former_locked_keys, spent_challenges)
"""What a copy holds. Spent challenges are in it: without them an old sign-in could be played again.
So are the places of the copies in S3: a restored server reads there what the backup left there."""

ROWS_AT_ONCE: Final = 1000
"""Held in memory: a megabyte or two."""


class NotEmptyError(StoreError):
    """The database that should take a copy holds a journal already."""


def copy_journal(source: Engine, target: Engine, progress: Callable[[int], None] = lambda _: None) -> int:
    """Copy all rows into an empty, migrated database in one transaction; return the number of events.

    `progress` hears the number of rows of each step. Raises NotEmptyError.
    """
    options = {"isolation_level": "REPEATABLE READ"} if source.dialect.name == "postgresql" else {}
    with (
        source.connect().execution_options(**options) as reader,
        target.execution_options(**WRITE).begin() as writer,
    ):
        if writer.scalar(select(func.count()).select_from(events)):
            raise NotEmptyError("the database holds a journal already; nothing was changed")
        for table in TABLES:
            writer.execute(delete(table))
            query = select(table).order_by(*table.primary_key.columns)
            for rows in reader.execution_options(yield_per=ROWS_AT_ONCE).execute(query).mappings().partitions():
                writer.execute(insert(table), [dict(row) for row in rows])
                progress(len(rows))
        return writer.scalar(select(func.count()).select_from(events)) or 0


def count_events(engine: Engine) -> int:
    """Return the number of events in a migrated database."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(events)) or 0
