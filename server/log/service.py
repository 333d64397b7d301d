"""Proofs that an event is in the log, for its signer and for readers of its case. Blocks."""

from evidence import ids
from evidence.statements import event
from evidence.statements.standing import Standing
from server.items.access import view_case
from server.log.line_of_logs import INTEGRATED_WITHIN_S, NotIntegratedError
from server.log.parts import PublicLog
from server.principals import Root, Signer
from server.problems import ProblemError, domains, general


def proof_of(log: PublicLog, index: int, who: Signer) -> bytes:
    """Return the proof of the event at `index`; NOT_FOUND for who may not see it, NOT_INTEGRATED while it waits."""
    found = _of_whom(log, index)
    if found is None:
        raise ProblemError(general.NOT_FOUND)
    by, case = found

    def may_see(standing: Standing) -> bool:
        return case is None or by == who.kid or _sees(standing, who, case)

    if not log.journal.ask(may_see):
        raise ProblemError(general.NOT_FOUND)
    try:
        return log.keeper.proof(index)
    except NotIntegratedError as error:
        raise ProblemError(domains.NOT_INTEGRATED, {"retry-after": str(INTEGRATED_WITHIN_S)}) from error


def _of_whom(log: PublicLog, index: int) -> tuple[ids.KeyId, ids.CaseId | None] | None:
    """Return who signed the event at `index` and of which case it is, also when it was erased: its leaf remains."""
    recorded = log.journal.event(index)
    if recorded is not None:
        statement = event.parse(recorded.event).statement
        return statement.by, statement.case
    tombstone = log.journal.tombstone(index)
    return None if tombstone is None else (tombstone.by, tombstone.case)


def _sees(standing: Standing, who: Signer, case: ids.CaseId) -> bool:
    return isinstance(who, Root) or view_case(standing, who, case, ids.now()) is not None
