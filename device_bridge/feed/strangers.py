"""Strangers at the door for presses: addresses from which bytes came that no device in use had signed.

A press needs no token, so anybody may post here. Whoever posted much that was no press has the next one looked at
before it may join the queue; what a device signed goes through from any address, also that of whoever floods it.
"""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

ALLOWED: Final = 20
WITHIN_S: Final = 10.0
"""A device whose enrolment is new here repeats each second for a while; a flood is hundreds a second."""

MAX_ADDRESSES: Final = 10_000
_NETWORK_BITS: Final = 64


class Strangers:
    """Counts what was refused, by address; used from one event loop."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._refused: dict[str, tuple[float, int]] = {}

    def is_one(self, address: str) -> bool:
        """Whether too much came from there that was no press."""
        since, count = self._refused.get(place_of(address), (0.0, 0))
        return count >= ALLOWED and self._clock_s() - since <= WITHIN_S

    def refused(self, address: str) -> None:
        """Note that something from there was no press of a device in use."""
        place, now = place_of(address), self._clock_s()
        since, count = self._refused.pop(place, (now, 0))
        self._refused[place] = (now, 1) if now - since > WITHIN_S else (since, count + 1)
        if len(self._refused) > MAX_ADDRESSES:
            del self._refused[next(iter(self._refused))]


def place_of(address: str) -> str:
    """Return what is counted as one sender: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> _NETWORK_BITS << _NETWORK_BITS))
    return str(parsed)
