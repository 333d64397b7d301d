"""Uploads in motion: what the routes do, without HTTP's dialect.

Who may work on an upload, and when, is decided here on the event loop; what then happens is a step in a thread.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool

from evidence import ids
from server.principals import Phone, Uploader, Vault
from server.problems import ProblemError, domains, general
from server.to_its_end import to_its_end
from server.uploads import core
from server.uploads.core import Creation, Patch, Upload
from server.uploads.intake import Body, TooLongError, receive
from server.uploads.lanes import TAKEOVER_TIMEOUT_S, Lane
from server.uploads.storage import Admitted, Opened, Progress, Steps, at_offset
from server.uploads.store import UploadStore

SWEEP_EVERY_S: Final = 600.0
"""Expired uploads take up disk, nothing else; ten minutes more do no harm. After a revocation it is done at once."""

HOLD_AGAIN_EVERY_S: Final = 0.05
"""Between two tries at a part that another process has; a network round trip of a phone takes longer."""

Answer = TypeVar("Answer")
_log = structlog.get_logger(__name__)


class Uploads:
    """The uploads of one process. Of one upload, one request at a time has the lane."""

    def __init__(self, store: UploadStore) -> None:
        self._steps = Steps(store)
        self._lanes = store.lanes
        self._admitting = asyncio.Lock()
        self._wake = asyncio.Event()

    async def create(self, who: Uploader, creation: Creation) -> Admitted:
        """Admit an upload and store its announcement; the same announcement again finds the upload that it began."""
        account = who.case if isinstance(who, Phone | Vault) else who.kid
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
        async with self._admitting:
            while (admitted := await run_in_threadpool(self._steps.admit, upload)) is None:
                await self._end(upload.id)
        return admitted

    async def begin(self, who: Uploader, admitted: Admitted) -> Progress:
        """Return where an upload stands that was just announced."""
        return Progress(admitted.upload, 0) if admitted.fresh else await self.look(who, admitted.upload.id)

    async def look(self, who: Uploader, upload_id: str) -> Progress:
        """Return where an upload stands, after any earlier request has stepped aside."""
        await self._check_owner(who, upload_id)
        async with self._lanes.take(upload_id):
            return await _when_free(partial(self._steps.look, who, upload_id))

    async def write(
        self,
        who: Uploader,
        upload_id: str,
        patch: Patch,
        open_body: Callable[[], Body],
        tell: Callable[[int], None] | None = None,
    ) -> Progress:
        """Write a request's body and return where the upload stands; complete means: it is a blob.

        `open_body` is called when, and only if, the bytes are wanted. `tell` hears each offset that became durable on
        the way.
        """
        await self._check_owner(who, upload_id)
        async with self._opened(who, upload_id, patch) as (opened, lane):
            writer = opened.writer
            if writer is None:
                return opened.at
            try:
                rest = await receive(open_body(), writer, lane, opened.room, tell)
            except TooLongError:
                offset = await to_its_end(writer.discard)
                raise at_offset(general.TOO_LARGE, offset) from None
            except BaseException:
                await to_its_end(partial(writer.finish, whole_request=False))
                raise
            # To its end, or its file would stay open, and somebody else would get a part that is still written.
            return await to_its_end(partial(self._steps.close, opened, writer, rest, superseded=lane.superseded))

    async def remove(self, who: Uploader, upload_id: str) -> None:
        """Terminate an upload that is not complete."""
        await self._check_owner(who, upload_id)
        async with self._lanes.take(upload_id):
            await _when_free(lambda: self._steps.remove(who, upload_id) or None)

    def sweep_soon(self) -> None:
        """Look for uploads that are over now, not in ten minutes: a key was revoked."""
        self._wake.set()

    async def sweep_forever(self) -> None:
        """Let go of uploads that are over, again and again; one that cannot go now goes the next time."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - a disk or database that errs now must not end the sweeping
                _log.warning("uploads that are over were not all removed", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), SWEEP_EVERY_S)
            self._wake.clear()

    async def sweep(self) -> None:
        """Let go of uploads that are over (`retention`)."""
        for upload in await run_in_threadpool(self._steps.over):
            async with self._lanes.take(upload.id):
                await run_in_threadpool(self._steps.end, upload.id)  # what somebody has now goes the next time

    async def _check_owner(self, who: Uploader, upload_id: str) -> None:
        """Refuse who asks for an upload of somebody else before they take its lane: nobody stops others' requests."""
        if not self._steps.is_known_of(who, upload_id):
            await run_in_threadpool(self._steps.find, who, upload_id)

    async def _end(self, upload_id: str) -> None:
        async with self._lanes.take(upload_id):
            await _when_free(lambda: self._steps.end(upload_id) or None)

    @asynccontextmanager
    async def _opened(self, who: Uploader, upload_id: str, patch: Patch) -> AsyncIterator[tuple[Opened, Lane]]:
        """Take over an upload from every other request, of this process and of others on the same folder."""
        async with self._lanes.take(upload_id) as lane:
            opening = asyncio.ensure_future(_when_free(partial(self._steps.open, who, upload_id, patch)))
            try:
                opened = await asyncio.shield(opening)
            except asyncio.CancelledError:
                opening.add_done_callback(_abandon)
                raise
            try:
                yield opened, lane
            finally:
                opened.release()


async def _when_free(step: Callable[[], Answer | None]) -> Answer:
    """Take a step again and again until it has an answer; UPLOAD_LOCKED when that takes too long.

    A request in another process is not told to stop: it is waited for.
    """
    until = time.monotonic() + TAKEOVER_TIMEOUT_S
    while (answer := await run_in_threadpool(step)) is None:
        if time.monotonic() > until:
            raise ProblemError(domains.UPLOAD_LOCKED, {"retry-after": "2"})
        await asyncio.sleep(HOLD_AGAIN_EVERY_S)
    return answer


def _abandon(opening: "asyncio.Future[Opened]") -> None:
    """Close what was opened for a request that is gone: a part that stays held could not be gone on with."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abandon()
