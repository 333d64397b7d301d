"""Opening the log that grows: its key, its witnesses, its head row and its folder."""

from evidence.custody.errors import KeyFormatError
from evidence.custody.log.head_row import TakeoverHeads
from evidence.custody.log.integrator import HeadStore, Integrator
from evidence.custody.log.note import NoteSigner
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.succession.lineage import Era, Lineage
from evidence.store.ports import Journal
from server.errors import ServerError
from server.layout import Layout
from server.log.witnesses import Witnesses
from server.rotation import trust_folder
from server.settings import Settings


class LogKeyError(ServerError):
    """The key of the log that grows is not here, or the file holds another one."""


def log_key(layout: Layout, era: Era) -> NoteSigner:
    """Return the private key of a log.

    Raises:
        LogKeyError: it is not the one that the journal names.
    """
    path = layout.log_key_of(era.number)
    if not path.exists():
        raise LogKeyError(f"{path} is missing: the journal says that the log {era.origin} goes on with this key")
    try:
        key = load_or_create_key(path, era.origin)
    except KeyFormatError as error:
        raise LogKeyError(str(error)) from error
    if key.verifier != era.key:
        raise LogKeyError(f"{path} is not the key of {era.origin} that the journal names")
    return key


class LogOpener:
    """Opens the log that grows, anew after each rotation. Close it, and the connections to witnesses with it."""

    def __init__(self, settings: Settings, layout: Layout, heads: HeadStore, journal: Journal) -> None:
        self._settings = settings
        self._layout = layout
        self._heads = heads
        self._journal = journal
        self._witnesses: list[Witnesses] = []

    def __call__(self, line: Lineage) -> Integrator:
        """Return the integrator of the line's current log; no connection is made yet.

        After a rotation the trust folder is brought up to date first.

        Raises:
            LogKeyError: its key is not here.
            SettingsError: see `witnesses.Witnesses`.
        """
        era = line.current
        key = log_key(self._layout, era)
        if era.before is not None:
            trust_folder.refresh(self._layout, line, self._journal.organisation())
        witnesses = Witnesses(self._settings, self._layout, [one.key for one in line.eras])
        self._witnesses.append(witnesses)
        heads: HeadStore = self._heads if era.before is None else TakeoverHeads(self._heads, era.before)
        return Integrator(
            self._layout.log_of(era.number),
            key,
            heads,
            witnesses.all,
            witness_deadline_s=witnesses.deadline_s,
            believed=witnesses.believed,
        )

    def close(self) -> None:
        """Close the connections."""
        for witnesses in self._witnesses:
            witnesses.close()
