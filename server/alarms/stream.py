"""The stream of alarms to one console: all that is known first, then every change, and a heartbeat in every silence."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.store.journal.journal import SqlJournal
from server.alarms.feed import BridgeFeed
from server.alarms.service import is_on_shift

HEARTBEAT_S: Final = 2.0
"""A console shows that it is not live after six seconds: three heartbeats."""

RECHECK_S: Final = 10.0
"""How long a stream may go on after its reader's key was retired."""


async def events(journal: SqlJournal, feed: BridgeFeed, kid: ids.KeyId) -> AsyncIterator[bytes]:
    """Yield what is known, then changes, as server-sent events."""
    loop = asyncio.get_running_loop()
    changes = aiter(feed.listen())
    coming = asyncio.ensure_future(anext(changes, None))
    console = object()
    await asyncio.sleep(0)  # the listener is registered before the list is read, so that nothing falls between
    try:
        feed.opened(console, kid)
        feed.signed(kid, on_shift=await run_in_threadpool(is_on_shift, journal, kid))
        for alarm in feed.alarms()[::-1]:
            yield _line("alarm", alarm)
        yield _line("health", feed.health())
        yield _line("heartbeat", {"at": ids.now()})
        beat, recheck = loop.time() + HEARTBEAT_S, loop.time() + RECHECK_S
        while True:
            done, _ = await asyncio.wait({coming}, timeout=max(0.0, beat - loop.time()))
            if done:
                message = coming.result()
                if message is None:
                    return
                yield _line(message.name, message.data)
                coming = asyncio.ensure_future(anext(changes, None))
            if loop.time() >= recheck:
                if await run_in_threadpool(journal.ask, lambda standing: standing.role_of(kid)) is None:
                    return
                recheck = loop.time() + RECHECK_S
            if loop.time() >= beat:
                yield _line("heartbeat", {"at": ids.now()})
                beat = loop.time() + HEARTBEAT_S
    finally:
        feed.gone(console)
        coming.cancel()


def _line(name: str, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"event: {name}\ndata: {text}\n\n".encode()
