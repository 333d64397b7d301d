"""Presses and signs of life as a bridge hears them, receivers that take or hang, and what consoles are shown then."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx

from device_bridge.alarm.escalation import unix_ms
from device_bridge.mqtt.connection import Delivered
from device_bridge.process import Bridge
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.settings import BridgeSettings
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from evidence import ids, keyfile
from evidence.statements import bodies
from tests.support.bridge_world import World, start_bridge, world
from tests.support.lane_threads import new_bridge, reading_of
from tests.support.ports import free_port
from tests.support.waiting import until

KEY = b"00112233445566778899aabbccddeeff"
HERE = Location(51.9244, 4.4777, 12, 3, "gps")


@contextmanager
def on_call() -> Iterator[tuple[str, list[bytes]]]:
    """Run an address that takes pages, and yield it with what it was told."""
    told: list[bytes] = []

    class Pager(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Pager)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """Listen and never answer: a receiver that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def restart_with(made: World, **more: Any) -> None:  # noqa: ANN401 - settings of many types
    made.bridge.stop()
    made.settings = BridgeSettings(**{**made.settings.model_dump(), **more})
    made.bridge = start_bridge(made.settings)


def push(made: World, memory: DeviceMemory, counter: int = 1, kind: Kind = Kind.PRESS) -> dict[str, Any]:
    topic = str(UpTopic(memory.device, Lane.ALARM))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, kind, 50, "t", HERE)
    answer = httpx.post(made.press_url, params={"topic": topic}, content=message.seal(said, memory.identity, topic))
    made.bridge.taking.take()
    answer.raise_for_status()
    return shown(made)


def shown(made: World) -> dict[str, Any]:
    """Return the newest alarm as consoles see it."""
    newest: dict[str, Any] = made.bridge.feed._view.alarms()[0]
    return newest


def after(made: World, alarm: dict[str, Any], seconds: float) -> int:
    """Let the bridge look at its deadlines as they are so long after the press."""
    return made.bridge.watch.look(unix_ms(alarm["raised_at"]) + int(seconds * 1000))


def outcomes(made: World) -> dict[str, str]:
    return {one["route"]: one["outcome"] for one in shown(made)["routes"]}


def delivered(made: World) -> list[bodies.AlarmDeliver]:
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    return [one.body for one in made.organisation.journal() if isinstance(one.body, bodies.AlarmDeliver)]


def beat(made: World, memory: DeviceMemory, counter: int, battery: int = 80) -> None:
    """Let the bridge hear a heartbeat as its network thread would."""
    topic = str(UpTopic(memory.device, Lane.TELEMETRY))
    said = DeviceMessage(memory.device, PressId(1, counter), 0, None, 0, Kind.HEARTBEAT, battery, "fw-7", None)
    delivered = Delivered(topic, message.seal(said, memory.identity, topic), retain=False, qos=0, mid=0, epoch=0)
    made.bridge.telemetry.take(None, delivered)  # type: ignore[arg-type] # the connection is not looked at
    until(lambda: (sign := made.bridge.telemetry.newest(memory.device)) and sign.message == said, "it is read")


def listed(made: World) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {made.settings.token_file.read_text().strip()}"}
    answer = httpx.get(made.press_url.replace("/press", "/devices"), headers=headers)
    (device,) = answer.raise_for_status().json()["devices"]
    shown: dict[str, Any] = device
    return shown


@contextmanager
def everything(folder: Path) -> Iterator[Bridge]:
    """A bridge with every kind of loop, whose brokers, receivers and other bridge are all away."""
    away = free_port()
    with world(folder, count=0) as made:
        made.bridge.stop()
        keyfile.load_or_create(made.settings.secrets / "alarm-centre-c.key", lambda: KEY)
        made.settings = BridgeSettings(
            **{
                **made.settings.model_dump(),
                "brokers": (f"mqtt://127.0.0.1:{away}",),
                "callout": True,
                "callouts": (f"127.0.0.1:{away}",),
                "peers": (f"http://127.0.0.1:{away}",),
                "alarm_centres": (f"c=127.0.0.1:{away}",),
                "control_rooms": (f"mk=sip:mk@127.0.0.1:{away}",),
                "on_call": (f"duty=http://127.0.0.1:{away}/",),
            }
        )
        made.bridge = new_bridge(made.settings)
        made.bridge.start()
        yield made.bridge


def act(made: World, what: str, alarm: dict[str, Any], reason: bodies.CloseReason | None = None) -> None:
    people = made.organisation
    made.bridge.acts.carry_out(ids.AlarmId(alarm["alarm"]), people.act(people.dispatcher, what, alarm["alarm"], reason))


def asked(bridge: Bridge, path: str) -> httpx.Response:
    token = bridge.feed._token.decode()
    url = f"http://127.0.0.1:{bridge.feed_port}{path}"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}).raise_for_status()


def named(bridge: Bridge) -> set[str]:
    return {one["code"] for one in asked(bridge, "/health").json()["causes"]}
