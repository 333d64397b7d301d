"""The store of uploads: all that the steps of an upload work on."""

from dataclasses import dataclass

from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.journal.journal import SqlJournal
from server.uploads.folder import UploadFolder
from server.uploads.lanes import Lanes


@dataclass(frozen=True, slots=True)
class UploadStore:
    """Where uploads are, what they become, and who is told of it.

    `reserve_bytes` of the disk are kept for the journal and for presses.
    """

    journal: SqlJournal
    folder: UploadFolder
    blobs: DirectoryBlobs
    copies: SqlCopies
    lanes: Lanes
    reserve_bytes: int
