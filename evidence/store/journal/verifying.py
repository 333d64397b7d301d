"""The verification of a whole journal, judged anew: a restored copy passes it before anyone relies on it.

For every event: its place, its exact bytes and the columns beside them, its leaf from its salt, the signatures, and
whether its author was allowed to say it then. Over all: the roots of the logs at the sizes that signed heads speak of,
and that each log which was ended did end with the head that the root signed.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, select

from evidence import ids
from evidence.custody.log import growth, leaf
from evidence.custody.log.growth import RightEdge
from evidence.custody.log.note import NoteVerifier
from evidence.custody.succession.succession import succession_entry
from evidence.errors import EvidenceError
from evidence.statements import bodies, event, fold
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.rotation import checkpoint_of
from evidence.statements.rules import authority
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone
from evidence.store.database.engine import reading
from evidence.store.database.schema import events
from evidence.store.journal import rows

ROWS_AT_ONCE: Final = 1000
"""Held in memory: a megabyte or two."""


@dataclass(frozen=True)
class Sealed:
    """What the journal says of one container: which event sealed it for which item and case, and its size."""

    index: int
    item: ids.ItemId
    case: ids.CaseId
    size: int


@dataclass
class Verified:
    """What a journal adds up to; `faults` are texts for a human, each with the place of the event."""

    size: int = 0
    faults: list[str] = field(default_factory=list)
    sealed: dict[ids.Sha256, Sealed] = field(default_factory=dict)
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """By name and size of the log."""

    standing: Standing = field(default_factory=Standing)
    tombstones: list[Tombstone] = field(default_factory=list)

    @property
    def erased_blobs(self) -> set[ids.Sha256]:
        """The containers of items that were erased, also of those whose events were not destroyed yet."""
        buried = {one.container for one in self.tombstones if one.container is not None}
        return buried | {name for name, one in self.sealed.items() if one.item in self.standing.erased}


class _Logs:
    """The logs of a journal, grown leaf by leaf: each rotation ends one and begins another."""

    def __init__(self, wanted: Collection[tuple[str, int]]) -> None:
        self._wanted = set(wanted)
        self._edge = RightEdge()
        self._waiting: list[bytes] = []
        self._origin: str | None = None
        self._rotations = 0

    def add(self, found: Verified, leaf: bytes) -> Iterator[str]:
        """Take in the leaf of the event that was just judged; yield what is wrong with the log's end."""
        log, rotations = found.standing.log, found.standing.rotations
        if self._origin is None and log is not None:
            self._name(found, NoteVerifier.parse(log.log_vkey).name)
        if len(rotations) > self._rotations:
            yield from self._end(found, rotations[-1])
        self._waiting.append(leaf)
        self._note(found)

    def _end(self, found: Verified, rotation: bodies.LogRotate) -> Iterator[str]:
        closed = checkpoint_of(rotation.closed)
        self.settle()
        if (self._origin, self._edge.size, self._edge.root) != (closed.origin, closed.size, closed.root):
            yield f"the log {self._origin} did not end with the head that the root signed"
        self._rotations += 1
        self._edge = growth.grow(RightEdge(), [succession_entry(closed)]).edge
        self._name(found, NoteVerifier.parse(rotation.log_vkey).name)

    def _name(self, found: Verified, origin: str) -> None:
        self._origin = origin
        if (origin, 0) in self._wanted:
            found.roots[origin, 0] = RightEdge().root
        self._note(found)

    def _note(self, found: Verified) -> None:
        head = (self._origin or "", self._edge.size + len(self._waiting))
        if head in self._wanted:
            self.settle()
            found.roots[head] = self._edge.root

    def settle(self) -> None:
        """Grow the tree by the leaves that wait."""
        self._edge = growth.grow(self._edge, self._waiting).edge
        self._waiting = []


