"""The shared journal, blob store and lease: opened for those who need them, closed again when they failed.

What speaks to a database is imported by the thread that opens it, so that nothing else of a bridge waits for that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device_bridge.journal import lease
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.ports import Journal


@dataclass(frozen=True)
class Stores:
    """An open journal and blob store; `close` lets go of them."""

    journal: Journal
    blobs: DirectoryBlobs
    close: Callable[[], None]


def open_stores(database_url: str, blobs: Path) -> Stores:
    """Open both; raises whatever the database does when it is not there (the forwarder tries again)."""
    from evidence.store.database.engine import open_engine
    from evidence.store.journal.journal import SqlJournal

    engine = open_engine(database_url)
    journal = SqlJournal(engine)

    def close() -> None:
        journal.close()
        engine.dispose()

    try:
        journal.start()
        return Stores(journal, DirectoryBlobs(blobs), close)
    except BaseException:
        engine.dispose()
        raise


def open_lease(database_url: str) -> tuple[lease.Take, Callable[[], None]]:
    """Return what asks the database for the lease of sending first, and what closes that connection."""
    from evidence.store.database import leases
    from evidence.store.database.engine import connect

    engine = connect(database_url)

    def take(bridge: str) -> str:
        return leases.take(engine, lease.LEASE, bridge, lease.LEASE_S)

    return take, engine.dispose
