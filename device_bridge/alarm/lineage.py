"""The names that every bridge gives to the same things, without asking another: alarms, and the items of presses.

An alarm's id follows from the device, the sort, and the alarm of that device and sort that was closed last. It does not
follow from the press that opened it: of two presses within a second one bridge may hear the first and another the
second, and both must mean the same alarm. A key that only the bridges have goes into it, so that nobody else can
foretell an id and take it first.

A bridge that has lost its memory, and whom neither the others nor the journal answer, does not know which alarm was
closed last. The name that it would then give may be that of an alarm which is long closed, and hide a new one behind
it. So it names the alarm after its first press: an orphan, which is folded into the alarm that it turns out to be.

A press is named by a keyed hash of what its device signed: of the Sig_structure, without the signature and whatever the
bytes around it are, so that other spellings and another signature say the same press; keyed, because whoever reads the
journal could otherwise find her place by trying. All bridges of an installation have one key.
"""

import hmac
from typing import Final, NewType

from evidence import ids, keys

_ALARM: Final = b"getuige/alarm/v1\0"
_ORPHAN: Final = b"getuige/alarm-orphan/v1"
_ITEM: Final = b"getuige/alarm-item/v1\0"
_PRESS_KEY: Final = b"getuige/press-key/v1"
_ASIDE: Final = b"getuige/put-aside/v1"
_ID_BYTES: Final = 16
COVER_DIGITS: Final = 16
"""Of a press's identity in the list that a closing covers: 64 bits tell the presses of one alarm apart."""

PressKey = NewType("PressKey", bytes)


def press_key(bridge: keys.SigningKey) -> PressKey:
    """Return the key (32 bytes) that every bridge with this signing key names presses by."""
    return PressKey(hmac.digest(bridge.sign_seed, _PRESS_KEY, "sha256"))


def identity(key: PressKey, signed: bytes) -> ids.Sha256:
    """Return the identity of the press whose Sig_structure is `signed`, as hexadecimal."""
    return ids.Sha256(hmac.digest(key, signed, "sha256").hex())


def aside_name(key: PressKey, topic: str, payload: bytes) -> str:
    """Return the name of bytes that are no press, as hexadecimal: the same, whichever broker brings them again."""
    return hmac.digest(key, _ASIDE + topic.encode() + b"\0" + payload, "sha256").hex()


def alarm_id(bridge: keys.SigningKey, device: ids.DeviceId, sort: str, after: ids.AlarmId | None) -> ids.AlarmId:
    """Return the id of the alarm that follows `after` (None: the first of this device and sort)."""
    named = _ALARM + bytes.fromhex(device) + sort.encode() + b"\0" + bytes.fromhex(after or "")
    return ids.AlarmId(hmac.digest(bridge.sign_seed, named, "sha256")[:_ID_BYTES].hex())


def orphan_id(key: PressKey, device: ids.DeviceId, sort: str, press: ids.Sha256) -> ids.AlarmId:
    """Return the id of an alarm whose forerunner nobody can name: after its first press, which two bridges share."""
    named = _ORPHAN + bytes.fromhex(device) + sort.encode() + bytes.fromhex(press)
    return ids.AlarmId(hmac.digest(key, named, "sha256")[:_ID_BYTES].hex())


def item_id(bridge: keys.SigningKey, press: ids.Sha256) -> ids.ItemId:
    """Return the id of the sealed item of the press with this identity."""
    return ids.ItemId(hmac.digest(bridge.sign_seed, _ITEM + bytes.fromhex(press), "sha256")[:_ID_BYTES].hex())


def cover(press: ids.Sha256) -> str:
    """Return how a closing names a press that it covers."""
    return press[:COVER_DIGITS]
