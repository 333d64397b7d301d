"""Proves that an upload is found by its item, that others' cost it nothing, and that a request that is gone lets go."""

import asyncio
import contextlib
import hashlib
import os
import threading
from pathlib import Path

from evidence import ids, keys
from evidence.store.blobs.directory import DirectoryBlobs
from server.founding import found
from server.principals import Phone
from server.services import open_services
from server.to_its_end import to_its_end
from server.uploads import core
from server.uploads.core import Creation, Patch, Upload
from server.uploads.folder import Arrivals, UploadFolder
from server.uploads.intake import Body
from server.uploads.lanes import Lane
from server.uploads.service import HOLD_AGAIN_EVERY_S, Uploads
from server.uploads.storage import Progress
from server.uploads.writer import Piece
from tests.support.server_world import settings_in

OWNER = ids.KeyId("0" * 32)
LATER = ids.Time("2100-01-01T00:00:00.000Z")


def announced(folder: UploadFolder, item: ids.ItemId, content: bytes) -> Upload:
    creation = Creation(len(content), item, ids.Sha256(hashlib.sha256(content).hexdigest()))
    name = core.upload_id(OWNER, creation)
    upload = Upload(name, OWNER, "account", item, creation.sha256, creation.length, LATER)
    folder.create(upload)
    return upload


def arrived(folder: UploadFolder, upload: Upload, content: bytes) -> Upload:
    folder.part(upload.id).write_bytes(content)
    assert folder.settle(upload) == len(content)
    return folder.finish(upload)


def test_the_uploads_of_an_item_are_found_complete_or_not(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path / "uploads", DirectoryBlobs(tmp_path / "blobs"))
    folder.prepare()
    item, other = ids.ItemId(ids.new_id()), ids.ItemId(ids.new_id())
    waiting = announced(folder, item, b"one")
    complete = arrived(folder, announced(folder, item, b"another"), b"another")
    arrived(folder, announced(folder, other, b"of another item"), b"of another item")
    assert sorted(folder.notes.of_item(item), key=lambda one: one.length) == [waiting, complete]
    assert folder.notes.load(complete.id) == complete
    assert [one.item for one in folder.notes.unfinished()] == [item]


def test_what_is_sealed_is_not_looked_through_when_room_is_judged(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path / "uploads", DirectoryBlobs(tmp_path / "blobs"))
    folder.prepare()
    for number in range(50):
        content = b"%d" % number
        folder.notes.sealed(arrived(folder, announced(folder, ids.ItemId(ids.new_id()), content), content).id)
    half = announced(folder, ids.ItemId(ids.new_id()), b"waiting")
    folder.part(half.id).write_bytes(b"wai")
    arrived(folder, announced(folder, ids.ItemId(ids.new_id()), b"whole"), b"whole")
    assert folder.arrived("account") == {OWNER: Arrivals(3 + 5, 2)}
    names = {path.name for path in (tmp_path / "uploads").iterdir()}
    assert len(names) == 4, names  # the folder of the sealed ones, two that wait for more, and one part


async def test_a_request_that_is_gone_lets_go_of_what_was_opened_for_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    found(settings, keys.Identity.generate(), "Filomena")
    content = os.urandom(1000)
    with open_services(settings) as services:
        uploads = Uploads(services.upload_store)
        who = Phone(OWNER, ids.DeviceId(ids.new_id()), ids.CaseId(ids.new_id()))
        creation = Creation(len(content), ids.ItemId(ids.new_id()), ids.Sha256(hashlib.sha256(content).hexdigest()))
        upload = (await uploads.create(who, creation)).upload
        elsewhere = services.uploads.hold(upload.id)
        assert elsewhere is not None
        request = asyncio.create_task(uploads.write(who, upload.id, Patch(0, 1000, None), _never))
        await asyncio.sleep(0.3)  # it waits for the other process now; should it not, the test only proves less
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        elsewhere.release()
        for _ in range(5):  # what was still being opened ends in the meantime
            await asyncio.sleep(2 * HOLD_AGAIN_EVERY_S)
            assert (await uploads.look(who, upload.id)).offset == 0


class Given:
    """A body that is there at once; whoever asked is gone when its last byte was read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.reader: asyncio.Task[Progress] | None = None

    async def fill(self, batch: list[Piece], _lane: Lane) -> bool:
        batch.append(self._content)
        assert self.reader is not None
        self.reader.cancel()  # heard at the next thing that is waited for
        return True

    def release(self) -> None:
        pass


async def test_a_request_that_is_gone_before_its_last_step_leaves_no_file_open(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    found(settings, keys.Identity.generate(), "Filomena")
    content = os.urandom(1000)
    with open_services(settings) as services:
        uploads = Uploads(services.upload_store)
        who = Phone(OWNER, ids.DeviceId(ids.new_id()), ids.CaseId(ids.new_id()))
        creation = Creation(len(content), ids.ItemId(ids.new_id()), ids.Sha256(hashlib.sha256(content).hexdigest()))
        upload = (await uploads.create(who, creation)).upload
        body = Given(content)
        body.reader = asyncio.create_task(uploads.write(who, upload.id, Patch(0, 1000, None), lambda: body))
        (gone,) = await asyncio.gather(body.reader, return_exceptions=True)
        assert isinstance(gone, asyncio.CancelledError)
        assert not [name for name in open_files() if name.startswith(str(settings.data / "uploads"))]
        assert (await uploads.look(who, upload.id)).offset == 1000, "what had arrived is kept"


async def test_a_seal_that_is_given_up_while_it_is_checked_lets_go_of_its_file(tmp_path: Path) -> None:
    """The check takes hold of the file in a thread, which goes on when the request does not."""
    file = tmp_path / "file"
    file.write_bytes(b"held")
    begun, go_on = threading.Event(), threading.Event()
    handles: list[int] = []

    def check() -> None:
        begun.set()
        go_on.wait()
        handles.append(os.open(file, os.O_RDONLY))

    async def request() -> None:
        try:
            await to_its_end(check)
        finally:
            for handle in handles:
                os.close(handle)

    asking = asyncio.create_task(request())
    await asyncio.to_thread(begun.wait)
    for _ in range(3):  # however often it is told
        asking.cancel()
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(asking, return_exceptions=True)
    assert handles
    assert str(file) not in open_files()


def open_files() -> list[str]:
    """Return what this process has open."""
    found = []
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(one.readlink()))
    return found


def _never() -> Body:
    raise AssertionError("nobody is there to read from")
