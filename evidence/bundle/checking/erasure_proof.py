"""The proof of an erasure: one file by which anybody can check who decided it, when, and what the server destroyed.

It holds the events of the decision (she asked, a caseworker agreed, the server carried it out and said what is gone)
with their salts and log proofs, what vouches for their signers, the tombstones, and for each of these the proof that
the leaf is still in the log: something was there, and nobody has cut it out (`docs/formats/erasure-proof.md`).

What no proof can show is that the server kept no copy. It shows who says so, under which signature, for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.bundle.checking.names import Owner
from evidence.bundle.checking.report import Findings
from evidence.bundle.checking.trust import Anchors
from evidence.bundle.format import rotations
from evidence.bundle.format.rotations import Logs
from evidence.custody.log import leaf, tlogproof
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse, fold
from evidence.statements import event as events
from evidence.statements import tombstone as tombstones
from evidence.statements.rules import authority
from evidence.statements.rules.erasure import ERASE_CLOCK, ERASE_DELAY
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone


@dataclass(frozen=True)
class LoggedEvent:
    """An event as it is stored, its salt, and the proof that its leaf is in the log."""

    event: ids.Base64
    salt: ids.Sha256
    proof: ids.Base64


@dataclass(frozen=True)
class LoggedTombstone:
    """A tombstone as it is stored, and the proof that the leaf of the event that was there is in the log."""

    tombstone: ids.Base64
    proof: ids.Base64


@dataclass(frozen=True)
class ErasureProof:
    """The members of the file. `receipt` is the server's, of the last event, which says what was destroyed."""

    v: Literal[1]
    erasure: ids.ErasureId
    case: ids.CaseId
    events: tuple[LoggedEvent, ...]
    tombstones: tuple[LoggedTombstone, ...]
    receipt: dsse.Envelope

    def statements(self) -> list[Statement]:
        """Return the statements of its events, in order; nothing is verified."""
        return [events.parse(canonical.unb64(one.event)).statement for one in self.events]

    def to_bytes(self) -> bytes:
        """Return the file's bytes, canonical JSON."""
        return canonical.encode(schema.encode(self))


def parse(data: bytes) -> ErasureProof:
    """Read a proof; FormatError for any other form. Verifies nothing."""
    return schema.decode(ErasureProof, canonical.decode_exact(data, canonical.MAX_FILE_BYTES))


def is_proof(data: bytes) -> bool:
    """Whether a JSON file says that it is a proof of an erasure; FormatError when it is no JSON."""
    members = canonical.decode(data, canonical.MAX_FILE_BYTES)
    return isinstance(members, dict) and {"erasure", "tombstones"} <= members.keys()


def check(data: bytes, anchors: Anchors, findings: Findings) -> None:
    """Check a proof and tell what it proves. FormatError when it cannot be read; what does not hold is a finding."""
    proof = parse(data)
    logs = rotations.believe(None, anchors, findings)
    try:
        story = _read_events(proof, anchors, logs)
        buried = [_read_tombstone(one, logs) for one in proof.tombstones]
        _check_decision(story)
        _check_destroyed(story, buried)
        server = story.standing.certified[story.finish.statement.by].body
        final = proof.events[-1]
        events.check(
            proof.receipt,
            canonical.unb64(final.event),
            bytes.fromhex(final.salt),
            statement=story.finish.statement.id,
            origin=logs.line.of_event(story.finish.index).origin,
            server=bytes.fromhex(server.sign),
        )
    except (EvidenceError, KeyError, IndexError) as error:
        findings.failed("erasure-bad", proof.erasure, why=error)
        return
    logs.tell(findings)
    _tell(story, buried, anchors, findings)


@dataclass
class _Story:
    """The events of the decision, and what the events so far add up to."""

    standing: Standing = field(default_factory=Standing)
    by_type: dict[str, events.Event] = field(default_factory=dict)

    @property
    def finish(self) -> events.Event:
        return self.by_type["erase.finish"]

    def who(self, kid: ids.KeyId) -> Owner:
        if (certified := self.standing.certified.get(kid)) is not None:
            return Owner(certified.body.role, certified.body.label)
        return Owner("vault", id=kid) if kid in self.standing.case_of_vault else Owner.unknown(kid)


def _read_events(proof: ErasureProof, anchors: Anchors, logs: Logs) -> _Story:
    """Return the story, each event logged and signed by a key that the events before it vouch for."""
    story = _Story()
    at, last = -1, ""
    for one in proof.events:
        data = canonical.unb64(one.event)
        event = events.parse(data)
        if event.index <= at:
            raise FormatError("the events are not in the order of the journal")
        at, last = event.index, event.statement.type
        _demand_logged(canonical.unb64(one.proof), leaf.leaf_entry(bytes.fromhex(one.salt), data), event.index, logs)
        authority.check_author(story.standing, event.statement, event.received_at)
        body = event.statement.body
        if isinstance(body, bodies.LogOpen) and body.root.sign != anchors.root.hex():
            raise FormatError("the journal obeys another root than the pinned one")
        if event.statement.type.startswith("erase."):
            if body.named("erasure") != proof.erasure or event.statement.case != proof.case:
                raise FormatError(f"event {event.index} is about another erasure")
            if event.statement.type == "erase.cancel":
                raise FormatError("the erasure was cancelled")
            _check_decider(story.standing, event.statement, proof.case)
            story.by_type[event.statement.type] = event
        fold.apply(story.standing, event.statement)
    if last != "erase.finish":
        raise FormatError("the last event does not say what was destroyed")
    return story


