"""Rates at which one principal may ask: token buckets in memory, one table per kind of principal.

A limit protects the others; it never loses anything: a phone that hears 429 keeps what it has and asks again.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from server.problems import ProblemError, general


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second` on average, `burst` at once."""

    per_second: float
    burst: int


ANYONE: Final = Pace(per_second=2, burst=120)
"""Per address, for what needs no proof: a household or an office behind one address signs in a few times a minute."""

STRANGER: Final = Pace(per_second=2, burst=120)
"""Per address, for signatures and sessions that do not hold: a phone that was revoked asks a few times, a flood
gets no further. Apart from `ANYONE`, so that a flood behind one address keeps nobody there from signing in."""

SIGNER: Final = Pace(per_second=100, burst=2000)
"""Per key: a phone that comes home uploads hundreds of photographs in small parts, with a check before each."""

MAX_TRACKED: Final = 20_000
"""Buckets kept; the longest unused goes first. An attacker with more addresses needs another defence than this."""


class Limiter:
    """Token buckets under one pace."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, count: int = 1) -> None:
        """Count a request, or `count` statements of one; the problem RATE, with Retry-After, when they do not fit."""
        now = self._clock()
        tokens, at = self._buckets.pop(who, (float(self._pace.burst), now))
        tokens = min(float(self._pace.burst), tokens + (now - at) * self._pace.per_second)
        if tokens < count:
            self._buckets[who] = (tokens, now)
            wait = int((count - tokens) / self._pace.per_second) + 1
            raise ProblemError(general.RATE, {"retry-after": str(wait)})
        self._buckets[who] = (tokens - count, now)
        while len(self._buckets) > MAX_TRACKED:
            self._buckets.popitem(last=False)
