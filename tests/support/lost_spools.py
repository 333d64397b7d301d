"""Bridges that lose their spool, or whose journal is away: what is pressed, closed and shown meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from device_bridge.loops import Loop
from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids
from tests.support.bridge_world import World, start_bridge
from tests.support.lane_threads import reading_of
from tests.support.many_bridges import Several
from tests.support.waiting import until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")


def spoken(memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS) -> tuple[str, bytes]:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, None, "", HERE)
    return topic, message.seal(said, memory.identity, topic)


def post(bridge: Bridge, memory: DeviceMemory, counter: int, kind: Kind = Kind.PRESS) -> None:
    topic, body = spoken(memory, counter, kind)
    url = f"http://127.0.0.1:{bridge.feed_port}/press"
    httpx.post(url, params={"topic": topic}, content=body, trust_env=False).raise_for_status()
    bridge.taking.take()


def shown(bridge: Bridge) -> list[dict[str, Any]]:
    return bridge.feed._view.alarms()


def alarm_open(bridge: Bridge) -> str:
    (found,) = [one["alarm"] for one in shown(bridge) if one["state"] != "closed"]
    return str(found)


def close(made: World, bridge: Bridge, name: str) -> None:
    who = made.organisation
    bridge.acts.carry_out(ids.AlarmId(name), who.act(who.dispatcher, "accept", name))
    bridge.acts.carry_out(ids.AlarmId(name), who.act(who.dispatcher, "close", name, "genuine"))


def forwarded(*bridges: Bridge) -> None:
    until(lambda: not any(reading_of(one).waiting_statements_count() for one in bridges), "the journal has everything")


def without_spool(made: World, change: Callable[[Path], None]) -> None:
    """Stop the bridge, change its files, and start it."""
    made.bridge.stop()
    change(made.settings.folder)
    made.bridge = start_bridge(made.settings)


def lose(folder: Path) -> None:
    for path in folder.glob("spool.*"):
        path.unlink()


def away(made: World) -> None:
    """Take the journal away; nothing but an empty folder answers in its place."""
    database = made.settings.data / "getuige.db"
    for suffix in ("", "-wal", "-shm"):
        part = Path(f"{database}{suffix}")
        if part.exists():
            part.rename(f"{part}.away")
    database.mkdir()


def back(made: World) -> None:
    (made.settings.data / "getuige.db").rmdir()
    for part in made.settings.data.glob("getuige.db*.away"):
        part.rename(str(part).removesuffix(".away"))


def open_of(made: Several, index: int) -> list[ids.AlarmId]:
    return [one.alarm for one in made.alarms(index) if one.is_open]


def again(bridge: Bridge) -> Loop:
    """Let a bridge follow the other one after all."""
    loop = Loop("peer again", bridge.peers.followers[0]._turn)
    loop.start()
    return loop
