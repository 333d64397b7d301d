"""The lane of presses: one loop over all brokers, in which a press is read, stored, answered and acknowledged.

Each turn reads what came, lets it wait in shares (`device_bridge.intake.shares`), takes out those that go first, has
them stored in one commit, tells the devices *stored*, and only then acknowledges: no other thread has to be waited for.
Nothing else happens on this thread: no journal, no route, no console. Bytes that were stored a moment ago are answered
from memory.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from device_bridge.errors import SpoolError
from device_bridge.figures import metrics
from device_bridge.intake.presses import Arrival, Intake, Taken, received_now
from device_bridge.intake.shares import Held, Shares
from device_bridge.mqtt.connection import Connection, Delivered
from device_bridge.mqtt.driving import Driver
from device_bridge.spool.notifier import Board

SPOOL_RETRY_S: Final = 0.2
"""A full disk is not going to be mended sooner; nothing of what waits was acknowledged meanwhile."""

MAX_ANSWERS: Final = 10_000
"""Answers kept in memory, some five megabytes; a copy that comes later costs a transaction."""

COUNT_AFTER_S: Final = 0.1
"""Copies that were answered from memory are counted with the next press, or when none comes for so long."""

LOOK_S: Final = 1.0
"""How often connections are looked after while nothing comes."""

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
    """Owns the loop's thread. `trouble` says why presses are not being stored, or is None."""

    def __init__(self, intake: Intake, board: Board) -> None:
        self.trouble: str | None = None
        self.stored = metrics.press_stored()
        """From arrival to on disk, of every message of the lane."""
        self._intake = intake
        self._board = board
        self._shares = Shares()
        self._room = threading.Lock()
        self._answers: OrderedDict[tuple[str, bytes], Taken] = OrderedDict()
        self._duplicates = 0
        self._driver: Driver | None = None
        self._thread: threading.Thread | None = None
        self._stopping = self._ended = False
        self._count_at_s = self._retry_at_s = 0.0
        self._storing_since_s: float | None = None
        self._at_end: Callable[[], None] = lambda: None

    @property
    def waits_s(self) -> float:
        """For how long the oldest press that is not stored has waited, seconds."""
        since_s = self._storing_since_s
        storing_s = 0.0 if since_s is None else time.monotonic() - since_s
        with self._room:
            return max(storing_s, self._shares.oldest_s())

    def start(self, connections: Sequence[Connection] = (), at_end: Callable[[], None] = lambda: None) -> None:
        """Begin with these connections (`driven`), whose messages come to `take`; `at_end`: what they say at last."""
        self._driver = Driver(connections)
        self._at_end = at_end
        self._thread = threading.Thread(target=self._run, args=(self._driver,), name="press-lane", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store what waits, if it can be, then end."""
        self._stopping = True
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def take(self, connection: Connection, delivered: Delivered) -> None:
        """Let a message of a broker wait (called by the loop); answered and acknowledged once stored.

        What finds no room is not acknowledged if it is a device's, and comes again; a stranger's is thrown away.
        """

        def done(taken: Taken) -> None:
            if taken.answer is not None:
                connection.publish(taken.answer.topic, taken.answer.payload)
            connection.acknowledge(delivered)

        arrival = Arrival(delivered.topic, delivered.payload, received_now(connection.address.name))
        if not self._put(arrival, done) and not self._intake.is_of_device(arrival):
            connection.acknowledge(delivered)

    def submit(self, arrival: Arrival, done: Callable[[Taken], None]) -> bool:
        """Let an arrival wait; `done` is called after the commit, or at once for what was stored a moment ago.

        False when there is no room for it. May be called from any thread.
        """
        if not self._put(arrival, done):
            return False
        self._wake()
        return True

    def _wake(self) -> None:
        if self._driver is not None:
            self._driver.wake()

    def _put(self, arrival: Arrival, done: Callable[[Taken], None]) -> bool:
        known = self._intake.is_of_device(arrival)
        with self._room:
            stored = self._answers.get((arrival.topic, arrival.payload)) if known else None
            if stored is None:
                return self._shares.put(arrival, done, known=known)
            self._duplicates += 1
        _tell(done, stored)
        return True

    def _run(self, driver: Driver) -> None:
        while not self._ended:
            try:
                self._turn(driver)
            except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs
                self.trouble = f"{type(error).__name__} in the loop of presses"
                log.error("turn-failed", loop="press-lane", error=type(error).__name__)  # noqa: TRY400 - as below
                time.sleep(SPOOL_RETRY_S)
        self._at_end()
        driver.close()

    def _turn(self, driver: Driver) -> None:
        """Store what waits, or else wait for what comes."""
        now_s = time.monotonic()
        with self._room:
            waits, copies = len(self._shares) > 0, self._duplicates
        if not copies:
            self._count_at_s = now_s + COUNT_AFTER_S
        if self._stopping and not waits and not copies:
            self._ended = True
        elif (waits or now_s >= self._count_at_s) and now_s >= self._retry_at_s:
            with self._room:
                batch, duplicates, self._duplicates = self._shares.take(), self._duplicates, 0
            if not self._store(batch, duplicates):
                self._ended = self._stopping
                self._retry_at_s = time.monotonic() + SPOOL_RETRY_S
        else:
            due_s = [now_s + LOOK_S, *([self._retry_at_s] if waits else []), *([self._count_at_s] if copies else [])]
            driver.turn(max(0.0, min(due_s) - now_s))

    def _store(self, batch: list[Held], duplicates: int) -> bool:
        """Store a batch, answer and acknowledge it; False when it could not be stored, and waits again."""
        self._storing_since_s = min((held.since for held in batch), default=None)
        taken = self._taken([waiting.arrival for waiting in batch], duplicates)
        if taken is None:
            with self._room:
                self._shares.give_back(batch)
                self._duplicates += duplicates
            self._storing_since_s = None
            return False
        self._storing_since_s = None
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
        return True

    def _remember(self, waiting: Held, result: Taken) -> None:
        """Keep the signed answer: the copy that comes over the other broker costs no transaction and no signature."""
        self._answers[(waiting.arrival.topic, waiting.arrival.payload)] = Taken(result.answer, None)
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)

    def _taken(self, arrivals: list[Arrival], duplicates: int) -> list[Taken] | None:
        """Return what became of a batch; None when nothing of it could be stored."""
        try:
            taken = self._intake.take(arrivals, duplicates)
        except SpoolError as error:
            trouble = str(error)
        except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs; nothing is acknowledged
            trouble = f"{type(error).__name__} while presses were stored"
        else:
            self.trouble = None
            return taken
        self.trouble = trouble
        log.error("presses-not-stored", waiting=len(arrivals), error=trouble)
        return None


def _tell(done: Callable[[Taken], None], taken: Taken) -> None:
    try:
        done(taken)
    except Exception as error:  # noqa: BLE001 - the press is stored; its device asks again
        log.error("answer-failed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
