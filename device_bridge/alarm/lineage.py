"""The names that every bridge gives to the same things, without asking another: alarms, and the items of presses.

An alarm's id follows from the device, the sort, and the alarm of that device and sort that was closed last. It does not
follow from the press that opened it: of two presses within a second one bridge may hear the first and another the
second, and both must mean the same alarm. A key that only the bridges have goes into it, so that nobody else can
foretell an id and take it first.
"""

import hmac
from typing import Final

from evidence import ids, keys

_ALARM: Final = b"getuige/alarm/v1\0"
_ITEM: Final = b"getuige/alarm-item/v1\0"
_ID_BYTES: Final = 16
COVER_DIGITS: Final = 16
"""Of a press's SHA-256 in the list that a closing covers: 64 bits tell the presses of one alarm apart."""


def alarm_id(bridge: keys.SigningKey, device: ids.DeviceId, sort: str, after: ids.AlarmId | None) -> ids.AlarmId:
    """Return the id of the alarm that follows `after` (None: the first of this device and sort)."""
    named = _ALARM + bytes.fromhex(device) + sort.encode() + b"\0" + bytes.fromhex(after or "")
    return ids.AlarmId(hmac.digest(bridge.sign_seed, named, "sha256")[:_ID_BYTES].hex())


def item_id(bridge: keys.SigningKey, cose_sha256: bytes) -> ids.ItemId:
    """Return the id of the sealed item of the press whose bytes have this SHA-256."""
    return ids.ItemId(hmac.digest(bridge.sign_seed, _ITEM + cose_sha256, "sha256")[:_ID_BYTES].hex())


def cover(cose_sha256: bytes) -> str:
    """Return how a closing names a press that it covers."""
    return cose_sha256.hex()[:COVER_DIGITS]
