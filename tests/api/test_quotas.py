"""Proves that nobody fills the disk, blocks a case or destroys a file with a copied key: room is taken by what arrived.

The server runs in this process, so a test lowers a limit instead of sending gigabytes.
"""

import asyncio
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import ids
from evidence.envelope import container
from evidence.statements import bodies
from evidence.store.blobs.directory import DirectoryBlobs
from evidence.store.blobs.tiers import TieredBlobs
from server.uploads import core, writer
from server.uploads.folder import UploadFolder
from server.uploads.service import Uploads
from tests.support.erasing_world import sweeping
from tests.support.server_world import CaseOfHers, Person, World, problem, running_world, seal, settings_in
from tests.support.timeline_page import timeline
from tests.support.waiting import patience, until

KIB = 1024
OLD = time.time() - core.EXPIRY_S - 60


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server of this module's own, whose uploads may be aged."""
    with running_world(settings_in(tmp_path_factory.mktemp("quotas"))) as world:
        yield world


def folder_of(world: World) -> Path:
    return world.settings.data / "uploads"


def blob_of(world: World, sha256: str) -> int | None:
    return DirectoryBlobs(world.settings.data / "blobs").size(ids.Sha256(sha256))


def sent(who: Person, size: int, item: str | None = None) -> str:
    """Upload a file whole that nothing seals; return its hash."""
    content = os.urandom(size)
    sha256 = hashlib.sha256(content).hexdigest()
    created = who.create(size, sha256, item)
    assert created.status_code == 201, created.text
    assert who.patch(created.headers["location"], 0, content).status_code == 204
    return sha256


def swept(world: World) -> None:
    """Do what the server does every ten minutes, on its folder, as another process of the same installation does."""
    from server.services import open_services  # noqa: PLC0415 - only here, and it is heavy

    with open_services(world.settings) as services:
        asyncio.run(Uploads(services.upload_store).sweep())


def age(world: World, *ends: str) -> None:
    for path in folder_of(world).iterdir():
        if path.name.endswith(ends):
            os.utime(path, (OLD, OLD))


def test_announcing_takes_no_room_from_anybody(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "MAX_WAITING_UPLOADS", 30)
    case = alone.open_case()
    copied, honest = case.phone(), case.phone()
    sha256 = hashlib.sha256(b"never sent").hexdigest()
    for _ in range(core.MAX_WAITING_UPLOADS):
        assert copied.create(core.MAX_UPLOAD_BYTES, sha256).status_code == 201
    assert problem(copied.create(1, sha256)) == "quota"  # so many at once, and no more
    assert case.sealed(honest, content=b"x" * KIB).body.item
    assert honest.create(core.MAX_UPLOAD_BYTES, sha256).status_code == 201


def test_what_is_complete_and_never_sealed_counts_for_its_key(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "DEVICE_QUOTA_BYTES", 40 * KIB)
    monkeypatch.setattr(core, "CASE_QUOTA_BYTES", 50 * KIB)
    case = alone.open_case()
    copied, honest = case.phone(), case.phone()
    for _ in range(4):
        sent(copied, 10 * KIB)
    assert problem(copied.create(1, "ab" * 32)) == "quota"
    sent(honest, 9 * KIB)  # the reserve that one key cannot take
    assert problem(honest.create(2 * KIB, "ab" * 32)) == "quota"  # the whole case is full now
    assert case.sealed(alone_in_its_case(alone)[1]).body.item


def alone_in_its_case(world: World) -> tuple[CaseOfHers, Person]:
    case = world.open_case()
    return case, case.phone()


