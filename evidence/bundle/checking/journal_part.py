"""The part of a journal that a bundle carries: its events, what logs them, who signed them, what is missing."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from evidence import canonical, ids, keys
from evidence.bundle.checking import interval, stamps
from evidence.bundle.checking.names import Owner
from evidence.bundle.checking.report import Findings
from evidence.bundle.checking.trust import Anchors
from evidence.bundle.format import bag, layout, rotations
from evidence.custody.log import leaf, tlogproof
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.policy import VerifiedCheckpoint
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, fold
from evidence.statements import event as events
from evidence.statements.rules import authority
from evidence.statements.standing import Standing

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}")
"""The number of an event, in the one spelling that canonical JSON allows for a number (below 2**53)."""


@dataclass
class JournalPart:
    """Events by index, their salts, and what was found about them. Fields fill up as checks run."""

    listed: list[events.Event]
    export: events.Event
    raw: dict[int, bytes]
    salts: dict[int, bytes]
    line: Lineage
    """The logs that are believed."""

    standing: Standing = field(default_factory=Standing)
    logged: set[int] = field(default_factory=set)
    signed: set[int] = field(default_factory=set)
    not_after: dict[int, ids.Time] = field(default_factory=dict)
    """What an outside time stamp says of an event: it existed by then."""
    intervals: dict[int, interval.Interval] = field(default_factory=dict)
    roots: dict[tuple[str, int], ids.Sha256] = field(default_factory=dict)
    """The root of each head that is here, by log and size."""

    over_export: Checkpoint | None = None
    """The head under which the export's own event is proven."""

    refused: set[ids.ItemId] = field(default_factory=set)
    """Items that the export does not name, or may not: nothing is said to be proven of them."""

    inviters: dict[ids.KeyId, ids.KeyId] = field(default_factory=dict)
    """Who let a phone in, by the name of the one-time key of its invitation and then by that of its own key."""

    def digest(self, index: int) -> str:
        """Return SHA-256 of an event's bytes."""
        return hashlib.sha256(self.raw[index]).hexdigest()

    @property
    def begun(self) -> list[tuple[events.Event, bodies.ItemOpen]]:
        """Items that were announced and that nothing here seals, with the event that announced them."""
        said = [(event, event.statement.body) for event in self.listed]
        settled = self.refused | {body.item for _, body in said if isinstance(body, bodies.ItemSeal)}
        return [(event, body) for event, body in said if isinstance(body, bodies.ItemOpen) and body.item not in settled]

    def trusted(self, event: events.Event) -> bool:
        """Whether an event is both in the log and validly signed."""
        return event.index in self.logged and event.index in self.signed

    def note_invitation(self, event: events.Event) -> None:
        """Remember who invited a phone."""
        by, body = event.statement.by, event.statement.body
        if isinstance(body, bodies.DeviceInvite):
            self.inviters[keys.signing_kid(bytes.fromhex(body.invite))] = by
        elif isinstance(body, bodies.DeviceEnrol):
            self.inviters[by] = self.inviters.get(body.invite, by)

    def who(self, kid: ids.KeyId) -> Owner:
        """Name the owner of a key for a human reader."""
        if (certified := self.standing.certified.get(kid)) is not None:
            return Owner(certified.body.role, certified.body.label)
        if (device := self.standing.device_of_key.get(kid)) is not None:
            inviter = self.standing.certified.get(self.inviters.get(kid, kid))
            return Owner("phone", id=device, invited_by=None if inviter is None else inviter.body.label)
        if kid in self.standing.case_of_vault:
            return Owner("vault", id=kid)
        return Owner.unknown(kid)


def load(bundle: bag.Bag, anchors: Anchors, findings: Findings) -> JournalPart:
    """Read events and salts; an event that cannot be read is a finding. FormatError if the salts or export cannot."""
    salts = _salts(bag.read_small(bundle, layout.SALTS))
    found: list[events.Event] = []
    raw: dict[int, bytes] = {}
    for name in sorted(name for name in bundle.names() if name.startswith(layout.EVENTS)):
        data = bag.read_small(bundle, name)
        try:
            event = events.parse(data)
            if layout.event(event.index) != name:
                raise FormatError("the file bears another event's number")
        except FormatError as error:
            findings.failed("event-not-authentic", name, why=error)
            continue
        found.append(event)
        raw[event.index] = data
    export_bytes = bag.read_small(bundle, layout.EXPORT_EVENT)
    export = events.parse(export_bytes)
    raw[export.index] = export_bytes
    salt = bag.read_small(bundle, layout.EXPORT_SALT).decode("ascii", "replace").strip()
    salts[export.index] = bytes.fromhex(ids.hex_text(salt, 32))
    return JournalPart(found, export, raw, salts, anchors.known_line())


