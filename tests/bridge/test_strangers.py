"""The door for presses under a flood: strangers are told apart, and a device's own press goes through from anywhere."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from device_bridge.feed.strangers import ALLOWED, MAX_ADDRESSES, WITHIN_S, Strangers, place_of
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_a_flood_never_reaches_the_queue_and_her_press_from_the_same_address_does(made: World) -> None:
    memory = made.new_device()
    topic = str(UpTopic(memory.device, Lane.ALARM))

    def posted(body: bytes, address: str) -> int:
        headers = {"X-Forwarded-For": address}
        return httpx.post(made.press_url, params={"topic": topic}, content=body, headers=headers).status_code

    def quarantined() -> int:
        return reading_of(made.bridge).counters().get("quarantined", 0)

    assert [posted(b"rubbish", "198.51.100.7") for _ in range(ALLOWED)] == [422] * ALLOWED
    lying = quarantined()
    assert [posted(b"rubbish", "198.51.100.7") for _ in range(ALLOWED)] == [429] * ALLOWED
    assert quarantined() == lying
    assert posted(b"rubbish", "198.51.100.8") == 422, "another address is another sender"
    said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
    assert posted(message.seal(said, memory.identity, topic), "198.51.100.7") == 200
    assert len(made.bridge.feed._view.alarms()) == 1


def test_what_was_refused_is_forgotten_after_a_while_and_the_list_is_bounded() -> None:
    now = [0.0]
    strangers = Strangers(lambda: now[0])
    for _ in range(ALLOWED):
        strangers.refused("192.0.2.1")
    assert strangers.is_one("192.0.2.1")
    now[0] = WITHIN_S + 1
    assert not strangers.is_one("192.0.2.1")
    for number in range(MAX_ADDRESSES + 10):
        strangers.refused(str(number))
    assert len(strangers._refused) == MAX_ADDRESSES


def test_all_of_one_network_of_the_new_kind_is_one_sender() -> None:
    assert place_of("2001:db8:1:2:aaaa::1") == place_of("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
    assert place_of("2001:db8:1:3::1") != place_of("2001:db8:1:2::1")
    assert place_of("192.0.2.1") != place_of("192.0.2.2")
    assert place_of("") == ""
