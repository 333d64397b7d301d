"""A bridge loses its spool, the file of its press lane, or both, and gets them back from a backup or not at all.

What a device heard *stored* of is an alarm afterwards, once, and the next press is numbered after it. A press lies in
the lane's file for some milliseconds only; here the bridge is kept from taking it in.
"""

import shutil
from pathlib import Path

import httpx
import pytest

from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import inbox
from device_bridge.wire import message
from device_bridge.wire.message import Told, down_topic
from evidence import ids
from server.keeping import spools
from tests.support.bridge_world import World, start_bridge, world
from tests.support.chaos import counted_presses
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.lost_spools import alarm_open, close, forwarded, lose, post, shown, spoken
from tests.support.many_bridges import several
from tests.support.waiting import until


def stored_only(bridge: Bridge, folder: Path, memory: DeviceMemory, counter: int) -> None:
    """Press, and hear *stored*, while the bridge takes nothing in."""
    bridge.taking.loop.stop()
    bridge.forwarder.loop.stop()
    topic, body = spoken(memory, counter)
    url = f"http://127.0.0.1:{bridge.feed_port}/press"
    answer = httpx.post(url, params={"topic": topic}, content=body, trust_env=False).raise_for_status().content
    told = message.open_downlink(answer, memory.bridge_public, down_topic(memory.device))
    assert told.state is Told.STORED
    rows = bridge.spool.read().sql.execute("SELECT count(*) FROM press").fetchone()
    assert (rows[0], inbox.waiting(folder / inbox.NAME) > 0) == (counter - 1, True), "and it is in no alarm yet"


def backed_up(made: World, to: Path, memory: DeviceMemory) -> None:
    """One press that the journal has, one that only the lane's file has, a backup of both, and the bridge is gone."""
    post(made.bridge, memory, 1)
    forwarded(made.bridge)
    stored_only(made.bridge, made.settings.folder, memory, 2)
    assert spools.copy(made.settings.data, to) == 1
    made.bridge.stop()
    lose(made.settings.folder)
    lose_lane(made.settings.folder)


def lose_lane(folder: Path) -> None:
    for path in folder.glob("lane.db*"):
        path.unlink()


def check(made: World, memory: DeviceMemory, presses: int = 2) -> None:
    """Both presses are in one alarm, and so is the next; after a close another alarm follows."""
    until(lambda: [one["repeats"] for one in shown(made.bridge)] == [presses - 1], "both presses are in one alarm")
    first = alarm_open(made.bridge)
    post(made.bridge, memory, 3)
    assert [one["repeats"] for one in shown(made.bridge)] == [presses]
    until(lambda: inbox.waiting(made.settings.folder / inbox.NAME) == 0, "the lane forgets what is in the spool")
    close(made, made.bridge, first)
    post(made.bridge, memory, 4)
    second = alarm_open(made.bridge)
    assert second != first
    forwarded(made.bridge)
    assert list(counted_presses(made.organisation.journal()).values()) == [first] * (presses + 1) + [
        ids.AlarmId(second)
    ]
    flags = {flag for one in shown(made.bridge) for flag in one["flags"]}
    assert "counter-odd" not in flags, "each was newer than all before"


def test_spool_and_lane_come_back_from_a_backup(tmp_path: Path) -> None:
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()
        backed_up(made, tmp_path / "backup", memory)
        assert spools.restore(tmp_path / "backup", made.settings.data) == 1
        made.bridge = start_bridge(made.settings)
        check(made, memory)


def test_only_the_spool_is_lost(tmp_path: Path) -> None:
    """What the lane stored is taken into the new spool; what the journal has is heard from there."""
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()
        backed_up(made, tmp_path / "backup", memory)
        shutil.copy(tmp_path / "backup" / "bridge.lane", made.settings.folder / inbox.NAME)
        made.bridge = start_bridge(made.settings)
        check(made, memory)


def test_only_the_lanes_file_is_lost(tmp_path: Path) -> None:
    """What was in the spool is there, and a new file numbers from the beginning; its presses are not taken for old."""
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()
        post(made.bridge, memory, 1)
        post(made.bridge, memory, 2)
        forwarded(made.bridge)
        made.bridge.stop()
        lose_lane(made.settings.folder)
        made.bridge = start_bridge(made.settings)
        check(made, memory)


def test_a_lane_that_was_put_back_brings_nothing_twice(tmp_path: Path) -> None:
    """The spool had taken in what the older file still has: it is known by its identity."""
    with world(tmp_path / "data", count=0) as made:
        memory = made.new_device()
        post(made.bridge, memory, 1)
        forwarded(made.bridge)
        stored_only(made.bridge, made.settings.folder, memory, 2)
        spools.copy(made.settings.data, tmp_path / "backup")
        made.bridge.stop()  # which takes it in
        lose_lane(made.settings.folder)
        shutil.copy(tmp_path / "backup" / "bridge.lane", made.settings.folder / inbox.NAME)
        made.bridge = start_bridge(made.settings)
        check(made, memory)


@pytest.mark.need("nats-server")
def test_what_one_bridge_lost_with_both_files_the_other_has(tmp_path: Path) -> None:
    with several(tmp_path) as made:
        memory = made.world.new_device()
        made.knows(memory.device)
        post(made.bridges[1], memory, 1)
        until(lambda: made.alarms(0), "both have the alarm")
        for one in made.bridges:
            one.peers.followers[0].loop.stop()
        stored_only(made.bridges[0], made.settings[0].folder, memory, 2)
        post(made.bridges[1], memory, 2)
        made.stop(0)
        lose(made.settings[0].folder)
        lose_lane(made.settings[0].folder)
        made.bridges[0] = new_bridge(made.settings[0])
        made.bridges[0].start()
        until(lambda: [one.repeats for one in made.alarms(0)] == [1], "the other one tells of both presses")
        assert reading_of(made.bridges[0]).counters().get("relayed.press", 0) >= 1
