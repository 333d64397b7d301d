"""The answerer of a broker's logins ends when it is told to, at whatever moment, and leaves no socket."""

import contextlib
import gc
import os
import random
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_bridge.mqtt.callout import AuthCallout, CalloutLogin, new_issuer_seed
from device_bridge.registry import Registry
from tests.support.waiting import patience

GREETING = b'INFO {"server_id":"x","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n'
ROUNDS = 15
LATEST_S = 0.12
"""Within this time a client connects, says who it is, and is cut off or not."""


@contextmanager
def broker(greeting: bytes, cuts_off: float) -> Iterator[str]:
    """Run what takes connections as a broker does, greets, and cuts some of them off; yield its address."""
    held: list[socket.socket] = []

    class Talk(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            held.append(self.request)
            with contextlib.suppress(OSError):
                self.request.sendall(greeting)
                while said := self.request.recv(4096):
                    if greeting and b"PING" in said:
                        self.request.sendall(b"PONG\r\n")
                    if random.random() < cuts_off:
                        return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"nats://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            for line in held:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def little_garbage() -> Iterator[None]:
    """Looking for garbage looks at nothing that was there before the test: it looks often."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    ("greeting", "cuts_off"), [(b"", 0.0), (GREETING, 0.0), (GREETING, 0.3)], ids=["silent", "well", "cut off"]
)
@pytest.mark.usefixtures("little_garbage")
def test_stopped_at_any_moment_it_ends_and_leaves_nothing(tmp_path: Path, greeting: bytes, cuts_off: float) -> None:
    for number in range(ROUNDS):
        with broker(greeting, cuts_off) as url:
            login = CalloutLogin(url, "x", "x", new_issuer_seed(os.urandom))
            callout = AuthCallout(login, Registry(tmp_path / f"{number}.jsonl"))
            callout.start()
            threading.Event().wait(random.uniform(0, LATEST_S))
            stopping = threading.Thread(target=callout.stop, daemon=True)
            stopping.start()
            stopping.join(patience(5))
            assert not stopping.is_alive(), "it waits for a broker that says nothing more"
        del callout
        gc.collect()  # a socket that was left is an error here, and not in another test
