"""The publisher of news to other bridges; an answer waits a moment for news when there is none yet."""

import asyncio
import time
from typing import Final

from starlette.concurrency import run_in_threadpool

from device_bridge.spool import replication
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from evidence import ids, keys

WAIT_S: Final = 1.0
"""How long a question waits for news; shorter than any proxy's patience."""

GATHER_S: Final = 0.02
"""News that comes together goes together: a page costs more than what is in it."""

LOOK_S: Final = 0.25
"""Renewed claims are told of nowhere; they are found this much later."""


class NewsDesk:
    """The news of one spool. `begin` comes before the first question."""

    def __init__(self, bridge: str, spool: Spool, identity: keys.BridgeIdentity, board: Board) -> None:
        self._bridge = bridge
        self._spool = spool
        self._identity = identity
        self._board = board
        self._spool_id = ""

    def begin(self) -> None:
        """Give the spool its name, and note every alarm that it had before it was shared."""
        self._spool_id = replication.begin(self._spool)

    async def answer(self, after: int, of: str) -> bytes:
        """Return the signed page of news after number `after`; `of` is the spool that the asker means."""
        if of == self._spool_id:
            await self._wait(after)
        return await run_in_threadpool(self._page, after)

    def _page(self, after: int) -> bytes:
        return replication.signed(
            replication.page(self._spool.read(), self._bridge, self._spool_id, after), self._identity
        )

    def _is_any(self, after: int) -> bool:
        return replication.is_any(self._spool.read(), after)

    async def _wait(self, after: int) -> None:
        loop, wake = asyncio.get_running_loop(), asyncio.Event()

        def hear(_changed: frozenset[ids.AlarmId]) -> None:
            loop.call_soon_threadsafe(wake.set)

        leave = self._board.listen(hear)
        try:
            end = time.monotonic() + WAIT_S
            while not await run_in_threadpool(self._is_any, after) and time.monotonic() < end:
                try:
                    await asyncio.wait_for(wake.wait(), LOOK_S)
                except TimeoutError:
                    continue
                wake.clear()
                await asyncio.sleep(GATHER_S)
        finally:
            leave()
