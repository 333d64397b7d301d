"""The schedule of positions: whether an alarm of this device may be open, and when it says where it is. Pure.

Words arrive late, twice and in another order: a broker that was away hands out what it kept, and whoever runs one may
repeat what he recorded. So:

- A press, or a cancel whichever code was typed, is followed from the push until its alarm is *closed*. Without a newer
  word for half an hour it is over: a device that never heard *closed* must not make a trail for ever.
- A *closed* ends the press that it names, and those that were stored before it: they were in that alarm. A closing of
  an earlier alarm that arrives late ends nothing that came after it.
- *accepted* and the like, about a press of an earlier start, say that its alarm is open; when they are newer than the
  newest closing that the device remembers, and no older recording.
- When the moment of a check-in has passed by this device's own clock, and no code was typed since, an alarm may be open
  of which nobody tells it: so it is followed for half an hour.
- A test is followed by nobody, unless a bridge took it for a press and says *call-112*.
"""

from typing import Final

from device_bridge.wire.message import Downlink, Kind, PressId, Told

UNHEARD_S: Final = 1800.0
"""Long enough for a bridge to come back, and for help after a duress code, about which the device hears nothing more;
an open alarm is told of again at every life sign (`device_bridge.process`), which renews it."""

ALARMING: Final = frozenset({Kind.PRESS, Kind.DURESS, Kind.CANCEL})
OPEN_ALARM: Final = frozenset({Told.CALL_112, Told.ACCEPTED, Told.DISPATCHED})


class Followed:
    """The presses of one device whose alarm may be open. `closed_ms`: the bridge's clock in the newest closing."""

    def __init__(self, closed_ms: int = 0) -> None:
        self.closed_ms = closed_ms
        self._until_s: dict[PressId, float] = {}
        """Followed presses that a bridge has stored, and until when (monotonic seconds) without a newer word."""
        self._unstored: set[PressId] = set()
        self._promised_s: list[float] = []
        """When this device is overdue (monotonic seconds)."""
        self._heard_ms: dict[PressId, int] = {}
        """The bridge's clock when it last said something new of a press."""
        self._ended: set[PressId] = set()
        self._apart: set[PressId] = set()
        """Tests and tampering: alarms of their own, which end no other."""

    def is_any(self, now_s: float) -> bool:
        """Whether an alarm may be open at `now_s` (monotonic seconds)."""
        overdue = any(due <= now_s < due + UNHEARD_S for due in self._promised_s)
        return bool(self._unstored) or overdue or any(until > now_s for until in self._until_s.values())

    def promised(self, due_s: float | None, *, typed: bool) -> None:
        """Promise to check in before `due_s` (monotonic seconds); a typed code takes the place of what was promised."""
        kept = [] if typed else self._promised_s
        self._promised_s = kept if due_s is None else [*kept, due_s]

    def pushed(self, press: PressId, kind: Kind) -> None:
        """A message of this kind was made: until a bridge has stored it, its alarm may be open."""
        (self._unstored if kind in ALARMING else self._apart).add(press)

    def hear(self, said: Downlink, now_s: float) -> bool:
        """Take in what the pinned bridge said; True when `closed_ms` is another now, and worth remembering."""
        if said.state is Told.CLOSED:
            return self._closed(said)
        if said.state is Told.STORED:
            if said.press in self._unstored:
                self._unstored.discard(said.press)
                self._renew(said, now_s)
        elif said.state in OPEN_ALARM and said.time_ms > self._known_ms(said):
            self._unstored.discard(said.press)
            self._renew(said, now_s)
        return False

    def _known_ms(self, said: Downlink) -> float:
        """Return how new a word that an alarm is open must be to count; never is one about an alarm that was closed."""
        if said.press in self._ended or (said.press in self._apart and said.state is not Told.CALL_112):
            return float("inf")
        if said.press in self._unstored:
            return -1.0
        return self._heard_ms.get(said.press, self.closed_ms)

    def _renew(self, said: Downlink, now_s: float) -> None:
        self._until_s[said.press] = now_s + UNHEARD_S
        self._heard_ms[said.press] = said.time_ms

    def _closed(self, said: Downlink) -> bool:
        self._ended.add(said.press)
        over = {said.press}
        if said.press not in self._apart:
            over |= {press for press in self._until_s if self._stored_before(press, said)}
        for press in over:
            self._until_s.pop(press, None)
            self._heard_ms.pop(press, None)
        self._unstored.discard(said.press)
        newer = said.time_ms > self.closed_ms
        self.closed_ms = max(self.closed_ms, said.time_ms)
        return newer

    def _stored_before(self, press: PressId, said: Downlink) -> bool:
        return self._heard_ms[press] <= said.time_ms
