"""A time stamping authority over HTTP (RFC 3161, 3.4) in this process, with this process's clock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from evidence.custody.time.development_tsa import DevelopmentTsa

_IMPRINT = bytes.fromhex("0609608648016503040201") + bytes.fromhex("05000420")
"""DER of SHA-256's name without parameters' value, up to the 32 bytes of the digest."""


@dataclass(frozen=True)
class RunningTsa:
    url: str
    root_pem: bytes


@contextmanager
def running(
    authority: DevelopmentTsa | None = None, answer: Callable[[bytes, bytes], bytes] = lambda _digest, token: token
) -> Iterator[RunningTsa]:
    """Answer time stamp queries until the block ends; `answer` may make something else of a digest's token."""
    stamping = authority or DevelopmentTsa.create()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            digest = query.partition(_IMPRINT)[2][:32]
            said = answer(digest, stamping.stamp(digest))
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # how often it looks for its end
        thread.start()
        try:
            yield RunningTsa(f"http://127.0.0.1:{server.server_port}", stamping.root_pem)
        finally:
            server.shutdown()
            thread.join()
