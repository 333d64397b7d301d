"""Proves that the IETF's resumable uploads are spoken as the draft says, with the guarantees that tus has here.

What is acknowledged, in an answer or in an interim response (104), is on the disk; what was begun in one dialect goes
on in the other.
"""

import hashlib
import os
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from server.upload_addresses import RESUMABLE
from server.uploads import core, resumable
from server.uploads.intake import BATCH_BYTES
from server.uploads.writer import FLUSH_EVERY_BYTES
from tests.support.resumable import announced, append, create, digest
from tests.support.server_world import TUS, UPLOADS, Person, World, problem
from tests.support.waiting import patience, until

CONTENT = os.urandom(300_000)


def begin(phone: Person, content: bytes = CONTENT) -> str:
    created = create(phone, content)
    assert created.status_code == 201, created.text
    return str(created.headers["location"])


def part_of(world: World, where: str) -> bytes:
    return (world.settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part").read_bytes()


def stored(world: World, content: bytes) -> bool:
    sha256 = ids.Sha256(hashlib.sha256(content).hexdigest())
    return DirectoryBlobs(world.settings.data / "blobs").size(sha256) == len(content)


def test_options_tells_the_limits(world: World) -> None:
    answer = httpx.options(world.url + RESUMABLE)
    assert answer.status_code == 204
    assert answer.headers["upload-limit"] == f"max-size={core.MAX_UPLOAD_BYTES}, min-size=1, max-age={core.EXPIRY_S}"


def test_a_careful_upload_in_parts_becomes_a_blob(world: World, phone: Person) -> None:
    where = begin(phone)
    for start in (0, 100_000, 200_000):
        piece = CONTENT[start : start + 100_000]
        last = start + len(piece) == len(CONTENT)
        answer = append(
            phone, where, start, piece, **{"upload-complete": f"?{int(last)}", "content-digest": digest(piece)}
        )
        assert answer.status_code == 204
        assert answer.headers["upload-complete"] == f"?{int(last)}"
        assert answer.headers["upload-offset"] == str(start + len(piece))
        if not last:
            assert part_of(world, where) == CONTENT[: start + len(piece)]
    assert stored(world, CONTENT)
    again = append(phone, where, len(CONTENT), b"", **{"upload-complete": "?1"})  # the last answer was lost
    assert (again.status_code, again.headers["upload-complete"]) == (204, "?1")
    assert again.headers["repr-digest"] == digest(CONTENT)


def test_an_optimistic_upload_brings_the_whole_file_of_any_size(world: World, phone: Person) -> None:
    content = os.urandom(5 * BATCH_BYTES + 7)  # more than any other body may have
    done = create(phone, content, content, **{"upload-complete": "?1"})
    assert (done.status_code, done.headers["upload-complete"]) == (201, "?1")
    assert stored(world, content)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_the_offset_is_told_with_length_limits_and_completeness(phone: Person, method: str) -> None:
    where = begin(phone)
    append(phone, where, 0, CONTENT[:1000])
    headers = phone.http.request(method, where).headers
    assert headers["upload-offset"] == "1000"
    assert headers["upload-complete"] == "?0"
    assert headers["upload-length"] == str(len(CONTENT))
    assert headers["cache-control"] == "no-store"
    kept = int(headers["upload-limit"].rsplit("max-age=", 1)[1])
    assert core.EXPIRY_S - 60 < kept <= core.EXPIRY_S


def test_a_wrong_offset_is_the_registered_problem(phone: Person) -> None:
    where = begin(phone)
    append(phone, where, 0, CONTENT[:1000])
    answer = append(phone, where, 5, CONTENT[5:10])
    assert answer.status_code == 409
    assert answer.json()["type"] == "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
    assert (answer.json()["expected-offset"], answer.json()["provided-offset"]) == (1000, 5)
    assert (answer.headers["upload-offset"], answer.headers["upload-complete"]) == ("1000", "?0")


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ({"upload-length": "299999"}, b"x"),
        ({"upload-complete": "?1"}, b"x"),  # the last part, and the file is not whole after it
    ],
)
def test_lengths_that_contradict_each_other_are_the_registered_problem(
    phone: Person, more: dict[str, str], body: bytes
) -> None:
    where = begin(phone)
    answer = append(phone, where, 0, body, **more)
    assert answer.status_code == 400
    assert answer.json()["type"] == "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
    assert phone.http.head(where).headers["upload-offset"] == "0"


def test_a_last_part_of_unknown_size_that_is_too_short_is_kept_and_refused(world: World, phone: Person) -> None:
    where = begin(phone)
    answer = append(phone, where, 0, iter([CONTENT[:10], CONTENT[10:20]]), **{"upload-complete": "?1"})
    assert answer.status_code == 400
    assert (answer.headers["upload-offset"], answer.headers["upload-complete"]) == ("20", "?0")
    assert part_of(world, where) == CONTENT[:20]


