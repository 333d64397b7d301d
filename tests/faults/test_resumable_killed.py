"""Proves that what the draft's dialect acknowledged, in an answer or in a 104 on the way, survives SIGKILL.

The server is a process of its own. A whole file is sent in one creation and the server is killed on the way,
twice; each time the other dialect asks where it stands and goes on.
"""

import base64
import hashlib
import os
import random
import re
import socket
import threading
from contextlib import suppress

import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server import upload_addresses
from server.settings import Settings
from server.uploads import resumable, tus
from server.uploads.writer import FLUSH_EVERY_BYTES
from tests.support.server_process import serving
from tests.support.server_world import TUS, Person, World
from tests.support.starter import Process
from tests.support.waiting import patience, until

CONTENT = os.urandom(2 * FLUSH_EVERY_BYTES + FLUSH_EVERY_BYTES // 2)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
DIGEST = f"sha-256=:{base64.b64encode(bytes.fromhex(SHA256)).decode()}:"


class Sending:
    """One request on a raw connection; `acknowledged` is the newest offset that a 104 told."""

    def __init__(self, phone: Person, method: str, where: str, at: int, headers: dict[str, str]) -> None:
        self.acknowledged = 0
        self.told = b""
        length = {"content-length": str(len(CONTENT) - at), "upload-draft-interop-version": "8"}
        request = phone.http.build_request(method, where, headers={**headers, **length})
        signed = next(phone.http.auth.auth_flow(request))  # type: ignore[union-attr]
        lines = [f"{method} {signed.url.raw_path.decode()} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in signed.headers.items()]
        self._line = socket.create_connection((signed.url.host, signed.url.port), timeout=patience(15))
        self._line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._threads = [threading.Thread(target=self._send, args=(at,)), threading.Thread(target=self._hear)]
        for thread in self._threads:
            thread.start()

    def _send(self, at: int) -> None:
        with suppress(OSError):
            self._line.sendall(memoryview(CONTENT)[at:])

    def _hear(self) -> None:
        with suppress(OSError):
            while piece := self._line.recv(65536):
                self.told += piece
                for offset in re.findall(rb"upload-offset: (\d+)\r\n", self.told):
                    self.acknowledged = max(self.acknowledged, int(offset))

    def end(self) -> None:
        """Wait until the connection is dead."""
        for thread in self._threads:
            thread.join()
        self._line.close()


def killed_at(process: Process, sending: Sending, wanted: int) -> None:
    """Kill the server once so much is acknowledged, a little later."""
    until(lambda: sending.acknowledged >= wanted or process.poll() is not None, "a 104 tells what is durable")
    threading.Event().wait(random.uniform(0, 0.02))
    process.kill()
    sending.end()


@pytest.mark.timeout(180)
def test_what_was_acknowledged_on_the_way_survives(settings: Settings, root: keys.Identity) -> None:
    announced = {"upload-complete": "?1", "upload-length": str(len(CONTENT)), "repr-digest": DIGEST}
    with serving(settings) as process:
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        sending = Sending(phone, "POST", f"{upload_addresses.RESUMABLE}?item={ids.new_id()}", 0, announced)
        killed_at(process, sending, FLUSH_EVERY_BYTES)
    (name,) = set(re.findall(rb"location: \S+/([0-9a-f]{64})\r\n", sending.told))
    upload = name.decode()
    part = settings.data / "uploads" / f"{upload}.part"
    acknowledged = sending.acknowledged
    assert acknowledged >= FLUSH_EVERY_BYTES
    with serving(settings) as process:
        at = int(phone.http.head(f"{upload_addresses.UPLOADS}/{upload}", headers=TUS).headers["upload-offset"])
        assert at >= acknowledged
        assert part.read_bytes() == CONTENT[:at]
        append = {"content-type": resumable.MEDIA_TYPE, "upload-offset": str(at), "upload-complete": "?1"}
        sending = Sending(phone, "PATCH", f"{upload_addresses.RESUMABLE}/{upload}", at, append)
        killed_at(process, sending, min(at + FLUSH_EVERY_BYTES, len(CONTENT)))
        acknowledged = max(at, sending.acknowledged)
    with serving(settings):
        at = int(phone.http.head(f"{upload_addresses.RESUMABLE}/{upload}").headers["upload-offset"])
        assert at >= acknowledged
        if at < len(CONTENT):
            assert part.read_bytes() == CONTENT[:at]
            rest = {**TUS, "upload-offset": str(at), "content-type": tus.OFFSET_MEDIA_TYPE}
            done = phone.http.patch(f"{upload_addresses.UPLOADS}/{upload}", content=CONTENT[at:], headers=rest)
            assert done.status_code == 204, done.text
    assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(SHA256)) == len(CONTENT)
