"""A press whose device reaches no broker comes in through the Caddyfile that we ship; nothing else of a bridge does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, UpTopic
from tests.support.bridge_world import world
from tests.support.caddy import caddy
from tests.support.ports import free_ports

pytestmark = [pytest.mark.need("caddy")]


def test_a_press_comes_in_and_the_feed_stays_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    front, away = free_ports(2)
    with world(tmp_path / "world", count=0) as made, api() as upstream:
        memory = made.new_device()
        bridges = f"127.0.0.1:{away} 127.0.0.1:{made.bridge.feed_port}"
        monkeypatch.setenv("GETUIGE_BRIDGES", bridges)
        (tmp_path / "caddy").mkdir()
        topic = str(UpTopic(memory.device, Lane.ALARM))
        said = DeviceMessage(memory.device, PressId(1, 1), 0, None, 0, Kind.PRESS, 50, "t", None)
        token = made.settings.token_file.read_text().strip()
        with (
            caddy(tmp_path / "caddy", front, [upstream]) as trusted,
            httpx.Client(base_url=f"https://localhost:{front}", verify=trusted, timeout=20) as outside,
        ):
            body = message.seal(said, memory.identity, topic)
            answer = outside.post("/press", params={"topic": topic}, content=body)
            assert answer.status_code == 200, "the bridge that is away is passed by"
            assert answer.headers["content-type"] == "application/cose"
            assert len(made.bridge.feed._view.alarms()) == 1
            for path in ("/feed", "/alarms", "/health", "/press/", "/watchers"):
                inside = outside.get(path, headers={"Authorization": f"Bearer {token}"})
                assert inside.status_code == 404, path
            assert outside.post("/press", params={"topic": topic}, content=b"x" * 70_000).status_code == 413


@contextmanager
def api() -> Iterator[int]:
    """An API process that says that it is ready, and knows no path else."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/health/ready") else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
