"""A proxy between Getuige and the real S3 server that spoils what passes: it answers 500, stalls, cuts, flips bytes."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.waiting import patience

UNWELL = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class TcpProxy:
    """Passes bytes on, in a mode that a test changes at any time."""

    upstream: int
    mode: str = "pass"
    """pass, 500, 503, stall, flip (in what is too large for headers), cut (bodies after 300,000 bytes)."""
    requests: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    held: list[socket.socket] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.requests += 1
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        if self.mode == "stall":
            self.held.append(client)
            return
        with contextlib.suppress(OSError), client:  # the server may be gone
            if self.mode in {"500", "503"}:
                client.recv(65536)
                client.sendall(UNWELL if self.mode == "500" else SLOW_DOWN)
                return
            with socket.create_connection(("127.0.0.1", self.upstream)) as server:
                up = threading.Thread(target=self._pass, args=(client, server), daemon=True)
                up.start()
                self._pass_back(server, client)
                for one in (client, server):
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)  # closing alone waits for the thread that reads

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.mode in {"500", "503", "stall"}:  # a connection from better times
                    target.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(data)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        passed, cutting = 0, False
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                passed += len(data)
                if self.mode == "flip" and len(data) > 4096:
                    data = data[:-1] + bytes([data[-1] ^ 1])
                cutting = cutting or self.mode == "cut"  # what began to be cut is, whatever the test does meanwhile
                if cutting and passed > 300_000:
                    return
                client.sendall(data)

    def close(self) -> None:
        self.listener.close()
        for one in self.held:
            one.close()


@contextmanager
def proxied(upstream: int) -> Iterator[TcpProxy]:
    """Start a proxy in front of a port."""
    proxy = TcpProxy(upstream)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.close()
        thread.join(patience(5))
