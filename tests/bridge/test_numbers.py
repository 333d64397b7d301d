"""The numbers of life signs: old ones are not believed after a restart either, and one far ahead silences nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from device_bridge.alarm import numbers
from device_bridge.alarm.alarm import Received
from device_bridge.alarm.press import Sign, checked
from device_bridge.lane.arrivals import Arrival, received_now
from device_bridge.lane.verifier import Verifier
from device_bridge.mqtt.connection import Delivered
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids
from tests.support import escalating
from tests.support.bridge_world import World, world
from tests.support.escalating import shown
from tests.support.lane_threads import new_bridge
from tests.support.pressing import kept
from tests.support.waiting import until

BROKEN = 2**53 - 1


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def sign(made: World, memory: DeviceMemory, press: PressId, kind: Kind = Kind.HEARTBEAT, *, up_ms: int = 0) -> bool:
    """Let the bridge hear a life sign; whether it believes it."""
    topic, telemetry = str(UpTopic(memory.device, Lane.TELEMETRY)), made.bridge.telemetry
    where = Location(51.9, 4.4, 9, 1, "gps") if kind is Kind.POSITION else None
    said = DeviceMessage(memory.device, press, up_ms, None, 0, kind, 50, "t", where)
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


@pytest.mark.parametrize(
    ("boot", "up_s", "says_ago_s", "flags"),
    [
        (3, 105, 8 * 3600, ["clock-unsure"]),  # a recording set its clock: it ran for five seconds since it was heard
        (3, 105, 0, []),
        (4, 5, 8 * 3600, ["late"]),  # it was off: nothing says otherwise
    ],
)
def test_a_press_is_no_older_than_its_device_can_have_kept_it(
    made: World, boot: int, up_s: int, says_ago_s: int, flags: list[str]
) -> None:
    memory = made.new_device()
    assert sign(made, memory, PressId(3, 1), up_ms=100_000)
    topic, wall_ms = str(UpTopic(memory.device, Lane.ALARM)), time.time_ns() // 1_000_000 - 1000 * says_ago_s
    said = DeviceMessage(memory.device, PressId(boot, 2), 1000 * up_s, wall_ms, 2, Kind.PRESS, 50, "t", None)
    body = message.seal(said, memory.identity, topic)
    httpx.post(made.press_url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()
    alarm = shown(made)
    assert alarm["flags"] == flags
    assert (alarm["age_s"] or 0) < 60 or flags == ["late"]


def test_what_was_kept_while_there_was_no_network_is_as_old_as_it_says() -> None:
    """Ten minutes lie between its making and its coming, by either clock; and a press from before the life sign."""
    at_ms = 1_790_000_000_000
    for up_ms, came_ms in ((160_000, 660_000), (40_000, 540_000)):
        said = DeviceMessage(
            ids.DeviceId("a" * 32), PressId(3, 2), up_ms, at_ms + came_ms - 600_000, 2, Kind.PRESS, None, "", None
        )
        press = kept(said, Received(at_ms + came_ms, ids.time_of_ms(at_ms + came_ms), "a"))
        assert (press.age_s, press.flags) == (600, ("late",))
        assert checked(press, Sign(3, 100_000, at_ms)) == press
        assert checked(press, Sign(3, 100_000, at_ms + 570_000)).age_s is None
        assert checked(press, Sign(2, 100_000, at_ms + 570_000)) == press, "of another start nothing is known"
