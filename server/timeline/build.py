"""Pages of a timeline, made from events. Blocks; the routes call it from threads."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from evidence import ids
from evidence.bundle.making.selection import Read, select
from evidence.bundle.making.selection import Request as Selection
from evidence.envelope.container import HEAD_OFFSET, MAX_HEAD_BYTES, MAX_META_BYTES
from evidence.envelope.pages import Row, Served
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, event
from evidence.statements.event import Event, Recorded
from evidence.statements.facts import Begun
from evidence.statements.standing import Standing
from evidence.statements.tombstone import Tombstone, named_items
from evidence.store.errors import BlobAwayError
from evidence.store.ports import Tally
from server.items.access import CaseView
from server.people import person
from server.timeline.parts import TimelineSources
from server.timeline.readers import readers
from server.timeline.shapes import CaseFacts, CaseSummary, ErasedOut, LogState, SignOut
from server.uploads.begun import arrived

MAX_PAGE: Final = 1000
"""Events in one answer: with what is sealed in their items some four megabytes."""

_log = structlog.get_logger(__name__)
_NO_EXPORT: Final = ids.ExportId("0" * 32)


@dataclass(frozen=True)
class Page:
    """A page before it is put into words: the events that are shown, and where the next page begins."""

    events: tuple[tuple[Recorded, Event | None], ...]
    """Each with what it says; None when that cannot be read: then it is one row that says so."""
    next: int | None
    buried: tuple[Tombstone, ...] = ()

    @property
    def items(self) -> list[ids.ItemId]:
        """The items that its events seal or announce."""
        said = (parsed.statement.body for _, parsed in self.events if parsed is not None)
        return [body.item for body in said if isinstance(body, bodies.ItemSeal | bodies.ItemOpen)]


def page(sources: TimelineSources, view: CaseView, since: int, limit: int) -> Page:
    """Return the events of a view behind index `since`."""
    if view.whole:
        found = list(sources.items.journal.read(after=since, limit=limit + 1, case=view.case))
    else:
        # An investigator sees what an export would hold; which alarms that are depends on earlier events.
        selection = Selection(_NO_EXPORT, view.case, view.reader, frozenset(view.granted))
        told = ((one, _parsed(one)) for one in _all_of(sources, view.case))
        everything = [Read(one, parsed.statement) for one, parsed in told if parsed is not None]
        chosen = (one.recorded for one in select(selection, everything))
        found = [recorded for recorded in chosen if recorded.index > since][: limit + 1]
    last = found[limit - 1].index if len(found) > limit else None
    read = ((recorded, _parsed(recorded)) for recorded in found[:limit])
    # What was decided to be erased is shown to nobody, also in the moment before its events are destroyed.
    shown = tuple(
        (recorded, parsed)
        for recorded, parsed in read
        if parsed is None or view.gone.isdisjoint(named_items(parsed.statement))
    )
    buried = sources.items.journal.tombstones(case=view.case, after=since, through=last) if view.whole else ()
    return Page(shown, last, tuple(buried))


def _parsed(recorded: Recorded) -> Event | None:
    """Return what an event says; None when its bytes cannot be read, which costs its row and no other."""
    try:
        return event.parse(recorded.event)
    except EvidenceError:
        return None


def _all_of(sources: TimelineSources, case: ids.CaseId) -> list[Recorded]:
    found: list[Recorded] = []
    while more := sources.items.journal.read(after=found[-1].index if found else -1, limit=MAX_PAGE, case=case):
        found.extend(more)
    return found


def given(standing: Standing, view: CaseView, found: Page) -> list[ids.ItemId]:
    """Return the items of a page whose descriptions are about to be handed out."""
    now = ids.now()
    return [item for item in found.items if view.gives(standing, item, now)]


def erased(standing: Standing, found: Page) -> list[ErasedOut]:
    """Return the destroyed events of a page, each with the time of the decision."""
    return [
        ErasedOut(
            index=one.index,
            received_at=one.received_at,
            type=one.type,
            items=list(one.items),
            erasure=one.erasure,
            erased_at=standing.erasures[one.erasure].executed_at or "",
            leaf=one.leaf,
        )
        for one in found.buried
    ]


def rows(sources: TimelineSources, view: CaseView, found: Page, given: Sequence[ids.ItemId]) -> list[Row]:
    """Return the events of a page as they travel; what is sealed in items of `given` is read from the blobs here."""
    handed_out = frozenset(given)
    begun = sources.items.journal.ask(lambda standing: {item: standing.opened.get(item) for item in found.items})
    return [_row(sources, view, begun, one, parsed, handed_out) for one, parsed in found.events]


def _row(
    sources: TimelineSources,
    view: CaseView,
    begun: Mapping[ids.ItemId, Begun | None],
    recorded: Recorded,
    parsed: Event | None,
    given: frozenset[ids.ItemId],
) -> Row:
    row = Row(recorded.index, recorded.received_at, recorded.event, recorded.salt)
    if parsed is None:
        return replace(row, trouble="event")
    body = parsed.statement.body
    try:
        if isinstance(body, bodies.ItemSeal) and body.item in given:
            return replace(row, item=_sealed(sources, view, body))
        if isinstance(body, bodies.ItemOpen) and body.item in given and (known := begun[body.item]) is not None:
            return replace(row, item=_begun(sources, view, body.item, known))
    except BlobAwayError:
        raise  # it is asked again in a minute, and then all of it is here
    except (EvidenceError, OSError) as error:
        _log.warning("an item of a timeline cannot be read", index=recorded.index, error=type(error).__name__)
        return replace(row, trouble="item")
    return row


def _sealed(sources: TimelineSources, view: CaseView, body: bodies.ItemSeal) -> Served:
    """Return head and description of a sealed item. They are not parsed: the hash says that they were, when it came."""
    end = HEAD_OFFSET + body.head.size
    with sources.items.blobs.open(body.container.sha256) as file:
        start = file.read(min(end + body.meta.size, HEAD_OFFSET + MAX_HEAD_BYTES + MAX_META_BYTES))
    head, meta = start[HEAD_OFFSET:end], start[end:]
    if hashlib.sha256(head).hexdigest() != body.head.sha256 or len(meta) != body.meta.size:
        raise FormatError("what is kept of the item is not what was sealed")
    return Served(head, meta, tuple(view.wraps_beside(body.item)))


def _begun(sources: TimelineSources, view: CaseView, item: ids.ItemId, known: Begun) -> Served | None:
    """Return what is here of an item that was announced; None when nothing of it is."""
    found = arrived(sources.items.uploads, item, known)
    if found is None:
        return None
    prefix = found.prefix
    return Served(prefix.head_bytes, prefix.meta_ciphertext, tuple(view.wraps_beside(item)), found.size)


def facts(standing: Standing, case: ids.CaseId) -> CaseFacts:
    """Return what is known about a case."""
    known = standing.cases[case]
    return CaseFacts(
        case=case,
        xwing=known.body.xwing,
        vault=known.body.vault,
        team=known.body.team,
        team_label=standing.teams.get(known.body.team, ""),
        lead=person(standing, known.body.lead),
        opened_at=known.opened_at,
    )


def signs(sources: TimelineSources, view: CaseView) -> list[SignOut]:
    """Return the signs that something is not right with a device of a case.

    Those about consent are for her lead, and not for whoever makes her say her phrase.
    """
    found = [one for one in sources.signs.of(view.case) if not view.everything or one.kind != "closed-to-readers"]
    return [SignOut(kind=one.kind, by=one.by, first=one.first, last=one.last) for one in found]


def summary(standing: Standing, case: ids.CaseId, view: CaseView | None) -> CaseSummary:
    """Return a row of the list of cases, for a reader of what was granted (`view`) or of the whole case (None).

    What a whole case holds is for `count` to add: a list of cases does not read every one of them.
    """
    devices = map(standing.devices.__getitem__, standing.devices_of.get(case, ()))
    used = [device for device in devices if not device.revoked]
    return CaseSummary(
        case=case,
        opened_at=standing.cases[case].opened_at,
        lead=person(standing, standing.cases[case].body.lead),
        items=0 if view is None else sum(map(view.shows, view.granted)),
        phones=sum(device.alarm is None for device in used),
        alarm_devices=sum(device.alarm is not None for device in used),
        alarms=0 if view is None else len(standing.of(case).alarms),
        readers=readers(standing, case, ids.now()) if view is None else None,
    )


def count(found: CaseSummary, tally: Tally | None, erased: int) -> CaseSummary:
    """Return a row with what the whole case holds, of which `erased` items are shown to nobody."""
    if tally is None:
        return found
    return found.model_copy(update={"items": max(0, tally.items - erased), "alarms": tally.alarms})


def erased_of(standing: Standing, cases: Iterable[ids.CaseId]) -> dict[ids.CaseId, int]:
    """Return how many items of each of these cases were erased."""
    found = dict.fromkeys(cases, 0)
    for one in standing.erasures.values():
        if one.executed and one.case in found:
            found[one.case] += len(one.items)  # no item is erased twice
    return found


def log_state(sources: TimelineSources) -> LogState:
    """Return the published head of the log."""
    signed = sources.log.checkpoint()
    if signed is None:
        return LogState(size=0, root="", proven_through=sources.log.proven_through())
    head = signed.checkpoint
    return LogState(size=head.size, root=head.root.hex(), proven_through=sources.log.proven_through())
