"""The lane of presses: network threads let messages wait in shares, one writer thread takes them out.

The writer takes a few of them, those that go first (`device_bridge.intake.shares`), has them stored in one commit,
tells the devices *stored*, and only then acknowledges. Nothing else happens on this thread: no journal, no route, no
console. Bytes that were stored a moment ago are answered from memory.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from device_bridge.errors import SpoolError
from device_bridge.figures import metrics
from device_bridge.intake.presses import Arrival, Intake, Taken, received_now
from device_bridge.intake.shares import Held, Shares
from device_bridge.mqtt.connection import Connection, Delivered
from device_bridge.spool.notifier import Board

SPOOL_RETRY_S: Final = 0.2
"""A full disk is not going to be mended sooner; nothing of the batch was acknowledged meanwhile."""

MAX_ANSWERS: Final = 10_000
"""Answers kept in memory, some five megabytes; a copy that comes later costs a transaction."""

COUNT_AFTER_S: Final = 0.1
"""Copies that were answered from memory are counted with the next press, or when none comes for so long."""

LATE_S: Final = 1.0
"""A press that waits for longer is a fault: any single one may cost a second."""

log = structlog.get_logger()


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
        self._shares = Shares()
        self._room = threading.Condition()
        self._answers: OrderedDict[tuple[str, bytes], Taken] = OrderedDict()
        self._duplicates = 0
        self._thread = threading.Thread(target=self._run, name="press-writer", daemon=True)
        self._stopping = False
        self._storing_since_s: float | None = None

    @property
    def waits_s(self) -> float:
        """For how long the oldest press that is not stored has waited, seconds."""
        since_s = self._storing_since_s
        storing_s = 0.0 if since_s is None else time.monotonic() - since_s
        with self._room:
            return max(storing_s, self._shares.oldest_s())

    def start(self) -> None:
        """Start the writer."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is queued, then end."""
        with self._room:
            self._stopping = True
            self._room.notify_all()
        self._thread.join()

    def take(self, connection: Connection, delivered: Delivered) -> None:
        """Queue a message of a broker (called on its network thread); answered and acknowledged once stored.

        What finds no room is not acknowledged if it is a device's, and comes again; a stranger's is thrown away.
        """

        def done(taken: Taken) -> None:
            if taken.answer is not None:
                connection.publish(taken.answer.topic, taken.answer.payload)
            connection.acknowledge(delivered)

        arrival = Arrival(delivered.topic, delivered.payload, received_now(connection.address.name))
        if not self.submit(arrival, done) and not self._intake.is_of_device(arrival):
            connection.acknowledge(delivered)

    def submit(self, arrival: Arrival, done: Callable[[Taken], None]) -> bool:
        """Queue an arrival; `done` is called after the commit, or at once for what was stored a moment ago.

        False when there is no room for it.
        """
        known = self._intake.is_of_device(arrival)
        with self._room:
            stored = self._answers.get((arrival.topic, arrival.payload)) if known else None
            if stored is not None:
                self._duplicates += 1
            elif not self._shares.put(arrival, done, known=known):
                return False
            if stored is None or self._duplicates == 1:  # further copies must not put off that they are counted
                self._room.notify()
        if stored is not None:
            _tell(done, stored)
        return True

    def _run(self) -> None:
        while True:
            with self._room:
                while not len(self._shares) and not self._stopping:
                    if not self._room.wait(COUNT_AFTER_S if self._duplicates else None) and self._duplicates:
                        break
                batch, duplicates, self._duplicates = self._shares.take(), self._duplicates, 0
                if self._stopping and not batch and not duplicates:
                    return
            self._storing_since_s = min((held.since for held in batch), default=None)
            self._store(batch, duplicates)
            self._storing_since_s = None

    def _store(self, batch: list[Held], duplicates: int) -> None:
        taken = self._taken([waiting.arrival for waiting in batch], duplicates)
        if taken is None:
            return
        now_ms = time.time_ns() // 1_000_000
        for waiting, result in zip(batch, taken, strict=True):
            at_ms = waiting.arrival.received.at_ms
            self.stored.observe(max(0, now_ms - at_ms) / 1000)  # a clock set back gives zero
            with self._room:  # whoever asks from now on is answered at once
                if result.problem is None:
                    self._remember(waiting, result)
                asking = waiting.done
            for done in asking:
                _tell(done, result)
        self._board.announce(result.alarm for result in taken if result.alarm is not None)

    def _remember(self, waiting: Held, result: Taken) -> None:
        """Keep the signed answer: the copy that comes over the other broker costs no transaction and no signature."""
        self._answers[(waiting.arrival.topic, waiting.arrival.payload)] = Taken(result.answer, None)
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)

    def _taken(self, arrivals: list[Arrival], duplicates: int) -> list[Taken] | None:
        """Try until the batch is stored; None only when the bridge is told to stop before that."""
        while True:
            try:
                taken = self._intake.take(arrivals, duplicates)
            except SpoolError as error:
                self.trouble = str(error)
                log.error("presses-not-stored", waiting=len(arrivals), error=str(error))  # noqa: TRY400 - says enough
            except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs; nothing is acknowledged
                self.trouble = f"{type(error).__name__} while presses were stored"
                log.error("presses-not-stored", waiting=len(arrivals), error=type(error).__name__)  # noqa: TRY400
            else:
                self.trouble = None
                return taken
            if self._stopping:
                return None
            time.sleep(SPOOL_RETRY_S)


def _tell(done: Callable[[Taken], None], taken: Taken) -> None:
    try:
        done(taken)
    except Exception as error:  # noqa: BLE001 - the press is stored; its device asks again
        log.error("answer-failed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
