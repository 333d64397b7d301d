"""Acts about breaking the glass of a case: shares of its rescue key, and two colleagues who use it."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, KeyId, Sha256, Time
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class RescueShare(Body):
    """Her vault gives one share of a rescue key to one colleague; two of them give the key, one gives nothing."""

    rescue: KeyId
    """The name of the rescue key, an X-Wing key of this case alone."""

    number: int
    """The point of the share."""

    reader: KeyId
    to: KeyId
    """The name of the colleague's X-Wing key."""

    share: Base64
    """The share, sealed to that key."""

    suite: Literal[2]


@dataclass(frozen=True)
class RescueUse(Body):
    """A colleague who holds a share asks to read the case, for this reason and until then; or a second one agrees.

    Whoever agrees says the same again, names the request, and gives their own share to who asked. Only then, and until
    then, that colleague is served what is wrapped to the rescue key; it is never used again.
    """

    rescue: KeyId
    reason: str
    until: Time
    agrees: Sha256 | None = None
    """The request, by the id of its statement."""

    share: Base64 | None = None
    """The share of whoever agrees, sealed to who asked."""
