"""A finding of the doctor: what was looked at, how it is, and how to mend it."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How a finding is to be read."""

    GOOD = "good"
    LOOK = "look"
    """Works, or is needed for some purposes only; worth a look."""
    BAD = "bad"
    """Getuige does not work until it is mended."""


@dataclass(frozen=True)
class Finding:
    """One answer: what was looked at, how it is, what was seen, and what to do (empty when good)."""

    name: str
    state: State
    seen: str
    mend: str = ""
