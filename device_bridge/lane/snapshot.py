"""The snapshot of devices in use: all that the lane must know of them, so that it starts at once, also with thousands.

The bridge writes it beside the spool whenever its registry changed, from statements that it verified one by one; the
lane believes it by a MAC whose key only the bridges have. A changed file adds no device: the lane then reads the signed
registry itself, which takes longer, and says so.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cbor2

from device_bridge.errors import UnknownDeviceError
from device_bridge.lane.verifier import InUse
from device_bridge.supervision.rules import PROFILE_S, Profile
from evidence import files, ids, keys
from evidence.errors import EvidenceError

NAME: Final = "devices.snapshot"
_KEY: Final = b"getuige/lane-snapshot/v1"
_MAC_BYTES: Final = 32
_PROFILES: Final[tuple[Profile, ...]] = tuple(PROFILE_S)


@dataclass(frozen=True, slots=True)
class Known:
    """A device in use, as it stands in a snapshot."""

    device: ids.DeviceId
    case: ids.CaseId
    sign: bytes
    profile: Profile
    card: ids.ItemId | None
    codes: bytes | None


@dataclass(frozen=True)
class Snapshot:
    """Devices in use, and a number by which the bridge knows which snapshot the lane has."""

    serial: int
    devices: dict[ids.DeviceId, InUse]

    def device(self, device: ids.DeviceId) -> InUse:
        """Return a device in use; UnknownDeviceError for any other."""
        found = self.devices.get(device)
        if found is None:
            raise UnknownDeviceError("this device is not in use here")
        return found


def known(one: InUse) -> Known:
    """Return what a snapshot says of a device."""
    return Known(one.device, one.case, one.sign, one.profile, one.card, one.codes)


def write(path: Path, bridge: keys.SigningKey, serial: int, devices: Iterable[InUse]) -> None:
    """Put a snapshot in the place of the one before. FileError when the disk does not take it."""
    rows = [
        (
            bytes.fromhex(one.device),
            bytes.fromhex(one.case),
            one.sign,
            _PROFILES.index(one.profile),
            None if one.card is None else bytes.fromhex(one.card),
            one.codes,
        )
        for one in devices
    ]
    body = cbor2.dumps([serial, rows])
    files.replace(path, _mac(bridge, body) + body)


def read(path: Path, bridge: keys.SigningKey) -> Snapshot | None:
    """Return the snapshot; None when there is none that the bridge made."""
    try:
        data = files.read_if_there(path)
    except EvidenceError:
        return None
    if data is None or not hmac.compare_digest(data[:_MAC_BYTES], _mac(bridge, data[_MAC_BYTES:])):
        return None
    serial, rows = cbor2.loads(data[_MAC_BYTES:])
    devices: dict[ids.DeviceId, InUse] = {}
    for device, case, sign, profile, card, codes in rows:
        name, item = ids.DeviceId(device.hex()), None if card is None else ids.ItemId(card.hex())
        devices[name] = Known(name, ids.CaseId(case.hex()), sign, _PROFILES[profile], item, codes)
    return Snapshot(serial, devices)


def _mac(bridge: keys.SigningKey, body: bytes) -> bytes:
    key = hmac.digest(bridge.sign_seed, _KEY, "sha256")
    return hmac.digest(key, body, "sha256")
