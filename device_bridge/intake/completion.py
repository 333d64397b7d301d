"""The completion of presses: evidence, statements and dispatches, made from the committed row.

One thread, after *stored* and again after a kill: what is made of a press is committed in one transaction, so that it
is there whole or not at all, and made anew when it is not. A reader that cannot be sealed to is left out. When none is
left, or sealing fails altogether, the alarm, its statement and its routes stand all the same; the message stays sealed
to the bridge, health is red, and sealing is tried again from time to time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from device_bridge.alarm import lineage
from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.press import Pressed
from device_bridge.alarm.sealing import seal_press
from device_bridge.alarm.step import Remaining
from device_bridge.errors import SpoolError
from device_bridge.loops import Loop
from device_bridge.registry import Registry
from device_bridge.routes.dispatch import of_press
from device_bridge.spool import presses
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.presses import Evidence, Made, Row
from device_bridge.wire import cose, reading
from device_bridge.wire.message import DeviceMessage
from evidence import ids, keys
from evidence.errors import EvidenceError
from evidence.statements import bodies
from evidence.statements import statement as statements

BATCH: Final = 16
LOOK_S: Final = 1.0
"""A press is told of at once; this is for what a former process left, and after a fault."""

UNSEALED_AGAIN_S: Final = 60.0
"""How often it is tried again to seal what no reader could open: the root may have certified a good key."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Opened:
    """The device's message as it came, and what it says."""

    raw: bytes
    message: DeviceMessage


class Completion:
    """Owns one thread. `complete` is what it does; tests call it themselves. `then` is what had to wait for that."""

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        bridge: keys.BridgeIdentity,
        board: Board,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        self._then = then
        self.trouble: str | None = None
        self.loop = Loop("completion", self._turn)
        self._spool = spool
        self._registry = registry
        self._bridge = bridge
        self._board = board
        self._tried = time.monotonic()
        self._leave = board.listen(lambda _changed: self.loop.wake())

    def start(self) -> None:
        """Begin with what a former process left."""
        self.loop.start()

    def stop(self) -> None:
        """End; what is not made stays to be made."""
        self._leave()
        self.loop.stop()

    def complete(self) -> int:
        """Make what is left to do for every press; return for how many that was. SpoolError: it is tried again."""
        done = faults = 0
        rows = presses.taken(self._spool.read(), 0, BATCH)
        while rows and not self.loop.stopping:
            changed = set()
            for row in rows:
                try:
                    self._complete(row)
                except SpoolError:
                    raise
                except Exception as error:  # noqa: BLE001 - one press must not keep the others from being evidence
                    faults += 1
                    log.error("press-not-completed", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
                else:
                    done += 1
                    changed.add(row.alarm)
            self._board.announce(alarm for alarm in changed if alarm is not None)
            rows = presses.taken(self._spool.read(), rows[-1].n, BATCH)
        self.trouble = f"{faults} press(es) could not be made evidence yet" if faults else None
        return done

    def _turn(self) -> float:
        done = self.complete()
        self._then()
        if time.monotonic() - self._tried > UNSEALED_AGAIN_S:
            self._tried = time.monotonic()
            self.seal_again()
        return 0.0 if done else LOOK_S

    def seal_again(self) -> int:
        """Try to seal what no reader could open; return how many presses can be read now."""
        sealed = 0
        for row in presses.taken(self._spool.read(), 0, BATCH, "unsealed"):
            opened = self._opened(row)
            if row.alarm is None or opened is None:
                continue
            evidence = self._evidence(row, self._spool.read().alarm(row.alarm), opened)
            if evidence is not None:
                with self._spool.write() as spool:
                    presses.add_evidence(spool, row, evidence)
                sealed += 1
        return sealed

    def _complete(self, row: Row) -> None:
        remaining = row.remaining
        if row.alarm is None or remaining is None:
            return
        alarm = self._spool.read().alarm(row.alarm)
        message, evidence = self._opened(row), None
        if message is not None and row.item is None:
            evidence = self._evidence(row, alarm, message)
        said = statements.sign(self._bridge, f"alarm.{remaining.says}", self._body(row, remaining), case=alarm.case)
        made = Made(said, self._dispatch(row.pressed, alarm, remaining, message), evidence)
        with self._spool.write() as spool:
            presses.complete(spool, row, made)

    def _opened(self, row: Row) -> Opened | None:
        """Return the device's message, and what it says; None when it is gone, or the bridge's key does not open it."""
        if row.raw is None:
            return None
        try:
            raw = self._bridge.open_box(row.raw)
            return Opened(raw, reading.read_press(cose.parse(raw).payload, row.pressed.device))
        except EvidenceError as error:
            log.error("press-not-opened", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
            return None

    def _evidence(self, row: Row, alarm: Alarm, opened: Opened) -> Evidence | None:
        """Seal a press to the case, the desks and the standing readers; None when no reader can be sealed to."""
        pressed = row.pressed
        try:
            readers = self._registry.readers_of_alarm(alarm.case, ids.now())
            found = (opened.message, pressed.received_at, opened.raw, pressed.identity)
            return Evidence(*seal_press(self._bridge, readers, alarm.case, alarm.alarm, *found))
        except Exception as error:  # noqa: BLE001 - the alarm stands, whatever is wrong with its readers
            log.error("press-sealed-to-nobody", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
            return None

    def _body(self, row: Row, remaining: Remaining) -> bodies.AlarmRaise | bodies.AlarmRepeat:
        pressed = row.pressed
        number, at = bodies.Press(pressed.boot, pressed.counter), pressed.received_at
        alarm, flags, moved = row.alarm or ids.AlarmId(""), remaining.flags, remaining.moved_from
        if remaining.says == "repeat":
            return bodies.AlarmRepeat(alarm, number, pressed.identity, pressed.cose_sha256, at, flags, moved)
        return bodies.AlarmRaise(
            alarm,
            pressed.device,
            number,
            remaining.kind,
            lineage.item_id(self._bridge, pressed.identity),
            pressed.identity,
            pressed.cose_sha256,
            at,
            pressed.broker,
            flags,
            moved,
        )

    def _dispatch(self, pressed: Pressed, alarm: Alarm, remaining: Remaining, opened: Opened | None) -> bytes | None:
        """Return what routes are sent, sealed to the bridge's own box; None when this press tells them nothing."""
        said = None if opened is None else opened.message
        if not remaining.sends and (said is None or said.location is None):
            return None
        return self._bridge.seal(of_press(pressed, alarm, remaining, said, self._bridge).to_bytes())
