"""Positions of a device whose alarm is open: sealed into her case like a press, so that help follows her.

At any other time a position is thrown away unread into nothing: the button is there to call, not to be followed by,
and who holds the device, a broker or this bridge must not make a trail of it. Positions come on the lane of telemetry;
they give way to presses, and a storm of them is thinned out here.
"""

import math
import time
from typing import Final

import structlog

from device_bridge.alarm import lineage, numbers
from device_bridge.alarm.alarm import Alarm
from device_bridge.alarm.escalation import unix_ms
from device_bridge.alarm.life import is_urgent
from device_bridge.alarm.sealing import seal_press
from device_bridge.errors import SpoolError
from device_bridge.registry import Registry
from device_bridge.routes.dispatch import Dispatch
from device_bridge.spool import outbox
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.wire.message import DeviceMessage
from evidence import ids, keys
from evidence.envelope.wraps import ReaderError

MIN_GAP_S: Final = 5.0
"""Between two stored positions of one device, which sends one every ten seconds. On foot she is seven metres on."""

LONG_OPEN_S: Final = 3600.0
"""An alarm that is open for longer is not a matter of metres any more, and must not fill her case."""

LONG_OPEN_GAP_S: Final = 60.0
"""Between two stored positions then: 1,440 a day instead of 8,640."""

MAX_PER_S: Final = 20
"""Stored in a second, of all devices: at a millisecond or two each, presses keep nearly all of the spool's time."""

log = structlog.get_logger()


class Positions:
    """Takes positions on the thread of telemetry. The counters say what became of them since the bridge started."""

    def __init__(self, spool: Spool, registry: Registry, bridge: keys.BridgeIdentity, board: Board) -> None:
        self.stored = 0
        self.unasked = 0
        """Thrown away because no alarm of the device is open."""
        self.thinned = 0
        """Left out because one of a moment ago is there, or because too many came at once."""
        self.refused = 0
        """Older than what is there, or from before the press: somebody repeats what he once recorded."""
        self.unsealed = 0
        """Thrown away because no key of a reader can be sealed to; the press that asked for them is kept."""
        self._spool = spool
        self._registry = registry
        self._bridge = bridge
        self._press_key = lineage.press_key(bridge)
        self._board = board
        self._kept_at: dict[ids.DeviceId, float] = {}
        self._second = 0
        self._in_second = 0

    def take(self, message: DeviceMessage, payload: bytes, signed: bytes, *, ahead: bool) -> None:
        """Keep an authentic position if an alarm of its device is open; `payload` is it as it came.

        `signed` is what its signature is over. `ahead`: its number lies far ahead of the device's others.
        """
        alarm = self._open_alarm(message.device)
        if alarm is None:
            self.unasked += 1
            self._kept_at.pop(message.device, None)
        elif message.press <= alarm.press_id and not numbers.is_ahead(alarm.press_id, message.press):
            self.refused += 1
        elif not self._has_room(message.device, _gap_s(alarm, time.time())):
            self.thinned += 1
        else:
            self._keep(alarm, message, payload, lineage.identity(self._press_key, signed), ahead=ahead)

    @property
    def outcomes(self) -> dict[str, int]:
        """What became of all positions since the start, by name."""
        return {
            "stored": self.stored,
            "unasked": self.unasked,
            "thinned": self.thinned,
            "refused": self.refused,
            "unsealed": self.unsealed,
        }

    def _open_alarm(self, device: ids.DeviceId) -> Alarm | None:
        """Return the alarm that her position belongs to; a test and an opened case are no reason to follow anybody."""
        open_alarms = self._spool.read().open_alarms(device)
        urgent = [one for one in open_alarms if is_urgent(one.kind)]
        return min(urgent, key=lambda one: one.kind == "overdue", default=None)

    def _has_room(self, device: ids.DeviceId, gap_s: float) -> bool:
        now = time.monotonic()
        if now - self._kept_at.get(device, -math.inf) < gap_s:
            return False
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        return self._in_second <= MAX_PER_S

    def _keep(self, alarm: Alarm, message: DeviceMessage, payload: bytes, identity: ids.Sha256, *, ahead: bool) -> None:
        try:
            stored = self._store(alarm, message, payload, identity, ahead=ahead)
        except SpoolError as error:
            log.warning("position-not-stored", error=str(error))  # the next one comes in ten seconds
            return
        except ReaderError:
            self.unsealed += 1
            return
        if not stored:
            self.refused += 1
            return
        self.stored += 1
        self._kept_at[message.device] = time.monotonic()
        self._board.announce([alarm.alarm])

    def _store(
        self, alarm: Alarm, message: DeviceMessage, payload: bytes, identity: ids.Sha256, *, ahead: bool
    ) -> bool:
        """Seal, then write in one short transaction; False when the alarm was closed meanwhile or this one is old."""
        readers = self._registry.readers_of_alarm(alarm.case, ids.now())
        item, seal = seal_press(self._bridge, readers, alarm.case, alarm.alarm, message, ids.now(), payload, identity)
        what = Dispatch(alarm.alarm, alarm.device, alarm.kind, alarm.raised_at, message.location)
        newest = self._bridge.seal(what.to_bytes())
        with self._spool.write() as spool:
            if not spool.alarm(alarm.alarm).is_open:
                return False
            if not ahead and not spool.note_position(message.device, message.press):
                return False
            spool.add_item(alarm.alarm, item)
            spool.queue_statement(seal.id, alarm.alarm, seal.envelope.to_bytes(), item.item)
            outbox.refresh(spool, alarm.alarm, newest)
            spool.count("taken.position")
        return True


def _gap_s(alarm: Alarm, now_s: float) -> float:
    """Return how long after a stored position of this alarm the next is stored, `now_s` being Unix seconds."""
    open_s = now_s - unix_ms(alarm.raised_at) / 1000
    return LONG_OPEN_GAP_S if open_s > LONG_OPEN_S else MIN_GAP_S
