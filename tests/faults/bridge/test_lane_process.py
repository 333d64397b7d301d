"""The press lane as a process: it is killed, its bridge is killed or stopped, and presses are stored all the same."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_bridge.lane.running import LOCK, lane_of
from device_bridge.reference_device.device import ReferenceDevice
from device_bridge.wire.message import Kind, Location, PressId, Told
from evidence.statements import bodies
from tests.support.bridge_world import World, bridge_process, start_bridge, world
from tests.support.chaos import counted_presses
from tests.support.ports import free_port
from tests.support.starter import Process
from tests.support.waiting import patience, until

HERE = Location(51.9244, 4.4777, 12, 3, "gps")
KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


@dataclass
class Apart:
    """A bridge and its lane, each a process, and one device."""

    made: World
    device: ReferenceDevice
    process: Process
    port: int

    @property
    def lane(self) -> int:
        """The process of the lane that runs now; 0 while there is none."""
        return lane_of(self.made.settings.folder / LOCK) or 0

    def asked(self, what: str) -> dict[str, Any]:
        """Return what the bridge answers; nothing while it does not."""
        token = (self.made.settings.data / "secrets" / "bridge-feed.token").read_text().strip()
        headers = {"authorization": f"Bearer {token}"}
        try:
            return dict(httpx.get(f"http://127.0.0.1:{self.port}/{what}", headers=headers, timeout=patience(5)).json())
        except httpx.HTTPError:
            return {}

    def causes(self) -> set[str]:
        return {one["code"] for one in self.asked("health").get("causes", ())}

    def works(self) -> bool:
        """Whether the bridge answers, and its lane hears every broker."""
        brokers = self.asked("health").get("brokers", ())
        return bool(brokers) and all(one["connected"] for one in brokers) and "lane-away" not in self.causes()

    def press(self) -> PressId:
        press = self.device.press(Kind.PRESS, HERE)
        assert self.device.wait(press, Told.STORED, patience(20)) is not None
        return press


@contextmanager
def apart(folder: Path, kind: str = "nats") -> Iterator[Apart]:
    with world(folder, kind) as made:
        memory = made.new_device()
        made.bridge.stop()
        port = free_port()
        with bridge_process(made, port, login=kind == "nats") as process, made.switched_on(memory) as device:
            found = Apart(made, device, process, port)
            until(found.works, "bridge and lane run", 30)
            yield found
        made.bridge = start_bridge(made.settings)  # the world stops the one that it has


@pytest.mark.parametrize("kind", KINDS)
def test_a_lane_that_is_killed_while_presses_come_loses_none_and_is_there_again(tmp_path: Path, kind: str) -> None:
    with apart(tmp_path, kind) as found:
        stored: list[PressId] = []
        end = threading.Event()

        def push() -> None:
            while not end.wait(0.02):
                press = found.device.press(Kind.PRESS, HERE)
                if found.device.wait(press, Told.STORED, patience(30)) is not None:
                    stored.append(press)

        pushing = threading.Thread(target=push)
        pushing.start()
        try:
            for _kill in range(3):
                before, had = found.lane, len(stored)
                until(lambda had=had: len(stored) > had, "presses are stored")  # type: ignore[misc]
                os.kill(before, signal.SIGKILL)
                until(lambda before=before: found.lane not in (0, before), "another lane runs")  # type: ignore[misc]
        finally:
            end.set()
            pushing.join(patience(60))
        stored.append(found.press())
        (alarm,) = found.asked("alarms")["alarms"]
        assert alarm["repeats"] + 1 >= len(stored)
        until(lambda: found.asked("health")["journal"]["waiting"] == 0, "the journal has everything", 40)
        journal = found.made.organisation.journal()
        assert len(counted_presses(journal)) == alarm["repeats"] + 1, "each once, and none in two alarms"
        said = [one.body for one in journal if isinstance(one.body, bodies.AlarmRaise | bodies.AlarmRepeat)]
        numbers = {(one.press.boot, one.press.counter) for one in said}
        assert {(one.boot, one.counter) for one in stored} <= numbers, "what was acknowledged is there"


def test_a_lane_goes_on_when_its_bridge_is_killed_and_the_next_bridge_takes_everything_in(tmp_path: Path) -> None:
    with apart(tmp_path) as found:
        orphan = found.lane
        found.process.kill()
        found.process.wait()
        found.press()
        found.press()
        assert found.lane == orphan
        with bridge_process(found.made, found.port) as again:
            found.process = again
            until(lambda: found.lane not in (0, orphan), "the next bridge has a lane of its own", 30)
            until(found.works, "and both run", 30)
            (alarm,) = found.asked("alarms")["alarms"]
            assert alarm["repeats"] == 1
            until(lambda: not _runs(orphan), "and the other is gone")
            found.press()
            assert found.asked("alarms")["alarms"][0]["repeats"] == 2


def test_a_bridge_that_is_stopped_delays_no_press(tmp_path: Path) -> None:
    with apart(tmp_path) as found:
        for _again in range(5):
            found.press()
            found.process.send_signal(signal.SIGSTOP)
            found.press()
            found.process.send_signal(signal.SIGCONT)
        until(lambda: found.asked("alarms")["alarms"][0]["repeats"] == 9, "all of it is in the alarm")


def test_a_lane_that_hangs_is_said(tmp_path: Path) -> None:
    with apart(tmp_path) as found:
        os.kill(found.lane, signal.SIGSTOP)
        try:
            until(lambda: "lane-away" in found.causes(), "health names it", 20)
        finally:
            os.kill(found.lane, signal.SIGCONT)
        until(lambda: "lane-away" not in found.causes(), "and that it is over", 20)


def test_a_bridge_that_ends_takes_its_lane_with_it_and_devices_hear_that_nobody_listens(tmp_path: Path) -> None:
    with apart(tmp_path) as found:
        lane = found.lane
        found.process.terminate()
        assert found.process.wait(patience(20)) == 0
        assert not _runs(lane)
        until(found.device.nobody_listens, "the device knows")


def _runs(process: int) -> bool:
    return process > 0 and Path(f"/proc/{process}/exe").exists()
