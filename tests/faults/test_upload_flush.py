"""Proves that what is flushed beside the writing is durable before it is told, and taken back when its flush failed."""

import errno
import hashlib
import os
import re
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server import upload_addresses
from server.settings import Settings
from server.uploads import core, resumable
from server.uploads.core import Upload
from server.uploads.digests import Digests
from server.uploads.folder import UploadFolder
from server.uploads.writer import FLUSH_EVERY_BYTES, PartWriter
from tests.support import power
from tests.support.disk import Disk
from tests.support.server_process import serving
from tests.support.server_world import Person, World
from tests.support.waiting import patience, until

MIB = 1024 * 1024
PIECE = os.urandom(MIB)


class HeldFlushes:
    """The disk's real flushes, each noted with what the file held when it began, and held back until `go`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[int] = []
        self.durable = 0
        self.go = threading.Event()
        self.broken = False
        self._real = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self._flush)

    def _flush(self, handle: int) -> None:
        size = os.fstat(handle).st_size
        self.begun.append(size)
        self.go.wait()
        if self.broken:
            raise OSError(errno.EIO, "the disk errs")
        self._real(handle)
        self.durable = max(self.durable, size)


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldFlushes]:
    held = HeldFlushes(monkeypatch)
    yield held
    held.go.set()


def test_writing_goes_on_beside_a_flush_that_tells_only_what_it_began_with(
    tmp_path: Path, flushes: HeldFlushes
) -> None:
    part = tmp_path / "part"
    part.touch()
    writer = PartWriter(part, 0, Digests(), None)
    every = FLUSH_EVERY_BYTES // MIB
    for _ in range(2 * every - 1):
        writer.write([PIECE])
    until(lambda: flushes.begun, "the flush begins")
    assert part.stat().st_size == (2 * every - 1) * MIB
    assert (writer.flushed, len(flushes.begun)) == (0, 1)
    flushes.go.set()
    until(lambda: writer.flushed > 0, "the flush is over")
    assert writer.flushed == FLUSH_EVERY_BYTES <= flushes.begun[0] <= flushes.durable
    written = writer.finish(whole_request=True)
    assert written.offset == writer.flushed == flushes.durable == (2 * every - 1) * MIB


def test_a_writer_that_is_faster_than_the_disk_waits_for_it(tmp_path: Path, flushes: HeldFlushes) -> None:
    part = tmp_path / "part"
    part.touch()
    writer = PartWriter(part, 0, Digests(), None)

    def write() -> None:
        for _ in range(3 * FLUSH_EVERY_BYTES // MIB):
            writer.write([PIECE])

    writing = threading.Thread(target=write)
    writing.start()
    until(lambda: part.stat().st_size == 2 * FLUSH_EVERY_BYTES, "so much is written and not flushed")
    assert (writer.flushed, len(flushes.begun)) == (0, 1)
    assert writing.is_alive()
    flushes.go.set()
    writing.join(patience(15))
    assert not writing.is_alive()
    assert writer.finish(whole_request=True).offset == 3 * FLUSH_EVERY_BYTES == flushes.durable


def test_what_is_cut_off_twice_never_grows(tmp_path: Path, flushes: HeldFlushes) -> None:
    """A checksum that does not hold takes a request back, also what was flushed of it; then the last flush fails."""
    part = tmp_path / "part"
    part.write_bytes(PIECE)
    flushes.go.set()
    writer = PartWriter(part, MIB, None, hashlib.sha256(b"something else").digest())
    for _ in range(FLUSH_EVERY_BYTES // MIB):
        writer.write([PIECE])
    until(lambda: writer.flushed > MIB, "a flush beside the writing is over")
    flushes.broken = True
    with pytest.raises(OSError, match="the disk errs"):
        writer.finish(whole_request=True)
    assert part.read_bytes() == PIECE


def test_what_is_answered_would_survive_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = power.Disk(tmp_path, monkeypatch)
    blobs = DirectoryBlobs(tmp_path / "blobs")
    folder, upload = announced(tmp_path, blobs)
    assert cut.survives(tmp_path / "uploads" / f"{upload.id}.open")
    writer = PartWriter(folder.part(upload.id), 0, Digests(), None)
    writer.write([PIECE])
    assert not cut.survives(folder.part(upload.id))
    folder.flushed(upload.id, writer.finish(whole_request=True).stamp, writer.digests)
    assert cut.survives(folder.part(upload.id))
    folder.finish(upload)
    assert cut.survives(blobs.local_path(upload.sha256))


def test_a_name_that_a_power_cut_brings_back_goes_again(tmp_path: Path) -> None:
    """A rename may be two steps for a file system, and then only the new name was flushed."""
    blobs = DirectoryBlobs(tmp_path / "blobs")
    folder, upload = announced(tmp_path, blobs)
    folder.part(upload.id).write_bytes(PIECE)
    folder.finish(upload)
    folder.part(upload.id).hardlink_to(blobs.local_path(upload.sha256))
    (tmp_path / "uploads" / f"{upload.id}.whole").rename(tmp_path / "uploads" / f"{upload.id}.open")
    folder = UploadFolder(tmp_path / "uploads", blobs)
    assert folder.settle(upload) == MIB
    assert folder.finish(upload).complete
    assert not folder.part(upload.id).exists()
    assert blobs.local_path(upload.sha256).read_bytes() == PIECE


def announced(base: Path, blobs: DirectoryBlobs) -> tuple[UploadFolder, Upload]:
    folder = UploadFolder(base / "uploads", blobs)
    folder.prepare()
    sha256, item, owner = ids.Sha256(hashlib.sha256(PIECE).hexdigest()), ids.ItemId(ids.new_id()), ids.KeyId("0" * 32)
    name = core.upload_id(owner, core.Creation(MIB, item, sha256))
    upload = Upload(name, owner, "account", item, sha256, MIB, ids.Time("2100-01-01T00:00:00.000Z"))
    folder.create(upload)
    return folder, upload


class Line:
    """One append on a raw connection; it hears each offset that is told on the way."""

    def __init__(self, phone: Person, where: str, size: int) -> None:
        headers = {
            "content-type": resumable.MEDIA_TYPE,
            "upload-offset": "0",
            "upload-complete": "?1",
            "content-length": str(size),
            "upload-draft-interop-version": "8",
        }
        request = phone.http.build_request("PATCH", where, headers=headers)
        signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
        lines = [f"PATCH {signed.url.raw_path.decode()} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in signed.headers.items()]
        self.heard = b""
        self.line = socket.create_connection((signed.url.host, signed.url.port), timeout=patience(15))
        self.line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    @property
    def told(self) -> int:
        while select.select([self.line], [], [], 0.05)[0] and (piece := self.line.recv(65536)):
            self.heard += piece
        return max(
            (int(offset) for offset in re.findall(rb"HTTP/1.1 104 .*?upload-offset: (\d+)\r\n", self.heard, re.DOTALL)),
            default=0,
        )


def test_a_flush_that_fails_beside_the_writing_takes_back_what_it_was_for(
    settings: Settings, root: keys.Identity, tmp_path: Path
) -> None:
    """The disk is well again before the request ends, and its last flush answers well: pages are gone all the same."""
    disk = Disk.build(tmp_path)
    every = FLUSH_EVERY_BYTES // MIB
    size = (4 * every) * MIB
    sha256 = hashlib.sha256(PIECE * (size // MIB)).hexdigest()
    with serving(settings, **disk.variables):
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        upload = phone.create(size, sha256).headers["location"].rsplit("/", 1)[1]
        where = f"{upload_addresses.RESUMABLE}/{upload}"
        part = settings.data / "uploads" / f"{upload}.part"
        line, sent = Line(phone, where, size), 0
        while line.told < FLUSH_EVERY_BYTES:
            assert sent < 2 * every - 2, "a flush beside the writing is told"
            line.line.sendall(PIECE)
            sent += 1
        told = line.told
        disk.fails()
        while sent < 2 * every + 1:
            line.line.sendall(PIECE)
            sent += 1
        until(lambda: disk.broken, "a flush beside the writing fails")
        disk.is_well()
        for _ in range(size // MIB - sent):
            try:
                line.line.sendall(PIECE)
            except OSError:
                break
        until(lambda: line.told and b"HTTP/1.1 500" in line.heard, "it is said")
        line.line.close()
        assert int(phone.http.head(where).headers["upload-offset"]) == part.stat().st_size == told
        rest = {"content-type": resumable.MEDIA_TYPE, "upload-offset": str(told), "upload-complete": "?1"}
        content = (PIECE * (size // MIB))[told:]
        assert phone.http.patch(where, content=content, headers=rest).status_code == 204
    assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(sha256)) == size
