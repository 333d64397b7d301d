"""Check-ins whose moment has passed: each opens an alarm, also when phone and device are gone.

What is due is read from the spool, so that no kill forgets it; every bridge holds every promise. The one that sends
first opens the alarm, the others a moment later unless they heard of it: they give it the same name.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog

from device_bridge.clock import Step, WallClock
from device_bridge.errors import SpoolError
from device_bridge.intake.presses import Intake
from device_bridge.loops import Loop
from device_bridge.spool import presses, promises, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from evidence import ids

LOOK_S: Final = 0.5
"""She is overdue this much late at most; looking costs one indexed read, and is done while something is awaited."""

IDLE_S: Final = 5.0
"""While nothing is awaited; what is promised wakes by itself."""

log = structlog.get_logger()


class Overdue:
    """Owns one loop. `look` is what it does while something is awaited; tests call it with a clock of their own."""

    def __init__(
        self, spool: Spool, intake: Intake, board: Board, clock: WallClock, sends_first: Callable[[], bool]
    ) -> None:
        self.trouble: str | None = None
        self.loop = Loop("check-ins", self._turn, least_s=LOOK_S)
        spool.on_commit(self.loop.wake)
        self._spool = spool
        self._intake = intake
        self._board = board
        self._clock = clock
        self._sends_first = sends_first
        clock.on_step(self._carry)

    def start(self) -> None:
        """Take up every promise of the spool; what came due meanwhile waits for a moment, for it may have been kept."""
        with self._spool.write() as spool:
            promises.wait_for_news(spool, time.time_ns() // 1_000_000)
        self.loop.start()

    def stop(self) -> None:
        """End; promises stay in the spool."""
        self.loop.stop()

    def look(self, now_ms: int) -> int:
        """Open an alarm for everything that is overdue at `now_ms` (Unix milliseconds); return how many that were."""
        if not self._sends_first():
            now_ms -= yielding.HANDOVER_MS
        opened = faults = 0
        for press in promises.due(self._spool.read(), now_ms):
            try:
                opened += self._run_out(press, now_ms)
            except SpoolError:
                raise
            except Exception as error:  # noqa: BLE001 - one that cannot be read must not keep the others from running out
                faults += 1
                log.error("check-in-not-read", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
        self.trouble = f"{faults} check-in(s) are overdue and no alarm could be opened for them" if faults else None
        return opened

    def _turn(self) -> float:
        self.look(self._clock.look())
        devices, _ = promises.awaited(self._spool.read())
        return LOOK_S if devices else IDLE_S

    def _run_out(self, press: ids.Sha256, now_ms: int) -> int:
        with self._spool.write() as spool:
            row = presses.row(spool, press)
            if press not in promises.due(spool, now_ms):
                return 0  # it was ended this moment
            step = None if row is None else self._intake.run_out(spool, row)
            if step is None:
                promises.forget(spool, press)
            else:
                promises.settle(spool, press)
        if step is None or step.belongs is None:
            return 0
        self._board.announce([step.belongs])
        return 1

    def _carry(self, step: Step) -> None:
        with self._spool.write() as spool:
            promises.carry(spool, step)
