"""Proves that an upload tells the truth when the disk errs or is full at any step of it, not only while it is written.

fsync answers EIO by LD_PRELOAD in a server of its own; a full disk is a limit on the size of files.
"""

import hashlib
import os
import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server.founding import found
from server.settings import Settings
from server.uploads import tus
from server.uploads.writer import FLUSH_EVERY_BYTES
from tests.support.disk import Disk
from tests.support.server_process import serving
from tests.support.server_world import TUS, CaseOfHers, Person, World, problem, settings_in
from tests.support.starter import Process
from tests.support.waiting import patience, until

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk.build(tmp_path_factory.mktemp("disk"))


@dataclass
class Place:
    """A server of its own whose disk a test may spoil, and a phone."""

    settings: Settings
    process: Process
    case: CaseOfHers

    def full(self, size: int = 0) -> None:
        """From now on no file grows beyond `size`."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def roomy(self) -> None:
        """From now on there is room again."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def part(self, where: str) -> Path:
        return self.settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part"


@pytest.fixture(scope="module")
def place(disk: Disk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings, root = settings_in(tmp_path_factory.mktemp("place") / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    with serving(settings, **disk.variables) as process:
        yield Place(settings, process, World(settings, Person(settings.public_url, identity=root)).open_case())


@pytest.fixture
def phone(place: Place, disk: Disk) -> Iterator[Person]:
    yield place.case.phone()
    disk.is_well()
    place.roomy()


def film() -> tuple[bytes, str]:
    content = os.urandom(4 * MIB)
    return content, hashlib.sha256(content).hexdigest()


def stored(place: Place, content: bytes) -> bool:
    sha256 = ids.Sha256(hashlib.sha256(content).hexdigest())
    return DirectoryBlobs(place.settings.data / "blobs").size(sha256) == len(content)


def test_bytes_whose_flush_failed_do_not_count_when_the_disk_is_well_again(
    place: Place, phone: Person, disk: Disk
) -> None:
    """After a failed fsync the next one may answer well although pages are gone."""
    content, sha256 = film()
    where = phone.create(len(content), sha256).headers["location"]
    assert phone.patch(where, 0, content[:MIB]).status_code == 204
    headers = {"upload-offset": str(MIB), "content-type": tus.OFFSET_MEDIA_TYPE, "content-length": str(2 * MIB)}
    request = phone.http.build_request("PATCH", where, headers={**TUS, **headers})
    signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
    lines = [f"PATCH {signed.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in signed.headers.items()]
    with socket.create_connection(("127.0.0.1", place.settings.port), timeout=patience(15)) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + content[MIB : 2 * MIB + 1000])
        until(lambda: place.part(where).stat().st_size >= 2 * MIB, "the first of it is written")
        disk.fails()
        line.sendall(content[2 * MIB + 1000 : 3 * MIB])
        assert line.recv(4096).startswith(b"HTTP/1.1 500")
    disk.is_well()
    assert phone.head(where).headers["upload-offset"] == str(MIB)
    assert phone.patch(where, MIB, content[MIB:]).status_code == 204
    assert stored(place, content)


def test_a_disk_that_errs_at_a_question_takes_nothing_back(place: Place, phone: Person, disk: Disk) -> None:
    content, sha256 = film()
    where = phone.create(len(content), sha256).headers["location"]
    assert phone.patch(where, 0, content[:MIB]).status_code == 204
    with place.part(where).open("ab") as part:
        part.write(content[MIB : MIB + 1000])  # as a server leaves it that was killed before it flushed
    disk.fails()
    assert phone.head(where).status_code == 500
    disk.is_well()
    assert phone.head(where).headers["upload-offset"] == str(MIB + 1000)
    disk.fails()
    assert phone.head(where).headers["upload-offset"] == str(MIB + 1000)  # flushed, and nothing since
    disk.is_well()
    assert phone.patch(where, MIB + 1000, content[MIB + 1000 :]).status_code == 204
    assert stored(place, content)


def test_a_full_disk_is_507_at_the_beginning_too_and_hinders_no_end(place: Place, phone: Person) -> None:
    content, sha256 = film()
    place.full()
    refused = phone.create(len(content), sha256)
    assert (refused.status_code, problem(refused)) == (507, "storage-full")
    place.roomy()
    where = phone.create(len(content), sha256).headers["location"]
    assert phone.patch(where, 0, content[:-1]).status_code == 204
    place.full()
    refused = phone.patch(where, len(content) - 1, content[-1:])
    assert (refused.status_code, problem(refused)) == (507, "storage-full")
    assert refused.headers["upload-offset"] == str(len(content) - 1)
    with place.part(where).open("ab") as part:
        part.write(content[-1:])
    # All of it is there now, and to call it complete takes no room.
    assert phone.head(where).headers["upload-offset"] == str(len(content))
    assert stored(place, content)


def test_an_offset_told_on_the_way_is_not_taken_back_by_a_full_disk(place: Place, phone: Person) -> None:
    """A 104 tells what was flushed; a disk that is full afterwards cuts nothing of that off."""
    content = os.urandom(MIB) * (FLUSH_EVERY_BYTES // MIB + 6)
    where = phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"]
    limit = FLUSH_EVERY_BYTES + 3 * MIB + 77
    place.full(limit)
    refused = phone.patch(where, 0, content)
    assert refused.status_code == 507
    assert FLUSH_EVERY_BYTES <= int(refused.headers["upload-offset"]) <= limit
    assert phone.head(where).headers["upload-offset"] == refused.headers["upload-offset"]
