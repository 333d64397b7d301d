"""One writer per upload, and the newest request wins.

A phone that lost its network opens a new connection while the old one still looks alive here. The newcomer tells the
old request to stop reading; that one flushes what it has and steps aside.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from server.problems import ProblemError, domains

TAKEOVER_TIMEOUT_S: Final = 10.0
"""How long a newcomer waits for the old request to flush; beyond it the disk is the trouble, not the request."""


class Lane:
    """The way to one upload's file. `scope` is the time limit of whoever reads from the network now."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0
        self.superseded = False
        self.scope: asyncio.Timeout | None = None

    def supersede(self) -> None:
        """Make the request that reads now stop reading, at once."""
        self.superseded = True
        if self.scope is not None and not self.scope.expired():
            self.scope.reschedule(asyncio.get_running_loop().time())


class Lanes:
    """The lanes that are in use; all of one event loop."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    @asynccontextmanager
    async def take(self, upload_id: str) -> AsyncIterator[Lane]:
        """Take over an upload; UPLOAD_LOCKED when the request before does not step aside in time."""
        lane = self._lanes.setdefault(upload_id, Lane())
        lane.users += 1
        try:
            lane.supersede()
            try:
                async with asyncio.timeout(TAKEOVER_TIMEOUT_S):
                    await lane.lock.acquire()
            except TimeoutError as error:
                raise ProblemError(domains.UPLOAD_LOCKED, {"retry-after": "2"}) from error
            try:
                lane.superseded = False
                yield lane
            finally:
                lane.scope = None
                lane.lock.release()
        finally:
            lane.users -= 1
            if lane.users == 0:
                del self._lanes[upload_id]