def check_logged(part: JournalPart, bundle: bag.Bag, anchors: Anchors, findings: Findings) -> None:
    """Every event is under a checkpoint that satisfies the policy; tokens say how old those checkpoints are."""
    logs = rotations.believe(bundle, anchors, findings)
    part.line, exported = logs.line, logs.line.of_event(part.export.index)
    heads: dict[str, tuple[VerifiedCheckpoint, list[events.Event]]] = {}
    witnesses: set[str] = set()
    believed: dict[bytes, VerifiedCheckpoint] = {}  # thousands of proofs end in one head
    everything = (*part.listed, part.export)
    for number, event in enumerate(everything, start=1):
        findings.progress("log", number, len(everything))
        name = layout.EXPORT_PROOF if event is part.export else layout.proof(event.index)
        try:
            proof = tlogproof.TlogProof.parse(bag.read_small(bundle, name))
            entry = leaf.leaf_entry(part.salts.get(event.index, b""), part.raw[event.index])
            note = proof.checkpoint
            verified = tlogproof.verify_under(proof, entry, believed.get(note) or logs.policy.verify(note))
            if note not in believed:
                logs.admit(verified.checkpoint, note, exported)
                believed[note] = verified.checkpoint
            era = logs.line.of_event(event.index)
            if (verified.checkpoint.log, verified.index) != (era.key, era.entry_of(event.index)):
                raise FormatError("the proof is about another place in the log")
        except EvidenceError as error:
            findings.failed("event-not-logged", str(event.index), why=error)
            continue
        part.logged.add(event.index)
        head = verified.checkpoint.signed.checkpoint
        part.roots[head.origin, head.size] = ids.Sha256(head.root.hex())
        part.over_export = head if event is part.export else part.over_export
        witnesses |= {cosigned.witness for cosigned in verified.checkpoint.cosigned}
        heads.setdefault(hashlib.sha256(note).hexdigest(), (verified.checkpoint, []))[1].append(event)
    if part.logged:
        logs.tell(findings)
        names = ", ".join(sorted(witnesses)) or "–"
        log = ", ".join(sorted({head.signed.checkpoint.origin for head, _ in heads.values()}))
        findings.proven("events-logged", count=len(part.logged), log=log, witnesses=names)
    times = stamps.check(heads, bundle, anchors.tsas, logs.line, findings)
    part.not_after, part.intervals = times.not_after, times.intervals


def check_signed(part: JournalPart, anchors: Anchors, findings: Findings) -> None:
    """Every event is signed by a key that the pinned root, or the case, recognises at that point of the journal."""
    everything = sorted((*part.listed, part.export), key=lambda event: event.index)
    for number, event in enumerate(everything, start=1):
        findings.progress("signatures", number, len(everything))
        try:
            authority.check_author(part.standing, event.statement, event.received_at)
            body = event.statement.body
            if isinstance(body, bodies.LogOpen) and body.root.sign != anchors.root.hex():
                raise FormatError("the journal obeys another root than the pinned one")
            fold.apply(part.standing, event.statement)
            part.note_invitation(event)
        except (EvidenceError, KeyError) as error:
            findings.failed("event-not-authentic", str(event.index), why=error)
            continue
        part.signed.add(event.index)
    if part.signed:
        findings.proven("events-signed", count=len(part.signed))


def _salts(data: bytes) -> dict[int, bytes]:
    members = canonical.decode(data, canonical.MAX_FILE_BYTES)
    if not isinstance(members, dict) or not all(map(_INDEX.fullmatch, members)):
        raise FormatError("the salts are not listed by event number")
    return {int(index): bytes.fromhex(ids.hex_text(salt, 32)) for index, salt in members.items()}
