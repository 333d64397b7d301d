"""From errors of the domain to problems: one place that decides what the world hears of a refusal."""

from collections.abc import Mapping
from typing import Final

from evidence.custody.errors import CustodyError
from evidence.envelope.container import TamperedError
from evidence.errors import EvidenceError, FormatError
from evidence.keys import SignatureError
from evidence.statements.authority import NotAllowedError
from evidence.store.errors import BlobError, BusyError, StorageFullError, UnknownOutcomeError, UnreadyError
from server.problems import ProblemError, domains, general
from server.problems.kinds import ProblemType

BUSY_RETRY_S: Final = 2
"""The writer's whole queue is written in under a second; two leave room for a slow disk."""

_KINDS: Final[Mapping[type[EvidenceError], ProblemType]] = {
    SignatureError: domains.STATEMENT_SIGNATURE,
    TamperedError: domains.CONTAINER,
    FormatError: domains.STATEMENT,
    BusyError: general.BUSY,
    StorageFullError: general.STORAGE_FULL,
    UnknownOutcomeError: domains.UNKNOWN_OUTCOME,
    UnreadyError: general.UNREADY,
    BlobError: domains.BLOB_MISSING,
    CustodyError: general.INTERNAL,
}
_TELLING: Final = (TamperedError, FormatError)
"""Errors whose text names a member of a format and no value: safe to show, and a developer needs it."""

_REASONS: Final[Mapping[str, ProblemType]] = {
    "chain": domains.CHAIN,
    "exists": domains.EXISTS,
    "unknown-case": general.NOT_FOUND,
    "unknown-key": general.SIGNATURE,
}


def of(error: EvidenceError) -> ProblemError:
    """Return the problem that says `error` to people."""
    if isinstance(error, NotAllowedError):
        kind = _REASONS.get(error.reason, domains.NOT_ALLOWED)
        if kind is general.NOT_FOUND:
            return ProblemError(kind)  # the same answer as for anything that is not there
        return ProblemError(kind, reason=error.reason)
    kind = next((_KINDS[base] for base in type(error).__mro__ if base in _KINDS), general.INTERNAL)
    retry = {"retry-after": str(BUSY_RETRY_S)} if kind in {general.BUSY, domains.UNKNOWN_OUTCOME} else None
    if isinstance(error, _TELLING):
        return ProblemError(kind, retry, reason=str(error))
    return ProblemError(kind, retry)
