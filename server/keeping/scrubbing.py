"""A whole scrub as an operator asks for one: of the data folder with its copies in S3, or of a backup."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence import ids
from evidence.store.blobs import scrubbing
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.scrubbing import Pace, Report, S3Spare, Spare
from evidence.store.database.engine import open_engine
from evidence.store.journal import verifying
from server.keeping import manifest
from server.keeping.manifest import BackupError
from server.keeping.remote_copies import open_copies, s3_of
from server.keeping.restore import fetch_journal
from server.layout import Layout
from server.settings import Settings

Reader = Callable[[int], None]
"""Hears the size of each piece that was read."""


@dataclass(frozen=True)
class Scrubbed:
    """What was found here and in S3 (None: not looked at), and what the journal says of each item."""

    here: Report
    in_s3: Report | None
    sealed: dict[ids.Sha256, verifying.Sealed]

    @property
    def well(self) -> bool:
        """Whether every item is whole now, wherever it has to be."""
        return self.here.well and (self.in_s3 is None or self.in_s3.well)


def bytes_to_read(settings: Settings, backup: Path | None, *, every_byte: bool) -> int:
    """Return how many bytes a scrub is about to read: of files here, and of copies in S3."""
    blobs = DirectoryBlobs((backup or Layout(settings.data).data) / "blobs")
    here = sum(blobs.size(name) or 0 for name in blobs.names())
    if backup is not None or settings.s3_bucket is None:
        return here
    with open_copies(settings) as (copies, _):
        totals = copies.totals()
    return here + (totals.stored_bytes if every_byte else totals.dropped_bytes)


def of_backup(backup: Path, bytes_per_s: float | None, spare: Spare | None, read: Reader) -> Scrubbed:
    """Scrub the items of a backup. BackupError when there is none."""
    kept = manifest.read(backup)
    if kept is None:
        raise BackupError(f"{backup} holds no finished backup")
    with ExitStack() as stack:
        working = Path(stack.enter_context(TemporaryDirectory()))
        engine = open_engine(f"sqlite:///{fetch_journal(backup, kept, working)}")
        stack.callback(engine.dispose)
        sealed = verifying.sealed_blobs(engine)
        blobs, elsewhere = DirectoryBlobs(backup / "blobs"), _elsewhere(SqlCopies(engine))
        report = scrubbing.scrub(blobs, _sizes(sealed), Pace(bytes_per_s), read, spare, elsewhere)
    return Scrubbed(report, None, sealed)


def of_data(
    settings: Settings, bytes_per_s: float | None, spare: Spare | None, read: Reader, *, every_byte: bool
) -> Scrubbed:
    """Scrub the data folder, and the copies in S3: every byte of them, or of those that are only there.

    What is bad here is put back from `spare`, or from S3 without one. BlobAwayError when S3 does not answer.
    """
    s3 = s3_of(settings)
    blobs = DirectoryBlobs(Layout(settings.data).blobs)
    engine = open_engine(settings.database_url)
    try:
        copies = SqlCopies(engine)
        copies.queue_sealed_before()
        sealed = verifying.sealed_blobs(engine)
        good = spare or (None if s3 is None else S3Spare(copies, s3))
        here = scrubbing.scrub(blobs, _sizes(sealed), Pace(bytes_per_s), read, good, _elsewhere(copies))
        there = None
        if s3 is not None:
            there = scrubbing.scrub_copies(blobs, copies, s3, Pace(bytes_per_s), read, every_byte=every_byte)
    finally:
        engine.dispose()
    return Scrubbed(here, there, sealed)


def _sizes(sealed: dict[ids.Sha256, verifying.Sealed]) -> dict[ids.Sha256, int]:
    return {name: one.size for name, one in sealed.items()}


def _elsewhere(copies: SqlCopies) -> set[ids.Sha256]:
    """Return the items whose local copy was dropped on purpose."""
    return {name for name, (_, here) in copies.sealed().items() if not here}
