"""Translation of the domain's errors to problems: one place that decides what the world hears of a refusal."""

from collections.abc import Mapping
from typing import Final

from evidence.custody.errors import CustodyError
from evidence.envelope.container import TamperedError
from evidence.errors import EvidenceError, FormatError
from evidence.keys import SignatureError
from evidence.statements.errors import NotAllowedError
from evidence.store.errors import (
    BlobAwayError,
    BlobError,
    BusyError,
    ErasedError,
    StorageFullError,
    UnjudgedError,
    UnknownOutcomeError,
    UnreadyError,
)
from server.problems import ProblemError, domains, general
from server.problems.kinds import ProblemType

BUSY_RETRY_S: Final = 2
"""The writer's whole queue is written in under a second; two leave room for a slow disk."""

AWAY_RETRY_S: Final = 60
"""A storage that gave no answer to several tries is not back in a second."""

_KINDS: Final[Mapping[type[EvidenceError], ProblemType]] = {
    SignatureError: domains.STATEMENT_SIGNATURE,
    TamperedError: domains.CONTAINER,
    FormatError: domains.STATEMENT,
    BusyError: general.BUSY,
    StorageFullError: general.STORAGE_FULL,
    UnjudgedError: domains.UNJUDGED,
    UnknownOutcomeError: domains.UNKNOWN_OUTCOME,
    UnreadyError: general.UNREADY,
    BlobAwayError: domains.BLOB_AWAY,
    BlobError: domains.BLOB_MISSING,
    ErasedError: domains.ERASED,
    CustodyError: general.INTERNAL,
}
_TELLING: Final = (TamperedError, FormatError)
"""Errors whose text names a member of a format and no value: safe to show, and a developer needs it."""

_RETRY_S: Final[Mapping[ProblemType, int]] = {
    general.BUSY: BUSY_RETRY_S,
    domains.UNKNOWN_OUTCOME: BUSY_RETRY_S,
    domains.BLOB_AWAY: AWAY_RETRY_S,
}

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
    wait_s = _RETRY_S.get(kind)
    retry = None if wait_s is None else {"retry-after": str(wait_s)}
    if isinstance(error, _TELLING):
        return ProblemError(kind, retry, reason=str(error))
    return ProblemError(kind, retry)
