"""Acts about a case as a whole: opened, and kept."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import Base64, KeyId, PublicKey, TeamId, Time
from evidence.statements.bodies.body import Body

RetentionClass = Literal["consent", "claim", "inquiry"]
"""Why a case is kept, weakest first (`evidence.statements.retention`)."""


@dataclass(frozen=True)
class CaseOpen(Body):
    """A caseworker opens a case: its X-Wing key (1216 bytes), its vault key, its team and its one named lead."""

    xwing: Base64
    vault: PublicKey
    team: TeamId
    lead: KeyId


@dataclass(frozen=True)
class CaseRetain(Body):
    """The case is kept at least until then, for this class of reasons and on this ground."""

    retention: RetentionClass
    ground: str
    until: Time
