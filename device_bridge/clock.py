"""The wall clock of this machine beside a clock that only goes on: a step of the one is noticed by the other.

Deadlines are stored as moments of the wall clock, because they must outlive the process. When somebody sets that clock
by an hour, a woman must neither wait an hour longer for help nor see everything escalated at once. So whoever holds
such moments gives its `carry` here, and is told by how much they are to be moved.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from evidence import ids

STEP_MS: Final = 1_000
"""Network time slews what is less; the machine's own clocks differ by microseconds between two looks."""

SAID_MS: Final = 15 * 60_000
"""For so long health says that the clock was set: somebody must look at who did that."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Step:
    """The wall clock was set: it stands at `after_ms` and would stand at `before_ms` (Unix milliseconds)."""

    before_ms: int
    after_ms: int

    @property
    def ms(self) -> int:
        """By how much, backwards below zero."""
        return self.after_ms - self.before_ms

    def stamped_after(self, at_ms: int) -> bool:
        """Whether a stored moment was read from the clock after it was set, as well as can be told."""
        if self.ms > 0:
            return at_ms > self.before_ms + STEP_MS / 2
        return self.after_ms - STEP_MS / 2 < at_ms <= self.after_ms


class WallClock:
    """Notices steps. `look` may be called from any thread, often."""

    def __init__(
        self,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        steady_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._wall_ms = wall_ms
        self._steady_ms = steady_ms
        self._lock = threading.Lock()
        self._last = (wall_ms(), steady_ms())
        self._carrying: list[tuple[Callable[[Step], None], list[Step]]] = []
        self._said: tuple[int, Step] | None = None

    def on_step(self, carry: Callable[[Step], None]) -> None:
        """Call `carry` for each step. When it raises it is called again, and `look` raises."""
        self._carrying.append((carry, []))

    def look(self) -> int:
        """Notice a step and have everything carried over it; return what the clock showed (Unix milliseconds).

        Who compares stored moments with the clock uses this moment: a later look at it may be behind a step.
        """
        with self._lock:
            wall, steady = self._wall_ms(), self._steady_ms()
            step = Step(self._last[0] + steady - self._last[1], wall)
            self._last = wall, steady
            if abs(step.ms) >= STEP_MS:
                self._said = steady, step
                log.error("clock-set", seconds=step.ms / 1000)
                for _, waiting in self._carrying:
                    waiting.append(step)
            for carry, waiting in self._carrying:
                while waiting:
                    carry(waiting[0])
                    waiting.pop(0)
            return wall

    @property
    def trouble(self) -> str | None:
        """Say that the clock was set a while ago."""
        if self._said is None or self._steady_ms() - self._said[0] > SAID_MS:
            return None
        step = self._said[1]
        way = "forward" if step.ms > 0 else "back"
        at = ids.time_of_ms(step.after_ms)
        return f"the clock of this bridge was set {way} by {abs(step.ms) // 1000} s at {at}; deadlines went on"
