"""The intake of presses: what the lane stored, or another bridge told, becomes a durable alarm, here and nowhere else.

`Intake.take` decides (`device_bridge.intake.decide`) and commits each press with its message, which the lane sealed to
the bridge's own box, the alarm, and outbox rows that point at the press. Evidence, statements and dispatches are made
afterwards from the committed row (`device_bridge.intake.completion`).

What the lane stored was verified there; a device that was revoked since then pressed all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from device_bridge.alarm import lineage
from device_bridge.alarm.alarm import Alarm, Received, State
from device_bridge.alarm.escalation import Stage
from device_bridge.alarm.press import Pressed, Sign, checked
from device_bridge.alarm.step import Known, Last, Step
from device_bridge.errors import (
    MessageError,
    SpoolError,
    UnknownAlarmError,
    UnreadableAlarmError,
)
from device_bridge.intake.decide import Setting, decide
from device_bridge.lane.answers import Answers
from device_bridge.lane.arrivals import Arrival, Spoken, received_now
from device_bridge.lane.verifier import Verifier, signed_by
from device_bridge.registry import Device, Registry
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.plan import Plan
from device_bridge.spool import outbox, presses, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.inbox import PutAside, Stored
from device_bridge.spool.replication import RelayedPress
from device_bridge.spool.writing import Writing
from device_bridge.supervision.rules import ALARMED_HEARTBEAT_S, HEARTBEAT_S, Profile
from device_bridge.wire.message import (
    Lane,
    PressId,
    Told,
    UpTopic,
)
from evidence import canonical, ids, keys
from evidence.errors import LockError

_TOLD_BY_STATE: Final[dict[State, Told]] = {
    "accepted": Told.ACCEPTED,
    "dispatched": Told.DISPATCHED,
    "on_scene": Told.DISPATCHED,
    "closed": Told.CLOSED,
}

log = structlog.get_logger()


class Intake:
    """Takes presses into the spool. `plan` says which routes an alarm is sent on, and when.

    `sends_first`: whether this bridge sends at once, or gives another the time to (`device_bridge.spool.yielding`).
    `heard` gives the newest life sign of a device.
    """

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        bridge: keys.BridgeIdentity,
        plan: Plan,
        sends_first: Callable[[], bool] = lambda: True,
        heard: Callable[[ids.DeviceId], Sign | None] = lambda _device: None,
    ) -> None:
        self._heard = heard
        self._spool = spool
        self._registry = registry
        self._bridge = bridge
        self._press_key = lineage.press_key(bridge)
        self._plan = plan
        self._sends_first = sends_first
        self._verifier = Verifier(registry, bridge)
        self._answers = Answers(bridge)

    def take(self, came: Sequence[Stored | PutAside], copies: int = 0) -> list[ids.AlarmId]:
        """Take in what the lane stored; return the alarms that changed. SpoolError: nothing was, ask again.

        `copies`: such as the lane answered from memory meanwhile, and are only counted.
        """
        with self._spool.write(press=True) as spool:
            if copies:
                spool.count("duplicates", copies)
            changed = [self._take(spool, one) for one in came]
        return [alarm for alarm in changed if alarm is not None]

    def _take(self, spool: Writing, what: Stored | PutAside) -> ids.AlarmId | None:
        if isinstance(what, PutAside):
            self._put_aside(spool, what)
            return None
        problem = ""
        for blind in (False, True):  # whatever is wrong with what is known here, her device heard *stored*
            try:
                with spool.isolated():
                    step = self._apply(spool, what, what.press, what.raw, blind=blind)
            except SpoolError:
                raise  # the disk's fault, not the message's: the whole batch is tried again
            except Exception as error:  # noqa: BLE001 - one press must not keep the others from being taken in
                log.error("message-broke-intake", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
                problem = f"{type(error).__name__} while it was taken in"
            else:
                changed = step.belongs if step.alarm is None else step.alarm.alarm
                return None if step.is_known else changed
        topic = _topic(what.press.device)
        self._put_aside(
            spool, PutAside(what.press.identity, what.press.received_at, topic, problem, what.raw, authentic=True)
        )
        return None

    def _put_aside(self, spool: Writing, what: PutAside) -> None:
        if spool.quarantine(what.name, what.at, what.topic, what.problem, what.sealed, authentic=what.authentic):
            spool.count("quarantined")

    def take_relayed(self, spool: Writing, relayed: RelayedPress) -> Step | None:
        """Take a press that another bridge stored, inside its caller's transaction; None when it is not for us.

        Its message is verified like any other; when that is gone the other bridge's word counts, which signed it. A
        moment ahead of this machine's clock is not believed: nothing may wait for it.
        """
        press, raw = relayed.pressed, None if relayed.raw is None else canonical.unb64(relayed.raw)
        now = received_now(press.broker)
        received = Received(min(press.received_ms, now.at_ms), min(press.received_at, now.at), press.broker)
        try:
            device = self._registry.device(press.device)
            if raw is not None:
                arrival = Arrival(_topic(press.device), self._bridge.open_box(raw), received)
                press = self._verifier.pressed(device, signed_by(device, arrival), arrival)
            else:
                press = replace(press, received_ms=received.at_ms, received_at=received.at)
            ran_out = press.is_promise and relayed.alarm is not None
            moved_from = _closed(spool, relayed.alarm)
            with spool.isolated():
                return self._apply(spool, device, press, raw, moved_from=moved_from, ran_out=ran_out)
        except (MessageError, LockError) as error:
            spool.count("relayed.refused")
            log.warning("relayed-press-refused", reason=str(error))
            return None

    def take_anew(self, spool: Writing, row: presses.Row) -> Step | None:
        """Take a press out of an alarm that was closed without it; None when its device is not in use any more."""
        try:
            device = self._registry.device(row.pressed.device)
        except MessageError:
            return None
        overdue = row.pressed.is_promise
        return self._apply(spool, device, row.pressed, row.raw, moved_from=row.alarm, anew=True, ran_out=overdue)

    def run_out(self, spool: Writing, row: presses.Row) -> Step | None:
        """Open an alarm for a check-in whose moment has passed; None when its device is not in use any more."""
        try:
            device = self._registry.device(row.pressed.device)
        except MessageError:
            return None
        return self._apply(spool, device, row.pressed, row.raw, ran_out=True)

    def told(self, alarm: Alarm, press: PressId | None = None) -> Spoken:
        """Return what `device` should know now about an alarm, signed; names `press` (else the one that opened it)."""
        told = _TOLD_BY_STATE.get(alarm.state, Told.STORED)
        if told is Told.STORED and alarm.stage == Stage.LAST:
            told = Told.CALL_112
        life_sign_s = (ALARMED_HEARTBEAT_S if alarm.is_open else HEARTBEAT_S)[self._profile(alarm.device)]
        return self._answers.say(alarm.device, press or alarm.press_id, told, life_sign_s=life_sign_s)

    def _profile(self, device: ids.DeviceId) -> Profile:
        try:
            return self._registry.device(device).profile
        except MessageError:
            return "30min"  # revoked while its alarm is open

    def _apply(
        self,
        spool: Writing,
        of: Stored | Device,
        press: Pressed,
        raw: bytes | None,
        *,
        moved_from: ids.AlarmId | None = None,
        anew: bool = False,
        ran_out: bool = False,
        blind: bool = False,
    ) -> Step:
        """Decide what a press changes, and store that; `anew`: it is stored, and leaves the alarm that it was in.

        `ran_out`: it is a check-in that is overdue now; the alarm counts from this moment. `blind`: as if nothing were
        known here but whether it is stored.
        """
        if not anew and not ran_out:
            press = checked(press, self._heard(press.device))
        if blind:
            known = Known(seen=presses.seen(spool, press.identity), blind=True)
        else:
            known = presses.known(spool, press, anew=anew or ran_out)
        setting = Setting(
            of.case,
            of.card,
            partial(self._name, press.device),
            partial(lineage.orphan_id, self._press_key, press.device),
            self._plan,
            self._sends_first(),
            moved_from,
        )
        if ran_out:
            now = received_now(press.broker)
            counted = replace(press, received_ms=now.at_ms, received_at=now.at, age_s=None)
            step = replace(decide(counted, known, replace(setting, ran_out=True)), press=press)
        else:
            step = decide(press, known, setting)
        presses.apply(spool, step, raw)
        return step

    def _name(self, device: ids.DeviceId, sort: str, last: Last | None) -> ids.AlarmId:
        return lineage.alarm_id(self._bridge, device, sort, None if last is None else last.alarm)

    def withdraw(self, spool: Writing, alarm: Alarm, now_ms: int, *, first: bool) -> None:
        """Tell routes that hear of it that a dispatcher closed the alarm as no emergency; what was not sent is not.

        `first`: it was closed at this bridge, which tells them at once. Another bridge tells them when nobody reported
        in time that they know: whoever closed it may be dead by then.
        """
        if alarm.closed is None:
            return
        duress_at = next((entry.at for entry in alarm.history if entry.what == "duress"), None)
        what = Dispatch(alarm.alarm, alarm.device, alarm.kind, alarm.raised_at, None, duress_at, alarm.closed.at)
        due_ms = now_ms if first else now_ms + yielding.HANDOVER_MS
        for route in self._plan.hearing_withdrawal(alarm.kind):
            report = next((one for one in alarm.routes if one.route == route), None)
            may_have_it = outbox.call_off(spool, alarm.alarm, route) or report is not None
            if may_have_it and not (report and report.withdrawn):
                sealed = self._bridge.seal(what.to_bytes())
                outbox.queue_withdrawal(spool, alarm.alarm, route, sealed, due_ms, yielded=not first)


def _closed(spool: Writing, alarm: ids.AlarmId | None) -> ids.AlarmId | None:
    """Return the alarm that another bridge had put a press into, if it is closed here: then the press moves."""
    try:
        return None if alarm is None or spool.alarm(alarm).is_open else alarm
    except (UnknownAlarmError, UnreadableAlarmError):
        return None


def _topic(device: ids.DeviceId) -> str:
    return str(UpTopic(device, Lane.ALARM))
