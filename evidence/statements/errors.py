"""Refusals: what the journal so far does not allow."""

from typing import NoReturn

from evidence.errors import EvidenceError


class NotAllowedError(EvidenceError):
    """The journal so far does not allow this statement; `reason` is a stable word for machines."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def refuse(reason: str, text: str) -> NoReturn:
    """Raise NotAllowedError."""
    raise NotAllowedError(reason, text)
