"""A press, or a position while its alarm is open, as sealed evidence: the device's exact bytes, and the statement.

The item is sealed to the case and to the desks at once, in memory; what leaves this module for the disk is ciphertext.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from device_bridge.alarm import lineage
from device_bridge.wire.message import DeviceMessage, Kind, Location, PressId
from evidence import canonical, ids, keys
from evidence.edtf import Edtf
from evidence.envelope import parts, pieces, sealing
from evidence.envelope.meta import Alarm
from evidence.statements import statement as statements

_KINDS: Final[Mapping[Kind, Literal["position", "check-in"]]] = {Kind.POSITION: "position", Kind.CHECK_IN: "check-in"}
_TITLES: Final = {Kind.POSITION: "Positie", Kind.CHECK_IN: "Terugmelding"}
DEGREE_DIGITS: Final = 6
"""A millionth of a degree is a tenth of a metre: finer than any receiver in a button."""


@dataclass(frozen=True)
class StoredItem:
    """A sealed alarm item: its id, the container bytes with their SHA-256, and the number of the message in it."""

    item: ids.ItemId
    sha256: ids.Sha256
    container: bytes
    press: PressId


def degrees(value: float) -> str:
    """Write degrees as the decimal text that sealed items and routes carry."""
    return f"{value:.{DEGREE_DIGITS}f}"


def seal_press(
    bridge: keys.BridgeIdentity,
    readers: tuple[bytes, ...],
    case: ids.CaseId,
    alarm: ids.AlarmId,
    message: DeviceMessage,
    at: ids.Time,
    cose: bytes,
    identity: ids.Sha256,
) -> tuple[StoredItem, statements.Statement]:
    """Seal a press, or a position, that arrived `at`; return the container and the `item.seal` statement about it.

    `cose` is the device's message as it came, `identity` names it (`device_bridge.alarm.lineage`).

    wraps.ReaderError when nothing can be wrapped to any of the readers.
    """
    described = _meta(alarm, message, at, cose)
    name = lineage.item_id(bridge, identity)
    prepared = sealing.prepare(bridge, case, described, readers, item=name)
    out = io.BytesIO()
    body = sealing.write(prepared, None, out)
    seal = statements.sign(bridge, "item.seal", body, case=case, at=at)
    return StoredItem(body.item, body.container.sha256, out.getvalue(), message.press), seal


def _meta(alarm: ids.AlarmId, message: DeviceMessage, at: ids.Time, cose: bytes) -> Alarm:
    where = message.location
    pressed = _pressed_at(message)
    return Alarm(
        kind=_KINDS.get(message.kind, "alarm"),
        source="sensor",
        recorded=at,
        title=_TITLES.get(message.kind, "Alarm"),
        text=pieces.cut(message.note or ""),
        happened=Edtf(pressed) if pressed else None,
        position=_position(where),
        alarm=parts.Alarm(
            alarm=alarm,
            device=message.device,
            boot=message.press.boot,
            counter=message.press.counter,
            kind=message.kind.value,
            cose=ids.Base64(canonical.b64(cose)),
            pressed_at=pressed,
            age_s=None if where is None else where.age_s,
            source=None if where is None else where.source,
        ),
    )


def _position(where: Location | None) -> parts.Position | None:
    if where is None:
        return None
    return parts.Position(degrees(where.lat), degrees(where.lon), where.accuracy_m)


def _pressed_at(message: DeviceMessage) -> ids.Time | None:
    """When the device says that it was pressed; None while its clock was never set."""
    if message.wall_ms is None or message.sync == 0:
        return None
    try:
        return ids.time_of(datetime.fromtimestamp(message.wall_ms / 1000, UTC))
    except (OverflowError, ValueError, OSError):
        return None  # a clock in the year 30000 must not stop a press
