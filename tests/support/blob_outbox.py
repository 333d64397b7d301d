"""An outbox with rows of its own, for tests that need no journal around it."""

from pathlib import Path

from sqlalchemy import Engine, insert

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import WRITE, open_engine
from evidence.store.database.schema import blob_copies

LONG_AGO = ids.Time("2026-01-01T00:00:00.000Z")


def open_outbox(folder: Path) -> tuple[Engine, DirectoryBlobs]:
    """Open a database and a folder of blobs in a folder."""
    return open_engine(f"sqlite:///{folder / 'getuige.db'}"), DirectoryBlobs(folder / "blobs")


def queue(engine: Engine, local: DirectoryBlobs, index: int, data: bytes, since: ids.Time = LONG_AGO) -> ids.Sha256:
    """Store a blob and queue it as a sealed item is queued; return its name."""
    name = local.put(data)
    row = {
        "idx": index,
        "sha256": name,
        "case_id": None,
        "size_bytes": len(data),
        "state": "waiting",
        "queued_at": since,
        "due_at": since,
        "attempts": 0,
        "local_since": since,
    }
    with engine.execution_options(**WRITE).begin() as connection:
        connection.execute(insert(blob_copies), [row])
    return name
