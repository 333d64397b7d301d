"""The numbers of a device's messages (boot, counter), when one of them lies far ahead of the others. Pure.

A flipped bit or a fault of the firmware says boot 9007199254740991 once. Were that the newest number from then on,
every later message of the device would be an old one. So what is far ahead is a row of its own: it counts, is
flagged, and moves nothing.
"""

from typing import Final

from device_bridge.wire.message import PressId

FAR: Final = 1_000
"""Boots at once: a device that starts anew each minute, unheard, needs most of a day for it."""

FIRST: Final = 1_000_000
"""Boots of a device that nothing is known of: two years of starting each minute."""


def is_ahead(press: PressId, newest: PressId | None) -> bool:
    """Whether a number lies so far ahead that it is not believed to be the device's newest."""
    return press.boot > (FIRST if newest is None else newest.boot + FAR)


def newest_of(press: PressId, newest: PressId | None) -> PressId | None:
    """Return the newest number of a device after `press` came; None while only such far ahead were heard."""
    if is_ahead(press, newest):
        return newest
    return press if newest is None else max(press, newest)
