"""Proves what a seal rests on: the bytes as they arrived, hashed on the way; a file that was touched is read again.

The server is a process of its own, so that the kernel counts what it reads and a restart forgets what it knew.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.scrubbing import Kind, Pace, scrub
from server.founding import found
from server.settings import Settings
from tests.support.server_process import serving
from tests.support.server_world import CaseOfHers, Person, SealedItem, World, problem, seal, settings_in
from tests.support.starter import Process

FILM = os.urandom(8 * 1024 * 1024)
LITTLE = 2 * 1024 * 1024
"""A seal reads head and description, its statement and what else it needs; the film is four times as long."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("unread") / "data")


@pytest.fixture(scope="module")
def root(settings: Settings) -> keys.Identity:
    identity = keys.Identity.generate()
    found(settings, identity, "Filomena")
    return identity


@pytest.fixture(scope="module")
def server(settings: Settings, root: keys.Identity) -> Iterator[Process]:
    assert root.kid, "founded before it is served"
    with serving(settings) as process:
        yield process


@pytest.fixture(scope="module")
def world(settings: Settings, root: keys.Identity, server: Process) -> World:
    assert server.poll() is None
    return World(settings, Person(settings.public_url, identity=root))


@pytest.fixture
def case(world: World) -> CaseOfHers:
    return world.open_case()


def film(case: CaseOfHers, phone: Person) -> SealedItem:
    return seal(phone, [case.vault.identity.xwing_public], content=FILM)


def blob(settings: Settings, item: SealedItem) -> Path:
    sha256 = item.body.container.sha256
    return settings.data / "blobs" / sha256[:2] / sha256


def bytes_read(process: Process) -> int:
    """Return what the process has read from files so far, cached or not."""
    return int(Path(f"/proc/{process.pid}/io").read_text().split()[1])


def with_other_content(item: SealedItem) -> SealedItem:
    """Return what a phone says that names another content than it sent."""
    assert item.body.content is not None
    content = replace(item.body.content, sha256=ids.Sha256("ab" * 32))
    return replace(item, body=replace(item.body, content=content))


def stated(phone: Person, item: SealedItem) -> httpx.Response:
    return phone.post(phone.sign("item.seal", item.body))


def announced(phone: Person, item: SealedItem) -> str:
    created = phone.create(len(item.container), item.body.container.sha256, item.body.item)
    assert created.status_code == 201, created.text
    return created.headers["location"]


def test_a_film_that_arrived_in_crumbs_is_not_read_for_its_seal(case: CaseOfHers, server: Process) -> None:
    phone = case.phone()
    item = film(case, phone)
    where, at = announced(phone, item), 0
    for end in (1, 16, 700, 5000, 3_000_001, 3_000_002, len(item.container)):
        assert phone.patch(where, at, item.container[at:end]).status_code == 204
        at = end
    before = bytes_read(server)
    refused = stated(phone, with_other_content(item))
    assert problem(refused) == "container"
    assert "content hash" in refused.text
    assert stated(phone, item).status_code == 201
    assert bytes_read(server) - before < LITTLE


def test_after_a_restart_it_is_read_once(tmp_path: Path) -> None:
    settings, root = settings_in(tmp_path / "data"), keys.Identity.generate()
    found(settings, root, "Filomena")
    with serving(settings):
        case = World(settings, Person(settings.public_url, identity=root)).open_case()
        phone = case.phone()
        waiting, half = film(case, phone), film(case, phone)
        phone.upload(waiting.container, waiting.body)
        where = announced(phone, half)
        assert phone.patch(where, 0, half.container[: len(FILM) // 2]).status_code == 204
    with serving(settings) as process:
        before = bytes_read(process)
        assert problem(stated(phone, with_other_content(waiting))) == "container"
        assert bytes_read(process) - before > len(FILM)
        before = bytes_read(process)
        assert problem(stated(phone, with_other_content(waiting))) == "container"
        assert stated(phone, waiting).status_code == 201
        assert bytes_read(process) - before < LITTLE
        before = bytes_read(process)
        assert phone.patch(where, len(FILM) // 2, half.container[len(FILM) // 2 :]).status_code == 204
        assert stated(phone, half).status_code == 201
        assert len(FILM) < bytes_read(process) - before < len(FILM) + LITTLE


def test_a_file_that_somebody_changed_before_its_seal_is_not_sealed(case: CaseOfHers, settings: Settings) -> None:
    phone = case.phone()
    item = film(case, phone)
    phone.upload(item.container, item.body)
    with blob(settings, item).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([item.container[-1] ^ 1]))
    assert problem(stated(phone, item)) == "container"
    blob(settings, item).write_bytes(item.container)
    assert stated(phone, item).status_code == 201


def test_what_a_disk_forgets_without_a_trace_is_sealed_as_it_arrived_and_named_by_the_scrub(
    case: CaseOfHers, settings: Settings
) -> None:
    phone = case.phone()
    item = film(case, phone)
    phone.upload(item.container, item.body)
    before = blob(settings, item).stat()
    with blob(settings, item).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([item.container[-1] ^ 1]))
    os.utime(blob(settings, item), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stated(phone, item).status_code == 201
    sha256 = item.body.container.sha256
    sealed = {sha256: len(item.container)}
    report = scrub(DirectoryBlobs(settings.data / "blobs"), sealed, Pace(None), prefix=sha256[:2])
    assert (Kind.ROTTEN, sha256) in {(finding.kind, finding.sha256) for finding in report.findings}
    blob(settings, item).write_bytes(item.container)


def test_a_part_that_somebody_changed_between_two_requests_is_not_what_was_announced(
    case: CaseOfHers, settings: Settings
) -> None:
    phone = case.phone()
    item = film(case, phone)
    where, half = announced(phone, item), len(item.container) // 2
    assert phone.patch(where, 0, item.container[:half]).status_code == 204
    part = settings.data / "uploads" / f"{where.rsplit('/', 1)[1]}.part"
    with part.open("r+b") as file:
        file.seek(half - 1)
        file.write(bytes([item.container[half - 1] ^ 1]))
    assert problem(phone.patch(where, half, item.container[half:])) == "upload-hash"


def test_two_files_of_one_item_at_once_are_each_their_own(case: CaseOfHers) -> None:
    phone = case.phone()
    first, second = film(case, phone), film(case, phone)
    other = replace(second, body=replace(second.body, item=first.body.item))
    answers: list[int] = []

    def send(item: SealedItem) -> None:
        where = announced(phone, item)
        answers.append(phone.patch(where, 0, item.container).status_code)

    threads = [threading.Thread(target=send, args=(item,)) for item in (first, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204, 204]
    assert problem(stated(phone, other)) == "container"  # its head names another item
    assert stated(phone, first).status_code == 201
