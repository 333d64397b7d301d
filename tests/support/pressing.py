"""Presses as a bridge keeps them, without keys: named by what they say."""

import hashlib

from device_bridge.alarm.alarm import Received
from device_bridge.alarm.press import Pressed, pressed
from device_bridge.wire.codes import Verdict
from device_bridge.wire.message import DeviceMessage
from evidence import ids


def kept(message: DeviceMessage, received: Received, code: Verdict | None = None) -> Pressed:
    """Return what is kept of a message; equal messages are one press."""
    name = ids.Sha256(hashlib.sha256(message.to_payload()).hexdigest())
    return pressed(name, name, message, received, code)
