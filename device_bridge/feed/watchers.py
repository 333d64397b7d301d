"""The watchers: how many consoles are open at the servers that follow this bridge, and who watches on a shift.

That a server listens says nothing of people. Each server says every few seconds what it sees; what it said longer ago
than that is not believed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evidence import canonical, ids, schema
from evidence.errors import FormatError

BELIEVED_S: Final = 10.0
"""A server says it every three seconds."""

MAX_SERVERS: Final = 64
MAX_CONSOLES: Final = 10_000


@dataclass(frozen=True)
class Watching:
    """What one process of a server sees: its name, open consoles, and whose console with a shift begun gave a sign."""

    server: str
    consoles: int
    on_shift: tuple[ids.KeyId, ...]

    @staticmethod
    def parse(body: bytes) -> "Watching":
        """Read what a server says; FormatError when it is something else."""
        said = schema.decode(Watching, canonical.decode(body))
        few = max(said.consoles, len(said.on_shift)) <= MAX_CONSOLES
        if not few or said.consoles < 0 or not 0 < len(said.server) <= MAX_SERVERS:
            raise FormatError("expected the number of open consoles, and who watches on a shift")
        return said


class Watchers:
    """What all servers said last; may be used from any thread."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._said: dict[str, tuple[float, Watching]] = {}

    def note(self, said: Watching) -> bool:
        """Remember what a server says; whether somebody watches now who did not, or the other way round."""
        before = self.on_shift
        fresh = {name: one for name, one in self._said.items() if self._clock_s() - one[0] <= BELIEVED_S}
        if said.server in fresh or len(fresh) < MAX_SERVERS:
            fresh[said.server] = (self._clock_s(), said)
        self._said = fresh
        return self.on_shift != before

    @property
    def consoles(self) -> int:
        """How many consoles are open."""
        return sum(one.consoles for one in self._believed())

    @property
    def on_shift(self) -> tuple[ids.KeyId, ...]:
        """Who watches: dispatchers with a shift begun, whose console was heard a moment ago."""
        return tuple(sorted({kid for one in self._believed() for kid in one.on_shift}))

    def _believed(self) -> list[Watching]:
        return [said for at_s, said in self._said.values() if self._clock_s() - at_s <= BELIEVED_S]