def test_a_damaged_part_is_cut_off_again(world: World, phone: Person) -> None:
    where = begin(phone)
    append(phone, where, 0, CONTENT[:1000])
    damaged = bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:2000]
    answer = append(phone, where, 1000, damaged, **{"content-digest": digest(CONTENT[1000:2000])})
    assert (answer.status_code, problem(answer)) == (400, "part-digest")
    assert (answer.headers["upload-offset"], answer.headers["upload-complete"]) == ("1000", "?0")
    assert part_of(world, where) == CONTENT[:1000]


def test_a_whole_file_that_is_another_one_is_not_kept(world: World, phone: Person) -> None:
    wrong = os.urandom(5000)
    created = create(phone, CONTENT[:5000])
    where = created.headers["location"]
    answer = append(phone, where, 0, wrong, **{"upload-complete": "?1"})
    assert (answer.status_code, problem(answer)) == (400, "file-digest")
    assert answer.headers["upload-complete"] == "?1"  # the last word about this file
    assert phone.http.head(where).status_code == 404
    assert not stored(world, wrong)


def test_more_than_was_announced_is_refused_and_nothing_of_it_kept(phone: Person) -> None:
    where = begin(phone, CONTENT[:100])
    assert problem(append(phone, where, 0, CONTENT[:101])) == "too-large"
    answer = append(phone, where, 0, iter([CONTENT[:60], CONTENT[60:120]]))
    assert problem(answer) == "too-large"
    assert "max-size" in answer.headers["upload-limit"]
    assert phone.http.head(where).headers["upload-offset"] == "0"


def test_an_upload_can_be_called_off_until_it_is_complete(phone: Person) -> None:
    content = os.urandom(100)
    where = begin(phone, content)
    append(phone, where, 0, content[:50])
    assert phone.http.delete(where).status_code == 204
    assert phone.http.head(where).status_code == 404
    where = begin(phone, content)
    append(phone, where, 0, content)
    assert problem(phone.http.delete(where)) == "upload-complete"


def test_a_creation_whose_answer_was_lost_finds_what_it_began(phone: Person) -> None:
    item = ids.new_id()
    first = create(phone, CONTENT, CONTENT[:1000], item)
    again = create(phone, CONTENT, CONTENT[:1000], item)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["upload-offset"] == "1000"


def test_what_one_dialect_began_the_other_ends(world: World, phone: Person) -> None:
    where = begin(phone).removeprefix(phone.url + RESUMABLE)
    assert phone.patch(UPLOADS + where, 0, CONTENT[:1000]).headers["upload-offset"] == "1000"
    assert append(phone, RESUMABLE + where, 1000, CONTENT[1000:2000]).headers["upload-offset"] == "2000"
    assert phone.http.head(UPLOADS + where, headers=TUS).headers["upload-offset"] == "2000"
    done = append(phone, RESUMABLE + where, 2000, CONTENT[2000:], **{"upload-complete": "?1"})
    assert done.headers["upload-complete"] == "?1"
    assert stored(world, CONTENT)


@pytest.mark.parametrize(
    ("more", "status", "name"),
    [
        ({"upload-complete": "1"}, 400, "malformed"),
        ({"upload-complete": "?2"}, 400, "malformed"),
        ({"upload-length": "-1"}, 400, "malformed"),  # ignored, as the draft says; then no length is known
        ({"upload-length": "0"}, 400, "malformed"),
        ({"repr-digest": "md5=:AAAA:"}, 400, "malformed"),
        ({"repr-digest": "sha-256=:AAAA:"}, 400, "malformed"),
        ({"upload-complete": "?1"}, 400, "inconsistent-upload-length"),  # Content-Length says 0
        ({"upload-length": str(core.MAX_UPLOAD_BYTES + 1)}, 413, "too-large"),
    ],
)
def test_malformed_creations_are_refused(phone: Person, more: dict[str, str], status: int, name: str) -> None:
    answer = create(phone, CONTENT, b"", **more)
    assert answer.status_code == status
    assert answer.json()["type"].replace("#", ":").endswith(f":{name}")


def test_a_part_of_another_media_type_is_refused(phone: Person) -> None:
    where = begin(phone)
    answer = append(phone, where, 0, CONTENT, **{"content-type": "application/octet-stream"})
    assert (answer.status_code, problem(answer)) == (415, "part-type")
    assert answer.headers["accept-patch"] == resumable.MEDIA_TYPE


