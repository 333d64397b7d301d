"""Opens the shared journal and blob store for the forwarder, and closes them again when they failed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evidence.store.blobs import DirectoryBlobs
from evidence.store.engine import open_engine
from evidence.store.journal import SqlJournal
from evidence.store.ports import BlobStore, Journal


@dataclass(frozen=True)
class Stores:
    """An open journal and blob store; `close` lets go of them."""

    journal: Journal
    blobs: BlobStore
    close: Callable[[], None]


def open_stores(database_url: str, blobs: Path) -> Stores:
    """Open both; raises whatever the database does when it is not there (the forwarder tries again)."""
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
