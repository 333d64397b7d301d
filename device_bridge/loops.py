"""Loops: threads that do one thing over and over and end only when they are told to.

A thread that ends by an error nobody thought of keeps no deadline, sends nothing and says nothing. So every thread of
the bridge that works in turns is a `Loop`: what a turn does not catch stands in `trouble`, the next turn comes after a
pause that grows, and a thread that is gone all the same is named, so that the bridge counts as not ready.
"""

import random
import threading
from collections.abc import Callable
from typing import Final

import structlog

from device_bridge.errors import BridgeError

FIRST_PAUSE_S: Final = 0.1
LAST_PAUSE_S: Final = 5.0
"""After an error the next turn comes this much later, at most: an alarm may be waiting for it."""

_JITTER: Final = random.SystemRandom()
"""Two bridges that fail for one reason must not come back to it in step."""

log = structlog.get_logger()


class Loop:
    """One thread. `turn` does what is due and returns after how many seconds it wants its next turn.

    `at_end` is called on the thread when it is told to stop. The first turn comes after `first_s`. However often it is
    woken, turns that want to wait are `least_s` apart: what wakes it may come thousands of times a second.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], float],
        at_end: Callable[[], None] = lambda: None,
        *,
        first_s: float = 0.0,
        least_s: float = 0.0,
    ) -> None:
        self.name = name
        self.turns = 0
        """Turns that went through."""
        self._turn = turn
        self._at_end = at_end
        self._first_s = first_s
        self._least_s = least_s
        self._failure: str | None = None
        self._failed_in_a_row = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> None:
        """End after the present turn; wait for that, `timeout_s` at most."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """Let the next turn come at once."""
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop: a long turn looks at this."""
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Wait inside a turn, unless told to stop."""
        self._stop.wait(seconds)

    @property
    def ended(self) -> bool:
        """Whether the thread is gone though nobody told it to stop."""
        return self._thread is not None and not self._thread.is_alive() and not self._stop.is_set()

    @property
    def trouble(self) -> str | None:
        """Why its last turn did not go through, or that there will be no more."""
        if self.ended:
            return f"the thread {self.name} has ended: start this bridge again"
        failure = self._failure
        return None if failure is None else f"{self.name}: {failure}"

    def _run(self) -> None:
        self._stop.wait(self._first_s)
        while not self._stop.is_set():
            wait_s = self._go()
            if wait_s > 0 and not self._stop.wait(min(wait_s, self._least_s)):
                self._wake.wait(wait_s - self._least_s)
            if not self._stop.is_set():
                self._wake.clear()
        self._at_end()

    def _go(self) -> float:
        try:
            wait_s = self._turn()
        except BaseException as error:  # noqa: BLE001 - nothing that a turn does may end the thread
            failure = str(error) if isinstance(error, BridgeError) else type(error).__name__
            if failure != self._failure:
                log.error("turn-failed", loop=self.name, error=failure)  # noqa: TRY400 - no traceback with data
            self._failure = failure
            self._failed_in_a_row += 1
            longest_s = min(LAST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failed_in_a_row, 10))
            self._stop.wait(_JITTER.uniform(longest_s / 2, longest_s))
            return 0.0
        self._failure, self._failed_in_a_row = None, 0
        self.turns += 1
        return wait_s
