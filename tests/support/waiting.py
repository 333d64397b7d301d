"""Waiting for an event, with a deadline; and watching for a while that something does not come."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

DEADLINE_S: Final = 45.0
"""Longer than anything that is waited for takes on a machine at work: only what never comes runs into it."""
Value = TypeVar("Value")


def until(question: Callable[[], Value], what: str, deadline_s: float = DEADLINE_S) -> Value:
    """Ask until the answer is true, and return it; fail the test, saying what was awaited, when it never is."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {deadline_s:.0f} s: {what}")


def never(question: Callable[[], object], what: str, for_s: float) -> None:
    """Fail the test if the answer becomes true within `for_s` seconds: for what must not happen."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        assert not question(), what
        time.sleep(0.05)
