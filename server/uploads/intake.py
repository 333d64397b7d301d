"""From the network to the disk: read a batch while the one before it is hashed and written in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.requests import ClientDisconnect

from server.uploads.lanes import Lane
from server.uploads.writer import PartWriter

BATCH_BYTES: Final = 1024 * 1024
"""One hand-over to the writing thread: large enough that the hand-over costs nothing beside it."""

IDLE_TIMEOUT_S: Final = 30.0
"""Without a byte for this long a connection is dead; what arrived is kept, and the phone asks where to go on."""


class TooLongError(Exception):
    """The body holds more than the upload has room for."""


async def receive(
    stream: AsyncIterator[bytes],
    writer: PartWriter,
    lane: Lane,
    room: int,
    tell: Callable[[int], None] | None = None,
) -> bool:
    """Write a request's body; True when all of it arrived, False when it was cut, stalled or taken over.

    `tell` hears each offset that became durable on the way.
    Raises TooLongError when more than `room` bytes come.
    """
    writing: asyncio.Task[None] | None = None
    whole = False
    durable = writer.flushed
    try:
        while not whole and not lane.superseded and not writer.full:
            batch: list[bytes] = []
            try:
                whole = await _collect(stream, batch, lane)
                cut = False
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
            writing = asyncio.create_task(asyncio.to_thread(writer.write, batch))
            if cut:
                return False
        return whole
    finally:
        if writing is not None:
            # The thread cannot be stopped: whoever cancels this request still waits until its bytes are written.
            await asyncio.shield(writing)


async def _collect(stream: AsyncIterator[bytes], batch: list[bytes], lane: Lane) -> bool:
    """Fill `batch`; True at the end of the body. TimeoutError when nothing comes, or a newcomer takes over."""
    now = asyncio.get_running_loop().time
    size = 0
    patient_until = now() + IDLE_TIMEOUT_S
    async with asyncio.timeout(IDLE_TIMEOUT_S) as scope:
        lane.scope = scope
        try:
            async for piece in stream:
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
