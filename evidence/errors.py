"""The one error root of the `evidence` package."""


class EvidenceError(Exception):
    """Something about evidence is not as it must be; the text is meant for a human."""


class FormatError(EvidenceError):
    """Bytes or text do not follow the format that they claim (see `docs/formats/`)."""


class StorageError(EvidenceError, OSError):
    """The disk refused a read or a write (full, no permission, …); `errno` is the system's, None for a peer's disk."""


class DurabilityError(StorageError):
    """An fsync failed: what is on disk is unknown, so the writer must stop until a restart has read it again."""


class ImmutableFileError(EvidenceError):
    """A file that never changes, such as a tile of the log, already exists with other bytes."""


class LockError(EvidenceError):
    """A wrap, a box or a locked key does not open: another key, another phrase, or changed bytes."""
