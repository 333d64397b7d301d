"""The login of a device at a broker: a short token signed by its own key, and the topics that are then its own.

The token opens a lane, nothing more: every message on that lane is signed again. A device that does not know the time
says so in the token and is let in, because a press must not fail on a flat clock battery; TLS keeps tokens from
being copied on the way (docs/adr/0003-alarm-path.md).
"""

import base64
import binascii
import time
from dataclasses import dataclass
from typing import Final

import cbor2

from device_bridge.errors import MessageError
from device_bridge.registry import Registry
from device_bridge.wire import cose
from device_bridge.wire.message import Lane, UpTopic, down_topic
from evidence import ids, keys
from evidence.errors import FormatError

AUDIENCE: Final = "connect"
"""The external_aad of a token: bytes signed for a topic are no token, and the other way round."""

FRESH_S: Final = 300
"""How far a token's time may lie from ours, either way."""

_ID_BYTES: Final = 16


@dataclass(frozen=True)
class Lanes:
    """What one device may publish to and subscribe to, as MQTT topics."""

    device: ids.DeviceId
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def make_token(device: ids.DeviceId, who: keys.SigningKey, *, clock_sure: bool = True) -> str:
    """Return a fresh password for the broker's user `device`."""
    members = {"v": 1, "id": bytes.fromhex(device), "t": int(time.time()) if clock_sure else None}
    signed = cose.sign1(who, cbor2.dumps(members, canonical=True), AUDIENCE)
    return base64.urlsafe_b64encode(signed).decode()


def client_id_of(device: ids.DeviceId) -> str:
    """Return the MQTT client id of a device, or the beginning of it."""
    return f"device-{device}"


def admit(user: str, token: str, client_id: str, registry: Registry, now_s: float) -> Lanes:
    """Return the lanes of a device in use whose token holds; MessageError for anyone else.

    A client id is a device's own, because a broker ends the session of whoever used the same one before: with the
    bridge's, a stolen device could push the bridge out and throw away its queue.
    """
    try:
        device = registry.device(ids.DeviceId(ids.hex_text(user, _ID_BYTES)))
        data = base64.b64decode(token, altchars=b"-_", validate=True)
    except (FormatError, binascii.Error, ValueError) as error:
        raise MessageError("user or token is not one of a device") from error
    if not client_id.startswith(client_id_of(device.device)):
        raise MessageError("the client id is not the device's own")
    signed = cose.parse(data)
    signed.verify(device.sign, AUDIENCE)
    members = cose.decode(signed.payload)
    if not isinstance(members, dict) or members.keys() != {"v", "id", "t"} or members["v"] != 1:
        raise MessageError("not a token of version 1")
    if members["id"] != bytes.fromhex(device.device):
        raise MessageError("the token is of another device")
    made_at = members["t"]
    if made_at is not None and (not isinstance(made_at, int) or abs(now_s - made_at) > FRESH_S):
        raise MessageError("the token is too old, or from the future")
    return Lanes(
        device.device,
        publish=tuple(str(UpTopic(device.device, lane)) for lane in Lane),
        subscribe=(down_topic(device.device), "svc/bridge/+"),
    )
