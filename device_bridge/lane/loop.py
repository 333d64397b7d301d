"""The work of the lane: arrivals wait in shares, are stored in one commit, answered, and only then acknowledged.

Everything happens on one thread, in turns: what was read is stored and answered before anything else is read. Bytes
that were stored a moment ago are answered from memory, with the same signed words and without a transaction. Memory
holds only what was committed; a copy that it does not know any more is stored again, and the bridge recognises it.
"""

import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from device_bridge.errors import SpoolError
from device_bridge.lane.arrivals import Arrival, Taken, received_now
from device_bridge.lane.link import BOUNDS_S
from device_bridge.lane.shares import Held, Shares
from device_bridge.lane.verifier import Read, Verifier
from device_bridge.mqtt.connection import Connection, Delivered
from device_bridge.spool.inbox import PutAside, Stored

RETRY_S: Final = 0.2
"""A full disk is not going to be mended sooner; nothing of what waits was acknowledged meanwhile."""

MAX_ANSWERS: Final = 10_000
"""Answers kept in memory, some five megabytes; a copy that comes later costs a transaction."""

log = structlog.get_logger()


class PressLane:
    """Stores by `add` what `verifier` reads. `trouble` says why presses are not being stored, or is None."""

    def __init__(self, add: Callable[[Sequence[Stored | PutAside]], None], verifier: Verifier) -> None:
        self.trouble: str | None = None
        self.copies = 0
        """Copies that were answered from memory."""
        self.stored = [0] * (len(BOUNDS_S) + 1)
        self.seconds = 0.0
        self._add = add
        self._verifier = verifier
        self._shares = Shares()
        self._answers: OrderedDict[tuple[str, bytes], Taken] = OrderedDict()
        self._retry_at_s = 0.0

    @property
    def waits_s(self) -> float:
        """For how long the oldest press that is not stored has waited, seconds."""
        return self._shares.oldest_s()

    @property
    def due_s(self) -> float | None:
        """After how many seconds `work` has something to do; None while nothing waits."""
        return max(0.0, self._retry_at_s - time.monotonic()) if len(self._shares) else None

    def take(self, connection: Connection, delivered: Delivered) -> None:
        """Let a message of a broker wait; it is answered and acknowledged once stored.

        What finds no room is not acknowledged if it is a device's, and comes again; a stranger's is thrown away.
        """

        def done(taken: Taken) -> None:
            if taken.answer is not None:
                connection.publish(taken.answer.topic, taken.answer.payload, qos=0)  # lost: the device asks again
            connection.acknowledge(delivered)

        arrival = Arrival(delivered.topic, delivered.payload, received_now(connection.address.name))
        if not self.submit(arrival, done) and not self._verifier.is_of_device(arrival):
            connection.acknowledge(delivered)

    def submit(self, arrival: Arrival, done: Callable[[Taken], None]) -> bool:
        """Let an arrival wait; `done` is called after the commit, or at once for what was stored a moment ago.

        False when there is no room for it.
        """
        known = self._verifier.is_of_device(arrival)
        stored = self._answers.get((arrival.topic, arrival.payload)) if known else None
        if stored is None:
            return self._shares.put(arrival, done, known=known)
        self.copies += 1
        _tell(done, stored)
        return True

    def work(self) -> bool:
        """Store, answer and acknowledge what goes first; False when nothing could be, and it waits again."""
        batch = self._shares.take()
        read = [self._verifier.read(held.arrival) for held in batch]
        if not self._store([one.row for one in read]):
            self._shares.give_back(batch)
            self._retry_at_s = time.monotonic() + RETRY_S
            return False
        now_ms = time.time_ns() // 1_000_000
        for held, one in zip(batch, read, strict=True):
            self._answer(held, one, now_ms)
        return True

    def _store(self, rows: list[Stored | PutAside]) -> bool:
        try:
            self._add(rows)
        except SpoolError as error:
            trouble = str(error)
        except Exception as error:  # noqa: BLE001 - the lane must outlive its own bugs; nothing is acknowledged
            trouble = f"{type(error).__name__} while presses were stored"
        else:
            self.trouble = None
            return True
        self.trouble = trouble
        log.error("presses-not-stored", waiting=len(rows), error=trouble)
        return False

    def _answer(self, held: Held, read: Read, now_ms: int) -> None:
        took_s = max(0, now_ms - held.arrival.received.at_ms) / 1000  # a clock set back gives zero
        self.stored[bisect_left(BOUNDS_S, took_s)] += 1
        self.seconds += took_s
        taken = self._verifier.answered(read)
        if taken.problem is None:  # the copy that comes over the other broker costs no transaction and no signature
            self._answers[(held.arrival.topic, held.arrival.payload)] = taken
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)
        for done in held.done:
            _tell(done, taken)


def _tell(done: Callable[[Taken], None], taken: Taken) -> None:
    try:
        done(taken)
    except Exception as error:  # noqa: BLE001 - the press is stored; its device asks again
        log.error("answer-failed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
