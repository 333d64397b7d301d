"""Acts about a case as a whole: opened, and kept."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, KeyId, PublicKey, TeamId, Time
from evidence.statements.bodies.body import Body

RetentionClass = Literal["consent", "claim", "inquiry"]
"""Why a case is kept, weakest first (`evidence.statements.retention`)."""


@dataclass(frozen=True)
class CaseOpen(Body):
    """A caseworker opens a case: its box key, its vault key, its team and its one named lead."""

    box: PublicKey
    vault: PublicKey
    team: TeamId
    lead: KeyId
    xwing: Base64 | None = None
    """The case's X-Wing public key (1216 bytes), for wraps in suite 2."""


@dataclass(frozen=True)
class CaseRetain(Body):
    """The case is kept at least until then, for this class of reasons and on this ground."""

    retention: RetentionClass
    ground: str
    until: Time
