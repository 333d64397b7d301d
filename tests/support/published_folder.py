"""A folder over HTTP, as a web server of somebody else publishes a log."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def published(folder: Path, busy: int = 0) -> Iterator[str]:
    """Serve a folder over HTTP and yield its address; the first `busy` requests hear that they are too many."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        left = busy

        def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - as the base class has it
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            if Handler.left:
                Handler.left -= 1
                self.send_response(429)
                self.send_header("retry-after", "0")
                self.end_headers()
                return
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
