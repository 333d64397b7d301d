"""The intake of an upload's bytes: a batch is read while the one before it is hashed and written in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.requests import ClientDisconnect, Request

from server.protocol import DIRECT, DirectBody
from server.uploads.lanes import Lane
from server.uploads.writer import PartWriter, Piece

BATCH_BYTES: Final = 1024 * 1024
"""One hand-over to the writing thread: large enough that the hand-over costs nothing beside it."""

IDLE_TIMEOUT_S: Final = 30.0
"""Without a byte for this long a connection is dead; what arrived is kept, and the phone asks where to go on."""


class TooLongError(Exception):
    """The body holds more than the upload has room for."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What of a body is not written when nothing more is read: `whole` when it ends with that."""

    pieces: Sequence[Piece]
    whole: bool


class Body(Protocol):
    """Where the bytes of a request come from."""

    async def fill(self, batch: list[Piece], lane: Lane) -> bool:
        """Fill `batch`; True at the end of the body.

        Raises TimeoutError when nothing comes or a newcomer takes over, ClientDisconnect; `batch` has what came.
        """

    def release(self) -> None:
        """Nobody reads on."""


def body_of(request: Request) -> Body:
    """Return a request's body, straight from the socket where that is possible, through ASGI otherwise."""
    take = request.scope.get("extensions", {}).get(DIRECT)
    direct = take() if take is not None else None
    return AsgiBody(request.stream()) if direct is None else SocketBody(direct)


async def receive(
    body: Body,
    writer: PartWriter,
    lane: Lane,
    room: int,
    tell: Callable[[int], None] | None = None,
) -> Rest:
    """Write a request's body but for its rest: whoever flushes writes that first, in one hand-over to a thread.

    `tell` hears each offset that became durable on the way.

    Raises TooLongError when more than `room` bytes come.
    """
    writing: asyncio.Task[None] | None = None
    durable = writer.flushed
    try:
        while not lane.superseded and not writer.full:
            batch: list[Piece] = []
            whole = cut = False
            try:
                whole = await body.fill(batch, lane)
            except (TimeoutError, ClientDisconnect):
                cut = True
            room -= sum(map(len, batch))
            if room < 0:
                raise TooLongError
            if writing is not None:
                await writing
            if tell is not None and writer.flushed > durable:
                durable = writer.flushed
                tell(durable)
            if whole or cut:
                return Rest(batch, whole)
            writing = asyncio.create_task(asyncio.to_thread(writer.write, batch))
        return Rest((), whole=False)
    finally:
        try:
            if writing is not None:
                # The thread cannot be stopped: whoever cancels this request still waits until its bytes are written.
                await asyncio.shield(writing)
        finally:
            body.release()


class SocketBody:
    """A body that the kernel writes into our buffers."""

    def __init__(self, direct: DirectBody) -> None:
        self._direct = direct

    async def fill(self, batch: list[Piece], lane: Lane) -> bool:
        """Wait until a buffer is full, or the body has ended."""
        direct, now = self._direct, asyncio.get_running_loop().time
        direct.go_on()
        while not direct.ready.is_set():
            try:
                async with asyncio.timeout_at(direct.last_byte_at + IDLE_TIMEOUT_S) as scope:
                    lane.scope = scope
                    await direct.ready.wait()
            except TimeoutError:
                # Bytes may have come since the limit was set; it is not moved for each of them.
                if lane.superseded or now() - direct.last_byte_at >= IDLE_TIMEOUT_S:
                    batch += direct.take()
                    raise
            finally:
                lane.scope = None
        ended = direct.ended
        batch += direct.take()
        if direct.lost and not ended:
            raise ClientDisconnect
        return ended

    def release(self) -> None:
        """Let what still comes be thrown away."""
        self._direct.release()


class AsgiBody:
    """A body in the pieces that ASGI brings."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    def release(self) -> None:
        """Nothing: uvicorn throws away what nobody reads."""

    async def fill(self, batch: list[Piece], lane: Lane) -> bool:
        """Collect pieces until they are a batch."""
        now = asyncio.get_running_loop().time
        size = 0
        patient_until = now() + IDLE_TIMEOUT_S
        async with asyncio.timeout(IDLE_TIMEOUT_S) as scope:
            lane.scope = scope
            try:
                async for piece in self._stream:
                    batch.append(piece)
                    size += len(piece)
                    if size >= BATCH_BYTES:
                        return False
                    # Moved in steps of a second: a timer for each of four thousand pieces in a gigabyte is not free.
                    if not lane.superseded and now() + IDLE_TIMEOUT_S - patient_until > 1:
                        patient_until = now() + IDLE_TIMEOUT_S
                        scope.reschedule(patient_until)
            finally:
                lane.scope = None
        return True
