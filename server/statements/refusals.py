"""Refusals that let an honest client go on: what has its number, and which head contradicts it.

A server's word alone moves nothing at a phone. So the refusal of a number that is taken brings the statement that has
the last one, signed by the phone's own key, with its receipt; and a `seen` is refused only with a head of that size
that this log signed. Both block.
"""

from evidence import ids
from evidence.errors import EvidenceError
from evidence.statements import bodies, event
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement
from evidence.store.errors import ErasedError
from server.problems import ProblemError, domains, translate
from server.statements.parts import Intake
from server.statements.signs import Kind


def of(intake: Intake, statement: Statement, error: NotAllowedError) -> ProblemError:
    """Return the refusal of a statement, whose signature holds, with what its author may go on from."""
    problem = translate.of(error)
    stored: Recorded | None = None
    if error.reason == "chain":
        stored = _last_of(intake, statement)
    elif error.reason == "exists" and isinstance(statement.body, bodies.ItemSeal):
        sealed = intake.journal.seal_of(statement.body.item)
        if sealed is not None and event.parse(sealed.event).statement.by == statement.by:
            stored = sealed
    if stored is None:
        return problem
    return ProblemError(problem.kind, reason=error.reason, stored=intake.receipts.of(stored).model_dump())


def check_seen(intake: Intake, statement: Statement) -> None:
    """Compare the head that a statement claims to have seen with ours: ProblemError SEEN when our own contradicts it.

    A claim about a size of which this log has no signed head at hand proves nothing and is taken. One beyond the log is
    taken as well, and flagged: it may be this server that was restored from yesterday.
    """
    seen = statement.seen
    if seen is None:
        return
    lineage = intake.log.lineage
    try:
        era = lineage.eras[0] if seen.log is None else lineage.era(seen.log)
    except EvidenceError:
        return  # a log that this server does not know (yet): nothing to compare with
    published = intake.log.folders.checkpoint(era)
    if published is None or seen.size > published.checkpoint.size:
        _note(intake, "seen-beyond", statement, seen.size)
        return
    for head in intake.log.heads_of(era, seen.size):
        if head.checkpoint.root.hex() != seen.root:
            _note(intake, "seen-contradicts", statement, seen.size)
            raise ProblemError(domains.SEEN, head=head.to_bytes().decode())


def _last_of(intake: Intake, statement: Statement) -> Recorded | None:
    """Return the last statement of this key when it has this number or a higher one; None when it was erased."""
    if statement.chain is None:
        return None
    last = intake.journal.ask(lambda standing: standing.chains.get(statement.by))
    if last is None or last.seq < statement.chain.seq:
        return None
    _note(intake, "number-taken", statement, statement.chain.seq)
    try:
        return intake.journal.by_statement(last.prev)
    except ErasedError:
        return None


def _note(intake: Intake, kind: Kind, statement: Statement, about: int) -> None:
    intake.signs.note(kind, statement, about, ids.now())
