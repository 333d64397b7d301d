"""Waiting for an event, with a deadline that a busy machine stretches; and watching that something does not come.

The one place where tests measure how slow the machine is: `until` and `patience` use it, and so does pytest's own time
limit (`tests/conftest.py`). A deadline is for what never comes; nothing is proven by how long something took.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

DEADLINE_S: Final = 45.0
"""Longer than anything that is waited for takes on a machine at work: only what never comes runs into it."""
MOST: Final = 30.0
"""No machine is believed to be slower than this many times: a test that hangs ends at last."""
LOAD: Final = Path("/proc/loadavg")
FIRST_PAUSE_S: Final = 0.01
LAST_PAUSE_S: Final = 0.1
"""Between two questions: short at first, longer where asking costs much or has been in vain for a while."""
Value = TypeVar("Value")


def slowness(load: str | None = None, processors: int | None = None) -> float:
    """Return how many times longer work takes here than on a free machine: at least 1, at most `MOST`.

    Processes that want a processor, for each processor: those of this moment, or the mean of the last minute when that
    is more (proc_loadavg(5)). `load` and `processors` are those of this machine unless given; without Linux it is 1.
    """
    if load is None:
        load = LOAD.read_text() if LOAD.exists() else "0 0 0 0/0 0"
    last_minute, _, _, now, *_ = load.split()
    wanting = max(float(last_minute), float(now.partition("/")[0]))
    return min(max(1.0, wanting / (processors or os.cpu_count() or 1)), MOST)


def patience(seconds: float) -> float:
    """Return how long to wait here for what takes `seconds` at most on a free machine."""
    return seconds * slowness()


def until(question: Callable[[], Value], what: str, deadline_s: float = DEADLINE_S) -> Value:
    """Ask until the answer is true, and return it; fail the test, saying what was awaited, when it never is."""
    begun = time.monotonic()
    while True:
        asked = time.monotonic()
        if answer := question():
            return answer
        now = time.monotonic()
        passed = now - begun
        if passed > deadline_s and passed > patience(deadline_s):
            raise AssertionError(f"not within {passed:.0f} s: {what}")
        # What is waited for wants the processor that asking takes.
        time.sleep(min(max(FIRST_PAUSE_S, 2 * (now - asked), passed / 20), LAST_PAUSE_S))


def never(question: Callable[[], object], what: str, for_s: float) -> None:
    """Fail the test if the answer becomes true within `for_s` seconds: for what must not happen."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        assert not question(), what
        time.sleep(0.05)
