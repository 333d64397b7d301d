"""The codes that she types on the device: one asks to cancel, the other looks the same and says that she is forced.

The device knows neither code. It turns whatever is typed into a key, and the key into a code for this one message; only
the bridge can tell which it was. The two keys reach the bridge sealed to its box key, inside `alarm_device.enrol`, so
that neither the server nor whoever takes the device apart learns them (`docs/formats/device.md`, *Codes*).

A cancel fails closed: without keys, without a code, or after too many wrong ones it is not the right code. Duress fails
open: its code always counts.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from device_bridge.errors import MessageError, SettingsError
from device_bridge.wire.message import CODE_BYTES, DeviceMessage, PressId
from evidence import ids, keys
from evidence.errors import LockError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
MAX_WRONG_CODES: Final = 3
"""After this many in one alarm a right code is no proof any more: somebody is trying."""

MIN_DIGITS: Final = 4
MAX_DIGITS: Final = 12
_MIN_DIFFERENCES: Final = 2
_PIN: Final = b"getuige/pin/v1\0"
_CODE: Final = b"getuige/code/v1\0"
_ID_BYTES: Final = 16


class Verdict(StrEnum):
    """What a cancel's code turned out to be."""

    NONE = "none"
    RIGHT = "right"
    WRONG = "wrong"
    DURESS = "duress"


@dataclass(frozen=True)
class Codes:
    """The keys of one device's two codes, 32 bytes each."""

    cancel: bytes
    duress: bytes

    def seal(self, device: ids.DeviceId, bridge_box: bytes) -> bytes:
        """Seal the keys of `device` to the bridge's X25519 key, for `alarm_device.enrol`."""
        return keys.seal_box(bridge_box, bytes.fromhex(device) + self.cancel + self.duress)

    @staticmethod
    def open(sealed: bytes, device: ids.DeviceId, bridge: keys.BridgeIdentity) -> "Codes":
        """Open what was sealed for `device`; MessageError when it is for another device or another bridge."""
        try:
            opened = bridge.open_box(sealed)
        except LockError as error:
            raise MessageError("the codes of this device are not sealed to this bridge") from error
        if len(opened) != _ID_BYTES + 2 * KEY_BYTES or opened[:_ID_BYTES].hex() != device:
            raise MessageError("the codes are not those of this device")
        return Codes(opened[_ID_BYTES : _ID_BYTES + KEY_BYTES], opened[_ID_BYTES + KEY_BYTES :])


def pin_key(salt: bytes, pin: str) -> bytes:
    """Return the key that the digits `pin` become on the device whose secret salt (32 bytes) is given."""
    return hmac.digest(salt, _PIN + pin.encode(), "sha256")


def code_of(key: bytes, device: ids.DeviceId, press: PressId) -> bytes:
    """Return the code (32 bytes) that proves `key` for the message with this press id, and for no other."""
    numbers = press.boot.to_bytes(8, "big") + press.counter.to_bytes(8, "big")
    return hmac.digest(key, _CODE + bytes.fromhex(device) + numbers, "sha256")


def choose(salt: bytes, cancel: str, duress: str) -> Codes:
    """Return the keys for two chosen codes.

    SettingsError when one is not 4 to 12 digits, or when a slip of one digit would turn one into the other.
    """
    for pin in (cancel, duress):
        if not (pin.isascii() and pin.isdecimal() and MIN_DIGITS <= len(pin) <= MAX_DIGITS):
            raise SettingsError(f"a code is {MIN_DIGITS} to {MAX_DIGITS} digits")
    differences = sum(one != other for one, other in zip(cancel, duress, strict=False))
    if len(cancel) != len(duress) or differences < _MIN_DIFFERENCES:
        raise SettingsError("the two codes must have the same length and differ in two digits or more")
    return Codes(pin_key(salt, cancel), pin_key(salt, duress))


def judge(codes: Codes | None, message: DeviceMessage) -> Verdict:
    """Say what the code in a cancel is by itself; both comparisons are always made, in constant time."""
    if message.code is None:
        return Verdict.NONE
    if codes is None or len(message.code) != CODE_BYTES:
        return Verdict.WRONG
    right = hmac.compare_digest(message.code, code_of(codes.cancel, message.device, message.press))
    forced = hmac.compare_digest(message.code, code_of(codes.duress, message.device, message.press))
    if forced:
        return Verdict.DURESS
    return Verdict.RIGHT if right else Verdict.WRONG
