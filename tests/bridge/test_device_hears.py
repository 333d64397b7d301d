"""A device believes what it hears only as far as it may: its clock, its heartbeat, and a bridge that refuses."""

import time
from pathlib import Path

import pytest

from device_bridge.errors import MessageError
from device_bridge.mqtt.connection import BrokerAddress, Connection
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.wire import cose, message
from device_bridge.wire.message import Downlink, Kind, PressId, Refusal, Told, Why
from evidence import ids, keys
from tests.support.bridge_world import World, start_bridge, world
from tests.support.lane_threads import reading_of
from tests.support.waiting import patience, until

NIGHT_MS = 8 * 3_600_000


def repeat_to(made: World, device: ReferenceDevice, topic: str, *said: bytes) -> None:
    """Publish as a broker's operator may, and wait until the device has heard as many words more."""
    liar = Connection(BrokerAddress.parse(made.urls[0], "liar"), "liar", lambda *_: None, filters=(), durable=False)
    before = device.heard
    liar.start()
    try:
        until(liar.connected.is_set, "the liar connects")
        for word in said:
            liar.publish(topic, word)
        until(lambda: device.heard >= before + len(said), "the device hears them")
    finally:
        liar.stop()


@pytest.mark.need("mosquitto")
def test_no_recorded_word_sets_the_clock(tmp_path: Path) -> None:
    """A device that was off for a night, and hears what a broker kept, must not say that its next press is old."""
    with world(tmp_path, "mosquitto", count=1) as made:
        memory = made.new_device()
        down = message.down_topic(memory.device)
        long_ago = time.time_ns() // 1_000_000 - NIGHT_MS

        def signed(press: PressId, state: Told, time_ms: int) -> bytes:
            return cose.sign1(made.organisation.bridge, Downlink(press, state, time_ms, 60).to_payload(), down)

        with made.switched_on(memory) as device:
            first = device.press(Kind.PRESS)
            assert device.wait(first, Told.STORED, patience(30)) is not None
        with made.switched_on(memory) as device:
            repeat_to(made, device, down, signed(first, Told.CLOSED, long_ago), signed(first, Told.STORED, long_ago))
            assert device.heartbeat_s == 60
            second = device.press(Kind.PRESS)
            assert device.wait(second, Told.STORED, patience(30)) is not None
            stored_hb = device.heartbeat_s
            # An older word about the press that is open neither puts the clock back nor slows the heart.
            repeat_to(made, device, down, signed(second, Told.STORED, long_ago))
            assert device.heartbeat_s == stored_hb == 10
            third = device.press(Kind.PRESS)
            assert device.wait(third, Told.STORED, patience(30)) is not None
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert (alarm.repeats, alarm.age_s) == (2, 0)
        assert "late" not in alarm.flags
        assert "clock-ahead" not in alarm.flags


@pytest.mark.need("mosquitto")
def test_a_device_that_is_refused_says_so_and_does_not_give_up(tmp_path: Path) -> None:
    """The word may be out of date: an enrolment that has not reached this bridge yet."""
    with world(tmp_path, "mosquitto", count=1) as made:
        memory = made.new_device()
        heard: list[tuple[PressId, Why]] = []
        device = ReferenceDevice(memory, on_refused=lambda press, why, _ms: heard.append((press, why)))
        made.bridge.stop()
        device.start()
        try:
            until(lambda: device.connected() == 1, "the device connects")
            press = device.press(Kind.PRESS)
            _topic, payload = device._unstored[press]
            down = message.down_topic(memory.device)
            refusal = Refusal(message.name_of_refused(payload), Why.NOT_IN_USE, time.time_ns() // 1_000_000)
            other = Refusal(message.name_of_refused(payload + b"x"), Why.SIGNATURE, refusal.time_ms)
            said = [cose.sign1(made.organisation.bridge, one.to_payload(), down) for one in (other, refusal, refusal)]
            repeat_to(made, device, down, *said)
            assert heard == [(press, Why.NOT_IN_USE)], "once, and only of its own bytes"
            made.bridge = start_bridge(made.settings)
            assert device.wait(press, Told.STORED, 60) is not None
        finally:
            device.stop()


def test_a_refusal_is_read_back_and_is_no_word_about_a_press() -> None:
    bridge_key, topic = keys.SigningKey.generate(), message.down_topic(ids.DeviceId("a0" * 16))
    refusal = Refusal(b"12345678", Why.UNREADABLE, 1_790_000_000_000)
    said = cose.sign1(bridge_key, refusal.to_payload(), topic)
    assert message.open_told(said, bridge_key.sign_public, topic) == refusal
    with pytest.raises(MessageError, match="unreadable"):
        message.open_downlink(said, bridge_key.sign_public, topic)
