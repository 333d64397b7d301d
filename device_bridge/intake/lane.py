"""The lane of presses: network threads put messages into one queue, one writer thread takes them out.

The writer drains up to 500, has them stored in one commit, tells the devices *stored*, and only then acknowledges.
Nothing else happens on this thread: no journal, no route, no console.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from device_bridge.errors import SpoolError
from device_bridge.figures import metrics
from device_bridge.intake.presses import Arrival, Intake, Taken, received_now
from device_bridge.mqtt.connection import Connection, Delivered
from device_bridge.spool.notifier import Board

MAX_BATCH: Final = 500
"""Messages in one commit: at 0.2 ms each, the last of them waits a tenth of a second."""

SPOOL_RETRY_S: Final = 0.2
"""A full disk is not going to be mended sooner; nothing of the batch was acknowledged meanwhile."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _Waiting:
    arrival: Arrival
    done: Callable[[Taken], None]
    since_s: float = field(default_factory=time.monotonic)


LATE_S: Final = 1.0
"""A press that waits for longer is a fault: any single one may cost a second."""


class Waiting:
    """How long the first of those that wait has waited, for health: a lane that stands still names no error."""

    def __init__(self, lane: "PressLane") -> None:
        self._lane = lane

    @property
    def trouble(self) -> str | None:
        """Say that presses wait."""
        waits_s = self._lane.waits_s
        return f"a press has waited for {waits_s:.0f} s to be stored" if waits_s > LATE_S else None


class PressLane:
    """Owns the writer thread. `trouble` says why presses are not being stored, or is None."""

    def __init__(self, intake: Intake, board: Board) -> None:
        self.trouble: str | None = None
        self.stored = metrics.press_stored()
        """From arrival to on disk, of every message of the lane."""
        self._intake = intake
        self._board = board
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="press-writer", daemon=True)
        self._stopping = False
        self._storing_since_s: float | None = None

    def start(self) -> None:
        """Start the writer."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is queued, then end."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()

    def take(self, connection: Connection, delivered: Delivered) -> None:
        """Queue a message of a broker (called on its network thread); answered and acknowledged once stored."""

        def done(taken: Taken) -> None:
            if taken.answer is not None:
                connection.publish(taken.answer.topic, taken.answer.payload)
            connection.acknowledge(delivered)

        arrival = Arrival(delivered.topic, delivered.payload, received_now(connection.address.name))
        self._queue.put(_Waiting(arrival, done))

    def submit(self, arrival: Arrival, done: Callable[[Taken], None]) -> None:
        """Queue an arrival that came another way; `done` is called on the writer thread, after the commit."""
        self._queue.put(_Waiting(arrival, done))

    @property
    def waits_s(self) -> float:
        """For how long the oldest message that is not stored has waited; those in the queue are younger."""
        since_s = self._storing_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch = [first]
            ended = False
            while len(batch) < MAX_BATCH and not self._queue.empty():
                waiting = self._queue.get()
                if waiting is None:
                    ended = True
                    break
                batch.append(waiting)
            self._storing_since_s = first.since_s
            self._store(batch)
            self._storing_since_s = None
            if ended:
                return

    def _store(self, batch: list[_Waiting]) -> None:
        taken = self._taken(batch)
        if taken is None:
            return
        now_ms = time.time_ns() // 1_000_000
        for waiting in batch:
            self.stored.observe(max(0, now_ms - waiting.arrival.received.at_ms) / 1000)  # a clock set back gives zero
        for waiting, result in zip(batch, taken, strict=True):
            try:
                waiting.done(result)
            except Exception as error:  # noqa: BLE001 - the press is stored; its device asks again
                log.error("answer-failed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
        self._board.announce(result.alarm for result in taken if result.alarm is not None)

    def _taken(self, batch: list[_Waiting]) -> list[Taken] | None:
        """Try until the batch is stored; None only when the bridge is told to stop before that."""
        while True:
            try:
                taken = self._intake.take([waiting.arrival for waiting in batch])
            except SpoolError as error:
                self.trouble = str(error)
                log.error("presses-not-stored", waiting=len(batch), error=str(error))  # noqa: TRY400 - says enough
            except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs; nothing is acknowledged
                self.trouble = f"{type(error).__name__} while presses were stored"
                log.error("presses-not-stored", waiting=len(batch), error=type(error).__name__)  # noqa: TRY400
            else:
                self.trouble = None
                return taken
            if self._stopping:
                return None
            time.sleep(SPOOL_RETRY_S)
