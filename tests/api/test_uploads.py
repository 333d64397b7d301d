"""Proves that an acknowledged byte is on the disk, that a bad one is not, and that tus is spoken as it is written."""

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from evidence import ids
from evidence.store.blobs.directory import DirectoryBlobs
from server.uploads import core, tus
from server.uploads.folder import UploadFolder
from server.uploads.intake import BATCH_BYTES
from tests.support.server_world import TUS, UPLOADS, CaseOfHers, Person, World, problem
from tests.support.waiting import patience, until

CONTENT = os.urandom(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def checksum(data: bytes) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(data).digest()).decode()


def begin(phone: Person, content: bytes = CONTENT) -> str:
    created = phone.create(len(content), hashlib.sha256(content).hexdigest())
    assert created.status_code == 201, created.text
    return str(created.headers["location"])


def part_of(world: World, where: str) -> bytes:
    return (world.settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part").read_bytes()


def stored(world: World, sha256: str) -> int | None:
    return DirectoryBlobs(world.settings.data / "blobs").size(ids.Sha256(sha256))


def offset(phone: Person, where: str) -> int:
    answer = phone.head(where)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def test_options_says_what_is_spoken(world: World) -> None:
    answer = httpx.options(world.url + UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer.headers["tus-checksum-algorithm"] == "sha256"


def test_every_answer_names_the_version_also_a_refusal(world: World, phone: Person) -> None:
    answers = [
        httpx.head(f"{world.url}{UPLOADS}/{ids.new_id()}", headers=TUS),
        phone.http.head(f"{UPLOADS}/{ids.new_id()}", headers=TUS),
        phone.create(0, SHA256),
        phone.http.put(UPLOADS, headers=TUS),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 400, 405]
    assert {answer.headers["tus-resumable"] for answer in answers} == {"1.0.0"}


def test_an_upload_in_pieces_becomes_a_blob(world: World, phone: Person) -> None:
    where = begin(phone)
    assert where.startswith(f"{world.url}{UPLOADS}/")  # some clients cannot follow a path alone
    for start in range(0, len(CONTENT), 100_000):
        piece = CONTENT[start : start + 100_000]
        answer = phone.patch(where, start, piece, **{"upload-checksum": checksum(piece)})
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(start + len(piece)))
        if start + len(piece) < len(CONTENT):
            assert part_of(world, where) == CONTENT[: start + len(piece)]
            assert "upload-expires" in answer.headers
    assert stored(world, SHA256) == len(CONTENT)
    again = phone.patch(where, len(CONTENT), b"")
    assert (again.status_code, offset(phone, where)) == (204, len(CONTENT))


def test_the_first_bytes_may_come_with_the_creation(phone: Person) -> None:
    pairs = {"item": ids.new_id(), "sha256": SHA256}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    headers = {**TUS, "upload-length": str(len(CONTENT)), "upload-metadata": metadata}
    created = phone.http.post(UPLOADS, headers=headers, content=CONTENT[:1000])
    assert (created.status_code, created.headers["upload-offset"]) == (201, "1000")
    done = phone.patch(created.headers["location"], 1000, CONTENT[1000:])
    assert done.headers["upload-offset"] == str(len(CONTENT))


def test_head_repeats_what_was_announced_and_is_not_cached(phone: Person) -> None:
    where = begin(phone)
    headers = phone.head(where).headers
    assert headers["upload-length"] == str(len(CONTENT))
    assert headers["cache-control"] == "no-store"
    pairs = dict(entry.split(" ") for entry in headers["upload-metadata"].split(","))
    assert base64.b64decode(pairs["sha256"]).decode() == SHA256


def test_a_damaged_piece_is_cut_off_again(world: World, phone: Person) -> None:
    where = begin(phone)
    assert phone.patch(where, 0, CONTENT[:1000]).status_code == 204
    damaged = bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:2000]
    answer = phone.patch(where, 1000, damaged, **{"upload-checksum": checksum(CONTENT[1000:2000])})
    assert (answer.status_code, problem(answer)) == (460, "upload-checksum")
    assert answer.json()["upload_offset"] == 1000
    assert part_of(world, where) == CONTENT[:1000]
    assert phone.patch(where, 1000, CONTENT[1000:]).status_code == 204
    assert stored(world, SHA256) == len(CONTENT)


