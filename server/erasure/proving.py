"""The proof of an erasure, put together from the journal and the log. Blocks."""

from collections.abc import Iterator
from typing import Final

from evidence import canonical, ids
from evidence.bundle.checking import erasure_proof
from evidence.bundle.checking.erasure_proof import ErasureProof, LoggedEvent, LoggedTombstone
from evidence.statements import catalogue, event
from evidence.statements.event import Recorded
from server.erasure.destroying import READ_AT_ONCE
from server.erasure.parts import ErasureRecords

STEPS: Final = frozenset(catalogue.where(proves_erasure=True))
"""What was said about an erasure; a proof shows it beside the opening of its case."""


def prove(records: ErasureRecords, case: ids.CaseId, erasure: ids.ErasureId) -> bytes | None:
    """Return the proof of a finished erasure; NotIntegratedError while its last event is not in the log yet.

    None for one that was repeated after a restore: its decision is in the log of before, and so is its proof.
    """
    journal = records.journal
    own = list(_steps(records, case, erasure))
    if "erase.request" not in {event.parse(one.event).statement.type for one in own}:
        return None
    wanted = erasure_proof.needed_keys([event.parse(one.event) for one in own])
    # The last word is the newest erase.finish: after a lock has ended there is a second one. Whose key is retired after
    # it decided all the same.
    before = (one for one in journal.organisation() if one.index < own[-1].index)
    organisation = (one for one in before if erasure_proof.vouches_for(event.parse(one.event), wanted))
    story = sorted((*organisation, *own), key=lambda one: one.index)
    buried = [one for one in journal.tombstones(case=case) if one.erasure == erasure]
    proof = ErasureProof(
        1,
        erasure,
        case,
        tuple(_logged(records, one) for one in story),
        tuple(LoggedTombstone(_b64(one.to_bytes()), _b64(records.log.proof(one.index))) for one in buried),
        event.issue(records.identity, records.log.origin_of(story[-1].index), story[-1]),
    )
    return proof.to_bytes()


def _steps(records: ErasureRecords, case: ids.CaseId, erasure: ids.ErasureId) -> Iterator[Recorded]:
    """Yield the opening of the case and the steps of the erasure, in order."""
    after = -1
    while found := records.journal.read(after=after, limit=READ_AT_ONCE, case=case):
        for one in found:
            statement = event.parse(one.event).statement
            about = statement.body.named("erasure") == erasure
            if statement.type == "case.open" or (statement.type in STEPS and about):
                yield one
        after = found[-1].index


def _logged(records: ErasureRecords, recorded: Recorded) -> LoggedEvent:
    proof = records.log.proof(recorded.index)
    return LoggedEvent(_b64(recorded.event), ids.Sha256(recorded.salt.hex()), _b64(proof))


def _b64(data: bytes) -> ids.Base64:
    return ids.Base64(canonical.b64(data))
