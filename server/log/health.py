"""The health of a data folder's logs: a key that is not here, an end that is not shown, readers untold."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from evidence import ids
from evidence.bundle.checking import trust
from evidence.custody.errors import CustodyError
from evidence.custody.succession.lineage import Lineage
from evidence.errors import StorageError
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.errors import ServerError
from server.layout import Layout
from server.log.line_of_logs import LogFolders, NoLogError, lineage_of
from server.log.opening import log_key
from server.rotation import trust_folder
from server.settings import Settings

HEAD_WITHIN: Final = timedelta(minutes=10)
"""An event is under a published head within a second; witnesses may restart and be updated meanwhile."""


def examine(settings: Settings) -> tuple[Lineage | None, list[str]]:
    """Return the line of logs (None: not founded yet) and what is wrong with it, in words. Nothing is changed.

    Raises:
        StoreError: the journal cannot be read.
        CustodyError: its rotations make no line.
    """
    layout = Layout(settings.data)
    if not layout.log_vkey.exists():
        return None, []
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    try:
        line = journal.ask(lineage_of)
        return line, [*_of_line(layout, line), *_of_head(layout, line, journal), *_of_readers(layout, line, journal)]
    except NoLogError:
        return None, []
    finally:
        journal.close()
        engine.dispose()


def _of_line(layout: Layout, line: Lineage) -> Iterator[str]:
    try:
        log_key(layout, line.current)
    except ServerError as error:
        yield str(error)
    folders = LogFolders(layout)
    for era in line.eras[:-1]:
        try:
            shown = folders.checkpoint(era)
        except (CustodyError, StorageError) as error:
            yield f"the head of {era.origin} is damaged: {error}"
            continue
        if shown is None or shown.checkpoint != era.final:
            yield f"{era.origin} does not show the head at which it ended"


def _of_head(layout: Layout, line: Lineage, journal: SqlJournal) -> Iterator[str]:
    """Say that the newest events are under no published head for longer than was promised."""
    try:
        shown = LogFolders(layout).checkpoint(line.current)
    except (CustodyError, StorageError) as error:
        yield f"the head of {line.current.origin} is damaged: {error}"
        return
    covered = line.current.events_below(shown.checkpoint.size if shown is not None else 0)
    for oldest in journal.read(after=covered - 1, limit=1):
        age = datetime.now(UTC) - ids.moment_of(oldest.received_at)
        if age > HEAD_WITHIN:
            yield f"no published head covers event {oldest.index} for {age}: the server is off, or witnesses fail"


def _of_readers(layout: Layout, line: Lineage, journal: SqlJournal) -> Iterator[str]:
    if line.current.before is not None and not trust_folder.are_fresh(layout, line, journal.organisation()):
        yield f"{layout.trust / trust.ROTATIONS}, or the policy beside it, does not show the rotations"
