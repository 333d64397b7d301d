"""Errors of the store; one root, below the package's own."""

from evidence.errors import EvidenceError
from evidence.statements.tombstone import Tombstone


class StoreError(EvidenceError):
    """The store could not do what was asked."""


class BusyError(StoreError):
    """Too much is waiting to be written; nothing was stored, and asking again later is safe."""


class UnreadyError(StoreError):
    """The writer stopped (after a failed write), or is not running: nothing is accepted until a restart."""


class UnknownOutcomeError(StoreError):
    """The write failed half-way: it may or may not be stored. The same statement again gives the same receipt."""


class StorageFullError(StoreError):
    """The disk is full; nothing was stored."""


class UnjudgedError(StoreError):
    """Our own code broke over a statement, so that nobody knows whether it is allowed; nothing of it was stored."""


class ErasedError(StoreError):
    """The event was destroyed by an erasure; its leaf remains, and `tombstone` says which."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__("this statement was erased")
        self.tombstone = tombstone


class NotShreddedError(StoreError):
    """The database's files still hold bytes that were to be destroyed; trying again later may help."""


class BlobError(StoreError):
    """A blob is missing, or its bytes are not the ones that its name promises."""


class BlobAwayError(BlobError):
    """A blob is not here, and the store that holds its copy cannot be reached now. Nothing is lost; ask again later."""
