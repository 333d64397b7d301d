"""Batches: statements of one author about one case, in one request and one commit (`docs/formats/statement.md`).

What is no batch is refused whole. In a batch each statement is judged as if it had come alone, and the first that is
refused stops those behind it: they are not stored.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from evidence import canonical
from evidence.errors import FormatError
from evidence.statements import dsse
from evidence.statements import statement as statements
from evidence.statements.statement import Chain, Statement
from server.problems import ProblemError, document, together
from server.statements.shapes import MAX_TOGETHER


def parse(raw: bytes) -> tuple[Statement, ...]:
    """Read a batch; FormatError says why it is none. Verifies no signature."""
    envelopes = canonical.decode(raw)
    if not isinstance(envelopes, list) or not 1 <= len(envelopes) <= MAX_TOGETHER:
        raise FormatError(f"a batch is a list of 1 to {MAX_TOGETHER} statements")
    said = tuple(_parse(at, one) for at, one in enumerate(envelopes))
    if len({(one.by, one.case) for one in said}) > 1:
        raise FormatError("the statements of a batch have one author and one case")
    if len({one.id for one in said}) < len(said):
        raise FormatError("a statement is in a batch once")
    if not all(_follows(after, before) for before, after in itertools.pairwise(said)):
        raise FormatError("the numbers of a batch follow one another")
    return said


def stopped(at: int, receipts: Sequence[bytes], problem: ProblemError, *, english: bool) -> ProblemError:
    """Return the answer to a batch whose statement `at` was refused: with that refusal, and what was stored before."""
    refused: dict[str, Any] = document(problem.kind, english=english, members=problem.members)
    given = [canonical.decode(one) for one in receipts]
    return ProblemError(together.BATCH_STOPPED, problem.headers, at=at, receipts=given, refused=refused)


def _follows(after: Statement, before: Statement) -> bool:
    if after.chain is None or before.chain is None:
        return after.chain is before.chain
    return after.chain == Chain(before.chain.seq + 1, before.id)


def _parse(at: int, envelope: object) -> Statement:
    try:
        return statements.from_envelope(dsse.from_json(envelope, dsse.STATEMENT_TYPE))
    except FormatError as error:
        raise FormatError(f"statement {at}: {error}") from error
