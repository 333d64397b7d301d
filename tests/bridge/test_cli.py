"""The commands of the bridge's package, as programs and people use them."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from device_bridge.cli import commands
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.spool import promises
from device_bridge.wire.message import Told
from evidence import canonical
from tests.support.bridge_world import world
from tests.support.lane_threads import reading_of
from tests.support.waiting import patience, until

KEY = "ab" * 32


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments))


def test_a_new_device_shows_what_a_caseworker_enrols_and_keeps_its_secret(tmp_path: Path) -> None:
    folder = tmp_path / "button"
    made = run("device", "new", str(folder), "--bridge-key", KEY, "--broker", "mqtt://127.0.0.1:1", "--json")
    assert made.exit_code == 0, made.output
    shown = json.loads(made.output)
    memory = DeviceMemory(folder)
    assert shown == {"device": memory.device, "sign": memory.identity.sign_public.hex()}
    assert (folder / "device.json").stat().st_mode & 0o777 == 0o600
    status = run("device", "status", str(folder), "--json")
    assert json.loads(status.output)["bridge_key"] == KEY
    assert memory.state.sign not in made.output + status.output
    again = run("device", "new", str(folder), "--bridge-key", KEY, "--broker", "mqtt://127.0.0.1:1")
    assert again.exit_code != 0
    assert DeviceMemory(folder).device == memory.device


def test_the_bridge_shows_the_same_public_keys_each_time(tmp_path: Path) -> None:
    shown = [run("bridge", "--data", str(tmp_path), "key", "--json") for _ in range(2)]
    assert [one.exit_code for one in shown] == [0, 0], shown[0].output
    assert shown[0].output == shown[1].output
    assert json.loads(shown[0].output).keys() == {"kid", "sign", "box"}


@pytest.mark.need("nats-server")
def test_a_press_on_the_command_line_is_followed_until_it_is_accepted(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        folder = tmp_path / "people" / "button"

        def accept() -> None:
            (alarm,) = until(lambda: reading_of(made.bridge).newest_alarms(1), "the press arrives")
            act = made.organisation.act(made.organisation.dispatcher, "accept", alarm.alarm)
            made.bridge.acts.carry_out(alarm.alarm, act)

        human = threading.Thread(target=accept)
        human.start()
        program = [sys.executable, "-c", "from device_bridge.cli import commands; commands()", "device", "press"]
        options = ["--lat", "51.9", "--lon", "4.4", "--wait", "accepted", "--timeout", "20", "--json"]
        done = subprocess.run([*program, str(folder), *options], capture_output=True, timeout=patience(60), check=False)
        human.join()
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["event"] for one in events] == ["connected", "pressed", Told.STORED, Told.ACCEPTED]
    assert events[2]["ms"] <= events[3]["ms"]
    assert memory.device


@pytest.mark.need("nats-server")
def test_what_is_typed_at_a_running_device_presses_drains_and_moves_it(tmp_path: Path) -> None:
    """A press without a fix; then the battery runs down, nonsense is typed, and the first fix goes out at once."""
    with world(tmp_path, count=1) as made:
        memory = made.new_device()
        program = [sys.executable, "-c", "from device_bridge.cli import commands; commands()", "device", "run"]
        command = [*program, str(tmp_path / "people" / "button"), "--battery", "80", "--json"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as device:
            try:
                assert device.stdin is not None
                device.stdin.write("press\n")
                device.stdin.flush()
                (alarm,) = until(lambda: reading_of(made.bridge).newest_alarms(1), "the press arrives")
                device.stdin.write("check-in 45m naar huis\ncheck-in 9x\n")
                device.stdin.flush()
                held = until(lambda: promises.held(reading_of(made.bridge), memory.device), "the promise arrives")
                device.stdin.write("battery 15\nbattery 101\nat the station\nat 51.95 4.5\n")
                device.stdin.flush()
                until(lambda: made.bridge.telemetry.positions.stored, "the position arrives")
                sign = made.bridge.telemetry.newest(memory.device)
                item = reading_of(made.bridge).newest_item(alarm.alarm)
            finally:
                device.terminate()
                trouble = device.communicate(timeout=patience(20))[1]
        assert [one.due_ms is not None for one in held] == [True]
        assert sign is not None
        assert sign.message.battery == 15
        assert item is not None
        where = made.organisation.open_item(canonical.b64(item.container)).position
        assert where is not None
        assert (where.lat, where.lon) == ("51.950000", "4.500000")
    assert [line.split(":")[0] for line in trouble.splitlines() if ": " in line] == ["check-in", "battery", "at"]


def test_a_press_that_nobody_stores_ends_with_another_code(tmp_path: Path) -> None:
    DeviceMemory.create(tmp_path, bridge_key=KEY, brokers=())
    assert run("device", "press", str(tmp_path), "--timeout", "0.3", "--json").exit_code == 1
