"""Items that are in S3 and no longer here, for commands: backup, restore, scrub."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from evidence import ids
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.s3 import S3Blobs
from evidence.store.database.engine import open_engine
from evidence.store.errors import BlobAwayError, BlobError
from server.settings import Settings


def s3_of(settings: Settings) -> S3Blobs | None:
    """Return the bucket that the settings name; None when they name none. SettingsError as of `s3_place`."""
    place = settings.s3_place()
    return None if place is None else S3Blobs(place)


@contextmanager
def open_copies(settings: Settings) -> Iterator[tuple[SqlCopies, S3Blobs | None]]:
    """Yield the list of copies in the settings' database, and the bucket."""
    engine = open_engine(settings.database_url)
    try:
        yield SqlCopies(engine), s3_of(settings)
    finally:
        engine.dispose()


@dataclass
class Elsewhere:
    """Brings items from S3, or makes sure that they are there and leaves them (`left`); `names` are those it left."""

    copies: SqlCopies
    s3: S3Blobs | None
    left: bool

    def __post_init__(self) -> None:
        self.names: list[ids.Sha256] = []

    @property
    def count(self) -> int:
        """How many items were left in S3."""
        return len(self.names)

    def copy(
        self, source: DirectoryBlobs, sha256: ids.Sha256, target: DirectoryBlobs, wrote: Callable[[int], None]
    ) -> None:
        """Copy an item from a folder, or have it from S3 when it is rotten or not there. BlobError says why not."""
        try:
            target.copy_in(source.local_path(sha256), sha256, wrote)
        except BlobError as error:
            try:
                self._bring(sha256, target, wrote)
            except BlobAwayError:
                raise
            except BlobError:
                raise error from None  # S3 never had it: what is wrong here is the better reason

    def _bring(self, sha256: ids.Sha256, target: DirectoryBlobs, wrote: Callable[[int], None]) -> None:
        copy = self.copies.find(sha256)
        if copy is None or copy.version_id is None:
            raise BlobError("this blob is not here")
        if self.s3 is None:
            raise BlobAwayError("it is in S3, and no GETUIGE_S3_BUCKET is set")
        if not self.left:
            target.take_in(self.s3.read(sha256, copy.version_id, 0, copy.size_bytes - 1), sha256, wrote)
        elif self.s3.look(sha256, copy.version_id) is None:
            raise BlobError("it is no longer in S3")
        else:
            self.names.append(sha256)
