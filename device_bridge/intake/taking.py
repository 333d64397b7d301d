"""The taking in of presses: what the lane stored becomes alarms in the spool, in the order in which it came.

One thread, woken by the lane, and looking by itself when no word comes. What was taken in and not forgotten by the lane
is taken in again after a kill: the spool knows it by its identity.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from device_bridge.errors import SpoolError
from device_bridge.intake.presses import Intake
from device_bridge.loops import Loop
from device_bridge.spool.inbox import InboxReader
from device_bridge.spool.notifier import Board

LOOK_S: Final = 1.0
"""The lane wakes us, and says each second how much it has stored; this is for when it says nothing."""

BATCH: Final = 100
LATE_S: Final = 1.0
CATCH_UP_S: Final = 0.2
RETRY_S: Final = 0.2
"""A full disk is not going to be mended sooner; the press is stored, and its device knows."""


class Taking:
    """Owns one loop. `take` is what it does; a close does it too, so that it covers what had come.

    `copies` says how many copies the present lane has answered from memory, which are counted here.
    """

    def __init__(self, inbox: Path, intake: Intake, board: Board, copies: Callable[[], int] = lambda: 0) -> None:
        self._failure: str | None = None
        self._since_s: float | None = None
        self.loop = Loop("taking", self._turn)
        self._inbox = InboxReader(inbox)
        self._intake = intake
        self._board = board
        self._copies = copies
        self._counted = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin with what the lane stored while no bridge ran."""
        self.loop.start()

    def stop(self) -> None:
        """Take in what is there, and end; what cannot be stays in the lane's file."""
        self.loop.stop()
        self.catch_up()
        with self._lock:
            self._inbox.close()

    @property
    def trouble(self) -> str | None:
        """Say that presses which are stored are no alarms yet."""
        since_s = self._since_s
        waits_s = 0.0 if since_s is None else time.monotonic() - since_s
        late = f"a press that is stored has waited for {waits_s:.0f} s to be taken in" if waits_s > LATE_S else None
        return self._failure or late

    def catch_up(self) -> None:
        """Take in what is there before somebody is told how things stand; a disk that hangs keeps nobody waiting."""
        if self._lock.acquire(timeout=CATCH_UP_S):
            try:
                with suppress(SpoolError):
                    self._take()
            finally:
                self._lock.release()

    def place(self) -> tuple[str, int]:
        """Return the lane's file, and the place in it up to which everything is in the spool."""
        return self._inbox.id, self._inbox.taken

    def take(self) -> int:
        """Take in what is there; return how much that was. SpoolError: it is tried again."""
        with self._lock:
            return self._take()

    def _take(self) -> int:
        done = 0
        while True:
            rows, copies = self._inbox.rows(BATCH), self._copies()
            new = copies if copies < self._counted else copies - self._counted  # another lane counts from nought
            if not rows and not new:
                return done
            self._since_s = self._since_s or time.monotonic()
            changed = self._intake.take([row.what for row in rows], new)
            self._counted = copies
            if rows:
                self._inbox.taken = rows[-1].n
            self._since_s = None
            done += len(rows)
            self._board.announce(changed)

    def _turn(self) -> float:
        try:
            self.take()
        except SpoolError as error:
            self._failure = f"presses that are stored could not be taken in: {error}"
            return RETRY_S
        self._failure = None
        return LOOK_S
