"""The health of the cases of a data folder: how many of them nobody reads. Without a name, for `getuige doctor`."""

from evidence import ids
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.settings import Settings
from server.timeline.readers import without_reader


def examine(settings: Settings) -> tuple[int, int]:
    """Return of how many cases nobody gets all that is added, and how many cases there are. Nothing is changed.

    Raises:
        StoreError: the journal cannot be read.
    """
    engine, now = open_engine(settings.database_url), ids.now()
    journal = SqlJournal(engine)
    try:
        return journal.ask(lambda standing: (without_reader(standing, now), len(standing.cases)))
    finally:
        journal.close()
        engine.dispose()
