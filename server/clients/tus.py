"""The client's half of tus 1.0 (https://tus.io/protocols/resumable-upload): create, ask the offset, go on.

The server's offset is the only truth about what arrived; this side keeps the upload's address and nothing
more. A PATCH carries one chunk with its SHA-256 (checksum extension), so that a damaged chunk is refused and cut off
before it counts. Of an item that was announced each byte counts at once instead, without a checksum: when the phone is
destroyed in the middle of a chunk, the half that arrived is evidence, and each sealed piece in it proves itself.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from server.clients.errors import RefusedError
from server.clients.http import Api, relative

TUS_VERSION: Final = "1.0.0"

CHUNK_BYTES: Final = 4 * 1024 * 1024
"""One PATCH: long enough that a request costs nothing beside it, short enough to repeat on a bad line."""

PIECE_BYTES: Final = 64 * 1024
"""Progress is told, and a connection may break, between pieces of this size."""

UPLOADS: Final = "/api/v1/uploads"
"""Where uploads are created."""

Progress = Callable[[int, int], None]
"""Called with (bytes handed to the connection, size) between pieces; what it raises breaks the connection."""

GONE: Final = frozenset({403, 404, 410})
"""Answers to HEAD that mean: this upload is no more, create it anew (tus core, HEAD)."""


def create(api: Api, size: int, metadata: Mapping[str, str]) -> tuple[str, int]:
    """Create an upload of `size` bytes and return its address (path on the server) and how many bytes are there.

    There are some when the same was announced before and the answer was lost.

    Raises:
        ClientError: the server refused or did not answer.
    """
    pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
    headers = {"tus-resumable": TUS_VERSION, "upload-length": str(size), "upload-metadata": pairs}
    answer = api.send("POST", UPLOADS, headers=headers)
    return relative(api.url, answer.headers["location"]), int(answer.headers["upload-offset"])


def offset(api: Api, location: str) -> int | None:
    """Return how many bytes of the upload are durable on the server, None when the upload is gone.

    Raises:
        ClientError: the server refused for another reason or did not answer.
    """
    try:
        answer = api.send("HEAD", location, headers={"tus-resumable": TUS_VERSION})
    except RefusedError as refused:
        if refused.status in GONE:
            return None
        raise
    return int(answer.headers["upload-offset"])


def send(
    api: Api,
    location: str,
    pieces: Callable[[int], Iterator[bytes]],
    size: int,
    start: int,
    progress: Progress | None = None,
    *,
    stop: int | None = None,
    checked: bool = True,
) -> int:
    """Send an upload of `size` bytes from `start` to `stop` (its end) and return the server's last offset.

    `pieces(offset)` gives the bytes from there on; one chunk of them is in memory at a time. When the server took less
    than it was sent, they are asked for again from its offset. Bytes of a chunk that is not `checked` count one by one.

    Raises:
        ClientError: the server refused or did not answer; `offset` then tells where to go on.
    """
    at, end = start, size if stop is None else stop
    while at < end:
        for chunk in _chunks(pieces(at), end - at):
            before, at = at, _patch(api, location, at, chunk, size, progress, checked=checked)
            if at != before + len(chunk):
                break
    return at


def _chunks(pieces: Iterator[bytes], room: int) -> Iterator[bytes]:
    """Cut a stream into chunks for one request each, `room` bytes in all."""
    pending = bytearray()
    for piece in pieces:
        pending += piece[:room]
        room -= len(piece[:room])
        while len(pending) >= CHUNK_BYTES:
            yield bytes(pending[:CHUNK_BYTES])
            del pending[:CHUNK_BYTES]
        if not room:
            break
    if pending:
        yield bytes(pending)


def upload_bytes(api: Api, data: bytes, item: str, sha256: str) -> None:
    """Upload a small container from memory, whole.

    Raises:
        ClientError: the server refused or did not answer; nothing counts until its statement has a receipt.
    """
    location, at = create(api, len(data), {"item": item, "sha256": sha256})
    for begin in range(at, len(data), CHUNK_BYTES):
        _patch(api, location, begin, data[begin : begin + CHUNK_BYTES], len(data), None)


def _patch(
    api: Api, location: str, at: int, chunk: bytes, size: int, progress: Progress | None, *, checked: bool = True
) -> int:
    """Send one chunk and return the server's offset after it."""
    headers = {
        "tus-resumable": TUS_VERSION,
        "upload-offset": str(at),
        "content-type": "application/offset+octet-stream",
        "content-length": str(len(chunk)),
    }
    if checked:
        headers["upload-checksum"] = f"sha256 {base64.b64encode(hashlib.sha256(chunk).digest()).decode()}"
    answer = api.send("PATCH", location, stream=_pieces(chunk, at, size, progress), headers=headers)
    return int(answer.headers["upload-offset"])


def _pieces(chunk: bytes, at: int, size: int, progress: Progress | None) -> Iterator[bytes]:
    """Yield the chunk piece by piece and tell how far it is."""
    for begin in range(0, len(chunk), PIECE_BYTES):
        piece = chunk[begin : begin + PIECE_BYTES]
        yield piece
        if progress is not None:
            progress(at + begin + len(piece), size)
