"""A device by another maker, written from docs/formats/device.md alone, is driven through all of it on both brokers."""

import hashlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from device_bridge.alarm import promise
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import promises
from device_bridge.wire import cose, message
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
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
    return reading_of(made.bridge).newest_alarms(1)[0]


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
            until(lambda: reading_of(made.bridge).counters().get("taken.position", 0) == 1, "a position is kept")
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


def counted(made: World, what: str) -> int:
    return reading_of(made.bridge).counters().get(what, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_device_checks_in_and_is_overdue(tmp_path: Path, kind: str) -> None:
    """Promised, put off and ended with her code; a wrong one and none change nothing; then she does not come."""
    with world(tmp_path, kind) as made:
        memory = made.new_device("foreign", pins=PINS)
        salt = memory.code_salt.hex()
        with foreign(made, memory, 1) as device:
            device.pushes("check-in 3600")
            device.pushes(f"check-in 7200 {salt} {PINS[0]}")
            device.pushes(f"check-in 0 {salt} 1111")
            device.pushes("check-in 0")
            held = promises.held(reading_of(made.bridge), memory.device)
            assert [one.counter for one in held if one.due_ms is not None] == [2]
            device.pushes(f"check-in 0 {salt} {PINS[0]}")
            assert promise.deadline(promises.held(reading_of(made.bridge), memory.device)) is None
            assert not reading_of(made.bridge).newest_alarms(1), "nothing of it was an alarm"

            minute_ago = {"wall": int(time.time() * 1000) - 60_000, "sync": 2, "note": "naar de rechtbank"}
            device.pushes(f"check-in 60 {json.dumps(minute_ago)}")
        until(lambda: counted(made, "check-in.overdue") == 1, "she is overdue, and her device is gone")
        assert (newest(made).kind, newest(made).state != "closed") == ("overdue", True)
        with foreign(made, memory, 2) as device:
            device.pushes(f"check-in 600 {salt} {PINS[1]}")
            assert (newest(made).kind, newest(made).silent) == ("duress", True)


ODD = {
    "battery 101": {"bat": 101},
    "battery half": {"bat": 64.5},
    "latitude 91": {"loc": [91, 4.4, 9, 2, "gps"]},
    "no fix spelt NaN": {"loc": [float("nan"), float("nan"), 9, 2, "gps"]},
    "a short place": {"loc": [51.9, 4.4]},
    "a long firmware": {"fw": "f" * 33},
    "firmware is a number": {"fw": 3},
    "sync 7": {"sync": 7},
    "clock is a word": {"wall": "noon"},
    "uptime is minus one": {"up": -1},
    "a kind from the future": {"kind": "panic"},
    "version 2": {"v": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_an_enrolled_device_signs_on_the_lane_of_presses_is_an_alarm(tmp_path: Path, kind: str) -> None:
    """An odd field is noted and costs the field, never the alarm."""
    with world(tmp_path, kind) as made:
        memory = made.new_device("foreign")
        with foreign(made, memory, 1) as device:
            for what, members in ODD.items():
                device.pushes(f"press {json.dumps(members)}")
                alarm = newest(made)
                assert "content-odd" in alarm.flags, what
                close(made, device)
            device.pushes(f"press {json.dumps({'ext': {'gw': 'g1', 'auth': 'none'}, 'heart': 3})}")
            assert newest(made).flags == (), "what a newer device says beside is nobody's oddity"
        counters = reading_of(made.bridge).counters()
        assert counters.get("quarantined", 0) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_hears_why_nothing_was_taken_of_its_bytes(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind) as made:
        memory, other = made.new_device("foreign"), made.new_device("other")
        topic = str(message.UpTopic(memory.device, message.Lane.ALARM))
        rubbish, forged = b"rubbish", cose.sign1(other.identity, b"", topic)
        long = cose.sign1(memory.identity, bytes(2000), topic)
        expected = {rubbish: "unreadable", forged: "signature", long: "unreadable"}
        with foreign(made, memory, 1) as device:
            for data, why in expected.items():
                device.do(f"raw a {data.hex()}")
                assert device.hears("sent")["sha256"] == hashlib.sha256(data).hexdigest()
                device.hears("refused", why=why)
            device.pushes("press")
            assert newest(made).kind == "press"


@pytest.mark.need("mosquitto")
def test_a_device_that_is_enrolled_late_is_refused_first_and_stored_then(tmp_path: Path) -> None:
    """Its bytes are taken when the bridge has heard of it; who runs it sees meanwhile why nothing happens."""
    with world(tmp_path, "mosquitto") as made:
        memory = DeviceMemory.create(
            tmp_path / "late", bridge_key=made.organisation.bridge.sign_public.hex(), brokers=()
        )
        with foreign(made, memory, 1) as device:
            device.do("press")
            sent = device.hears("sent")
            device.hears("refused", why="not-in-use")
            made.organisation.append(made.organisation.enrol(memory.device, memory.identity.sign_public))
            device.hears("stored", press=sent["press"])
