"""Promises: check-ins of one device that are still awaited, and what a further word does to them. Pure.

She says *until 21:40, else look for me*. Whoever holds her device must not be able to put that off:

- A word with her code takes the place of every promise before it; with a wait of zero it only ends them.
- A word without her code, or with a wrong one, ends nothing. It promises something beside: the soonest counts.
- After three wrong codes a right one proves nothing any more, until an alarm was opened. Nor does one with an old
  number: it may have been held back.
- Words are ordered by what their device says, not by their arrival: over two brokers an end may overtake its beginning.
  What its number and its clock both put before her last code was ended with it. Where they differ it counts.

The last word with a code is held for as long as the device speaks, so that late words find it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from device_bridge.alarm.press import Pressed
from device_bridge.wire.codes import MAX_WRONG_CODES
from device_bridge.wire.message import PressId
from evidence import ids

MAX_HELD: Final = 16
"""Of one device; of more the soonest count, and nobody waits for so many."""

LATE_MS: Final = 10_000
"""For so long a promise that comes when its moment is over, or is found by a bridge that was away, waits for what
stands behind it in the queue: she may have ended it long ago."""


@dataclass(frozen=True)
class Promise:
    """A check-in that is awaited at `due_ms` (Unix milliseconds); None: it ended others, or was to end them."""

    press: ids.Sha256
    boot: int
    counter: int
    made_ms: int
    due_ms: int | None
    proven: bool = False
    """Whether it came with her code."""
    wrong: bool = False
    """Whether it came with another, and counts among those that were tried."""

    @property
    def number(self) -> PressId:
        """Its number among the words of its device."""
        return PressId(self.boot, self.counter)


def after(held: tuple[Promise, ...], press: Pressed, code: Literal["none", "right", "wrong"]) -> tuple[Promise, ...]:
    """Return what is held when a check-in has come, whose code was this."""
    due_ms = press.made_ms + 1000 * press.wait_s if press.wait_s else None
    said = Promise(
        press.identity, press.boot, press.counter, press.made_ms, due_ms, wrong=code == "wrong" and not is_tried(held)
    )
    last = next((one for one in held if one.proven), None)
    if code == "right" and (last is None or said.number > last.number):
        return (replace(said, proven=True), *(one for one in held if not one.proven and one.number > said.number))
    if last is not None and said.number < last.number and said.made_ms <= last.made_ms:
        return held
    if due_ms is None and (not said.wrong or deadline(held) is None):
        return held
    return _soonest((*held, said))


def code_of(held: Iterable[Promise], press: Pressed) -> Literal["none", "right", "wrong"]:
    """Return what a check-in's code, which is not the duress code, proves now."""
    if press.code == "right":
        return "wrong" if is_tried(held) else "right"
    return "wrong" if press.code == "wrong" else "none"


def is_tried(held: Iterable[Promise]) -> bool:
    """Whether so many wrong codes came that somebody is trying."""
    return sum(one.wrong for one in held) >= MAX_WRONG_CODES


def deadline(held: Iterable[Promise]) -> Promise | None:
    """Return the promise that is awaited first; None when nothing is."""
    return min((one for one in held if one.due_ms is not None), key=lambda one: one.due_ms or 0, default=None)


def awaits(held: Iterable[Promise], press: ids.Sha256) -> bool:
    """Whether an alarm is opened when the moment of this check-in passes."""
    return any(one.press == press and one.due_ms is not None for one in held)


def over(held: tuple[Promise, ...], press: ids.Sha256) -> tuple[Promise, ...]:
    """Return what is held when the promise `press` ran out: an alarm takes the place of all that she promised."""
    if all(one.press != press for one in held):
        return held
    return tuple(replace(one, due_ms=None) for one in held if one.proven)


def _soonest(held: tuple[Promise, ...]) -> tuple[Promise, ...]:
    if len(held) <= MAX_HELD:
        return held
    latest = max((one for one in held if not one.proven and not one.wrong), key=lambda one: one.due_ms or 0)
    return tuple(one for one in held if one is not latest)
