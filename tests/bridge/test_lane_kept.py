"""A bridge keeps its lane: what is wrong with it stands in health, its list of devices is believed by a MAC alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from device_bridge.errors import SpoolError
from device_bridge.lane import running, snapshot
from device_bridge.lane.book import Book
from device_bridge.lane.keeping import Running
from device_bridge.lane.orders import Orders
from device_bridge.process import Bridge
from device_bridge.settings import BridgeSettings
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from evidence.keyfile import load_or_create_bridge
from tests.support.bridge_world import World, start_bridge, world
from tests.support.escalating import named, push
from tests.support.lane_threads import LaneThread
from tests.support.waiting import until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def test_a_press_that_waits_is_named_while_it_waits(made: World) -> None:
    memory, lane = made.new_device(), made.bridge.lane._running
    assert isinstance(lane, LaneThread)
    disk = lane.running._inbox._sql
    with ThreadPoolExecutor(1) as pool:
        disk.execute("PRAGMA query_only = ON")  # SQLite refuses to write, as on a full disk
        pushed = pool.submit(push, made, memory)
        waits = {"presses-wait", "presses-not-stored"}
        until(lambda: waits <= named(made.bridge), "health says that it waits, and why")
        disk.execute("PRAGMA query_only = OFF")
        assert pushed.result()["kind"] == "press"
    until(lambda: not waits & named(made.bridge), "and that it is over")


def test_a_press_that_is_stored_and_no_alarm_yet_is_named(made: World) -> None:
    memory = made.new_device()
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
    with made.bridge.spool.write():  # nothing that the bridge does holds up a press
        body = message.seal(said, memory.identity, topic)
        httpx.post(made.press_url, params={"topic": topic}, content=body).raise_for_status()
        until(lambda: "presses-not-taken" in named(made.bridge), "health says that it waits")
        assert "presses-wait" not in named(made.bridge), "it is stored"
    until(lambda: "presses-not-taken" not in named(made.bridge), "and that it is over")
    assert len(made.bridge.feed._view.alarms()) == 1


def test_a_list_of_devices_that_somebody_changed_adds_none_is_named_and_made_anew(made: World) -> None:
    memory = made.new_device()
    file = made.settings.folder / snapshot.NAME
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    until(lambda: "lane-unbelieved" in named(made.bridge), "health says so")
    assert push(made, memory)["kind"] == "press", "the lane goes on with what it knew"
    until(lambda: "lane-unbelieved" not in named(made.bridge), "the bridge makes it anew")
    assert snapshot.read(file, made.bridge.identity) is not None


def test_a_lane_without_a_list_reads_the_signed_registry(made: World) -> None:
    memory = made.new_device()
    folder, bridge, root = made.settings.folder, made.bridge.identity, made.organisation.root.sign_public
    made.bridge.stop()
    (folder / snapshot.NAME).unlink()
    book = Book(folder, bridge, root)
    book.begin()
    assert (len(book), book.serial) == (1, None)
    assert book.device(memory.device).sign == memory.identity.sign_public
    made.bridge = start_bridge(made.settings)
    assert push(made, memory)["kind"] == "press"


def test_a_lane_that_does_not_start_is_named(tmp_path: Path) -> None:
    def launch(_folder: Path) -> Running:
        raise SpoolError("no disk")

    bridge = Bridge(BridgeSettings(data=tmp_path, brokers=(), callout=False, feed_port=0), launch)
    bridge.start()
    try:
        until(lambda: "lane-away" in named(bridge), "health says so")
    finally:
        bridge.stop()


def test_a_lane_to_which_no_bridge_speaks_any_more_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ALONE_S", 0.2)
    monkeypatch.setattr(running, "LOOK_S", 0.1)
    load_or_create_bridge(tmp_path / "bridge.key")
    Orders("1", str(tmp_path / "bridge.key"), ()).write(tmp_path)
    lane = LaneThread(tmp_path)
    until(lambda: lane.poll() is not None, "it ends")
