"""The log of each route's availability: written down when it works and when it does not."""

import time
from collections.abc import Sequence
from typing import Final

from device_bridge.loops import Loop
from device_bridge.routes import Route
from device_bridge.spool import histories
from device_bridge.spool.connection import Spool

LOOK_S: Final = 1.0
ALIVE_EVERY_MS: Final = 60_000
"""After a crash a route counts as working for this long too much."""


class RouteLog:
    """Owns one loop; a change of a route is written once. While no bridge runs, no route works."""

    def __init__(self, spool: Spool, routes: Sequence[Route]) -> None:
        self._spool = spool
        self._routes = routes
        self._known: dict[str, bool] = {}
        self._alive_ms = 0
        self.loop = Loop("route log", self._turn)

    def start(self) -> None:
        """Count the time since the last bridge of this spool was alive as not available, and begin."""
        with self._spool.write() as spool:
            alive_ms = histories.alive_ms(spool)
            if alive_ms is not None:
                histories.note_routes(spool, [(route.name, alive_ms, False) for route in self._routes])
        self.loop.start()

    def stop(self) -> None:
        """End."""
        self.loop.stop()

    def look(self, now_ms: int) -> int:
        """Write down what changed by `now_ms` (Unix milliseconds); return how many routes changed."""
        states = {route.name: route.watch.trouble is None for route in self._routes}
        changed = [(name, now_ms, up) for name, up in states.items() if self._known.get(name) is not up]
        if not changed and now_ms - self._alive_ms < ALIVE_EVERY_MS:
            return 0
        with self._spool.write() as spool:
            histories.note_routes(spool, changed)
            histories.note_alive(spool, now_ms)
        self._known, self._alive_ms = states, now_ms
        return len(changed)

    def _turn(self) -> float:
        self.look(time.time_ns() // 1_000_000)
        return LOOK_S
