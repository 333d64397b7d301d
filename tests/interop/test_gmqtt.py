"""gmqtt, an MQTT client that shares no code with paho: a foreign device with it presses and hears *stored*."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv311

from device_bridge.mqtt.login import client_id_of, make_token
from device_bridge.wire import message
from device_bridge.wire.message import PressId, Told
from tests.support.bridge_world import world
from tests.support.lane_threads import reading_of

SCRIPT = Path(__file__).parent / "foreign_press.py"
HEAR_S = 15.0
REPEAT_S = 1.0
KINDS = [
    pytest.param("nats", marks=pytest.mark.need("nats-server")),
    pytest.param("mosquitto", marks=pytest.mark.need("mosquitto")),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_device_on_gmqtt_presses_and_hears_stored(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, kind, count=1) as made:
        memory = made.new_device("foreign")
        press = tmp_path / "press.cose"
        subprocess.run([sys.executable, str(SCRIPT), memory.state.sign, memory.device, "1", str(press)], check=True)
        token = make_token(memory.device, memory.identity) if kind == "nats" else None
        port = made.brokers[0].broker.mqtt_port
        heard = asyncio.run(_press(memory.device, token, port, press.read_bytes()))
        down = message.down_topic(memory.device)
        said = message.open_downlink(heard, memory.bridge_public, down)
        assert (said.press, said.state) == (PressId(1, 1), Told.STORED)
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert (alarm.kind, alarm.repeats, alarm.flags) == ("press", 0, ())


async def _press(device: str, token: str | None, port: int, press: bytes) -> bytes:
    """Log in, listen, and publish identical bytes at QoS 1 until a downlink comes."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    listening = asyncio.Event()

    def on_message(_client: Client, topic: str, payload: bytes, _qos: int, _more: dict[str, Any]) -> int:
        if topic == message.down_topic(device) and not heard.done():  # type: ignore[arg-type] # a text here
            heard.set_result(bytes(payload))
        return 0

    client = Client(client_id_of(device), clean_session=False)  # type: ignore[arg-type] # a text here
    if token is not None:
        client.set_auth_credentials(device, token)
    client.on_message = on_message
    client.on_subscribe = lambda *_: listening.set()
    await client.connect("127.0.0.1", port, version=MQTTv311)
    try:
        client.subscribe(message.down_topic(device), qos=1)  # type: ignore[arg-type] # as above
        async with asyncio.timeout(HEAR_S):
            await listening.wait()
            while not heard.done():
                client.publish(f"up/{device[:2]}/{device}/a", press, qos=1)
                await asyncio.wait([heard], timeout=REPEAT_S)
        return heard.result()
    finally:
        await client.disconnect()
