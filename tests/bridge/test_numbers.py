"""The numbers of life signs: old ones are not believed after a restart either, and one far ahead silences nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device_bridge.alarm import numbers
from device_bridge.lane.arrivals import Arrival, received_now
from device_bridge.lane.verifier import Verifier
from device_bridge.mqtt.connection import Delivered
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from tests.support import escalating
from tests.support.bridge_world import World, world
from tests.support.escalating import shown
from tests.support.lane_threads import new_bridge
from tests.support.waiting import until

BROKEN = 2**53 - 1


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def sign(made: World, memory: DeviceMemory, press: PressId, kind: Kind = Kind.HEARTBEAT) -> bool:
    """Let the bridge hear a life sign; whether it believes it."""
    topic, telemetry = str(UpTopic(memory.device, Lane.TELEMETRY)), made.bridge.telemetry
    where = Location(51.9, 4.4, 9, 1, "gps") if kind is Kind.POSITION else None
    said = DeviceMessage(memory.device, press, 0, None, 0, kind, 50, "t", where)
    before = telemetry.read, telemetry.refused
    delivered = Delivered(topic, message.seal(said, memory.identity, topic), retain=False, qos=0, mid=0, epoch=0)
    telemetry.take(None, delivered)  # type: ignore[arg-type] # the connection is not looked at
    until(lambda: (telemetry.read, telemetry.refused) != before, "it is read")
    return telemetry.read > before[0]


@pytest.mark.parametrize(
    ("press", "newest", "ahead"),
    [
        (PressId(1, 1), None, False),
        (PressId(numbers.FIRST, 1), None, False),
        (PressId(numbers.FIRST + 1, 1), None, True),
        (PressId(7 + numbers.FAR, 1), PressId(7, 9), False),
        (PressId(8 + numbers.FAR, 1), PressId(7, 9), True),
        (PressId(BROKEN, 1), PressId(7, 9), True),
        (PressId(3, 1), PressId(7, 9), False),
    ],
)
def test_what_is_far_ahead(press: PressId, newest: PressId | None, ahead: bool) -> None:  # noqa: FBT001 - a column
    assert numbers.is_ahead(press, newest) is ahead
    assert (numbers.newest_of(press, newest) == newest) is (ahead or press < (newest or PressId(0, 0)))


def test_recorded_life_signs_are_not_believed_after_a_restart(made: World) -> None:
    memory = made.new_device()
    assert [sign(made, memory, PressId(3, n)) for n in (1, 2, 3)] == [True] * 3
    assert sign(made, memory, PressId(BROKEN, 5))
    made.bridge.supervisor.stop()
    made.bridge.supervisor.look(10**13)
    made.bridge.stop()
    made.bridge = new_bridge(made.settings)
    made.bridge.start()
    assert [sign(made, memory, PressId(3, n)) for n in (1, 2, 3)] == [False] * 3
    assert not sign(made, memory, PressId(BROKEN, 5))
    assert sign(made, memory, PressId(3, 4))


def test_one_life_sign_far_ahead_silences_none_that_follows(made: World) -> None:
    memory = made.new_device()
    assert sign(made, memory, PressId(3, 1))
    assert sign(made, memory, PressId(BROKEN, 1)), "it says that the device lives"
    assert not sign(made, memory, PressId(BROKEN, 1)), "once"
    assert [sign(made, memory, PressId(boot, 1)) for boot in (4, 5, 5)] == [True, True, False]
    assert made.bridge.feed._view.health()["heartbeats"]["ahead"] == 1
    first = made.new_device("never-heard")
    assert sign(made, first, PressId(BROKEN, 1))
    assert sign(made, first, PressId(1, 1))


def test_a_press_far_ahead_is_flagged_and_those_that_follow_are_not(made: World) -> None:
    memory = made.new_device()
    escalating.push(made, memory, 1)
    push(made, memory, PressId(BROKEN, 1))
    assert "boot-ahead" in shown(made)["flags"]
    assert "counter-odd" not in shown(made)["flags"]
    push(made, memory, PressId(2, 1))
    assert "counter-odd" not in shown(made)["flags"]


def test_a_position_follows_a_press_whose_number_was_far_ahead(made: World) -> None:
    memory = made.new_device()
    push(made, memory, PressId(BROKEN, 1))
    stored = made.bridge.telemetry.positions
    assert sign(made, memory, PressId(2, 1), Kind.POSITION)
    until(lambda: stored.stored == 1, "she is followed all the same")


def push(made: World, memory: DeviceMemory, press: PressId) -> None:
    read = Verifier(made.bridge.registry, made.bridge.identity).read(sealed(memory, press))
    assert read.problem is None
    made.bridge.intake.take([read.row])


def sealed(memory: DeviceMemory, press: PressId) -> Arrival:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, press, 0, None, 0, Kind.PRESS, 50, "t", None)
    return Arrival(topic, message.seal(said, memory.identity, topic), received_now("test"))