def _check_decider(standing: Standing, statement: Statement, case: ids.CaseId) -> None:
    """Her vault asked, and a caseworker agreed who was on the team then, whatever became of that key since."""
    if statement.type == "erase.request" and standing.case_of_vault.get(statement.by) != case:
        raise FormatError("the vault of another case asked for it")
    if statement.type == "erase.approve" and not standing.on_team(statement.by, case):
        raise FormatError("nobody of the case's team agreed to it")


def _read_tombstone(one: LoggedTombstone, logs: Logs) -> Tombstone:
    """Return a tombstone whose leaf is in the log at its place."""
    found = tombstones.parse(canonical.unb64(one.tombstone))
    _demand_logged(canonical.unb64(one.proof), bytes.fromhex(found.leaf), found.index, logs)
    return found


def _demand_logged(proof: bytes, entry: bytes, index: int, logs: Logs) -> None:
    """Raise CustodyError or FormatError unless the log that is believed has `entry` in the place of event `index`."""
    era = logs.line.of_event(index)
    verified = tlogproof.verify(proof, entry, logs.policy)
    logs.admit(verified.checkpoint, tlogproof.TlogProof.parse(proof).checkpoint, era)
    if (verified.checkpoint.log, verified.index) != (era.key, era.entry_of(index)):
        raise FormatError(f"the proof of event {index} is about another place in the log")


def _check_decision(story: _Story) -> None:
    """She asked, someone else agreed after that, and fourteen days passed; FormatError when not."""
    try:
        asked, agreed, done = (story.by_type[f"erase.{step}"] for step in ("request", "approve", "execute"))
    except KeyError as error:
        raise FormatError(f"there is no {error.args[0]}") from error
    if not asked.index < agreed.index < done.index < story.finish.index:
        raise FormatError("the steps are not in their order")
    waited = ids.moment_of(done.received_at) - ids.moment_of(asked.received_at)
    if waited < ERASE_DELAY - ERASE_CLOCK:  # it counts from her clock, which may be that much behind
        raise FormatError(f"it was carried out {waited.days} days after it was asked")


def _check_destroyed(story: _Story, buried: Sequence[Tombstone]) -> None:
    """The tombstones are those that the server names last, and of the items that she named; FormatError if not."""
    finish, request = story.finish.statement.body, story.by_type["erase.request"].statement.body
    if not isinstance(finish, bodies.EraseFinish) or not isinstance(request, bodies.EraseRequest):
        raise FormatError("a step is not what its type says")
    if tuple(one.index for one in buried) != finish.events:
        raise FormatError("the tombstones are not those that the server names")
    if any((one.erasure, one.case) != (finish.erasure, story.finish.statement.case) for one in buried):
        raise FormatError("a tombstone belongs to another erasure or case")
    named = set(request.items)
    if {one.items[0] for one in buried if one.type != "grant"} != named:
        raise FormatError("the tombstones are of other items than she named")
    if any(named.isdisjoint(one.items) for one in buried):
        raise FormatError("a grant was destroyed that held no key of what she named")
    if tuple(one.container for one in buried if one.container is not None) != finish.containers:
        raise FormatError("the sealed files are not those that the server names")


def _tell(story: _Story, buried: Sequence[Tombstone], anchors: Anchors, findings: Findings) -> None:
    asked, agreed, done = (story.by_type[f"erase.{step}"] for step in ("request", "approve", "execute"))
    finish = story.finish.statement.body
    if not isinstance(finish, bodies.EraseFinish):  # checked before
        return
    days = (ids.moment_of(done.received_at) - ids.moment_of(asked.received_at)).days
    findings.proven(
        "erasure-decided",
        finish.erasure,
        asked=asked.received_at,
        who=story.who(agreed.statement.by),
        agreed=agreed.received_at,
        done=done.received_at,
        days=days,
        items=len({one.items[0] for one in buried if one.type != "grant"}),
    )
    findings.proven(
        "erasure-leaves",
        indexes=", ".join(str(one.index) for one in buried),
        log=anchors.policy.logs[0].name,
        witnesses=len(anchors.policy.witnesses),
    )
    findings.proven(
        "erasure-finished",
        who=story.who(story.finish.statement.by),
        when=story.finish.received_at,
        events=len(finish.events),
        containers=len(finish.containers),
    )
    for remain in finish.remains:
        who = "–" if remain.who is None else story.who(remain.who)
        findings.note(_REMAINS[remain.where], who=who, count=remain.count, until=remain.until or "–")
    findings.note("erasure-limits")


_REMAINS: Final[Mapping[str, str]] = {
    "read": "erasure-remains-read",
    "export": "erasure-remains-export",
    "object-lock": "erasure-remains-object-lock",
    "database-files": "erasure-remains-database-files",
}


def needed_keys(story: Sequence[events.Event]) -> frozenset[ids.KeyId]:
    """Return the keys whose certificates a proof must bring: those that signed, and those that remains name."""
    found = {event.statement.by for event in story}
    for event in story:
        if isinstance(event.statement.body, bodies.EraseFinish):
            found |= {remain.who for remain in event.statement.body.remains if remain.who is not None}
    return frozenset(found)


def vouches_for(event: events.Event, wanted: frozenset[ids.KeyId]) -> bool:
    """Whether an event about the organisation says something about one of the keys `wanted`, or opens the log."""
    body = event.statement.body
    if isinstance(body, bodies.KeyPublish):
        return keys.signing_kid(bytes.fromhex(body.sign)) in wanted
    if isinstance(body, bodies.KeyRetire):
        return body.kid in wanted
    return isinstance(body, bodies.LogOpen)
