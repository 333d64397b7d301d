"""A published log as a source of tiles: over HTTP (c2sp.org/tlog-tiles), or a folder laid out the same way."""

import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from evidence.custody.errors import ResourceNotFoundError
from evidence.custody.log.tiles import MAX_RESOURCE_BYTES, FolderTiles, TileSource
from evidence.errors import StorageError

TIMEOUT_S: Final = 20.0
"""For connecting and between two pieces of an answer."""

MAX_TRIES: Final = 4
"""An audit reads thousands of files; one answer that got lost on the way must not end it."""

MAX_WAIT_S: Final = 30.0
"""A server may ask for patience, but not for ever."""

_AGAIN: Final = frozenset({429, 502, 503, 504})


class PublishedLog:
    """A log at a URL prefix, for example https://getuige.example/log. Close it, or use it as a context."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(timeout=TIMEOUT_S, headers={"user-agent": "getuige audit-log"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def read(self, path: str) -> bytes:
        """Return the bytes of one resource; see `tiles.TileSource`.

        Raises:
            ResourceNotFoundError: the log has no such resource.
            StorageError: it does not answer, or answers with something else.
        """
        for number in range(1, MAX_TRIES + 1):
            try:
                status, wait_s, body = self._get(path)
            except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
                if number == MAX_TRIES or not isinstance(error, httpx.TransportError):
                    raise StorageError(f"no answer from {self._url} ({type(error).__name__})") from error
                status, wait_s, body = 0, 0.0, b""
            if status == httpx.codes.OK:
                return body
            if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
                raise ResourceNotFoundError(f"the log has no {path}")
            if status not in _AGAIN and status != 0:
                raise StorageError(f"{self._url}/{path} answers with status {status}")
            time.sleep(min(wait_s, MAX_WAIT_S))
        raise StorageError(f"{self._url} asks for patience again and again")

    def _get(self, path: str) -> tuple[int, float, bytes]:
        """Return status, seconds to wait before asking again, and body of one answer."""
        body = bytearray()
        with self._http.stream("GET", f"{self._url}/{path}") as answer:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MAX_RESOURCE_BYTES:
                    raise StorageError(f"{path} is longer than any resource of a log")
        wait = answer.headers.get("retry-after", "")
        return answer.status_code, float(wait) if wait.isdecimal() else 0.2, bytes(body)


def open_log(where: str) -> tuple[TileSource, PublishedLog | None]:
    """Return the log at a URL or in a folder, and what is to be closed afterwards."""
    if where.startswith(("http://", "https://")):
        log = PublishedLog(where)
        return log, log
    return FolderTiles(Path(where)), None
