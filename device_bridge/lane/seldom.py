"""A memory of when something was last done in a name, so that a stranger who uses it often costs little."""

import time
from collections import OrderedDict
from typing import Final

MAX_NAMES: Final = 1000
"""Names kept; the oldest goes. Whoever uses more names than these is answered more often, and the broker knows him."""


class Seldom:
    """Says whether `pause_s` have passed since it last said yes to a name."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._last: OrderedDict[str, float] = OrderedDict()

    def may(self, name: str) -> bool:
        """Whether it may be done now; then it counts as done."""
        now = time.monotonic()
        last = self._last.get(name)
        if last is not None and now - last < self._pause_s:
            return False
        self._last[name] = now
        self._last.move_to_end(name)
        if len(self._last) > MAX_NAMES:
            self._last.popitem(last=False)
        return True
