"""The parts that the server speaks of itself with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends

from evidence.store.journal.journal import SqlJournal
from server.parts import Given


@dataclass(frozen=True, slots=True)
class OwnState:
    """The anchors as the journal and the file `policy` give them, and what is not well, by part."""

    journal: SqlJournal
    policy: Path
    trouble: Callable[[], dict[str, str]]


StateGiven = Annotated[OwnState, Depends(Given(OwnState))]
