"""Plans of bundles, what one will hold, fixed before the investigator signs for it.

Between preparing and signing the journal grows (each look is an event), so the choice of events is written down: the
manifest that was signed must come out again when the bundle is built.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import canonical, files, ids, schema
from evidence.bundle.format import bag
from evidence.bundle.making import sealed, selection
from evidence.bundle.making.sealed import Plan, Source
from evidence.bundle.making.selection import Read
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from server.exports.parts import ExportSources
from server.items.access import granted_wraps
from server.principals import Investigator
from server.problems import ProblemError, domains, exporting, general
from server.uploads.begun import settled

LOGGED_WITHIN_S: Final = 10.0
"""An event is in the log a quarter of a second later; whoever asks waits no longer than this."""

POLL_S: Final = 0.05
READ_AT_ONCE: Final = 1000
"""Events of one look into the journal."""


@dataclass(frozen=True)
class BegunPart:
    """So many bytes of an item that was announced and never sealed go into the bundle; more may arrive later."""

    item: ids.ItemId
    size: int


@dataclass(frozen=True)
class Prepared:
    """An export that was prepared; `events` are indices of the journal."""

    export: ids.ExportId
    case: ids.CaseId
    reader: ids.KeyId
    ground: str
    manifest: ids.Sha256
    items: tuple[ids.ItemId, ...]
    head: bodies.ExportHead
    last: tuple[bodies.LastNumber, ...]
    events: tuple[int, ...]
    begun: tuple[BegunPart, ...] | None = None

    @property
    def request(self) -> selection.Request:
        """What the bundle's builder asks for."""
        return selection.Request(self.export, self.case, self.reader, frozenset(self.items))


def prepare(
    sources: ExportSources, who: Investigator, case: ids.CaseId, ground: str, grants: Collection[str] | None = None
) -> Prepared:
    """Choose what is granted now (by these grants), fix the manifest and write it down. Blocks until all is logged.

    Raises ProblemError NOTHING_TO_EXPORT when nothing is granted, TOO_MANY_TO_EXPORT when one bundle cannot hold it,
    NOT_INTEGRATED when the log does not grow.
    """
    now = ids.now()

    def look(standing: Standing) -> tuple[ids.ItemId, ...]:
        given = granted_wraps(standing, who.kid, case, now).keys()
        return tuple(sorted(given if grants is None else given & _given_by(standing, case, grants)))

    items = sources.journal.ask(look)
    if not items:
        raise ProblemError(exporting.NOTHING_TO_EXPORT)
    if len(items) > bag.MAX_ITEMS:
        raise ProblemError(exporting.TOO_MANY_TO_EXPORT)
    export = ids.ExportId(ids.new_id())
    request = selection.Request(export, case, who.kid, frozenset(items))
    head, below = _head_of_now(sources)
    journal = selection.read(one for one in _journal_of(sources, case) if one.index < below)
    chosen = selection.select(request, journal)
    last = selection.last_numbers(journal, sources.journal.tombstones(case=case, through=below - 1))
    known = sources.journal.ask(lambda standing: {item: standing.opened.get(item) for item in items})
    begun = {item: settled(sources.uploads, item, one) for item, one in known.items() if one is not None}
    parts = {item: Source(one.path, one.size) for item, one in begun.items() if one is not None}
    planned = sealed.plan(request, chosen, sources.blobs.local_path, parts)
    indices = tuple(one.recorded.index for one in chosen)
    noted = tuple(BegunPart(item, part.size) for item, part in parts.items()) or None
    prepared = Prepared(export, case, who.kid, ground, planned.manifest_sha256, items, head, last, indices, noted)
    files.make_folder(sources.folder)
    path = sources.folder / f"{export}.json"
    files.replace(path, canonical.encode(schema.encode(prepared)))
    return prepared


def _given_by(standing: Standing, case: ids.CaseId, grants: Collection[str]) -> set[ids.ItemId]:
    """Return the items of those grants of the case that are named."""
    named = (standing.grants[one] for one in standing.of(case).grants if one in grants)
    return {given.item for grant in named for given in grant.body.items}


def _head_of_now(sources: ExportSources) -> tuple[bodies.ExportHead, int]:
    """Return a published head over every event of now, and how many events lie below it."""
    newest, deadline = sources.journal.size() - 1, time.monotonic() + LOGGED_WITHIN_S
    while (signed := sources.log.covering(newest)) is None:
        if time.monotonic() > deadline:
            raise ProblemError(domains.NOT_INTEGRATED)
        time.sleep(POLL_S)
    head, era = signed.checkpoint, sources.log.lineage.of_event(newest)
    return bodies.ExportHead(head.origin, head.size, ids.Sha256(head.root.hex())), era.events_below(head.size)


def load(sources: ExportSources, export: str) -> Prepared | None:
    """Return what was prepared under this name; None when nothing was. Blocks."""
    try:
        path = sources.folder / f"{ids.hex_text(export, 16)}.json"
        return schema.decode(Prepared, canonical.decode_exact(path.read_bytes(), canonical.MAX_FILE_BYTES))
    except (FormatError, FileNotFoundError):
        return None


def find(sources: ExportSources, export: str, who: Investigator) -> Prepared:
    """Return an export of this investigator; NOT_FOUND for every other, ERASED when part of it was. Blocks."""
    prepared = load(sources, export)
    if prepared is None or prepared.reader != who.kid:
        raise ProblemError(general.NOT_FOUND)
    if not sources.journal.ask(lambda standing: standing.erased.isdisjoint(prepared.items)):
        raise ProblemError(domains.ERASED)
    return prepared


def rebuild(sources: ExportSources, prepared: Prepared) -> Plan:
    """Return the plan again from what was written down. Blocks."""
    wanted = frozenset(prepared.events)
    chosen = selection.read(one for one in _journal_of(sources, prepared.case) if one.index in wanted)
    parts = {one.item: Source(_path_of(sources, chosen, one.item), one.size) for one in prepared.begun or ()}
    return sealed.plan(prepared.request, chosen, sources.blobs.local_path, parts)


def _path_of(sources: ExportSources, chosen: Sequence[Read], item: ids.ItemId) -> Path:
    """Return where the bytes of an announced item are by now: its upload may have been finished meanwhile."""
    openings = (one.statement for one in chosen)
    owner = next(one.by for one in openings if isinstance(one.body, bodies.ItemOpen) and one.body.item == item)
    upload = sources.uploads.notes.begun(item, owner)
    path = None if upload is None else sources.uploads.path(upload)
    if path is None:
        raise sealed.BuildError(f"what arrived of item {item} is not here any more")
    return path


def check_export(sources: ExportSources, statement: Statement, body: bodies.Export) -> None:
    """Refuse an `export` statement that is not about what was prepared for its signer. Blocks."""
    prepared = load(sources, body.export)
    if prepared is None:
        raise ProblemError(general.NOT_FOUND)
    signed = (statement.by, statement.case, body.ground, body.manifest, body.items, body.head, body.last)
    fixed = (prepared.reader, prepared.case, prepared.ground, prepared.manifest, prepared.items)
    if signed != (*fixed, prepared.head, prepared.last):
        raise ProblemError(exporting.EXPORT_STALE)


def _journal_of(sources: ExportSources, case: ids.CaseId) -> list[Recorded]:
    """Return the events of a case and of the organisation, in order."""
    found = list(sources.journal.organisation())
    after = -1
    while more := sources.journal.read(after=after, limit=READ_AT_ONCE, case=case):
        found.extend(more)
        after = more[-1].index
    return sorted(found, key=lambda one: one.index)
