"""Our HTTP protocol class for uvicorn: what ASGI cannot say, and nothing else.

It leaves a way to the connection in each request's scope, over which a route sends interim responses
(`server.interim`).
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.interim import EXTENSION


class Protocol(HttpToolsProtocol):
    """uvicorn's httptools protocol with interim responses."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn's own type
        def send(interim: bytes) -> None:
            # HTTP/1.0 knows no interim responses (RFC 9110, 15.2); after the answer has begun it is too late for one.
            if cycle.scope["http_version"] == "1.1" and not cycle.response_started and not cycle.disconnected:
                cycle.transport.write(interim)

        extensions: dict[str, Any] = {EXTENSION: send}
        cycle.scope["extensions"] = extensions
        super()._start_asgi_task(cycle, app)
