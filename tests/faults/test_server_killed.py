"""Proves that nothing acknowledged is lost when the server is killed with SIGKILL, or its disk fills, at work.

The server is a process of its own (`getuige serve`), as in earnest.
"""

import hashlib
import os
import random
import resource
import signal
import threading
from pathlib import Path

import httpx

from evidence import canonical, ids, keys
from evidence.statements import event
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.settings import Settings
from tests.support.server_process import invitation, serving, slowly
from tests.support.server_world import Person, World, problem
from tests.support.waiting import patience, until

MIB = 1024 * 1024


def test_every_acknowledged_byte_survives_sigkill(settings: Settings, root: keys.Identity) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    content = chance.randbytes(6 * MIB)
    sha256 = hashlib.sha256(content).hexdigest()
    with serving(settings):
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        where = phone.create(len(content), sha256).headers["location"]
    acknowledged = 0
    for _ in range(2):
        with serving(settings) as process:
            at = int(phone.head(where).headers["upload-offset"])
            assert at >= acknowledged, f"seed {seed}"
            part = settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part"
            if part.exists():
                assert part.read_bytes()[:at] == content[:at], f"seed {seed}"
            killer = threading.Timer(chance.uniform(0.01, 0.15), process.kill)
            killer.start()
            try:
                while at < len(content):
                    piece = content[at : at + chance.randrange(1, MIB)]
                    answer = phone.patch(where, at, slowly(piece))
                    assert answer.status_code == 204, answer.text
                    at = acknowledged = int(answer.headers["upload-offset"])
            except httpx.TransportError:
                pass
            killer.join()
    with serving(settings):
        at = int(phone.head(where).headers["upload-offset"])
        assert at >= acknowledged, f"seed {seed}"
        assert phone.patch(where, at, content[at:]).status_code == 204
    assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(sha256)) == len(content)


def test_every_receipt_survives_sigkill(settings: Settings, root: keys.Identity) -> None:
    """Receipts are given out at full speed while the process is killed; each must be in the journal afterwards."""
    given: list[dict[str, str]] = []
    with serving(settings) as process:
        case = World(settings, Person(settings.public_url, identity=root)).open_case()

        def invite() -> None:
            who = case.world.caseworker
            try:
                while True:
                    answer = who.post(invitation(who, case))
                    if answer.status_code != 201:
                        return
                    given.append(answer.json())
            except httpx.TransportError:
                return

        threads = [threading.Thread(target=invite) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(given) > 30, "receipts come")
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    engine = open_engine(settings.database_url)
    journal = SqlJournal(engine)
    stored = journal.read(limit=10_000)
    engine.dispose()
    assert [one.index for one in stored] == list(range(len(stored)))
    by_bytes = {one.event: one.salt.hex() for one in stored}
    for answer in given:
        assert by_bytes[canonical.unb64(answer["event"])] == answer["salt"]
    with serving(settings):  # it starts again, and the log takes in what it missed
        where = f"/api/v1/receipts/{stored[-1].index}/proof"
        until(lambda: case.world.caseworker.http.get(where).status_code == 200, "the last event is proven")


def test_a_full_disk_tells_the_truth_and_loses_nothing(settings: Settings, root: keys.Identity) -> None:
    content = os.urandom(3 * MIB)
    sha256 = hashlib.sha256(content).hexdigest()
    with serving(settings) as process:
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        where = phone.create(len(content), sha256).headers["location"]
        assert phone.patch(where, 0, content[:MIB]).status_code == 204
        limit = 2 * MIB + 12_345
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, hard))
        full = phone.patch(where, MIB, content[MIB:])
        assert (full.status_code, problem(full)) == (507, "storage-full")
        at = int(full.headers["upload-offset"])
        assert MIB < at <= limit
        assert phone.head(where).headers["upload-offset"] == str(at)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert phone.patch(where, at, content[at:]).status_code == 204
    assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(sha256)) == len(content)


def test_a_journal_that_cannot_write_stops_and_says_so(settings: Settings, root: keys.Identity) -> None:
    with serving(settings) as process:
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        who = case.world.caseworker
        statement = invitation(who, case)
        first, second = who.post(statement), who.post(statement)
        assert problem(first) == "unknown-outcome"
        assert problem(second) == "unready"
        ready = httpx.get(f"{settings.public_url}/health/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert who.http.get("/api/v1/cases").status_code == 200  # reading goes on
    with serving(settings):
        again = who.post(statement)  # the same statement: stored now, or found
        assert again.status_code in {200, 201}
        assert event.parse(canonical.unb64(again.json()["event"])).statement.id == statement.id


def test_sigterm_ends_in_order(settings: Settings, root: keys.Identity) -> None:
    with serving(settings) as process:
        who = World(settings, Person(settings.public_url, identity=root)).dispatcher
        with who.http.stream("GET", "/api/v1/alarms/stream") as stream:
            next(stream.iter_bytes())
            process.terminate()
            assert process.wait(patience(15)) in {0, -signal.SIGTERM}


def read_if_there(path: Path) -> bytes:
    """Return a file's bytes; a server at work makes and removes files beside us."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return b""


def test_nothing_readable_is_on_the_server(settings: Settings, root: keys.Identity) -> None:
    """Planted phrases never appear in the data folder or the log output; what is known to be there is found."""
    phrases = ["Blauwe fiets bij de slagerij", "Keizersgracht 123", "noor-canary"]
    with serving(settings):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        phone = case.phone()
        sealed = case.sealed(phone, " ".join(phrases), content=phrases[0].encode() * 1000)
        unfinished = phone.create(len(sealed.container), "ab" * 32).headers["location"]
        phone.patch(unfinished, 0, sealed.container[:5000])
        where = f"/api/v1/cases/{case.case}/timeline"
        assert case.vault.http.get(where).status_code == 200
        httpx.get(f"{settings.public_url}/api/v1/{phrases[2]}", params={"q": phrases[2]})
        everything = b"".join(map(read_if_there, settings.data.rglob("*")))
        output = settings.data.with_suffix(".log").read_bytes()
    for phrase in phrases:
        assert phrase.encode() not in everything
        assert phrase.encode() not in output
    assert case.case.encode() in everything  # the search finds what is there
    assert b'"route": "/api/v1/statements"' in output
    assert case.case.encode() not in output
