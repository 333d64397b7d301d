"""Rotating the key of the log: the old log ends, and a new one begins with a commitment to its last head.

The root signs it, so a thief of the log's key cannot. The statement names the last head, and the journal accepts it
only while that head covers every event: then it is the next event, and the first of the new log. That one transaction
is the rotation. Killed before it, nothing has happened but a key that lies ready; killed after it, whoever comes next
(this command, or a server that runs or starts) finishes, because all else follows from the journal.

A server that runs meanwhile goes on: its events before the rotation are in the old log, those after it in the new one.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evidence import keys
from evidence.custody.errors import CustodyError, HeadMovedError
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.integrator import Integrator
from evidence.custody.log.note import NoteSigner
from evidence.custody.log.note_key import load_or_create_key
from evidence.custody.succession.lineage import Era, Lineage
from evidence.custody.witnessing.witness_panel import Question, WitnessPanel
from evidence.errors import StorageError
from evidence.statements import rotation
from evidence.statements import statement as statements
from evidence.statements.bodies import LogRotate
from evidence.statements.errors import NotAllowedError
from evidence.store.database.engine import open_engine
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from server.errors import ServerError
from server.layout import Layout
from server.log.line_of_logs import LogFolders, lineage_of
from server.log.opening import LogOpener
from server.log.witnesses import Witnesses
from server.rotation import trust_folder
from server.settings import Settings
from server.timestamps import tsa

TRY_FOR_S: Final = 30.0
"""A server that runs adds events while we sign. Between two of them there is time enough up to some ten a second."""

PAUSE_S: Final = 0.1
"""On average, between two tries; never the same, so that we do not fall into step with a server's own rounds."""

BATCH: Final = 2048
"""Leaves taken in at once."""

Tell = Callable[[str], None]


class RotationError(ServerError):
    """The log's key cannot be rotated now; nothing was changed, unless the text says so."""


@dataclass(frozen=True)
class Plan:
    """What a rotation would do."""

    line: Lineage
    events: int
    origin: str
    key: Path
    unfinished: bool

    @property
    def old(self) -> Era:
        """The log that would end."""
        return self.line.current


def plan(settings: Settings, root: bytes | None = None, origin: str | None = None) -> Plan:
    """Say what a rotation would do; nothing is changed and nobody is asked.

    Args:
        settings: name the data folder and the database.
        root: the root's public key, compared with the journal's when given.
        origin: name of the new log; without it the first log's name and a number.

    Raises:
        RotationError: it could not be done.
    """
    with _journal(settings) as (journal, heads):
        return _plan(settings, journal, heads, root, origin)


def rotate(
    settings: Settings, root: keys.SigningKey, origin: str | None = None, tell: Tell = lambda _: None
) -> Lineage:
    """Rotate the key of the log, or finish a rotation that was cut short; return the line of logs.

    Args:
        settings: name the data folder, the database and the witnesses.
        root: the organisation's root; it signs once and is not kept.
        origin: as in `plan`.
        tell: hears each step in words.

    Raises:
        RotationError: the root is another one, witnesses do not cosign, or the journal did not stand still.
        StoreError, CustodyError, SettingsError: the database, the log or the policy cannot be used.
    """
    layout = Layout(settings.data)
    with ExitStack() as stack:
        journal, heads = stack.enter_context(_journal(settings))
        opener = LogOpener(settings, layout, heads, journal)
        stack.callback(opener.close)
        planned = _plan(settings, journal, heads, root.sign_public, origin)
        if planned.unfinished:
            tell(f"the rotation to {planned.old.origin} was cut short: finishing it")
        else:
            key = load_or_create_key(planned.key, planned.origin)
            tell(f"key of {key.name}: {planned.key}")
            _demand_witnesses(settings, layout, planned.line, key)
            journal.start()
            final = _end(journal, opener(planned.line), planned.line, root, key)
            tell(f"{final.origin} ended with {final.size} entries")
        line = journal.ask(lineage_of)
        _stamp(settings, layout, line, tell)
        _begin(journal, opener(line), line)
        tell(f"{line.current.origin} goes on")
    return line


@contextmanager
def _journal(settings: Settings) -> Iterator[tuple[SqlJournal, SqlHeads]]:
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    try:
        yield journal, SqlHeads(engine)
    finally:
        journal.close()
        engine.dispose()


def _plan(settings: Settings, journal: SqlJournal, heads: SqlHeads, root: bytes | None, origin: str | None) -> Plan:
    layout = Layout(settings.data)
    if root is not None and journal.ask(lambda standing: standing.root) != root:
        raise RotationError("this data folder obeys another root")
    line = journal.ask(lineage_of)
    current = line.current
    number = current.number + 1
    path = layout.log_key_of(number)
    name = origin or f"{line.eras[0].origin}/{number}"
    if path.exists():
        prepared = NoteSigner.parse(path.read_text().removesuffix("\n")).name
        if origin not in {None, prepared}:
            raise RotationError(f"{path} is there already, for a log of the name {prepared}")
        name = prepared
    if name in {era.origin for era in line.eras}:
        raise RotationError(f"there is a log of the name {name} already")
    return Plan(line, journal.size(), name, path, _is_unfinished(layout, journal, line, heads))


