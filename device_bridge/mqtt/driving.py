"""The driving of connections by one loop of the caller's own: no thread of paho's reads, writes or waits.

Whoever hears a press then answers it in the same turn, on the same thread. Only what may block for seconds (a name, a
broker that hangs, TLS) is done by a helper thread, which hands over a finished socket (paho's external event loop).
"""

import contextlib
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from device_bridge.mqtt.connection import CONNECT_TIMEOUT_S, Connection, tls_of

FIRST_PAUSE_S: Final = 0.2
LAST_PAUSE_S: Final = 2.0
"""Pause between attempts, doubled each time: a broker that is killed is back within a second."""

GOODBYE_S: Final = 0.5
MAX_PASSES: Final = 500
"""Packets that are read from one broker before what came is stored."""

log = structlog.get_logger()


class Driver:
    """Drives connections. One thread calls everything but `wake`."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.settimeout(0)
        self._dialled: queue.SimpleQueue[tuple[_Line, socket.socket | None]] = queue.SimpleQueue()
        self._lines = [_Line(connection, self._hand_over) for connection in connections]
        self._others: dict[socket.socket, Callable[[], None]] = {}

    def add(self, sock: socket.socket, read: Callable[[], None]) -> None:
        """Call `read` whenever something can be read from another socket of the caller's."""
        self._others[sock] = read

    def remove(self, sock: socket.socket) -> None:
        """Look at that socket no longer."""
        self._others.pop(sock, None)

    def wake(self) -> None:
        """End the present wait; from any thread."""
        with contextlib.suppress(OSError):  # it is full, and will wake anyway; or closed
            self._far.send(b"\0")

    def turn(self, timeout_s: float) -> None:
        """Wait for what comes, `timeout_s` at most; read it, write what waits, and keep every connection."""
        poll = select.poll()
        poll.register(self._near, select.POLLIN)
        for sock in self._others:
            poll.register(sock, select.POLLIN)
        by_fd: dict[int, _Line] = {}
        for line in self._lines:
            if (found := line.watched()) is not None:
                by_fd[found[0]] = line
                poll.register(*found)
        waits_inside = any(line.pending() for line in self._lines)
        ready = dict(poll.poll(0 if waits_inside else timeout_s * 1000))
        if self._near.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._near.recv(4096)
        while not self._dialled.empty():
            line, made = self._dialled.get()
            line.connect(made)
        for fd, line in by_fd.items():
            line.serve(ready.get(fd, 0))
        for sock, read in list(self._others.items()):
            if sock.fileno() in ready:
                read()
        for line in self._lines:
            line.keep()

    def close(self) -> None:
        """Say goodbye to every broker, and end."""
        for line in self._lines:
            line.close()
        while not self._dialled.empty():
            _, made = self._dialled.get()
            if made is not None:
                made.close()
        self._near.close()
        self._far.close()

    def _hand_over(self, line: "_Line", made: socket.socket | None) -> None:
        self._dialled.put((line, made))
        self.wake()


class _Line:
    """One connection, and the attempts to make it."""

    def __init__(self, connection: Connection, hand_over: Callable[["_Line", socket.socket | None], None]) -> None:
        self._connection = connection
        self._client = connection.client
        self._hand_over = hand_over
        self._dialling = False
        self._closing = threading.Event()
        self._next_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def watched(self) -> tuple[int, int] | None:
        """Return descriptor and events to wait for; None while there is no connection."""
        sock = self._client.socket()
        if sock is None:
            return None
        return sock.fileno(), select.POLLIN | (select.POLLOUT if self._client.want_write() else 0)

    def pending(self) -> bool:
        """Whether TLS has bytes that no descriptor tells of."""
        sock = self._client.socket()
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def serve(self, events: int) -> None:
        """Read and write what can be."""
        self._guarded(lambda: self._serve(events))

    def _serve(self, events: int) -> None:
        if events & ~select.POLLOUT or self.pending():
            for _ in range(MAX_PASSES):
                self._client.loop_read()
                if not self._more():
                    break
        if events & select.POLLOUT:
            self._client.loop_write()

    def _more(self) -> bool:
        sock = self._client.socket()
        if sock is None:
            return False
        if self.pending():
            return True
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def keep(self) -> None:
        """Keep the connection alive, or make it again when its time has come."""
        if self._client.socket() is not None:
            self._guarded(self._client.loop_misc)
            if self._connection.connected.is_set():
                self._pause_s = FIRST_PAUSE_S
        elif not self._dialling and time.monotonic() >= self._next_s:
            self._dialling = True
            name = f"dial-{self._connection.address.name}"
            threading.Thread(target=self._dial, name=name, daemon=True).start()

    def connect(self, made: socket.socket | None) -> None:
        """Take the socket that was dialled; None: try again after a pause."""
        self._dialling = False
        self._next_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LAST_PAUSE_S)
        if made is not None:
            self._guarded(lambda: self._connection.begin(made))

    def close(self) -> None:
        """Say goodbye."""
        self._closing.set()
        self._client.disconnect()
        until_s = time.monotonic() + GOODBYE_S
        while (sock := self._client.socket()) is not None and time.monotonic() < until_s:
            select.select([], [sock.fileno()], [], 0.05)
            self._client.loop_write()
        self._connection.drop()

    def _guarded(self, what: Callable[[], Any]) -> None:
        """Whatever a broker sends that paho cannot read costs this connection, and nothing else."""
        try:
            what()
        except Exception as error:  # noqa: BLE001 - nothing may end the loop
            self._connection.faults += 1
            log.error("connection-failed", broker=self._connection.address.name, error=type(error).__name__)  # noqa: TRY400
            self._connection.drop()

    def _dial(self) -> None:
        """Find, connect, and shake hands: on a thread of its own, for each may block as long as its broker likes."""
        address, made = self._connection.address, None
        with contextlib.suppress(OSError):
            made = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
            made = self._secured(made)
        if self._closing.is_set() and made is not None:
            made.close()
            return
        self._hand_over(self, made)

    def _secured(self, plain: socket.socket) -> socket.socket:
        if not self._connection.address.tls:
            return plain
        try:
            return tls_of(self._connection.address).wrap_socket(plain, server_hostname=self._connection.address.host)
        except BaseException:
            plain.close()
            raise
