"""Takeover of other bridges' heartbeats while one of them is not heard, so that its devices stay watched.

Which shards a silent bridge had, nobody needs to know: whoever is left reads all. Presses have no part in this: every
bridge reads all of them always. Heartbeats that two bridges read do no harm; those that nobody reads hide a device
whose battery died with its bridge.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from device_bridge.loops import Loop

LOOK_S: Final = 1.0

AWAY_AFTER_S: Final = 10.0
"""A bridge that is started again is back before: its devices are told of no gap."""

BACK_AFTER_S: Final = 30.0
"""A bridge that comes and goes must not make the others take over and give back without end."""

log = structlog.get_logger()


class Heard(Protocol):
    """Another bridge that is followed."""

    @property
    def silent_s(self) -> float:
        """For how long it has not been heard."""
        ...


class Reader(Protocol):
    """A connection that brings heartbeats."""

    def start(self) -> None:
        """Begin to read."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class Watcher(Protocol):
    """Who judges devices (`device_bridge.supervision.supervisor`)."""

    def watch_all(self, since_ms: int) -> None:
        """Watch the devices of all shards; those of others from this moment on."""
        ...

    def watch_own(self, now_ms: int) -> None:
        """Watch the devices of the own shards only."""
        ...


class Takeover:
    """Owns one loop. `open_readers` gives fresh connections to the heartbeats of all other shards."""

    def __init__(self, others: Sequence[Heard], open_readers: Callable[[], Sequence[Reader]], watcher: Watcher) -> None:
        self._others = others
        self._open = open_readers
        self._watcher = watcher
        self._reading: list[Reader] = []
        self.reads_all = False
        """Whether heartbeats of other shards are read here now."""
        self._all_back_at: float | None = None
        self.loop = Loop("takeover", self._turn)

    def start(self) -> None:
        """Begin to look after the others, if there are any."""
        if self._others:
            self.loop.start()

    def stop(self) -> None:
        """End, and read nothing of others any more."""
        self.loop.stop()
        self._end_reading()

    def look(self, now_s: float) -> None:
        """Take over or give back at the moment `now_s` (seconds of a clock that only goes on)."""
        if any(one.silent_s > AWAY_AFTER_S for one in self._others):
            self._all_back_at = None
            if not self.reads_all:
                self._begin_reading()
            return
        if not self.reads_all:
            return
        self._all_back_at = self._all_back_at if self._all_back_at is not None else now_s
        if now_s - self._all_back_at >= BACK_AFTER_S:
            self._end_reading()
            self._watcher.watch_own(_now_ms())
            log.info("heartbeats-given-back")

    def _begin_reading(self) -> None:
        self._reading = list(self._open())
        for one in self._reading:
            one.start()
        self.reads_all = True
        self._watcher.watch_all(_now_ms())
        log.warning("heartbeats-taken-over")

    def _end_reading(self) -> None:
        for one in self._reading:
            one.stop()
        self._reading, self.reads_all, self._all_back_at = [], False, None

    def _turn(self) -> float:
        self.look(time.monotonic())
        return LOOK_S


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
