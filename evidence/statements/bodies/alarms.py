"""Acts about alarms: raised, repeated, delivered, and acted upon by a dispatcher."""

from dataclasses import dataclass
from typing import Literal

from evidence.ids import AlarmId, DeviceId, ItemId, Sha256, Time
from evidence.statements.alarm_words import AlarmKind, CloseReason
from evidence.statements.bodies.body import Body


@dataclass(frozen=True)
class Press:
    """What names one push of a button: the device's boot number and its counter since that boot."""

    boot: int
    counter: int


@dataclass(frozen=True)
class AlarmRaise(Body):
    """The bridge received a press; the message as received is inside the sealed `item`.

    `identity` names the press, by a key that only the bridges have; `cose_sha256` is of the bytes in the item.
    `moved_from` is the alarm that it was in before, and that was closed without it. It counts in the one raised last.
    """

    alarm: AlarmId
    device: DeviceId
    press: Press
    kind: AlarmKind
    item: ItemId
    identity: Sha256
    cose_sha256: Sha256
    received_at: Time
    broker: str
    flags: tuple[str, ...]
    moved_from: AlarmId | None = None


@dataclass(frozen=True)
class AlarmRepeat(Body):
    """A further press of the same device while its alarm is open; `moved_from` as in `AlarmRaise`."""

    alarm: AlarmId
    press: Press
    identity: Sha256
    cose_sha256: Sha256
    received_at: Time
    flags: tuple[str, ...] | None = None
    """What is odd about it, and for a cancel what its code was."""

    moved_from: AlarmId | None = None


@dataclass(frozen=True)
class AlarmFold(Body):
    """An alarm that a bridge without memory named by itself is another one: its presses and acts count there."""

    alarm: AlarmId
    into: AlarmId


@dataclass(frozen=True)
class AlarmDeliver(Body):
    """What became of the alarm on one route. *Delivered* means: their software has it, not: a human has it."""

    alarm: AlarmId
    route: str
    outcome: Literal["delivered", "failed"]
    detail: str
    at: Time


@dataclass(frozen=True)
class AlarmAct(Body):
    """A named dispatcher claims, accepts, takes over, dispatches, reports on scene, or looks at a colleague's close."""

    alarm: AlarmId


@dataclass(frozen=True)
class AlarmClose(Body):
    """A named dispatcher closes the alarm, with the reason."""

    alarm: AlarmId
    reason: CloseReason