def verify(
    engine: Engine, heads: Collection[tuple[str, int]], progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """Verify all events, and compute the roots of `heads` (name and size of a log), those that the journal reaches.

    `progress` hears the number of events of each step.
    """
    found = Verified()
    logs = _Logs(heads)
    for batch in _batches(engine):
        for row in batch:
            found.faults += (f"event {found.size}: {fault}" for fault in _judge(found, row))
            found.faults += (f"event {found.size}: {fault}" for fault in logs.add(found, row["leaf"]))
            found.size += 1
        logs.settle()
        progress(len(batch))
    found.faults += _unexplained(found)
    return found


def sealed_blobs(engine: Engine) -> dict[ids.Sha256, Sealed]:
    """Return the containers that a journal speaks of, by SHA-256; nothing is judged."""
    query = rows.query().where(events.c.item.is_not(None)).order_by(events.c.idx)
    found: dict[ids.Sha256, Sealed] = {}
    with reading(engine) as connection:
        for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
            parsed = event.parse(row.event)
            _note(found, parsed.index, parsed.statement)
    return found


def erased_blobs(engine: Engine) -> set[ids.Sha256]:
    """Return the containers that tombstones name: no copy of them is kept anywhere."""
    with reading(engine) as connection:
        buried = (tombstones.parse(data) for data in connection.scalars(rows.buried()))
        return {one.container for one in buried if one.container is not None}


def erased_items(engine: Engine) -> set[ids.ItemId]:
    """Return the items whose own events are tombstones."""
    with reading(engine) as connection:
        buried = (tombstones.parse(data) for data in connection.scalars(rows.buried()))
        return {one.items[0] for one in buried if one.type != "grant"}


def _unexplained(found: Verified) -> Iterator[str]:
    """Yield each tombstone that no executed erasure explains: somebody destroyed what nobody had decided on."""
    for one in found.tombstones:
        erasure = found.standing.erasures.get(one.erasure)
        if erasure is None or not erasure.executed or erasure.case != one.case or not erasure.items & set(one.items):
            yield f"event {one.index}: it was destroyed, and no erasure that was executed names it"


def _batches(engine: Engine) -> Iterator[list[dict[str, Any]]]:
    query = select(events).order_by(events.c.idx)
    with reading(engine) as connection:
        for part in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query).mappings().partitions():
            yield [dict(row) for row in part]


def _judge(found: Verified, row: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the event at place `found.size`, and take it into what the journal adds up to."""
    if row["idx"] != found.size:
        yield f"the journal has event {row['idx']} in this place"
    if row["salt"] == rows.NO_SALT:
        yield from _judge_tombstone(found, row)
        return
    entry = leaf.leaf_entry(row["salt"], row["event"])
    if entry != row["leaf"]:
        yield "its salt and bytes do not give its leaf"
    try:
        parsed = event.parse(row["event"])
    except EvidenceError as error:
        yield f"its bytes are no event: {error}"
        return
    statement = parsed.statement
    recorded = Recorded(parsed.index, parsed.received_at, statement.id, row["event"], row["salt"], row["leaf"])
    differing = [name for name, value in rows.row_of(statement, recorded).items() if row[name] != value]
    if differing:
        yield f"the columns beside it say otherwise: {', '.join(sorted(differing))}"
    try:
        authority.check(found.standing, statement, parsed.received_at)
    except EvidenceError as error:
        yield f"its author could not say this: {error}"
        return
    fold.apply(found.standing, statement)
    _note(found.sealed, parsed.index, statement)


def _judge_tombstone(found: Verified, row: dict[str, Any]) -> Iterator[str]:
    """As `_judge`, of an event that was destroyed: its leaf is what it was, and the columns say no more than it."""
    try:
        tombstone = tombstones.parse(row["event"])
    except EvidenceError as error:
        yield f"its bytes are no tombstone: {error}"
        return
    expected = {
        "idx": tombstone.index,
        "statement": tombstone.statement,
        "type": tombstone.type,
        "case_id": tombstone.case,
        "signer": tombstone.by,
        "seq": tombstone.seq,
        "item": tombstone.items[0] if tombstone.type == "item.seal" else None,
        "container_size": None,
        "received_at": tombstone.received_at,
        "leaf": bytes.fromhex(tombstone.leaf),
        "subject": tombstone.items[0] if tombstone.left is None else tombstone.left.grant,
        "reader": None if tombstone.left is None else tombstone.left.reader,
    }
    differing = [name for name, value in expected.items() if row[name] != value]
    if differing:
        yield f"the columns beside its tombstone say otherwise: {', '.join(sorted(differing))}"
    fold.bury(found.standing, tombstone)
    found.tombstones.append(tombstone)


def _note(sealed: dict[ids.Sha256, Sealed], index: int, statement: Statement) -> None:
    body = statement.body
    if isinstance(body, bodies.ItemSeal) and statement.case is not None:
        sealed[body.container.sha256] = Sealed(index, body.item, statement.case, body.container.size)
