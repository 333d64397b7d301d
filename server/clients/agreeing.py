"""The lead's signature under a list that her vault proposes: with it the list need not wait a day.

Her vault signs first and hands the statement over; nothing of it counts before the lead's signature is there. The lead
sees whom it brings in and whom it takes away, speaks with her alone, signs the very same bytes and brings them to the
server. A list that is not brought within `TO_SIGN` begins nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence import ids
from evidence.errors import EvidenceError
from evidence.statements import bodies, event, reader_lists, rescues
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from server.clients import case_keys, timeline
from server.clients.errors import DistrustError
from server.clients.signing import Signer
from server.clients.standing_list import Reading


@dataclass(frozen=True)
class Proposal:
    """A list that her vault signed and the lead did not yet, and what it changes."""

    statement: Statement
    case: ids.CaseId
    body: bodies.ListSet
    brought_in: frozenset[ids.KeyId]
    taken_away: frozenset[ids.KeyId]
    ends_rescue: bool
    """It names no rescue key any more, or another one."""


def read(signer: Signer, data: bytes) -> Proposal:
    """Return what her vault proposes, checked: her vault signed it, for a case that this key leads.

    Raises:
        DistrustError: it is something else, by somebody else, or asks another lead.
        ClientError: refused, not reachable.
    """
    try:
        said = statements.parse(data.strip())
    except EvidenceError as error:
        raise DistrustError(f"This is no list of a vault: {error}. Nothing was signed.") from error
    body = said.body
    if not isinstance(body, bodies.ListSet) or said.case is None:
        raise DistrustError("This is no list of a vault. Nothing was signed.")
    vault = case_keys.fetch(signer, said.case).sign
    if not statements.is_signed_by(said, vault):
        raise DistrustError("Her vault did not sign this list. Nothing was signed.")
    reading = Reading.of(timeline.read(signer, said.case, []))
    if body.agreed != signer.identity.kid or reading.lead != body.agreed:
        raise DistrustError("This list asks another lead, or you do not lead this case. Nothing was signed.")
    changes = _changes(reading.lists, body, ids.now())
    return Proposal(said, said.case, body, *changes, rescues.ended_by(reading.lists, body))


def agree(signer: Signer, proposal: Proposal) -> event.Receipt:
    """Sign a proposal and bring it to the server.

    Raises:
        ClientError: refused (it is too late, or her vault said something else since), or not reachable.
    """
    return signer.post(statements.cosigned(proposal.statement, signer.identity)).receipt


def _changes(
    lists: Sequence[bodies.ListSet], body: bodies.ListSet, now: ids.Time
) -> tuple[frozenset[ids.KeyId], frozenset[ids.KeyId]]:
    current = reader_lists.in_force(lists, now)
    before = frozenset() if current is None else frozenset(row.reader for row in current.readers)
    named = frozenset(row.reader for row in body.readers)
    taken = reader_lists.taken_away(lists, body, now) | (before - named)
    return reader_lists.brought_in(lists, body, now) | (named - before), taken
