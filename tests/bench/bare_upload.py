"""The peer of `uploads.py`: uvicorn with nothing but reading, hashing, writing and one flush."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
BATCH_BYTES = 1024 * 1024


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Store the body of any request in the file that BARE_UPLOAD_FILE names."""
    if scope["type"] != "http":
        return
    handle = os.open(os.environ["BARE_UPLOAD_FILE"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    digest = hashlib.sha256()

    def store(batch: list[bytes]) -> None:
        data = b"".join(batch)
        os.write(handle, data)
        digest.update(data)

    writing: asyncio.Task[None] | None = None
    more = True
    while more:
        batch: list[bytes] = []
        size = 0
        while more and size < BATCH_BYTES:
            message = await receive()
            batch.append(message.get("body", b""))
            size += len(batch[-1])
            more = message.get("more_body", False)
        if writing is not None:
            await writing
        writing = asyncio.create_task(asyncio.to_thread(store, batch))
    if writing is not None:
        await writing
    await asyncio.to_thread(os.fdatasync, handle)
    os.close(handle)
    await send({"type": "http.response.start", "status": 204, "headers": [(b"x-sha256", digest.hexdigest().encode())]})
    await send({"type": "http.response.body", "body": b""})
