"""A sweeper of erasures whose clock the test moves, and the search for what must be gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence import ids
from evidence.statements import erasing
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from evidence.store.journal.shredding import Shredder
from server.erasure.destroying import Destroyer
from server.erasure.sweeper import LOCK, Sweeper
from server.layout import Layout
from server.secret_files import load_identity
from server.settings import Settings
from server.uploads.folder import UploadFolder

LATER = erasing.ERASE_DELAY + timedelta(minutes=1)


@contextmanager
def sweeping(
    settings: Settings, after: timedelta = LATER, reached: Callable[[str], None] = lambda _step: None
) -> Iterator[Sweeper]:
    """Yield a sweeper on a data folder whose clock runs `after` ahead; a server may run beside it."""
    layout = Layout(settings.data)
    engine = open_engine(settings.database_url)

    def clock() -> ids.Time:
        return ids.time_of(datetime.now(UTC) + after)

    journal = SqlJournal(engine, clock)
    journal.start()
    blobs = DirectoryBlobs(layout.blobs)
    destroyer = Destroyer(
        journal,
        load_identity(layout.server_key),
        Shredder(engine, blobs),
        UploadFolder(layout.uploads, blobs),
        layout.exports,
        clock,
        reached,
    )
    try:
        yield Sweeper(destroyer, layout.data / LOCK, clock)
    finally:
        journal.close()
        engine.dispose()


def found_in(folder: Path, wanted: list[bytes]) -> set[str]:
    """Return the names of the files that hold one of `wanted`."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    }
