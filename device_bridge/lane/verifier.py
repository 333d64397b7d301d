"""The verifier of arrivals: from bytes on a topic to a press that its device signed. It looks at no disk.

Whatever an enrolled device signed on the lane of alarms is a press. What is none is put aside, sealed, to be looked at;
it never stops the others.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from device_bridge.alarm import lineage
from device_bridge.alarm.press import Pressed, pressed
from device_bridge.errors import MessageError
from device_bridge.lane.answers import Answers
from device_bridge.lane.arrivals import Arrival, Spoken, Taken
from device_bridge.spool.inbox import PutAside, Stored
from device_bridge.supervision.rules import ALARMED_HEARTBEAT_S, HEARTBEAT_S, Profile
from device_bridge.wire import codes, cose, reading
from device_bridge.wire.codes import Verdict
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Told, parse_topic
from device_bridge.wire.reading import Signed
from evidence import ids, keys

MAX_KEPT_BYTES: Final = 4096
"""The beginning of poison tells what it is; a longer stranger's message is not worth its disk."""

_TYPED: Final = frozenset({Kind.CANCEL, Kind.CHECK_IN})

log = structlog.get_logger()


class InUse(Protocol):
    """A device in use: all that a press needs of it."""

    @property
    def device(self) -> ids.DeviceId:
        """Its id."""
        ...

    @property
    def case(self) -> ids.CaseId:
        """The case that its alarms belong to."""
        ...

    @property
    def sign(self) -> bytes:
        """Its Ed25519 public key."""
        ...

    @property
    def profile(self) -> Profile:
        """How often it says that it lives."""
        ...

    @property
    def card(self) -> ids.ItemId | None:
        """The dispatchers' card."""
        ...

    @property
    def codes(self) -> bytes | None:
        """Keys of its codes, sealed to the bridge."""
        ...


class Devices(Protocol):
    """Whoever knows the devices in use."""

    def device(self, device: ids.DeviceId) -> InUse:
        """Return a device in use; UnknownDeviceError for any other."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """What an arrival is: the row that is stored of it, and what its device is told afterwards."""

    row: Stored | PutAside
    answer: Spoken | None = None
    """Of a press there is none yet: nothing is said before it is stored."""

    profile: Profile = "30min"

    @property
    def problem(self) -> str | None:
        """Why it is no press."""
        return self.row.problem if isinstance(self.row, PutAside) else None


class Verifier:
    """Reads arrivals with the devices that `devices` knows and the bridges' keys."""

    def __init__(self, devices: Devices, bridge: keys.BridgeIdentity) -> None:
        self.devices = devices
        self._bridge = bridge
        self._press_key = lineage.press_key(bridge)
        self._answers = Answers(bridge)

    def is_of_device(self, arrival: Arrival) -> bool:
        """Whether an arrival bears the name of a device in use: a cheap look, nothing is verified."""
        if len(arrival.payload) > cose.MAX_MESSAGE_BYTES:
            return False
        try:
            self.devices.device(parse_topic(arrival.topic).device)
        except MessageError:
            return False
        return True

    def read(self, arrival: Arrival) -> Read:
        """Verify and read one arrival."""
        authentic = False
        try:
            device = self.devices.device(parse_topic(arrival.topic).device)
            signed = signed_by(device, arrival)
            authentic = True
            press = self.pressed(device, signed, arrival)
            row = Stored(press, device.case, device.card, self._bridge.seal(arrival.payload))
            return Read(row, profile=device.profile)
        except MessageError as error:
            return Read(self._put_aside(arrival, str(error)), self._answers.refuse(arrival, error))
        except Exception as error:  # noqa: BLE001 - whatever a message breaks, the others go on
            log.error("message-broke-intake", error=type(error).__name__)  # noqa: TRY400 - a traceback shows its bytes
            return Read(self._put_aside(arrival, f"{type(error).__name__} while it was read", authentic=authentic))

    def answered(self, read: Read) -> Taken:
        """Return what is said of an arrival now that it is stored."""
        if isinstance(read.row, PutAside):
            return Taken(read.answer, read.row.problem)
        press = read.row.press
        quiet = press.kind == "check-in" and press.code in (None, "none")
        life_sign_s = (HEARTBEAT_S if quiet else ALARMED_HEARTBEAT_S)[read.profile]
        return Taken(self._answers.say(press.device, press.number, Told.STORED, life_sign_s=life_sign_s))

    def pressed(self, device: InUse, signed: Signed, arrival: Arrival) -> Pressed:
        """Return what is kept of an arrival that its device signed for the lane of alarms."""
        message = reading.read_press(signed.payload, device.device)
        return pressed(
            lineage.identity(self._press_key, signed.signed),
            ids.Sha256(hashlib.sha256(arrival.payload).hexdigest()),
            message,
            arrival.received,
            self._verdict(device, message) if message.kind in _TYPED else None,
        )

    def _verdict(self, device: InUse, message: DeviceMessage) -> Verdict:
        """Say what the code in a message is. Keys that cannot be opened are no keys: then every code is wrong."""
        known = None
        if device.codes is not None:
            try:
                known = codes.Codes.open(device.codes, device.device, self._bridge)
            except MessageError as error:
                log.error("codes-not-opened", error=str(error))  # noqa: TRY400 - says enough
        return codes.judge(known, message)

    def _put_aside(self, arrival: Arrival, problem: str, *, authentic: bool = False) -> PutAside:
        sealed = self._bridge.seal(arrival.payload[:MAX_KEPT_BYTES])
        name = lineage.aside_name(self._press_key, arrival.topic, arrival.payload)
        return PutAside(name, arrival.received.at, arrival.topic[:MAX_KEPT_BYTES], problem, sealed, authentic)


def signed_by(device: InUse, arrival: Arrival) -> Signed:
    """Return what a device signed for the lane of alarms; MessageError for anything else."""
    signed = reading.verified(arrival.payload, device.sign, arrival.topic)
    if signed.lane is not Lane.ALARM:
        raise MessageError("this is not the lane of alarms")
    return signed
