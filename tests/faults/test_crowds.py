"""Proves that a crowd harms nobody: hundreds of sockets that stand still, twenty uploads under a server that dies."""

import hashlib
import random
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server.settings import Settings
from tests.support.server_process import invitation, serving, slowly
from tests.support.server_world import Person, World
from tests.support.waiting import until

STALLED = 500
UPLOADS = 20
MIB = 1024 * 1024


def rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no such process")


def test_500_sockets_that_stand_still_hold_up_nobody(settings: Settings, root: keys.Identity) -> None:
    host = f"HTTP/1.1\r\nHost: localhost:{settings.port}\r\n"
    beginnings = (
        b"",
        f"POST /api/v1/statements {host}".encode(),
        f"POST /api/v1/statements {host}Content-Length: 5000\r\n\r\n{{".encode(),
        f"PATCH /api/v1/uploads/{'0' * 32} {host}Content-Length: 9999999\r\n\r\nabc".encode(),
    )
    with serving(settings) as process, ExitStack() as stack:
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        who = case.world.caseworker
        before = rss_mib(process.pid)
        for n in range(STALLED):
            stalled = stack.enter_context(socket.create_connection(("127.0.0.1", settings.port)))
            stalled.sendall(beginnings[n % len(beginnings)])
        for _ in range(30):  # while each of them stands still
            assert who.post(invitation(who, case)).status_code == 201
        assert rss_mib(process.pid) - before < 60, "each of them costs a few KiB, not a buffer"


@dataclass
class Sending:
    """One phone that sends until it is done, whatever happens to the server."""

    phone: Person
    content: bytes
    where: str
    acknowledged: int = 0
    untrue: list[str] = field(default_factory=list)

    def send(self, chance: random.Random) -> None:
        while self.acknowledged < len(self.content):
            try:
                at = int(self.phone.head(self.where).headers["upload-offset"])
                if at < self.acknowledged:
                    self.untrue.append(f"{self.acknowledged} was acknowledged, now it is {at}")
                    return
                piece = self.content[at : at + chance.randrange(1, 400_000)]
                answer = self.phone.patch(self.where, at, slowly(piece))
                if answer.status_code == 204:
                    self.acknowledged = int(answer.headers["upload-offset"])
            except (httpx.TransportError, KeyError):
                time.sleep(0.05)


@pytest.mark.faults  # one upload that is killed over and over: test_server_killed.py, test_resumable_killed.py
def test_20_uploads_under_a_server_that_is_killed_again_and_again(settings: Settings, root: keys.Identity) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    with serving(settings):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        everything = []
        for _ in range(UPLOADS):
            content = chance.randbytes(chance.randrange(200_000, 2 * MIB))
            phone = case.phone()
            created = phone.create(len(content), hashlib.sha256(content).hexdigest())
            everything.append(Sending(phone, content, created.headers["location"]))
    threads = [threading.Thread(target=one.send, args=(random.Random(seed + n),)) for n, one in enumerate(everything)]
    for thread in threads:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in threads):
        with serving(settings) as process:
            if kills < 4:
                kills += 1
                time.sleep(chance.uniform(0.05, 0.5))
                process.kill()
                continue
            until(lambda: not any(thread.is_alive() for thread in threads), "every phone is done")
    blobs = DirectoryBlobs(settings.data / "blobs")
    for one in everything:
        assert not one.untrue, f"seed {seed}: {one.untrue}"
        sha256 = ids.Sha256(hashlib.sha256(one.content).hexdigest())
        assert blobs.size(sha256) == len(one.content), f"seed {seed}"
    stored = [path for path in (settings.data / "blobs").rglob("*") if path.is_file()]
    assert len(stored) == UPLOADS, "nothing is stored twice"