def _is_unfinished(layout: Layout, journal: SqlJournal, line: Lineage, heads: SqlHeads) -> bool:
    """Say whether the journal knows of a rotation that the log, or the trust folder, does not show yet."""
    if line.current.before is None:
        return False
    row = heads.load()
    begun = row is not None and SignedCheckpoint.parse(row.note).checkpoint.origin == line.current.origin
    shown = LogFolders(layout).checkpoint(line.current) is not None
    return not (begun and shown and trust_folder.are_fresh(layout, line, journal.organisation()))


def _demand_witnesses(settings: Settings, layout: Layout, line: Lineage, key: NoteSigner) -> None:
    """Have the empty head of the new log cosigned: who does not know its key yet would leave it without proofs."""
    witnesses = Witnesses(settings, layout, [*(era.key for era in line.eras), key.verifier])
    try:
        signed = SignedCheckpoint.sign(Checkpoint(key.name, 0, merkle.EMPTY_ROOT), key)
        panel = WitnessPanel(
            witnesses.all,
            LogFolders(layout).tiles(line.current),
            lambda: 0,
            lambda: datetime.now(UTC),
            witnesses.deadline_s,
        )
        question = Question(0, signed.to_bytes(), signed.checkpoint.body)
        signed = signed.with_signatures(panel.cosign(question))
        if not witnesses.believed(signed.to_bytes()):
            missing = "".join(f"\n  {name}: {error}" for name, error in panel.failures.items())
            raise RotationError(
                f"too few witnesses cosign for {key.name}. Send them this key, and try again:\n"
                f"  {key.vkey}\nThese did not:{missing}"
            )
    finally:
        witnesses.close()


def _end(
    journal: SqlJournal, integrator: Integrator, line: Lineage, root: keys.SigningKey, key: NoteSigner
) -> Checkpoint:
    """Bring every event into the old log, and end it there: the root's statement is the next event, or none."""
    for _ in _tries():
        try:
            final = _caught_up(journal, integrator, line.current)
        except HeadMovedError:
            continue  # a server that runs was quicker
        if final is None:
            continue
        body = LogRotate(rotation.head_of(final), key.vkey)
        line.succeeded(final, key.verifier)
        try:
            journal.append(statements.sign(root, rotation.TYPE, body).envelope.to_bytes()).result()
        except NotAllowedError as error:
            if error.reason != "rotation":
                raise
            continue  # something came in between: the head does not cover it
        return final
    raise RotationError("events keep coming in between, or witnesses do not cosign: stop the server and try again")


def _tries() -> Iterator[None]:
    """Yield until the time is over, with pauses in between."""
    end = time.monotonic() + TRY_FOR_S
    while time.monotonic() < end:
        yield
        time.sleep(PAUSE_S * (secrets.randbelow(1000) + 500) / 1000)


def _caught_up(journal: SqlJournal, integrator: Integrator, era: Era) -> Checkpoint | None:
    """Return the published head that covers the whole journal; None when readers would not believe it yet."""
    signed = integrator.recover()
    size = 0 if signed is None else signed.checkpoint.size
    while leaves := journal.leaves(first := era.events_below(size), first + BATCH):
        if journal.ask(lineage_of).current != era:  # looked up after the leaves were read, as `keeper` does
            raise RotationError(f"{era.origin} was ended by somebody else just now")
        signed = integrator.integrate([*era.opening[size:], *leaves], start=size)
        size = signed.checkpoint.size
    if signed is None or not integrator.is_published(signed):
        return None
    return signed.checkpoint


def _begin(journal: SqlJournal, integrator: Integrator, line: Lineage) -> None:
    """Take the commitment to the old log, and the events since, into the new log."""
    era = line.current
    for _ in _tries():
        try:
            if _caught_up(journal, integrator, era) is not None:
                return
        except HeadMovedError:
            continue  # a server that runs was quicker
    raise RotationError(
        f"{era.origin} has begun, and too few witnesses cosign it: it shows no head until they do. Nothing is lost"
    )


def _stamp(settings: Settings, layout: Layout, line: Lineage, tell: Tell) -> None:
    """Have the last head of the old log stamped: it is the youngest that its events will ever be under."""
    try:
        LogFolders(layout).stamp(line.eras[-2], tsa.choose(settings, layout))
    except (CustodyError, StorageError) as error:
        tell(f"no time stamp over the last head: {error}. The next export asks again")
