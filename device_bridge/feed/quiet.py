"""A server that waits: uvicorn as it is wakes ten times a second to see whether it is to end, also at night."""

import asyncio
from contextlib import suppress

import uvicorn


class QuietServer(uvicorn.Server):
    """A server that wakes when something comes, and not ten times a second to see whether it is to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._events: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Wait until it is told to end."""
        self._events = asyncio.get_running_loop()
        if not await self.on_tick(0):
            await self._told.wait()

    def end(self) -> None:
        """End; from any thread."""
        self.should_exit = True  # before it is looked whether it waits: else it looks at this before it waits
        if self._events is not None:
            with suppress(RuntimeError):  # it has ended already
                self._events.call_soon_threadsafe(self._told.set)
