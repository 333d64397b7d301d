"""The stage of the story: the data folder, the people, the server's address, the narrator."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

from evidence import ids
from server.clients.pins import Pins
from server.clients.signing import Signer
from server.demo import story
from server.demo.ledger import Ledger
from server.demo.machine import GETUIGE, Machine
from server.demo.media import DemoMedium
from server.demo.narration import Narrator
from server.demo.people import People
from server.demo.supervisor import watched
from server.errors import ServerError

COMMAND_TIMEOUT_S: Final = 120
"""A command of the story opens or checks some 30 MB; a minute is a slow machine, two is a fault."""


class StoryError(ServerError):
    """A step of the story did not hold. What was done stays in the data folder."""


@dataclass
class Stage:
    """The stage. `media` is asked for only when the phone needs it: it may have to be fetched."""

    data: Path
    machine: Machine
    people: People
    ledger: Ledger
    narrator: Narrator
    media: Callable[[], list[DemoMedium]]

    @property
    def url(self) -> str:
        """The server's address."""
        return self.machine.ports.url

    @property
    def trust(self) -> Path:
        """The trust anchors, as a verifier is given them."""
        return self.data / "trust"

    @cached_property
    def pins(self) -> Pins:
        """What each of these people pinned at intake; here all read the same folder."""
        return Pins.from_folder(self.trust)

    def signer(self, handle: str) -> Signer:
        """Return someone at the server, with their own keys."""
        if handle not in self._signers:
            self._signers[handle] = Signer.connect(self.url, self.people.identity(handle), self.pins)
        return self._signers[handle]

    @cached_property
    def _signers(self) -> dict[str, Signer]:
        return {}

    @property
    def case(self) -> ids.CaseId:
        """The case of the story."""
        return ids.CaseId(self.ledger.new_id("case"))

    @property
    def first_day(self) -> date:
        """The day on which this story began, so that a used folder is searched for what was really typed."""
        return date.fromisoformat(self.ledger.fact("day", lambda: story.today().isoformat()))

    def command(self, *arguments: str | Path, exits: Sequence[int] = (0,)) -> str:
        """Run a `getuige` command as a person would, and return what it printed.

        Raises:
            StoryError: it ended in another way; the text has what it said.
        """
        words = [str(argument) for argument in arguments]
        result = subprocess.run(
            watched([*GETUIGE, *words]), capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        if result.returncode not in exits:
            said = (result.stderr or result.stdout).strip()
            raise StoryError(f"getuige {' '.join(words)} ended with {result.returncode}:\n{said}")
        return result.stdout


def demand(holds: object, text: str) -> None:
    """Raise StoryError with `text` unless it holds: the demonstration is also a test."""
    if not holds:
        raise StoryError(text)
