"""The lease of the sending bridge: who holds it in the shared database sends an alarm first (`evidence.store`).

The answer is in memory when a press needs it. While the database does not answer within 200 ms, every bridge sends
first: an alarm centre folds two alarms of one number into one, and nobody can fold one that never came.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog

from device_bridge.loops import Loop

LEASE: Final = "bridge-sender"
LEASE_S: Final = 3.0
RENEW_S: Final = 1.0
"""Two renewals may fail before another bridge takes the lease."""

ANSWER_S: Final = 0.2
"""A database that takes longer is not waited for."""

Take = Callable[[str], str]
"""Given our name, takes or renews the lease and returns the holder's name; raises when the database cannot be asked."""

log = structlog.get_logger()


class Sender:
    """Owns one loop. `open_lease` gives a `Take` and what closes it again; it is called until it succeeds."""

    def __init__(self, bridge: str, open_lease: Callable[[], tuple[Take, Callable[[], None]]]) -> None:
        self._bridge = bridge
        self._open = open_lease
        self._holder: str | None = None
        self._asked_at: float | None = None
        self._failure: str | None = None
        self._take: Take | None = None
        self._close: Callable[[], None] = lambda: None
        self.loop = Loop("lease of the sender", self._turn, self._let_go)

    def start(self) -> None:
        """Begin to ask."""
        self.loop.start()

    def stop(self) -> None:
        """Stop asking; the lease runs out by itself."""
        self.loop.stop(LEASE_S)  # a database that hangs is not waited for

    @property
    def holder(self) -> str | None:
        """The bridge that sends first; None while nobody knows."""
        asked_at = self._asked_at
        late = asked_at is not None and time.monotonic() - asked_at > ANSWER_S
        return None if late else self._holder

    def sends_first(self) -> bool:
        """Whether this bridge sends at once."""
        return self.holder in (None, self._bridge)

    def _turn(self) -> float:
        try:
            if self._take is None:
                self._take, self._close = self._open()
            self._asked_at = time.monotonic()
            self._holder = self._take(self._bridge)
            self._asked_at = self._failure = None
        except Exception as error:  # noqa: BLE001 - whatever the database says: then everyone sends
            if self._failure != type(error).__name__:
                log.info("lease-lost", error=type(error).__name__)
            self._failure = type(error).__name__
            self._holder = self._asked_at = None
            self._let_go()
        return RENEW_S

    def _let_go(self) -> None:
        close, self._take, self._close = self._close, None, lambda: None
        try:
            close()
        except Exception as error:  # noqa: BLE001 - it is thrown away
            log.info("lease-close", error=type(error).__name__)
