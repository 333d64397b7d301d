"""Somebody sets the clock of a running bridge by an hour while an alarm waits: no step moves."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.support.bridge_world import World, bridge_process, world
from tests.support.clock import Clock
from tests.support.lane_threads import new_bridge
from tests.support.ports import free_port
from tests.support.waiting import never, until

pytestmark = [pytest.mark.faults, pytest.mark.need("gcc")]


@pytest.mark.parametrize("by", [3600, -3600])
def test_an_hour_makes_no_step_come_late_and_none_come_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: int
) -> None:
    clock = Clock.build(tmp_path)
    with world(tmp_path, count=0) as made:
        memory = made.new_device()
        made.bridge.stop()
        for name, value in clock.variables.items():
            monkeypatch.setenv(name, value)
        port = free_port()
        with bridge_process(made, port):
            for name in clock.variables:
                monkeypatch.delenv(name)
            url = f"http://127.0.0.1:{port}"
            begun = time.monotonic()  # before a press that was taken although its answer was lost
            until(lambda: press(url, memory), "the bridge takes a press", 40)
            clock.set_off(by)
            until(lambda: "the clock of this bridge was set" in str(health(url, made)), "health says it", 40)
            seen = stage(url, made)
            if time.monotonic() - begun < 20:
                assert seen == 0, "nothing came early"
            until(lambda: stage(url, made) == 1, "the second centres have their turn", 60)
            assert time.monotonic() - begun > 20, (made.settings.data / "bridge.log").read_text()
            never(lambda: stage(url, made) == 2, "the last stage comes early", 5)
        made.bridge = new_bridge(made.settings)
        made.bridge.start()


def press(url: str, memory: DeviceMemory) -> bool:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
    body = message.seal(said, memory.identity, topic)
    try:
        return httpx.post(f"{url}/press", params={"topic": topic}, content=body).is_success
    except httpx.HTTPError:
        return False


def asked(url: str, made: World, path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
    answer: dict[str, Any] = httpx.get(f"{url}{path}", headers=headers).raise_for_status().json()
    return answer


def health(url: str, made: World) -> object:
    return asked(url, made, "/health")["troubles"]


def stage(url: str, made: World) -> int:
    (alarm,) = asked(url, made, "/alarms")["alarms"]
    return int((alarm["escalation"] or {"stage": 0})["stage"])