def test_a_whole_file_that_is_another_one_is_not_kept(world: World, phone: Person) -> None:
    wrong = os.urandom(5000)
    created = phone.create(len(wrong), hashlib.sha256(b"something else").hexdigest())
    where = created.headers["location"]
    answer = phone.patch(where, 0, wrong)
    assert (answer.status_code, problem(answer)) == (460, "upload-hash")
    assert phone.head(where).status_code == 404
    assert stored(world, hashlib.sha256(wrong).hexdigest()) is None


@pytest.mark.parametrize("start", [5, 999, 1001])
def test_a_wrong_offset_is_told_the_right_one(phone: Person, start: int) -> None:
    where = begin(phone)
    phone.patch(where, 0, CONTENT[:1000])
    answer = phone.patch(where, start, CONTENT[start : start + 10])
    assert (answer.status_code, problem(answer)) == (409, "upload-offset")
    assert answer.headers["upload-offset"] == "1000"
    assert offset(phone, where) == 1000


def test_more_than_was_announced_is_refused_and_nothing_of_it_kept(phone: Person) -> None:
    where = begin(phone, CONTENT[:100])
    assert problem(phone.patch(where, 0, CONTENT[:101])) == "too-large"

    def chunks() -> Iterator[bytes]:
        yield CONTENT[:60]
        yield CONTENT[60:120]

    assert problem(phone.patch(where, 0, chunks())) == "too-large"
    assert offset(phone, where) == 0


def test_a_file_that_is_too_large_or_over_the_quota_is_refused(phone: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(phone.create(core.MAX_UPLOAD_BYTES + 1, SHA256)) == "too-large"
    monkeypatch.setattr(core, "DEVICE_QUOTA_BYTES", 100)
    assert problem(phone.create(101, SHA256)) == "quota"
    assert phone.create(100, SHA256).status_code == 201


def test_a_quota_is_judged_by_one_process_at_a_time(world: World, phone: Person) -> None:
    """Several servers share the folder: two that looked at the same moment would both find room."""
    elsewhere = UploadFolder(world.settings.data / "uploads", DirectoryBlobs(world.settings.data / "blobs"))
    hold = elsewhere.hold_admissions()
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(phone.create(100, SHA256)))
    thread.start()
    thread.join(0.5)
    assert not answers
    hold.release()
    thread.join()
    assert answers[0].status_code == 201


def test_another_phone_of_the_same_case_sees_no_upload_of_this_one(case: CaseOfHers, phone: Person) -> None:
    where, other = begin(phone), case.phone()
    nothing = other.patch(f"{UPLOADS}/{ids.new_id()}", 0, b"x")
    foreign = other.patch(where, 0, b"x")
    assert problem(nothing) == problem(foreign) == "not-found"
    assert nothing.json() == foreign.json()
    assert offset(phone, where) == 0


def test_an_unsigned_patch_leaves_no_byte(world: World, phone: Person) -> None:
    where = begin(phone)
    headers = {**TUS, "upload-offset": "0", "content-type": tus.OFFSET_MEDIA_TYPE}
    answer = httpx.patch(where, content=CONTENT, headers=headers)
    assert answer.status_code == 401
    assert part_of(world, where) == b""


def test_an_upload_that_is_not_complete_can_be_called_off(phone: Person) -> None:
    where = begin(phone, CONTENT[:100])
    phone.patch(where, 0, CONTENT[:50])
    assert phone.http.delete(where, headers=TUS).status_code == 204
    assert phone.head(where).status_code == 404


def test_a_complete_upload_cannot_be_called_off(world: World, phone: Person) -> None:
    content = os.urandom(100)
    where = begin(phone, content)
    phone.patch(where, 0, content)
    assert problem(phone.http.delete(where, headers=TUS)) == "upload-complete"
    assert stored(world, hashlib.sha256(content).hexdigest()) == 100


