"""The intake of presses, from bytes on a topic to a durable alarm: the one place where they become facts.

Before *stored* there is only what a kill must not take: `Intake.take` verifies, decides
(`device_bridge.intake.decide`) and commits each press with its message, sealed to the bridge's own box, the alarm, and
outbox rows that point at the press. Evidence, statements and dispatches are made afterwards from the committed row
(`device_bridge.intake.completion`), so that no reader's key and no odd field stands between her and *stored*.

Whatever an enrolled device signed is a press. Quarantine is for strangers; it never stops the others.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from device_bridge.alarm import lineage
from device_bridge.alarm.alarm import Alarm, Received, State
from device_bridge.alarm.escalation import Stage
from device_bridge.alarm.press import Pressed, pressed
from device_bridge.alarm.step import Last, Step
from device_bridge.errors import (
    ForeignSignatureError,
    MessageError,
    SpoolError,
    UnknownAlarmError,
    UnknownDeviceError,
    UnreadableAlarmError,
)
from device_bridge.intake.decide import Setting, decide
from device_bridge.intake.seldom import Seldom
from device_bridge.registry import Device, Registry
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.plan import Plan
from device_bridge.spool import outbox, presses, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.replication import RelayedPress
from device_bridge.spool.writing import Writing
from device_bridge.supervision.rules import ALARMED_HEARTBEAT_S, HEARTBEAT_S, Profile
from device_bridge.wire import codes, cose, reading
from device_bridge.wire.codes import Verdict
from device_bridge.wire.message import (
    DeviceMessage,
    Downlink,
    Kind,
    Lane,
    PressId,
    Refusal,
    Told,
    UpTopic,
    Why,
    down_topic,
    name_of_refused,
    parse_topic,
)
from device_bridge.wire.reading import Signed
from evidence import canonical, ids, keys
from evidence.errors import LockError

MAX_QUARANTINED_BYTES: Final = 4096
"""The beginning of poison tells what it is; a longer stranger's message is not worth its disk."""

_TOLD_BY_STATE: Final[dict[State, Told]] = {
    "accepted": Told.ACCEPTED,
    "dispatched": Told.DISPATCHED,
    "on_scene": Told.DISPATCHED,
    "closed": Told.CLOSED,
}

_TYPED: Final = frozenset({Kind.CANCEL, Kind.CHECK_IN})

REFUSAL_PAUSE_S: Final = 1.0
"""Pause between two refusals in the name of one device."""

