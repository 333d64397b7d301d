"""Rotations of the log's key in a bundle: `proof/rotations.json` (`docs/formats/sealed-bundle.md`).

For each rotation the statement that the root signed, the head at which the older log ended, and the proof that the next
one begins with it. For each older head in the bundle, the proof that it leads there: without it, who stole the old key
could show another past under a head that is not too large.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evidence import canonical, ids, schema
from evidence.bundle.checking.report import Findings
from evidence.bundle.checking.trust import Anchors
from evidence.bundle.format import bag, layout
from evidence.custody.errors import ForkError, SuccessionError
from evidence.custody.succession import succession
from evidence.custody.succession.lineage import Era, Lineage
from evidence.custody.witnessing.policy import NO_QUORUM, VerifiedCheckpoint
from evidence.errors import EvidenceError
from evidence.statements import rotation
from evidence.statements import statement as statements

NO_PROOF: Final = "its last head is known, and nothing here shows that this head is part of it"


@dataclass(frozen=True)
class Ending:
    """One rotation: the statement (a DSSE envelope), the last head (a note), entry 0 of the next log (a proof file)."""

    statement: ids.Base64
    final: ids.Base64
    entry: ids.Base64


@dataclass(frozen=True)
class Link:
    """The consistency proof from an older head (named by its note's SHA-256) to the head at which its log ended."""

    checkpoint: ids.Sha256
    proof: tuple[ids.Sha256, ...]


@dataclass(frozen=True)
class Handover:
    """The members of `proof/rotations.json`."""

    v: Literal[1]
    rotations: tuple[Ending, ...]
    links: tuple[Link, ...]

    def to_bytes(self) -> bytes:
        """Return the file."""
        return canonical.encode(schema.encode(self))

    @classmethod
    def parse(cls, data: bytes) -> "Handover":
        """Read the file; FormatError for any other form."""
        return schema.decode(cls, canonical.decode_exact(data))


def links(proofs: Mapping[str, tuple[bytes, ...]]) -> tuple[Link, ...]:
    """Return consistency proofs, by the SHA-256 of the head's note, as the file has them."""
    return tuple(Link(ids.Sha256(name), tuple(ids.Sha256(one.hex()) for one in proofs[name])) for name in proofs)


class Logs:
    """The logs that a verifier believes, and its judgement on heads of those that ended."""

    def __init__(self, anchors: Anchors, line: Lineage, linked: Mapping[ids.Sha256, tuple[bytes, ...]]) -> None:
        self.line = line
        self.policy = line.policy(anchors.policy)
        self.unlinked: set[ids.Sha256] = set()
        self._linked = linked

    def admit(self, head: VerifiedCheckpoint, note: bytes, exported: Era) -> None:
        """Check that no rotation forbids a head that the policy believed; `exported` is the log of the export.

        What was exported before a rotation cannot show where its heads lead; then the witnesses answer for the past
        that they show, and `unlinked` names it. After a rotation, or when nobody witnessed, that is not enough.

        Raises:
            CustodyError: see `Lineage.admit`.
        """
        digest = ids.Sha256(hashlib.sha256(note).hexdigest())
        proof = self._linked.get(digest)
        era = self.line.admit(head, proof)
        if proof is None and era.final is not None and head.size < era.final.size:
            if exported.number > era.number or self.policy.quorum == NO_QUORUM:
                raise ForkError(f"{era.origin} ended: {NO_PROOF}")
            self.unlinked.add(digest)

    def tell(self, findings: Findings) -> None:
        """Say for how many heads only the witnesses answer."""
        if self.unlinked:
            findings.note("log-unlinked", count=len(self.unlinked))


def believe(bundle: bag.Bag | None, anchors: Anchors, findings: Findings) -> Logs:
    """Return the logs that count: those of the anchors, and those that the root's rotations in the bundle add.

    What does not hold is a finding, and then only what the anchors say counts.
    """
    file = None
    try:
        if bundle is not None and layout.ROTATIONS in bundle.names():
            file = Handover.parse(bag.read_small(bundle, layout.ROTATIONS))
            line = _prove(file, anchors)
        else:
            line = anchors.line()
    except EvidenceError as error:
        findings.failed("rotation-bad", why=error)
        return Logs(anchors, anchors.known_line(), {})
    for era in line.eras[:-1]:
        size = era.final.size if era.final is not None else 0
        findings.proven("log-rotated", era.origin, size=size, next=line.eras[era.number].origin)
    linked = {} if file is None else {one.checkpoint: tuple(map(bytes.fromhex, one.proof)) for one in file.links}
    return Logs(anchors, line, linked)


def _prove(file: Handover, anchors: Anchors) -> Lineage:
    """Return the line of logs, when the root signed each rotation and the heads are what it says they are."""
    found = []
    for one in file.rotations:
        statement = statements.parse(canonical.unb64(one.statement))
        found.append((rotation.signed_by_root(statement, anchors.root), one))
    line = anchors.line([body for body, _ in found])
    policy = line.policy(anchors.policy)
    for body, one in found:
        proven = succession.prove(canonical.unb64(one.final), canonical.unb64(one.entry), policy)
        closed = line.era(body.closed.origin)
        if proven.final != closed.final or proven.successor != line.eras[closed.number].origin:
            raise SuccessionError("the heads of a rotation are not those that the root signed")
    return line
