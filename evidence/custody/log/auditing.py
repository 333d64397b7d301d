"""The audit of a whole log: head, growth since the last look, every entry and tile below the head. Pure.

Each claim is checked on its own and named, so that an auditor can say what is wrong: a head that too few witnesses
cosigned, a *roll-back* (the log has become shorter), a *split view* (two heads, both signed by the log, that one
history cannot have), or tiles that do not follow from the entries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from evidence.custody.errors import (
    CheckpointError,
    CorruptLogError,
    CustodyError,
    NoteError,
    ProofError,
    ResourceNotFoundError,
    TileError,
)
from evidence.custody.log import growth, merkle
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, TileReader, TileSource
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.policy import Cosigned, Policy, VerifiedCheckpoint


class Claim(StrEnum):
    """What is asked of a log, in this order."""

    HEAD = "head"
    """The newest checkpoint is signed by a log of the policy and cosigned by its quorum."""
    GROWTH = "growth"
    """The log contains the head that was verified last."""
    TREE = "tree"
    """Every entry is there, and every tile follows from the entries up to the signed root."""
    HANDOVER = "handover"
    """It begins with the end of the log before it, and did not go on after its own; asked of logs that were rotated."""


class Verdict(StrEnum):
    """What came of a claim."""

    HOLDS = "holds"
    FIRST_LOOK = "first-look"
    """There was no earlier head to compare with."""
    NOT_BELIEVED = "not-believed"
    """The policy refuses the head."""
    ROLL_BACK = "roll-back"
    SPLIT_VIEW = "split-view"
    CORRUPT = "corrupt"
    ENDED = "ended"
    """The log is at its end, and another goes on."""
    RETIRED = "retired"
    """The log went on after its end: somebody uses the key that was retired."""
    LOOSE = "loose"
    """The log does not begin with the end of the one before it."""
    NOT_CHECKED = "not-checked"
    """An earlier claim failed, so that this one would say nothing."""


GOOD: Final = frozenset({Verdict.HOLDS, Verdict.FIRST_LOOK, Verdict.ENDED})
"""Verdicts with which a log passes."""


@dataclass(frozen=True)
class Finding:
    """One claim, what came of it, and why if it does not hold."""

    claim: Claim
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """All claims about one log; `head` is what was served, and None when it is not even a checkpoint."""

    findings: tuple[Finding, ...]
    head: Checkpoint | None
    cosigned: tuple[Cosigned, ...]
    note: bytes

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(finding.verdict in GOOD for finding in self.findings)


Known = Callable[[str], Checkpoint | None]
"""The head that the auditor verified last for a log of this origin."""


def audit(
    source: TileSource,
    policy: Policy,
    known: Known,
    progress: Callable[[int], None] = lambda _: None,
    line: Lineage | None = None,
) -> Report:
    """Check a log as it stands now.

    Args:
        source: where the log's files are read.
        policy: who must have signed; never taken from the log itself.
        known: the head that was verified last, by origin.
        progress: told how many entries were checked so far.
        line: the logs of its operator, when rotations of the key are known; then the policy is for all of them.

    Raises:
        ResourceNotFoundError: there is no checkpoint, so there is no log here.
        StorageError: the source cannot be read.
    """
    note = source.read(CHECKPOINT_PATH)
    try:
        verified = (policy if line is None else line.policy(policy)).verify(note)
    except CustodyError as error:
        return Report((Finding(Claim.HEAD, Verdict.NOT_BELIEVED, str(error)), *_unchecked()), _shown(note), (), note)
    findings = [Finding(Claim.HEAD, Verdict.HOLDS), *_below(source, verified, known, progress)]
    if line is not None and len(line.eras) > 1:
        findings.append(_handover(source, verified, line))
    return Report(tuple(findings), verified.signed.checkpoint, verified.cosigned, note)


def _below(
    source: TileSource, head: VerifiedCheckpoint, known: Known, progress: Callable[[int], None]
) -> Iterator[Finding]:
    try:
        growth.audit(source, head.size, head.root, progress)
        tree = Finding(Claim.TREE, Verdict.HOLDS)
    except CorruptLogError as error:
        tree = Finding(Claim.TREE, Verdict.CORRUPT, str(error))
    earlier = known(head.signed.checkpoint.origin)
    if earlier is None:
        yield Finding(Claim.GROWTH, Verdict.FIRST_LOOK)
    else:
        yield _growth(source, earlier, head, whole=tree.verdict is Verdict.HOLDS)
    yield tree


def _growth(source: TileSource, earlier: Checkpoint, head: VerifiedCheckpoint, *, whole: bool) -> Finding:
    """Compare with the earlier head. A proof that fails tells of a split view only when the tree is `whole`."""
    if head.size < earlier.size:
        return Finding(Claim.GROWTH, Verdict.ROLL_BACK, f"it had {earlier.size} entries, now {head.size}")
    try:
        proof = TileReader(source, head.size).prove_consistency(earlier.size)
        merkle.verify_consistency(earlier.size, earlier.root, head.size, head.root, proof)
    except (ProofError, ResourceNotFoundError, TileError) as error:
        if head.size != earlier.size and not whole:
            return Finding(Claim.GROWTH, Verdict.CORRUPT, f"its tiles do not let one compare: {error}")
        text = f"the head of {earlier.size} entries that was verified before is not part of it"
        return Finding(Claim.GROWTH, Verdict.SPLIT_VIEW, text)
    return Finding(Claim.GROWTH, Verdict.HOLDS, f"from {earlier.size} to {head.size} entries")


def _handover(source: TileSource, head: VerifiedCheckpoint, line: Lineage) -> Finding:
    """Compare both ends of the log with what the root signed."""
    era = line.era(head.signed.checkpoint.origin)
    try:
        first = TileReader(source, head.size).entries(0)[: len(era.opening)] if era.opening else ()
    except (ResourceNotFoundError, TileError) as error:
        return Finding(Claim.HANDOVER, Verdict.CORRUPT, f"its first entry cannot be read: {error}")
    if first != era.opening:
        before = line.eras[era.number - 2].origin
        return Finding(Claim.HANDOVER, Verdict.LOOSE, f"its first entry is not the end of {before}")
    if era.final is None:
        return Finding(Claim.HANDOVER, Verdict.HOLDS)
    return _ended(head, era.final, line.eras[era.number].origin)


def _ended(head: VerifiedCheckpoint, final: Checkpoint, following: str) -> Finding:
    if head.size > final.size:
        return Finding(Claim.HANDOVER, Verdict.RETIRED, f"it ended with {final.size} entries, now {head.size}")
    if head.size < final.size:
        return Finding(Claim.HANDOVER, Verdict.ROLL_BACK, f"it ended with {final.size} entries, now {head.size}")
    if head.root != final.root:
        return Finding(Claim.HANDOVER, Verdict.SPLIT_VIEW, "the root signed another head of that size")
    return Finding(Claim.HANDOVER, Verdict.ENDED, following)


def _unchecked() -> Iterator[Finding]:
    for claim in (Claim.GROWTH, Claim.TREE):
        yield Finding(claim, Verdict.NOT_CHECKED)


def _shown(note: bytes) -> Checkpoint | None:
    try:
        return SignedCheckpoint.parse(note).checkpoint
    except (NoteError, CheckpointError):
        return None
