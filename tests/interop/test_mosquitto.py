"""A foreign device: bytes made by a script of its own, published and heard with mosquitto's own programs."""

import subprocess
import sys
from pathlib import Path

import pytest

from device_bridge.mqtt.login import client_id_of, make_token
from device_bridge.wire import message
from device_bridge.wire.message import PressId, Told
from tests.support.bridge_world import world
from tests.support.lane_threads import reading_of
from tests.support.waiting import until

SCRIPT = Path(__file__).parent / "foreign_press.py"
HEAR_S = 15

pytestmark = pytest.mark.need("mosquitto_pub", "mosquitto_sub")
KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_device_presses_and_hears_stored(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind, count=1) as made:
        memory = made.new_device("foreign")
        press = tmp_path / "press.cose"
        subprocess.run([sys.executable, str(SCRIPT), memory.state.sign, memory.device, "1", str(press)], check=True)
        token = make_token(memory.device, memory.identity) if kind == "nats" else None
        login = ["-u", memory.device, "-P", token] if token else []
        address = ["-h", "127.0.0.1", "-p", str(made.brokers[0].broker.mqtt_port), *login, "-q", "1", "-V", "311"]
        down = message.down_topic(memory.device)
        listener = subprocess.Popen(
            [
                "mosquitto_sub",
                *address,
                "-i",
                f"{client_id_of(memory.device)}-ear",
                "-t",
                down,
                "-C",
                "1",
                "-W",
                str(HEAR_S),
                "-N",
            ],
            stdout=subprocess.PIPE,
        )
        try:
            until(lambda: _published(address, memory.device, press, listener), "the ear has heard")
            heard, _ = listener.communicate(timeout=HEAR_S)
        finally:
            listener.kill()
            listener.wait()
        said = message.open_downlink(heard, memory.bridge_public, down)
        assert (said.press, said.state) == (PressId(1, 1), Told.STORED)
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert (alarm.kind, alarm.repeats, alarm.flags) == ("press", 0, ())


def _published(address: list[str], device: str, press: Path, listener: "subprocess.Popen[bytes]") -> bool:
    """Publish, as a device does until it hears *stored*: the ear may not have been listening the first time."""
    topic = f"up/{device[:2]}/{device}/a"
    subprocess.run(
        ["mosquitto_pub", *address, "-i", f"device-{device}-mouth", "-t", topic, "-f", str(press)], check=True
    )
    return listener.poll() is not None
