"""Proves that a body taken straight from the socket leaves the connection as HTTP wants it: for the next request.

Everything is said over one raw connection, so that a byte too many or too few shows in the answers that follow.
"""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from server.protocol import BUFFER_BYTES
from server.uploads import tus
from tests.support.server_world import TUS, Person, World
from tests.support.waiting import patience, until

CONTENT = os.urandom(3 * BUFFER_BYTES + 4321)
CLOCK = b"GET /api/v1/time HTTP/1.1\r\nHost: %s\r\n\r\n"


@pytest.fixture
def line(phone: Person) -> Iterator[socket.socket]:
    parts = urlsplit(phone.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=patience(15)) as connection:
        yield connection


def begin(phone: Person, content: bytes = CONTENT) -> str:
    return str(phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"])


def patch_head(phone: Person, where: str, offset: int, length: int, **more: str) -> bytes:
    """Return the bytes of a signed PATCH up to its body."""
    headers = {
        **TUS,
        "upload-offset": str(offset),
        "content-type": tus.OFFSET_MEDIA_TYPE,
        "content-length": str(length),
    }
    request = phone.http.build_request("PATCH", where, headers={**TUS, **headers, **more})
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    lines = [f"PATCH {signed.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in signed.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def clock(phone: Person) -> bytes:
    return CLOCK % urlsplit(phone.url).netloc.encode()


def heads(line: socket.socket, wanted: int) -> list[bytes]:
    """Return the status lines of the next answers."""
    told = b""
    end = time.monotonic() + patience(15)
    while told.count(b"HTTP/1.1 ") < wanted and time.monotonic() < end:
        piece = line.recv(65536)
        assert piece, f"the connection ended after {told!r}"
        told += piece
    return [part.split(b"\r\n", 1)[0] for part in told.split(b"HTTP/1.1 ")[1:]]


def stored(world: World, content: bytes) -> bool:
    sha256 = ids.Sha256(hashlib.sha256(content).hexdigest())
    return DirectoryBlobs(world.settings.data / "blobs").size(sha256) == len(content)


def part_size(world: World, where: str) -> int:
    return (world.settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part").stat().st_size


def test_the_next_request_follows_the_last_byte_of_a_body(world: World, phone: Person, line: socket.socket) -> None:
    where = begin(phone)
    line.sendall(patch_head(phone, where, 0, len(CONTENT)) + CONTENT + clock(phone) + clock(phone))
    assert heads(line, 3) == [b"204 No Content", b"200 OK", b"200 OK"]
    assert stored(world, CONTENT)


def test_several_bodies_go_over_one_connection(world: World, phone: Person, line: socket.socket) -> None:
    where, half = begin(phone), len(CONTENT) // 2
    for start, end in ((0, half), (half, len(CONTENT))):
        line.sendall(patch_head(phone, where, start, end - start) + CONTENT[start:end])
        assert heads(line, 1) == [b"204 No Content"]
    assert stored(world, CONTENT)


def test_a_body_nobody_wanted_is_thrown_away_and_the_answer_heard(phone: Person, line: socket.socket) -> None:
    where = begin(phone)
    line.sendall(patch_head(phone, where, 7, len(CONTENT) - 7) + CONTENT[7:] + clock(phone))
    assert heads(line, 2) == [b"409 Conflict", b"200 OK"]


def test_the_rest_of_a_body_taken_over_is_thrown_away(world: World, phone: Person, line: socket.socket) -> None:
    where = begin(phone)
    line.sendall(patch_head(phone, where, 0, len(CONTENT)) + CONTENT[: BUFFER_BYTES + 1000])
    until(lambda: part_size(world, where) >= BUFFER_BYTES, "the first buffer is written")
    at = int(phone.head(where).headers["upload-offset"])
    assert at == BUFFER_BYTES + 1000
    line.sendall(CONTENT[BUFFER_BYTES + 1000 :] + clock(phone))
    assert heads(line, 2) == [b"423 Locked", b"200 OK"]
    assert part_size(world, where) == at
    assert phone.patch(where, at, CONTENT[at:]).status_code == 204
    assert stored(world, CONTENT)


def test_a_client_that_waits_to_be_asked_is_asked(world: World, phone: Person, line: socket.socket) -> None:
    where = begin(phone)
    line.sendall(patch_head(phone, where, 0, len(CONTENT), expect="100-continue"))
    assert heads(line, 1) == [b"100 Continue"]
    line.sendall(CONTENT)
    assert heads(line, 1) == [b"204 No Content"]
    assert stored(world, CONTENT)


@pytest.mark.parametrize("step", [1, 1000, 65_537])
def test_a_body_in_crumbs_is_whole(world: World, phone: Person, line: socket.socket, step: int) -> None:
    content = CONTENT[: min(len(CONTENT), step * 300)]
    where = begin(phone, content)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(patch_head(phone, where, 0, len(content)))
    for start in range(0, len(content), step):
        line.sendall(content[start : start + step])
    assert heads(line, 1) == [b"204 No Content"]
    assert stored(world, content)


def test_a_reset_keeps_what_was_read(world: World, phone: Person, line: socket.socket) -> None:
    where = begin(phone)
    line.sendall(patch_head(phone, where, 0, len(CONTENT)) + CONTENT[: 2 * BUFFER_BYTES + 5])
    until(lambda: part_size(world, where) >= 2 * BUFFER_BYTES, "two buffers are written")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.close()
    at = int(phone.head(where).headers["upload-offset"])
    assert 2 * BUFFER_BYTES <= at <= 2 * BUFFER_BYTES + 5
    assert phone.patch(where, at, CONTENT[at:]).status_code == 204
    assert stored(world, CONTENT)
