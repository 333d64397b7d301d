"""Interim responses (RFC 9110, 15.2) beside ASGI, which knows none: a way from a route to the connection.

uvicorn hands a request to the app without its connection, so our HTTP protocol class (`server.protocol`) leaves a way
to it in the scope. Where there is none (another server, HTTP/2), nothing is sent: an interim response may always be
missing.
"""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request

EXTENSION: Final = "getuige.interim"
"""Key in the scope's `extensions`; its value is `Send`."""

UPLOAD_RESUMPTION_SUPPORTED: Final = b"104 Upload Resumption Supported"
INTEROP_HEADER: Final = "upload-draft-interop-version"

Send = Callable[[bytes], None]


class Interim:
    """Sends 104 to a client that speaks this interop version of the draft, and nothing to any other."""

    def __init__(self, send: Send | None, interop_version: str) -> None:
        self._send = send
        self._version = interop_version

    @classmethod
    def of(cls, request: Request, interop_version: str) -> "Interim":
        """Return the way back to the client of `request`; it goes nowhere when the client named another version."""
        speaks = request.headers.get(INTEROP_HEADER, "").strip() == interop_version
        send: Send | None = request.scope.get("extensions", {}).get(EXTENSION)
        return cls(send if speaks else None, interop_version)

    def tell(self, headers: Mapping[str, str]) -> None:
        """Send one 104 with these headers."""
        if self._send is None:
            return
        lines = [b"HTTP/1.1 " + UPLOAD_RESUMPTION_SUPPORTED]
        for name, value in {**headers, INTEROP_HEADER: self._version}.items():
            lines.append(f"{name}: {value}".encode("ascii"))
        self._send(b"\r\n".join([*lines, b"", b""]))