def signed_head(phone: Person, where: str, length: int) -> bytes:
    """Return the bytes of a signed PATCH up to its body."""
    headers = {
        **TUS,
        "upload-offset": "0",
        "content-type": tus.OFFSET_MEDIA_TYPE,
        "content-length": str(length),
    }
    request = phone.http.build_request("PATCH", where, headers=headers)
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    lines = [f"PATCH {signed.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in signed.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(phone: Person) -> socket.socket:
    parts = urlsplit(phone.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=patience(10))


@pytest.mark.parametrize("arrived", [1, 65_536, BATCH_BYTES + 100_000, 2 * BATCH_BYTES + 5])
def test_a_cut_connection_keeps_what_was_read(world: World, phone: Person, arrived: int) -> None:
    content = os.urandom(3 * BATCH_BYTES)
    where = begin(phone, content)
    with connect(phone) as line:
        line.sendall(signed_head(phone, where, len(content)) + content[:arrived])
        if arrived > BATCH_BYTES:
            until(lambda: len(part_of(world, where)) >= BATCH_BYTES, "the first batch is written")
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass
    at = offset(phone, where)
    # What the kernel still held when the line broke may be lost: it was never acknowledged.
    assert arrived - BATCH_BYTES <= at <= arrived
    assert part_of(world, where) == content[:at]
    assert phone.patch(where, at, content[at:]).status_code == 204
    assert stored(world, hashlib.sha256(content).hexdigest()) == len(content)


def test_a_new_request_takes_over_a_stalled_one(world: World, phone: Person) -> None:
    content = os.urandom(3 * BATCH_BYTES)
    where = begin(phone, content)
    with connect(phone) as stalled:
        sent = BATCH_BYTES + 70_000
        stalled.sendall(signed_head(phone, where, len(content)) + content[:sent])
        until(lambda: len(part_of(world, where)) >= BATCH_BYTES, "the first batch is written")
        at = offset(phone, where)
        assert BATCH_BYTES <= at <= sent
        assert b" 423 " in stalled.recv(4096)
    assert phone.patch(where, at, content[at:]).status_code == 204
    assert stored(world, hashlib.sha256(content).hexdigest()) == len(content)


def test_many_requests_at_once_leave_one_true_file(world: World, phone: Person) -> None:
    where = begin(phone)
    answers: list[int] = []

    def send() -> None:
        answers.append(phone.patch(where, 0, CONTENT).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Of requests that overtake each other some are stopped; whatever counts is a prefix of the content.
    assert set(answers) <= {204, 409, 413, 423}
    at = offset(phone, where)
    if at < len(CONTENT):
        assert part_of(world, where) == CONTENT[:at]
        phone.patch(where, at, CONTENT[at:])
    assert stored(world, SHA256) == len(CONTENT)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"tus-resumable": "0.2.2"}, "tus-version"),
        ({"upload-length": "-1"}, "malformed"),
        ({"upload-length": "1e9"}, "malformed"),
        ({"upload-length": "0"}, "malformed"),
        ({"upload-metadata": "item !!!"}, "malformed"),
        ({"upload-metadata": "filename " + base64.b64encode(b"noor.jpg").decode()}, "malformed"),
        ({"upload-defer-length": "1"}, "malformed"),
        ({"upload-checksum": "md5 AAAA"}, "malformed"),
    ],
)
def test_malformed_creations_are_refused(phone: Person, headers: dict[str, str], name: str) -> None:
    assert problem(phone.create(100, SHA256, **headers)) == name


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"tus-resumable": "2.0.0"}, "tus-version"),
        ({"content-type": "application/json"}, "malformed"),
        ({"upload-checksum": "sha256 AAAA"}, "malformed"),
        ({"upload-checksum": "crc32 AAAAAA=="}, "malformed"),
    ],
)
def test_malformed_patches_are_refused(phone: Person, headers: dict[str, str], name: str) -> None:
    where = begin(phone)
    assert problem(phone.patch(where, 0, CONTENT, **headers)) == name
    assert offset(phone, where) == 0
