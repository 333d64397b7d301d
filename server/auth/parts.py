"""The parts that authentication works with: the journal, locked keys and sessions, and the pace of whoever asks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from evidence.store.database.access import AccessStore
from evidence.store.journal.journal import SqlJournal
from server.auth.rates import Limiter
from server.parts import Given


@dataclass(frozen=True, slots=True)
class Gate:
    """What decides who somebody is. `public_url` is where people reach this server."""

    journal: SqlJournal
    access: AccessStore
    challenge_key: bytes
    public_url: str
    anyone_pace: Limiter
    stranger_pace: Limiter
    signer_pace: Limiter

    @property
    def is_secure(self) -> bool:
        """Whether people reach this server over https."""
        return self.public_url.startswith("https://")


GateGiven = Annotated[Gate, Depends(Given(Gate))]
