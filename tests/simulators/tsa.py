"""A time stamping authority over HTTP (RFC 3161, 3.4) in this process, with this process's clock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from evidence.custody.development_tsa import DevelopmentTsa

_IMPRINT = bytes.fromhex("0609608648016503040201") + bytes.fromhex("05000420")
"""DER of SHA-256's name without parameters' value, up to the 32 bytes of the digest."""


@dataclass(frozen=True)
class RunningTsa:
    url: str
    root_pem: bytes


@contextmanager
def running() -> Iterator[RunningTsa]:
    """Answer time stamp queries until the block ends."""
    authority = DevelopmentTsa.create()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            digest = query.partition(_IMPRINT)[2][:32]
            answer = authority.stamp(digest)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield RunningTsa(f"http://127.0.0.1:{server.server_port}", authority.root_pem)
        finally:
            server.shutdown()
            thread.join()