_WHY: Final[dict[type[MessageError], Why]] = {
    UnknownDeviceError: Why.NOT_IN_USE,
    ForeignSignatureError: Why.SIGNATURE,
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that a broker, or the fallback over HTTP, handed to the bridge."""

    topic: str
    payload: bytes
    received: Received


@dataclass(frozen=True, slots=True)
class Spoken:
    """Signed bytes for a device, and the topic on which it listens."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one arrival: what to tell the device (None for a stranger), and the alarm that changed."""

    answer: Spoken | None
    alarm: ids.AlarmId | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """An arrival that its device signed, with its message sealed to the bridge's own box."""

    device: Device
    press: Pressed
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Refused:
    """An arrival that is no press; `authentic`: a device signed it, and a fault of ours is in the way.

    `answer` tells whoever uses the name of a device in use, or may hope to be one, why.
    """

    problem: str
    authentic: bool = False
    answer: Spoken | None = None


def received_now(broker: str) -> Received:
    """Stamp an arrival with this machine's clock."""
    at_ms = time.time_ns() // 1_000_000
    return Received(at_ms, ids.now(), broker)


class Intake:
    """Takes presses into the spool. `plan` says which routes an alarm is sent on, and when.

    `sends_first`: whether this bridge sends at once, or gives another the time to (`device_bridge.spool.yielding`).
    """

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        bridge: keys.BridgeIdentity,
        plan: Plan,
        sends_first: Callable[[], bool] = lambda: True,
    ) -> None:
        self._spool = spool
        self._registry = registry
        self._bridge = bridge
        self._press_key = lineage.press_key(bridge)
        self._plan = plan
        self._sends_first = sends_first
        self._refusals = Seldom(REFUSAL_PAUSE_S)

    def is_of_device(self, arrival: Arrival) -> bool:
        """Whether an arrival bears the name of a device in use: a cheap look, nothing is verified."""
        if len(arrival.payload) > cose.MAX_MESSAGE_BYTES:
            return False
        try:
            self._registry.device(parse_topic(arrival.topic).device)
        except MessageError:
            return False
        return True

    def take(self, arrivals: Sequence[Arrival], duplicates: int = 0) -> list[Taken]:
        """Store a batch durably and return one answer for each. SpoolError: nothing was stored, ask again.

        `duplicates`: copies that were answered from memory meanwhile, and are only counted.
        """
        read = [self._read(arrival) for arrival in arrivals]
        with self._spool.write(press=True) as spool:
            if duplicates:
                spool.count("duplicates", duplicates)
            stored = [self._store(spool, arrival, one) for arrival, one in zip(arrivals, read, strict=True)]
        return [self._answer(one) for one in stored]

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
                topic = str(UpTopic(press.device, Lane.ALARM))
                arrival = Arrival(topic, self._bridge.open_box(raw), received)
                press = self._pressed(device, _signed(device, arrival), arrival)
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
        return self._speak(alarm.device, press or alarm.press_id, told, life_sign_s=life_sign_s)

    def _profile(self, device: ids.DeviceId) -> Profile:
        try:
            return self._registry.device(device).profile
        except MessageError:
            return "30min"  # revoked while its alarm is open

    def _read(self, arrival: Arrival) -> _Read | _Refused:
        """Verify and read one arrival; nothing here looks at the spool."""
        authentic = False
        try:
            device = self._registry.device(parse_topic(arrival.topic).device)
            signed = _signed(device, arrival)
            authentic = True
            press = self._pressed(device, signed, arrival)
            return _Read(device, press, self._bridge.seal(arrival.payload))
        except MessageError as error:
            return _Refused(str(error), answer=self._refusal(arrival, error))
        except Exception as error:  # noqa: BLE001 - whatever a message breaks, the others go on
            log.error("message-broke-intake", error=type(error).__name__)  # noqa: TRY400 - a traceback shows its bytes
            return _Refused(f"{type(error).__name__} while it was read", authentic)

    def _pressed(self, device: Device, signed: Signed, arrival: Arrival) -> Pressed:
        """Return what is kept of an arrival that its device signed for the lane of alarms."""
        message = reading.read_press(signed.payload, device.device)
        return pressed(
            lineage.identity(self._press_key, signed.signed),
            ids.Sha256(hashlib.sha256(arrival.payload).hexdigest()),
            message,
            arrival.received,
            self._verdict(device, message) if message.kind in _TYPED else None,
        )

    def _verdict(self, device: Device, message: DeviceMessage) -> Verdict:
        """Say what the code in a message is. Keys that cannot be opened are no keys: then every code is wrong."""
        known = None
        if device.codes is not None:
            try:
                known = codes.Codes.open(device.codes, device.device, self._bridge)
            except MessageError as error:
                log.error("codes-not-opened", error=str(error))  # noqa: TRY400 - says enough
        return codes.judge(known, message)

    def _store(self, spool: Writing, arrival: Arrival, read: _Read | _Refused) -> tuple[_Read, Step] | _Refused:
        if isinstance(read, _Read):
            try:
                with spool.isolated():
                    return read, self._apply(spool, read.device, read.press, read.raw)
            except SpoolError:
                raise  # the disk's fault, not the message's: the whole batch is tried again
            except Exception as error:  # noqa: BLE001 - one press must not keep the others from being stored
                log.error("message-broke-intake", error=type(error).__name__)  # noqa: TRY400 - no traceback with data
                read = _Refused(f"{type(error).__name__} while it was taken in", authentic=True)
        spool.count("quarantined")
        sealed = self._bridge.seal(arrival.payload[:MAX_QUARANTINED_BYTES])
        topic = arrival.topic[:MAX_QUARANTINED_BYTES]
        spool.quarantine(arrival.received.at, topic, read.problem, sealed, authentic=read.authentic)
        return read

    def _apply(
        self,
        spool: Writing,
        device: Device,
        press: Pressed,
        raw: bytes | None,
        *,
        moved_from: ids.AlarmId | None = None,
        anew: bool = False,
        ran_out: bool = False,
    ) -> Step:
        """Decide what a press changes, and store that; `anew`: it is stored, and leaves the alarm that it was in.

        `ran_out`: it is a check-in that is overdue now; the alarm counts from this moment.
        """
        known = presses.known(spool, press, anew=anew or ran_out)
        setting = Setting(
            device.case,
            device.card,
            partial(self._name, device.device),
            partial(lineage.orphan_id, self._press_key, device.device),
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

    def _answer(self, stored: tuple[_Read, Step] | _Refused) -> Taken:
        if isinstance(stored, _Refused):
            return Taken(stored.answer, None, stored.problem)
        read, step = stored
        quiet = read.press.kind == "check-in" and read.press.code in (None, "none")
        life_sign_s = (HEARTBEAT_S if quiet else ALARMED_HEARTBEAT_S)[read.device.profile]
        said = self._speak(read.press.device, read.press.number, Told.STORED, life_sign_s=life_sign_s)
        changed = step.belongs if step.alarm is None else step.alarm.alarm
        return Taken(said, None if step.is_known else changed)

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

    def _refusal(self, arrival: Arrival, error: MessageError) -> Spoken | None:
        """Say *refused, because* to the device in whose name the bytes came; None when the topic is no device's.

        Not more often than once a second for one name: whoever sends rubbish must not have us sign all day.
        """
        try:
            device = parse_topic(arrival.topic).device
        except MessageError:
            return None
        if not self._refusals.may(device):
            return None
        topic, why = down_topic(device), _WHY.get(type(error), Why.UNREADABLE)
        said = Refusal(name_of_refused(arrival.payload), why, arrival.received.at_ms)
        return Spoken(topic, cose.sign1(self._bridge, said.to_payload(), topic))

    def _speak(self, device: ids.DeviceId, press: PressId, told: Told, *, life_sign_s: int) -> Spoken:
        topic = down_topic(device)
        said = Downlink(press, told, time.time_ns() // 1_000_000, life_sign_s)
        return Spoken(topic, cose.sign1(self._bridge, said.to_payload(), topic))


def _closed(spool: Writing, alarm: ids.AlarmId | None) -> ids.AlarmId | None:
    """Return the alarm that another bridge had put a press into, if it is closed here: then the press moves."""
    try:
        return None if alarm is None or spool.alarm(alarm).is_open else alarm
    except (UnknownAlarmError, UnreadableAlarmError):
        return None


def _signed(device: Device, arrival: Arrival) -> Signed:
    """Return what a device signed for the lane of alarms; MessageError for anything else."""
    signed = reading.verified(arrival.payload, device.sign, arrival.topic)
    if signed.lane is not Lane.ALARM:
        raise MessageError("this is not the lane of alarms")
    return signed
