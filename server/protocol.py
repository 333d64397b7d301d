"""Our HTTP protocol class for uvicorn: what ASGI cannot say, left in each request's scope under `extensions`.

- A way to the connection for interim responses (`server.interim`).
- A body of known length straight from the socket (`DirectBody`). Through ASGI each byte is copied five times on its way
  to the disk and read in pieces of at most 256 KiB; here the kernel writes it where it is hashed and written from. It
  halves the work of a large upload.
"""

import asyncio
from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.interim import EXTENSION as INTERIM

DIRECT: Final = "getuige.direct"
"""Key in the scope's `extensions`; its value returns a `DirectBody`, or None where the body must come through ASGI."""

TARGET: Final = "target"
"""Key in the scope's `state`: the bytes of the request target (RFC 9112, 3.2)."""

BUFFER_BYTES: Final = 1024 * 1024
"""One hand-over to the writing thread. Two of them a request, and only what arrived takes up memory."""

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """uvicorn's httptools protocol with interim responses and bodies straight from the socket."""

    _seen = 0
    """Bytes of the body that the parser has passed on."""

    def on_message_begin(self) -> None:
        """Count the next request's body from nothing."""
        self._seen = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Keep the target as it stood on the request line: ASGI drops the host of an absolute one."""
        self.scope["state"][TARGET] = self.url
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what goes the ordinary way."""
        self._seen += len(body)
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn's own type
        extensions: dict[str, Any] = {INTERIM: partial(_send_interim, cycle), DIRECT: partial(self._take_body, cycle)}
        cycle.scope["extensions"] = extensions
        super()._start_asgi_task(cycle, app)

    def _take_body(self, cycle: RequestResponseCycle) -> "DirectBody | None":
        lengths = [value for name, value in cycle.scope["headers"] if name in {b"content-length", b"transfer-encoding"}]
        if cycle is not self.cycle or not cycle.more_body or cycle.disconnected or cycle.response_started:
            return None
        if len(lengths) != 1 or not lengths[0].isdigit():
            return None
        left = int(lengths[0]) - self._seen
        return DirectBody(self, cycle, left) if left > 0 else None

    def begin_anew(self) -> None:
        """Read the next request; the body of the last one did not pass the parser."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.transport.set_protocol(self)


def _send_interim(cycle: RequestResponseCycle, interim: bytes) -> None:
    # HTTP/1.0 knows no interim responses (RFC 9110, 15.2); after the answer has begun it is too late for one.
    if cycle.scope["http_version"] == "1.1" and not cycle.response_started and not cycle.disconnected:
        cycle.transport.write(interim)


class DirectBody(asyncio.BufferedProtocol):
    """The rest of a body, from the socket into one of two buffers; while one is written, the other is filled.

    `ready` is set when the buffer is full, the body has ended, or the client is gone (`lost`).
    """

    def __init__(self, protocol: Protocol, cycle: RequestResponseCycle, left: int) -> None:
        self._protocol = protocol
        self._cycle = cycle
        self._left = left
        self._early = bytes(cycle.body)
        cycle.body = bytearray()
        self._buffers = [bytearray(min(BUFFER_BYTES, left)) for _ in range(2)]
        self._filled = 0
        self._unwanted = False
        self.lost = False
        self.ready = asyncio.Event()
        self.last_byte_at = asyncio.get_running_loop().time()
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            cycle.transport.write(CONTINUE)
        protocol.flow.pause_reading()
        protocol.transport.set_protocol(self)

    @property
    def ended(self) -> bool:
        """Whether all of the body has arrived."""
        return self._left == 0

    def go_on(self) -> None:
        """Read into the buffer that is free; all that was taken before must have been written."""
        if not self.ready.is_set():
            self._protocol.flow.resume_reading()

    def take(self) -> list[bytes | memoryview]:
        """Return what arrived since the last time, and stop reading until `go_on`."""
        self._protocol.flow.pause_reading()
        early, self._early = self._early, b""
        taken = memoryview(self._buffers[0])[: self._filled]
        self._buffers.reverse()
        self._filled = 0
        if not (self.lost or self.ended):
            self.ready.clear()
        return [piece for piece in (early, taken) if piece]

    def release(self) -> None:
        """Read no more of it: what still comes is thrown away, so that the client hears the answer."""
        self._unwanted = True
        self._filled = 0
        if not self.ended:
            self._protocol.flow.resume_reading()

    def _room(self) -> int:
        return min(len(self._buffers[0]), BUFFER_BYTES - len(self._early)) - self._filled

    # ------------------------------------------------------------------------------------- called by the event loop

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Return where the next bytes go: never beyond the end of the body."""
        return memoryview(self._buffers[0])[self._filled : self._filled + min(self._left, self._room())]

    def buffer_updated(self, nbytes: int) -> None:
        """Count what arrived; at the end of the body the connection goes back to the parser."""
        self._left -= nbytes
        self.last_byte_at = asyncio.get_running_loop().time()
        if not self._unwanted:
            self._filled += nbytes
        if self.ended:
            self._cycle.more_body = False
            self._protocol.begin_anew()
            self.ready.set()
        elif not self._room():
            self._protocol.flow.pause_reading()
            self.ready.set()

    def eof_received(self) -> bool:
        """Take an end before the end for what it is: the client is gone."""
        self._protocol.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits for bytes that will not come."""
        self.lost = True
        self.ready.set()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on what the transport says of its other direction."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on what the transport says of its other direction."""
        self._protocol.resume_writing()