def test_what_was_sealed_counts_as_well_and_staff_have_a_limit_of_their_own(
    alone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = alone.open_case()
    phone = case.phone()
    monkeypatch.setattr(core, "DEVICE_QUOTA_BYTES", case.sealed(phone, content=b"x" * KIB).body.container.size + 10)
    assert problem(phone.create(11, "ab" * 32)) == "quota"
    assert phone.create(10, "ab" * 32).status_code == 201
    worker = alone.certify("caseworker", "K. Smit", alone.team)
    monkeypatch.setattr(core, "STAFF_QUOTA_BYTES", 20 * KIB)
    sent(worker, 15 * KIB)
    assert problem(worker.create(6 * KIB, "ab" * 32)) == "quota"
    sent(worker, 5 * KIB)
    item = seal(worker, [case.vault.identity.xwing_public], case=case.case)
    assert problem(worker.create(len(item.container), item.body.container.sha256, item.body.item)) == "quota"


def test_many_files_at_once_bring_no_more_than_one_key_may(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them fits alone, so each is announced; what comes in is judged once more when it comes."""
    monkeypatch.setattr(core, "DEVICE_QUOTA_BYTES", 40 * KIB)
    case = alone.open_case()
    phone = case.phone()
    contents = [os.urandom(15 * KIB) for _ in range(4)]
    announced = [phone.create(len(one), hashlib.sha256(one).hexdigest()) for one in contents]
    assert [one.status_code for one in announced] == [201] * 4
    answers = [
        phone.patch(one.headers["location"], 0, content) for one, content in zip(announced, contents, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [204, 204, 413, 413]
    assert {problem(answer) for answer in answers[2:]} == {"quota"}


def test_what_nobody_sealed_goes_after_a_week_and_what_was_sealed_never(alone: World) -> None:
    case, phone = alone_in_its_case(alone)
    kept = case.sealed(phone, content=b"y" * KIB).body.container.sha256
    never, young = sent(phone, KIB), None
    age(alone, ".whole", ".done", ".open")
    young = sent(phone, KIB)
    swept(alone)
    assert blob_of(alone, never) is None
    assert blob_of(alone, young) == KIB
    assert blob_of(alone, kept) is not None
    swept(alone)
    assert blob_of(alone, young) == KIB


def test_no_note_of_an_upload_removes_a_file_that_a_statement_names(alone: World) -> None:
    """He has her phone's files: he announces one of them again under an item of his own, completes it, and waits."""
    case, hers = alone_in_its_case(alone)
    his = case.phone()
    item = seal(hers, [case.vault.identity.xwing_public])
    hers.upload(item.container, item.body)
    hers.act("item.seal", item.body)
    his.upload(item.container, replace(item.body, item=ids.ItemId(ids.new_id())))
    age(alone, ".whole")
    swept(alone)
    assert blob_of(alone, item.body.container.sha256) == len(item.container)
    assert not list(folder_of(alone).glob("*.whole"))


def test_an_erasure_destroys_no_file_of_another_item(alone: World) -> None:
    """He ties the hash of her file to an item that she then erases: the file stays."""
    case, hers = alone_in_its_case(alone)
    his = case.phone()
    unwanted, evidence = case.sealed(hers, "Weg ermee."), case.sealed(hers, "Dit moet blijven.")
    planted = his.create(len(evidence.container), evidence.body.container.sha256, unwanted.body.item)
    assert planted.status_code == 201
    erasure = ids.ErasureId(ids.new_id())
    case.vault.act("erase.request", bodies.EraseRequest(erasure, (unwanted.body.item,)))
    alone.caseworker.act("erase.approve", bodies.EraseStep(erasure), case.case)
    with sweeping(alone.settings) as sweeper:
        sweeper.sweep()
    assert blob_of(alone, unwanted.body.container.sha256) is None
    assert blob_of(alone, evidence.body.container.sha256) == len(evidence.container)


def test_a_file_stays_while_a_statement_about_it_is_on_its_way(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case, phone = alone_in_its_case(alone)
    item = seal(phone, [case.vault.identity.xwing_public], content=b"z" * KIB)
    phone.upload(item.container, item.body)
    age(alone, ".whole")
    looked, go_on = threading.Event(), threading.Event()
    real = container.verify_head

    def slowly(prefix: container.Prefix, public: bytes) -> None:
        real(prefix, public)
        looked.set()
        assert go_on.wait(patience(30))

    monkeypatch.setattr(container, "verify_head", slowly)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(phone.post(phone.sign("item.seal", item.body)).status_code))
    thread.start()
    assert looked.wait(patience(30))
    swept(alone)
    assert blob_of(alone, item.body.container.sha256) == len(item.container)
    go_on.set()
    thread.join()
    assert answers == [201]
    swept(alone)
    assert blob_of(alone, item.body.container.sha256) == len(item.container)


def test_a_file_that_was_removed_can_be_sent_and_sealed_again(alone: World) -> None:
    case, phone = alone_in_its_case(alone)
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    age(alone, ".whole")
    swept(alone)
    assert problem(phone.post(phone.sign("item.seal", item.body))) == "blob-missing"
    phone.upload(item.container, item.body)
    phone.act("item.seal", item.body)


def test_a_crash_between_the_file_and_its_note_is_finished_by_the_next_look(alone: World) -> None:
    _, phone = alone_in_its_case(alone)
    gone = sent(phone, KIB)
    DirectoryBlobs(alone.settings.data / "blobs").destroy(ids.Sha256(gone))  # and here the power went
    age(alone, ".whole")
    swept(alone)
    assert not list(folder_of(alone).glob("*.whole"))


@pytest.mark.parametrize("by", ["caseworker", "vault"])
def test_the_uploads_of_a_revoked_phone_go_at_once_but_never_what_it_announced(alone: World, by: str) -> None:
    case, copied = alone_in_its_case(alone)
    loose = copied.create(100, "ab" * 32).headers["location"].rsplit("/", 1)[1]
    whole = sent(copied, KIB)
    item = seal(copied, [case.vault.identity.xwing_public], content=os.urandom(50 * KIB))
    created = copied.create(len(item.container), item.body.container.sha256, item.body.item).headers["location"]
    assert copied.patch(created, 0, item.container[: 20 * KIB]).status_code == 204
    copied.act("item.open", bodies.ItemOpen(item.body.item, item.body.head))
    device = timeline(alone.caseworker, case.case)["events"]
    name = next(row["body"]["device"] for row in device if row["type"] == "device.enrol")
    revoker = case.vault if by == "vault" else alone.caseworker
    revoker.act("device.revoke", bodies.DeviceRevoke(ids.DeviceId(name)), case.case)
    until(lambda: not (folder_of(alone) / f"{loose}.open").exists(), "what was only announced is gone")
    until(lambda: blob_of(alone, whole) is None, "what nobody can seal any more is gone")
    assert (folder_of(alone) / f"{created.rsplit('/', 1)[1]}.part").stat().st_size == 20 * KIB


def test_the_disk_keeps_a_reserve_for_the_journal_and_presses(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with little left takes no file, with its reason; statements, which need a page, are taken as before."""
    case, phone = alone_in_its_case(alone)
    item = seal(phone, [case.vault.identity.xwing_public])
    phone.upload(item.container, item.body)
    content = os.urandom(8 * 1024 * KIB)
    where = phone.create(len(content), hashlib.sha256(content).hexdigest()).headers["location"]
    free = shutil.disk_usage(folder_of(alone)).free
    real = writer.free_bytes
    looks = iter(range(1000))

    def less(place: int | Path) -> int:
        """Fill the disk up under the second batch of a request."""
        return real(place) if next(looks) < 2 else 0

    monkeypatch.setattr(writer, "free_bytes", less)
    cut = phone.patch(where, 0, content)
    assert (problem(cut), cut.json()["reason"]) == ("storage-full", "reserve")
    at = int(cut.headers["upload-offset"])
    assert 0 < at < len(content)
    assert free > 0
    monkeypatch.setattr("server.uploads.storage.free_bytes", lambda _: 0)
    refused = [phone.create(100, "cd" * 32), phone.patch(where, at, content[at:])]
    assert {(problem(one), one.json()["reason"]) for one in refused} == {("storage-full", "reserve")}
    assert int(phone.head(where).headers["upload-offset"]) == at
    phone.act("item.seal", item.body)
    monkeypatch.undo()
    assert phone.patch(where, at, content[at:]).status_code == 204


def test_a_note_that_cannot_be_read_costs_its_own_upload(alone: World) -> None:
    _, phone = alone_in_its_case(alone)
    where = phone.create(100, "ab" * 32).headers["location"]
    (folder_of(alone) / f"{where.rsplit('/', 1)[1]}.open").write_bytes(b"\xed\xa0\x80")
    assert phone.create(100, "cd" * 32).status_code == 201
    swept(alone)
    folder = UploadFolder(folder_of(alone), TieredBlobs(DirectoryBlobs(alone.settings.data / "blobs")))
    assert folder.notes.load(where.rsplit("/", 1)[1]) is None
