"""A device by another maker, written from docs/formats/device.md alone, is driven through all of it on both brokers."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_bridge.reference_device.memory import DeviceMemory
from tests.support.bridge_world import World, world
from tests.support.waiting import DEADLINE_S, until

PROGRAM = Path(__file__).parent / "foreign" / "device.py"
PINS = ("1379", "2468")
KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


class Foreign:
    """The running program: what it was told to do, and what it said, in order."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))

    def do(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hears(self, event: str, **what: object) -> dict[str, Any]:
        """Return the next thing of this name that it said; everything before it is kept in `said`."""
        while True:
            one = self._queue.get(timeout=DEADLINE_S)
            self.said.append(one)
            if one["event"] == event and what.items() <= one.items():
                return one

    def pushes(self, line: str) -> tuple[list[int], str]:
        """Send something on the lane of presses, wait for *stored*, return its press id and the hash of its bytes."""
        self.do(line)
        sent = self.hears("sent")
        self.hears("stored", press=sent["press"])
        return sent["press"], sent["sha256"]


@contextmanager
def foreign(made: World, memory: DeviceMemory, boot: int) -> Iterator[Foreign]:
    addresses = ",".join(f"127.0.0.1:{one.broker.mqtt_port}" for one in made.brokers)
    arguments = [memory.state.sign, memory.device, memory.bridge_public.hex(), str(boot), addresses]
    command = [sys.executable, str(PROGRAM), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        device = Foreign(process)
        try:
            for _ in made.brokers:
                assert device.hears("up")["granted"] == [1, 1]
            yield device
        finally:
            process.kill()


def newest(made: World) -> Any:  # noqa: ANN401 - an Alarm
    return made.bridge.spool.read().newest_alarms(1)[0]


def close(made: World, device: Foreign, *, heard: bool = True) -> None:
    """A dispatcher accepts and closes what is open; the device hears both, unless it was raised in silence."""
    alarm = newest(made).alarm
    people = made.organisation
    made.bridge.acts.carry_out(alarm, people.act(people.dispatcher, "accept", alarm))
    made.bridge.acts.carry_out(alarm, people.act(people.dispatcher, "close", alarm, "genuine"))
    if heard:
        device.hears("closed")


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_device_is_driven_through_the_whole_format(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made:
        memory = made.new_device("foreign", pins=PINS)
        salt = memory.code_salt.hex()
        with foreign(made, memory, 1) as device:
            press, _ = device.pushes("press")
            assert press == [1, 1]
            alarm = newest(made)
            assert (alarm.kind, alarm.repeats, alarm.flags) == ("press", 0, ())

            device.pushes("cancel")
            device.pushes(f"cancel {salt} {PINS[0]}")
            device.pushes(f"cancel {salt} 1111")
            assert {"cancel-asked", "cancel-right-code", "cancel-wrong-code"} <= set(newest(made).flags)
            device.pushes(f"cancel {salt} {PINS[1]}")
            assert newest(made).kind == "duress"
            device.do("position")
            until(lambda: made.bridge.spool.read().counters().get("taken.position", 0) == 1, "a position is kept")
            close(made, device)

            device.pushes("tamper")
            assert newest(made).kind == "tamper"
            close(made, device)
            device.pushes("test")
            assert newest(made).flags == ("test-outside-window",)
            close(made, device)
            device.pushes(f"cancel {salt} {PINS[1]}")
            assert (newest(made).kind, newest(made).silent) == ("duress", True)
            close(made, device, heard=False)
            device.pushes("duress")
            assert (newest(made).kind, newest(made).silent) == ("duress", None)
        assert not [one for one in device.said if one["event"] in {"forged", "refused"}]
