"""A step as a value: what a press changes, from what was known when it came.

`device_bridge.intake.decide` makes it, `device_bridge.spool.presses` applies it in one transaction.
"""

from dataclasses import dataclass
from typing import Literal

from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import Stage, Turn
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.promise import Promise
from device_bridge.wire.message import PressId
from evidence import ids
from evidence.statements.alarm_words import AlarmKind


@dataclass(frozen=True)
class Remaining:
    """What is left to do for a press that was stored: say it to the journal, and give the routes its place.

    `sends`: it opened the alarm or made it duress, and went to routes; else only those that wait get its place.
    `moved_from`: the alarm that it was in before, and that was closed without it.
    """

    says: Literal["raise", "repeat"]
    kind: AlarmKind
    flags: tuple[str, ...]
    sends: bool
    moved_from: ids.AlarmId | None = None


@dataclass(frozen=True)
class Seen:
    """A press that was stored before, and the alarm that it raised or joined (None for a stray cancel)."""

    alarm: ids.AlarmId | None


@dataclass(frozen=True)
class Last:
    """The alarm of a device and sort that was closed last, and how many came before it."""

    alarm: ids.AlarmId
    generation: int


@dataclass(frozen=True)
class Known:
    """What the spool knows when a press comes: of this press, of its device, and of its alarms by sort."""

    seen: Seen | None = None
    newest: PressId | None = None
    test_window: bool = False
    open: tuple[Alarm, ...] = ()
    promises: tuple[Promise, ...] = ()
    last: tuple[tuple[str, Last], ...] = ()
    blind: bool = False
    """Whether this spool may lack alarms, and nobody could be asked yet."""
    covered_by: ids.AlarmId | None = None
    """The closed alarm whose closing covers this press: somebody had it before them at another bridge."""


@dataclass(frozen=True)
class Sending:
    """What goes to the routes: `queue` at once, `hold` in its turn; `begun` are stages whose turn has come already.

    `yields`: another bridge sends first, and this one only what nobody reported in time.
    """

    queue: tuple[str, ...]
    hold: tuple[Turn, ...]
    begun: tuple[Stage, ...]
    yields: bool = False


@dataclass(frozen=True)
class Step:
    """What a press changes. `alarm` is the alarm as it is now, None when nothing of it changes.

    `belongs` is the alarm that the press is in; `tells`: other bridges hear of the alarm, not only of the press;
    `tested`: it was a test of its device. `promises`: what is awaited of the device now; None: as before. Nothing of a
    press that `is_known` is stored.
    """

    press: Pressed
    belongs: ids.AlarmId | None
    counts: tuple[str, ...]
    alarm: Alarm | None = None
    remaining: Remaining | None = None
    tells: bool = False
    tested: bool = False
    sending: Sending | None = None
    is_known: bool = False
    promises: tuple[Promise, ...] | None = None
