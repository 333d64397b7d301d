"""Uploads in motion: what the routes do, without HTTP's dialect."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool

from evidence import ids
from server.principals import Caseworker, Phone
from server.problems import ProblemError, domains, general
from server.problems.kinds import ProblemType
from server.services import Services
from server.uploads import begun, core
from server.uploads.core import Creation, Patch, Upload
from server.uploads.folder import WrongHashError
from server.uploads.intake import Body, TooLongError, receive
from server.uploads.lanes import TAKEOVER_TIMEOUT_S, Lane
from server.uploads.writer import FULL, PartWriter, Written

SWEEP_EVERY_S: Final = 600.0
"""Expired uploads take up disk, nothing else; ten minutes more do no harm."""

HOLD_AGAIN_EVERY_S: Final = 0.05
"""Between two tries at a part that another process has; a network round trip of a phone takes longer."""

MAX_REMEMBERED_HASHES: Final = 512
"""Hash states kept between requests, about 200 bytes each; one that is missing only costs a second reading."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands; `offset` is durable."""

    upload: Upload
    offset: int


class Uploads:
    """The uploads of one process. Of one upload, one request at a time has the lane."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.uploads
        self._lanes = services.lanes
        self._admitting = asyncio.Lock()
        self._hashes: dict[str, tuple[int, hashlib._Hash]] = {}

    async def create(self, who: Phone | Caseworker, creation: Creation) -> Upload:
        """Admit an upload and store its announcement; the same announcement again finds the upload that it began."""
        account = who.case if isinstance(who, Phone) else who.kid
        expires = datetime.now(UTC) + timedelta(seconds=core.EXPIRY_S)
        upload = Upload(
            core.upload_id(who.kid, creation),
            who.kid,
            account,
            creation.item,
            creation.sha256,
            creation.length,
            ids.time_of(expires),
        )
        if await run_in_threadpool(self._services.journal.ask, lambda standing: creation.item in standing.erased):
            raise ProblemError(domains.ERASED)
        async with self._admitting:
            hold = await run_in_threadpool(self._folder.hold_admissions)
            try:
                known = await run_in_threadpool(self._folder.load, upload.id)
                if known is not None and (known.expires_at > ids.now() or await self._keeps(known)):
                    return known
                if known is not None:
                    async with self._alone(upload.id):
                        await self._remove_expired(upload.id)
                stored = await run_in_threadpool(self._services.journal.stored_bytes, ids.CaseId(account))
                usage = await run_in_threadpool(self._folder.usage, account, stored)
                core.admit(creation, usage)
                with _telling_when_full():
                    await run_in_threadpool(self._folder.create, upload)
            finally:
                hold.release()
        return upload

    async def find(self, who: Phone | Caseworker, upload_id: str) -> Upload:
        """Return an upload of this principal; NOT_FOUND for others' and for none."""
        upload = await run_in_threadpool(self._folder.load, upload_id)
        if upload is None or upload.owner != who.kid:
            raise ProblemError(general.NOT_FOUND)
        if upload.expires_at <= ids.now() and not await self._keeps(upload):
            raise ProblemError(general.NOT_FOUND)
        return upload

    async def _keeps(self, upload: Upload) -> bool:
        """Whether an upload is of an announced item: then what arrived is evidence (`server.uploads.begun`)."""
        return await run_in_threadpool(
            self._services.journal.ask, lambda standing: begun.keeps(standing, self._folder, upload)
        )

    async def _readmit(self, upload: Upload, offset: int) -> None:
        """Judge the quota once more before an upload goes on that was kept beyond its time: its room was given away."""
        if upload.expires_at > ids.now():
            return
        stored = await run_in_threadpool(self._services.journal.stored_bytes, ids.CaseId(upload.account))
        usage = await run_in_threadpool(self._folder.usage, upload.account, stored)
        rest = Creation(upload.length - offset, upload.item, upload.sha256)
        core.admit(rest, replace(usage, open_uploads=usage.open_uploads - 1))

    async def look(self, who: Phone | Caseworker, upload_id: str) -> Progress:
        """Return where an upload stands, after any earlier request has stepped aside."""
        await self.find(who, upload_id)
        async with self._alone(upload_id):
            return await self._settled(await self.find(who, upload_id))

    async def write(
        self,
        who: Phone | Caseworker,
        upload_id: str,
        patch: Patch,
        open_body: Callable[[], Body],
        tell: Callable[[int], None] | None = None,
    ) -> Progress:
        """Write a request's body and return where the upload stands; complete means: it is a blob.

        `open_body` is called when, and only if, the bytes are wanted. `tell` hears each offset that became durable on
        the way.
        """
        await self.find(who, upload_id)
        async with self._alone(upload_id) as lane:
            at = await self._settled(await self.find(who, upload_id))
            room = core.decide_patch(at.upload, at.offset, patch)
            if at.upload.complete:
                return at
            await self._readmit(at.upload, at.offset)
            writer = await run_in_threadpool(
                PartWriter, self._folder.part(upload_id), at.offset, self._hash_at(at), patch.checksum
            )
            try:
                whole = await receive(open_body(), writer, lane, room, tell)
            except TooLongError:
                offset = await run_in_threadpool(writer.discard)
                raise _at(general.TOO_LARGE, offset) from None
            except BaseException:
                await asyncio.shield(run_in_threadpool(writer.finish, whole_request=False))
                raise
            written = await run_in_threadpool(writer.finish, whole_request=whole)
            self._folder.flushed(upload_id, written.stamp)
            if writer.whole is not None:
                self._remember(upload_id, written.offset, writer.whole)
            self._judge(written, whole=whole, superseded=lane.superseded)
            return await self._settled(at.upload)

    async def remove(self, who: Phone | Caseworker, upload_id: str) -> None:
        """Terminate an upload that is not complete."""
        await self.find(who, upload_id)
        async with self._alone(upload_id):
            upload = await self.find(who, upload_id)
            if upload.complete:
                raise ProblemError(domains.UPLOAD_COMPLETE)
            if await self._keeps(upload):
                raise ProblemError(domains.UPLOAD_BEGUN)
            await run_in_threadpool(self._folder.remove, upload)
            self._hashes.pop(upload_id, None)

    async def sweep_forever(self) -> None:
        """Remove expired uploads, again and again."""
        while True:
            await self.sweep()
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Remove expired uploads, but nothing that arrived of an announced item: that is evidence."""
        for upload in await run_in_threadpool(self._folder.expired, ids.now()):
            if await self._keeps(upload):
                continue
            async with self._alone(upload.id):
                await self._remove_expired(upload.id)

    async def _remove_expired(self, upload_id: str) -> None:
        """Remove an upload, alone with it, unless it was announced anew in the meantime."""
        upload = await run_in_threadpool(self._folder.load, upload_id)
        if upload is not None and upload.expires_at <= ids.now():
            await run_in_threadpool(self._folder.remove, upload)
            self._hashes.pop(upload_id, None)

    @asynccontextmanager
    async def _alone(self, upload_id: str) -> AsyncIterator[Lane]:
        """Take over an upload from every other request, of this process and of others on the same folder.

        A request in another process is not told to stop: it is waited for, and after a while UPLOAD_LOCKED.
        """
        async with self._lanes.take(upload_id) as lane:
            until = time.monotonic() + TAKEOVER_TIMEOUT_S
            while (hold := await run_in_threadpool(self._folder.hold, upload_id)) is None:
                if time.monotonic() > until:
                    raise ProblemError(domains.UPLOAD_LOCKED, {"retry-after": "2"})
                await asyncio.sleep(HOLD_AGAIN_EVERY_S)
            try:
                yield lane
            finally:
                hold.release()

    async def _settled(self, upload: Upload) -> Progress:
        """Return the durable offset; a file that is all there becomes a blob first, also after a crash in between."""
        offset = await run_in_threadpool(self._folder.settle, upload)
        if offset == upload.length and not upload.complete:
            known = self._hashes.pop(upload.id, None)
            streamed = known[1].hexdigest() if known is not None and known[0] == offset else None
            try:
                keep = await self._keeps(upload)
                with _telling_when_full():
                    upload = await run_in_threadpool(self._folder.finish, upload, streamed, keep=keep)
            except WrongHashError as error:
                raise ProblemError(domains.UPLOAD_HASH) from error
        return Progress(upload, offset)

    def _hash_at(self, at: Progress) -> "hashlib._Hash | None":
        if at.offset == 0:
            return hashlib.sha256()
        known = self._hashes.get(at.upload.id)
        return known[1] if known is not None and known[0] == at.offset else None

    def _remember(self, upload_id: str, offset: int, state: "hashlib._Hash") -> None:
        self._hashes.pop(upload_id, None)
        self._hashes[upload_id] = (offset, state)
        while len(self._hashes) > MAX_REMEMBERED_HASHES:
            del self._hashes[next(iter(self._hashes))]

    @staticmethod
    def _judge(written: Written, *, whole: bool, superseded: bool) -> None:
        if written.full:
            raise _at(general.STORAGE_FULL, written.offset)
        if superseded:
            raise _at(domains.UPLOAD_LOCKED, written.offset)
        if not whole:
            raise _at(general.TIMEOUT, written.offset)
        if not written.checksum_holds:
            raise _at(domains.UPLOAD_CHECKSUM, written.offset)


@contextmanager
def _telling_when_full() -> Iterator[None]:
    """Say STORAGE_FULL when a note or a folder finds no room."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise ProblemError(general.STORAGE_FULL) from error


def _at(kind: ProblemType, offset: int) -> ProblemError:
    return ProblemError(kind, {"upload-offset": str(offset)}, upload_offset=offset)
