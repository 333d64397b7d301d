"""An alarm centre that others wrote: pysiaalarm on a free port."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from device_bridge.routes import dc09_frames
from device_bridge.routes.development_centre import DevelopmentAlarmCentre
from tests.support.ports import free_port

KEY = b"00112233445566778899aabbccddeeff"  # pysiaalarm uses the characters of the hexadecimal key as the key


@contextmanager
def alarm_centre() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Run pysiaalarm and yield its port and what it received."""
    received: list[dict[str, Any]] = []
    port = free_port()
    centre = DevelopmentAlarmCentre(port, KEY, received.append)
    centre.start()
    try:
        yield port, received
    finally:
        centre.stop()


@contextmanager
def receiver(answer: Callable[[str], bytes]) -> Iterator[tuple[int, list[str]]]:
    """An alarm centre's receiver: it answers each frame with what `answer` says; yields its port and the frames."""
    heard: list[str] = []

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                heard.append(line.recv(1024).decode("ascii", "replace"))
                line.sendall(answer(heard[-1]))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1]), heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def framed(body: str) -> bytes:
    raw = body.encode()
    return b"\n" + f"{dc09_frames.crc(raw):04X}{len(raw):04X}".encode() + raw + b"\r"
