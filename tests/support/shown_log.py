"""A server that shows what it is told to: trust answer, heads and tiles from folders, and proofs; over real HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Shown:
    """What is shown now; a test changes it between two looks. `logs` are folders of logs by their number."""

    logs: dict[int, Path]
    rotations: list[dict[str, Any]] = field(default_factory=list)
    proofs: dict[int, bytes] = field(default_factory=dict)
    heads: dict[int, bytes] = field(default_factory=dict)
    """Heads that are shown instead of those in the folders."""

    url: str = ""

    def answer(self, path: str) -> bytes | None:
        """Return the body of an answer; None is 404."""
        parts = path.strip("/").split("/")
        if path == "/api/v1/trust":
            return json.dumps({"certificates": [], "rotations": self.rotations}).encode()
        if parts[:3] == ["api", "v1", "receipts"]:
            return self.proofs.get(int(parts[3]))
        if parts[0] == "log":
            return self._file(1, "/".join(parts[1:]))
        return self._file(int(parts[1]), "/".join(parts[2:])) if parts[0] == "logs" else None

    def _file(self, number: int, name: str) -> bytes | None:
        if name == "checkpoint" and number in self.heads:
            return self.heads[number]
        file = self.logs[number] / name if number in self.logs else None
        return file.read_bytes() if file is not None and file.is_file() else None


@contextmanager
def showing(shown: Shown) -> Iterator[Shown]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = shown.answer(self.path)
            problem = b'{"type":"urn:getuige:problem:not-found","title":"x","status":404,"detail":"x"}'
            self.send_response(404 if body is None else 200)
            self.send_header("content-type", "application/json" if body is None else "application/octet-stream")
            content = problem if body is None else body
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the base class's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shown.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