def test_the_signature_of_a_creation_covers_what_the_file_will_be(world: World, phone: Person) -> None:
    """Someone between the phone and the server cannot put another file in the place of hers."""
    request = phone.http.build_request("POST", f"{RESUMABLE}?item={ids.new_id()}", headers=announced(CONTENT))
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    signed.headers["repr-digest"] = digest(b"another file")
    answer = httpx.post(signed.url, headers=signed.headers, content=b"")
    assert (answer.status_code, problem(answer)) == (401, "signature")
    bare = httpx.post(world.url + request.url.raw_path.decode(), headers=announced(CONTENT), content=CONTENT)
    assert bare.status_code == 401


def test_a_content_digest_must_be_covered_by_the_signature(phone: Person) -> None:
    where = begin(phone)
    headers = {"content-type": resumable.MEDIA_TYPE, "upload-offset": "0", "upload-complete": "?0"}
    request = phone.http.build_request("PATCH", where, content=CONTENT[:10], headers=headers)
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    signed.headers["content-digest"] = digest(CONTENT[:10])
    answer = httpx.patch(signed.url, content=CONTENT[:10], headers=signed.headers)
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")
    assert "content-digest" in answer.json()["reason"]


# ------------------------------------------------------------------------------------------------ interim responses


def signed_head(phone: Person, method: str, where: str, length: int, headers: dict[str, str]) -> bytes:
    """Return the bytes of a signed request up to its body."""
    request = phone.http.build_request(method, where, headers={**headers, "content-length": str(length)})
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    lines = [f"{method} {signed.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in signed.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(phone: Person) -> socket.socket:
    parts = urlsplit(phone.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=patience(10))


def answers(line: socket.socket, wanted: int) -> list[tuple[bytes, dict[str, str]]]:
    """Read `wanted` heads, interim ones among them: status line and headers of each."""
    told = b""
    end = time.monotonic() + patience(15)
    while told.count(b"\r\n\r\n") < wanted and time.monotonic() < end:
        told += line.recv(65536)
    heads = [head.split(b"\r\n") for head in told.split(b"\r\n\r\n")[:wanted]]
    return [
        (first, {name.decode().lower(): value.decode() for name, _, value in (one.partition(b": ") for one in rest)})
        for first, *rest in heads
    ]


def test_a_creation_tells_where_to_go_on_before_its_body_is_there(world: World, phone: Person) -> None:
    content = os.urandom(2 * BATCH_BYTES)
    headers = announced(content, **{"upload-complete": "?1", "upload-draft-interop-version": "8"})
    with connect(phone) as line:
        where = f"{RESUMABLE}?item={ids.new_id()}"
        line.sendall(signed_head(phone, "POST", where, len(content), headers) + content[:BATCH_BYTES])
        ((status, told),) = answers(line, 1)
        assert status == b"HTTP/1.1 104 Upload Resumption Supported"
        assert told["upload-draft-interop-version"] == "8"
        assert "max-size" in told["upload-limit"]
        until(lambda: len(part_of(world, told["location"])) >= BATCH_BYTES, "the first batch is written")
    at = int(phone.http.head(told["location"]).headers["upload-offset"])
    assert at == BATCH_BYTES
    done = append(phone, told["location"], at, content[at:], **{"upload-complete": "?1"})
    assert done.headers["upload-complete"] == "?1"
    assert stored(world, content)


def test_an_append_tells_what_is_durable_on_the_way(phone: Person) -> None:
    content = os.urandom(MEBIBYTE) * (FLUSH_EVERY_BYTES // MEBIBYTE + 8)
    where = begin(phone, content)
    headers = {
        "content-type": resumable.MEDIA_TYPE,
        "upload-offset": "0",
        "upload-complete": "?1",
        "upload-draft-interop-version": "8",
    }
    with connect(phone) as line:
        line.sendall(signed_head(phone, "PATCH", where, len(content), headers) + content)
        (status, told), (last, end) = answers(line, 2)
    assert status == b"HTTP/1.1 104 Upload Resumption Supported"
    assert FLUSH_EVERY_BYTES <= int(told["upload-offset"]) < len(content)
    assert "location" not in told
    assert (last, end["upload-complete"]) == (b"HTTP/1.1 204 No Content", "?1")


MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("version", [None, "7", "9"])
def test_a_client_of_another_interop_version_hears_no_104(phone: Person, version: str | None) -> None:
    headers = announced(CONTENT[:10], **{"upload-complete": "?1"})
    if version is not None:
        headers["upload-draft-interop-version"] = version
    with connect(phone) as line:
        where = f"{RESUMABLE}?item={ids.new_id()}"
        line.sendall(signed_head(phone, "POST", where, 10, headers) + CONTENT[:10])
        ((status, told),) = answers(line, 1)
    assert status.startswith(b"HTTP/1.1 201")
    assert told["upload-complete"] == "?1"
