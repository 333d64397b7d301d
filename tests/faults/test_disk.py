"""Proves what a dying, a slow and a full disk mean for a phone: no untrue answer, and nothing acknowledged is lost.

The disk is dying in earnest for the server (`disk.c`, preloaded), and full in earnest (a small file system of its own).
"""

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server.founding import found
from server.settings import Settings
from tests.support.disk import Disk
from tests.support.server_process import invitation, serving
from tests.support.server_world import Person, World, problem, settings_in
from tests.support.waiting import patience

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk.build(tmp_path_factory.mktemp("disk"))


def founded(folder: Path) -> tuple[Settings, keys.Identity]:
    settings, root = settings_in(folder), keys.Identity.generate()
    found(settings, root, "Filomena")
    return settings, root


def test_a_disk_that_cannot_promise_acknowledges_nothing(disk: Disk, tmp_path: Path) -> None:
    settings, root = founded(tmp_path / "data")
    content = os.urandom(3 * MIB)
    sha256 = hashlib.sha256(content).hexdigest()
    with serving(settings, **disk.variables):
        phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
        where = phone.create(len(content), sha256).headers["location"]
        assert phone.patch(where, 0, content[:MIB]).status_code == 204
        disk.fails()
        refused = phone.patch(where, MIB, content[MIB : 2 * MIB])
        assert refused.status_code >= 500
        assert problem(refused)
        assert int(refused.headers.get("upload-offset", MIB)) <= 2 * MIB
        disk.is_well()
    with serving(settings, **disk.variables):
        at = int(phone.head(where).headers["upload-offset"])
        assert at >= MIB, "what was acknowledged before is there"
        assert phone.patch(where, at, content[at:]).status_code == 204
    assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(sha256)) == len(content)


def test_after_a_failed_promise_the_journal_stops_until_it_is_looked_at(disk: Disk, tmp_path: Path) -> None:
    """PostgreSQL's lesson of 2018: after a failed fsync the next one may answer well although pages are gone."""
    settings, root = founded(tmp_path / "data")
    with serving(settings, **disk.variables):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        who = case.world.caseworker
        first = invitation(who, case)
        disk.fails()
        assert problem(who.post(first)) == "unknown-outcome"
        disk.is_well()
        assert problem(who.post(invitation(who, case))) == "unready", "well again is not believed"
        ready = httpx.get(f"{settings.public_url}/health/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
    with serving(settings, **disk.variables):
        assert who.post(first).status_code in {200, 201}
        assert who.post(invitation(who, case)).status_code == 201


def test_a_slow_disk_makes_groups_and_no_queue(disk: Disk, tmp_path: Path) -> None:
    """While a promise takes long, 16 people at once are answered in a few promises, not in sixteen."""
    settings, root = founded(tmp_path / "data")
    with serving(settings, **disk.variables):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        who = case.world.caseworker
        made = [invitation(who, case) for _ in range(64)]
        disk.is_slow(int(patience(0.05) * 1e6))
        answers: list[int] = []

        def post(part: list[bytes]) -> None:
            with httpx.Client(base_url=settings.public_url, auth=who.http.auth, timeout=patience(30)) as client:
                answers.extend(client.post("/api/v1/statements", content=one).status_code for one in part)

        threads = [
            threading.Thread(target=post, args=([one.envelope.to_bytes() for one in made[n::16]],)) for n in range(16)
        ]
        before = disk.promises
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        promises = disk.promises - before
        disk.is_well()
    assert answers == [201] * 64
    assert 0 < promises < len(made) / 2, "every statement waited for a promise of its own"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of that size; root only, otherwise a loud skip."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root may mount a file system")
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "getuige-test", str(folder)]
    if subprocess.run(mounting, check=False).returncode != 0:
        pytest.skip("NOT TESTED: nobody may mount a file system on this machine")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_with_a_true_offset_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "12m") as folder:
        settings, root = founded(folder / "data")
        content = os.urandom(6 * MIB)
        sha256 = hashlib.sha256(content).hexdigest()
        with serving(settings, GETUIGE_UPLOAD_RESERVE_MIB="0"):  # the reserve is for larger disks
            phone = World(settings, Person(settings.public_url, identity=root)).open_case().phone()
            where = phone.create(len(content), sha256).headers["location"]
            assert phone.patch(where, 0, content[:MIB]).status_code == 204
            ballast = folder / "ballast"
            with ballast.open("wb") as file:
                free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
                file.write(bytes(free - 2 * MIB))
            full = phone.patch(where, MIB, content[MIB:])
            assert (full.status_code, problem(full)) == (507, "storage-full")
            at = int(full.headers["upload-offset"])
            assert MIB <= at < 4 * MIB
            assert phone.head(where).headers["upload-offset"] == str(at)
            ballast.unlink()
            assert phone.patch(where, at, content[at:]).status_code == 204
        assert DirectoryBlobs(settings.data / "blobs").size(ids.Sha256(sha256)) == len(content)
