"""The answers to a device: short signed words on its own topic (`docs/formats/device.md`)."""

import time
from typing import Final

from device_bridge.errors import ForeignSignatureError, MessageError, UnknownDeviceError
from device_bridge.lane.arrivals import Arrival, Spoken
from device_bridge.lane.seldom import Seldom
from device_bridge.wire import cose
from device_bridge.wire.message import (
    Downlink,
    PressId,
    Refusal,
    Told,
    Why,
    down_topic,
    name_of_refused,
    parse_topic,
)
from evidence import ids, keys

REFUSAL_PAUSE_S: Final = 1.0
"""Pause between two refusals in the name of one device."""

_WHY: Final[dict[type[MessageError], Why]] = {
    UnknownDeviceError: Why.NOT_IN_USE,
    ForeignSignatureError: Why.SIGNATURE,
}


class Answers:
    """Signs what devices are told with the bridges' key."""

    def __init__(self, bridge: keys.SigningKey) -> None:
        self._bridge = bridge
        self._refusals = Seldom(REFUSAL_PAUSE_S)

    def say(self, device: ids.DeviceId, press: PressId, told: Told, *, life_sign_s: int) -> Spoken:
        """Return what became of a press, and how often the device says from now on that it lives."""
        topic = down_topic(device)
        said = Downlink(press, told, time.time_ns() // 1_000_000, life_sign_s)
        return Spoken(topic, cose.sign1(self._bridge, said.to_payload(), topic))

    def refuse(self, arrival: Arrival, error: MessageError) -> Spoken | None:
        """Say *refused, because* to the device in whose name the bytes came; None when the topic is no device's.

        Not more often than once a second for one name: whoever sends rubbish must not have us sign all day.
        """
        try:
            device = parse_topic(arrival.topic).device
        except MessageError:
            return None
        if not self._refusals.may(device):
            return None
        topic, why = down_topic(device), _WHY.get(type(error), Why.UNREADABLE)
        said = Refusal(name_of_refused(arrival.payload), why, arrival.received.at_ms)
        return Spoken(topic, cose.sign1(self._bridge, said.to_payload(), topic))
