"""The intake of presses, from bytes on a topic to a durable alarm: the one place where they become facts.

`Intake.take` verifies a batch, decides (`device_bridge.alarm.life`), seals, and commits everything once: press, alarm,
sealed item, statements for the journal and one outbox row for each route. Only then may its caller tell devices
*stored* and acknowledge to brokers. A message that cannot be read is put in quarantine and counted; it never
stops the others.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from device_bridge.alarm import life, lineage, merging
from device_bridge.alarm.alarm import Alarm, Code, Received, State
from device_bridge.alarm.escalation import Stage, stages_begun, unix_ms
from device_bridge.alarm.sealing import seal_press
from device_bridge.errors import MessageError, SpoolError
from device_bridge.registry import Device, Registry
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.plan import Plan
from device_bridge.spool import outbox, replication, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.writing import Writing
from device_bridge.supervision.rules import ALARMED_HEARTBEAT_S, HEARTBEAT_S, Profile
from device_bridge.wire import codes, cose
from device_bridge.wire.codes import Verdict
from device_bridge.wire.message import (
    DeviceMessage,
    Downlink,
    Kind,
    PressId,
    Told,
    down_topic,
    open_device_message,
    parse_topic,
)
from evidence import canonical, ids, keys
from evidence.envelope.wraps import ReaderError
from evidence.statements import bodies
from evidence.statements import statement as statements

MAX_QUARANTINED_BYTES: Final = 4096
"""The beginning of poison tells what it is; a longer stranger's message is not worth its disk."""

CLOSED_LOOKED_AT: Final = 20
"""Closed alarms of a device that a press may have been closed in at another bridge; their closings are minutes old."""

_TOLD_BY_STATE: Final[dict[State, Told]] = {
    "accepted": Told.ACCEPTED,
    "dispatched": Told.DISPATCHED,
    "on_scene": Told.DISPATCHED,
    "closed": Told.CLOSED,
}

_CODES: Final[dict[Verdict, Code]] = {Verdict.RIGHT: "right", Verdict.NONE: "none"}
"""Every other verdict is shown as a wrong code."""

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
    """What became of one arrival: what to tell the device (None for poison), and the alarm that changed."""

    answer: Spoken | None
    alarm: ids.AlarmId | None
    problem: str | None = None


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
        self._plan = plan
        self._sends_first = sends_first

    def take(self, arrivals: Sequence[Arrival]) -> list[Taken]:
        """Store a batch durably and return one answer for each. SpoolError: nothing was stored, ask again."""
        with self._spool.write(press=True) as spool:
            return [self._take_one(spool, arrival) for arrival in arrivals]

    def take_relayed(self, spool: Writing, arrival: Arrival) -> Taken | None:
        """Take a press that another bridge received, inside its caller's transaction; None when it is not for us.

        A moment that lies ahead of this machine's clock is not believed: nothing here may wait for it.
        """
        now = received_now(arrival.received.broker)
        if arrival.received.at_ms > now.at_ms:
            arrival = replace(arrival, received=now)
        try:
            with spool.isolated():
                return self._take_message(spool, arrival)
        except MessageError as error:
            spool.count("relayed.refused")
            log.warning("relayed-press-refused", reason=str(error))
            return None

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

    def _take_one(self, spool: Writing, arrival: Arrival) -> Taken:
        try:
            with spool.isolated():
                return self._take_message(spool, arrival)
        except MessageError as error:
            problem = str(error)
        except SpoolError:
            raise  # the disk's fault, not the message's: the whole batch is tried again
        except Exception as error:  # noqa: BLE001 - whatever a message breaks, it is poison and the others go on
            problem = f"{type(error).__name__} while it was taken in"
            log.error("message-broke-intake", error=type(error).__name__)  # noqa: TRY400 - a traceback shows its bytes
        spool.count("quarantined")
        sealed = self._bridge.seal(arrival.payload[:MAX_QUARANTINED_BYTES])
        spool.quarantine(arrival.received.at, arrival.topic[:MAX_QUARANTINED_BYTES], problem, sealed)
        return Taken(None, None, problem)

    def _take_message(self, spool: Writing, arrival: Arrival) -> Taken:
        addressed = parse_topic(arrival.topic)
        device = self._registry.device(addressed.device)
        message = open_device_message(arrival.payload, device.sign, arrival.topic)
        digest = hashlib.sha256(arrival.payload).digest()
        seen = spool.seen(digest)
        if seen is None:
            if spool.shared:
                spool.tell_peers("press", digest.hex(), _relayed(arrival).seal(self._bridge))
            name = self._take_press(spool, device, message, arrival, digest)
            spool.count(f"taken.{message.kind}")
        else:
            name = seen.alarm
            spool.count("duplicates")
        life_sign_s = ALARMED_HEARTBEAT_S[device.profile]
        stored = self._speak(message.device, message.press, Told.STORED, life_sign_s=life_sign_s)
        return Taken(stored, None if seen else name)

    def _take_press(
        self, spool: Writing, device: Device, message: DeviceMessage, arrival: Arrival, digest: bytes
    ) -> ids.AlarmId | None:
        """Raise an alarm or join the open one; return its id (None for a cancel with nothing open)."""
        received = arrival.received
        flags = life.flags_of(message, received, spool.newest_press(message.device))
        if message.kind is Kind.CANCEL:
            verdict = self._verdict(spool, device, message)
            if verdict is not Verdict.DURESS:
                return self._take_cancel(spool, message, arrival, digest, _CODES.get(verdict, "wrong"))
            kind: bodies.AlarmKind | None = "duress"
            flags = tuple(sorted({*flags, "duress", "duress-code"}))
        else:
            window = spool.test_window_open(message.device, received.at_ms)
            kind = life.kind_of(message, test_window=window)
        if kind is None:
            raise MessageError("this kind of message opens no alarm")
        known = spool.open_alarm(message.device, life.sort_of(kind))
        if known is None:
            closed = spool.newest_closed(message.device, life.sort_of(kind), CLOSED_LOOKED_AT)
            handled = merging.closed_with(closed, lineage.cover(digest))
            if handled is not None:  # somebody closed this very press at another bridge
                spool.add_press(digest, message.device, message.press, handled)
                return handled
            alarm = self._raise(device, message, received, kind, flags, closed[0] if closed else None)
        else:
            alarm = life.repeat(known, message, received, flags)
        item = self._store_item(spool, alarm, message, arrival)
        press = bodies.Press(message.press.boot, message.press.counter)
        sha256 = ids.Sha256(digest.hex())
        if known is None:
            body: bodies.AlarmRaise | bodies.AlarmRepeat = bodies.AlarmRaise(
                alarm.alarm, message.device, press, kind, item, sha256, received.at, received.broker, flags
            )
        else:
            body = bodies.AlarmRepeat(alarm.alarm, press, sha256, received.at, flags)
        spool.save_alarm(alarm, tell=known is None)
        if kind == "test":
            spool.note_test(message.device, received.at_ms)
        spool.add_press(digest, message.device, message.press, alarm.alarm)
        self._queue(spool, alarm, "alarm.raise" if known is None else "alarm.repeat", body)
        self._send(spool, known, alarm, message, received)
        return alarm.alarm

    def _send(
        self,
        spool: Writing,
        known: Alarm | None,
        alarm: Alarm,
        message: DeviceMessage,
        received: Received,
    ) -> None:
        """Put an alarm that is new, or became duress, into the outbox; duress goes out from every bridge at once."""
        if known is not None and (alarm.kind != "duress" or known.kind == "duress"):
            self._refresh_routes(spool, alarm, message)
            return
        self._queue_routes(spool, alarm, message, received)
        if known is None and not self._sends_first():
            yielding.give_way(spool, alarm.alarm, time.time_ns() // 1_000_000 + yielding.HANDOVER_MS)

    def _raise(
        self,
        device: Device,
        message: DeviceMessage,
        received: Received,
        kind: bodies.AlarmKind,
        flags: tuple[str, ...],
        last: Alarm | None,
    ) -> Alarm:
        """Open the alarm that follows `last`, under the name that every bridge gives to it."""
        name = lineage.alarm_id(self._bridge, device.device, life.sort_of(kind), None if last is None else last.alarm)
        generation = 1 if last is None else 1 + (last.generation or 0)
        return life.raise_alarm(
            name,
            message,
            received,
            case=device.case,
            kind=kind,
            flags=flags,
            card=device.card,
            generation=generation,
        )

    def _take_cancel(
        self, spool: Writing, message: DeviceMessage, arrival: Arrival, digest: bytes, code: Code
    ) -> ids.AlarmId | None:
        """A cancel is shown to the operator, with what its code was, and changes nothing else."""
        spool.count(f"cancel.{code}")
        alarm = spool.open_alarm(message.device, "real") or spool.open_alarm(message.device, "test")
        name = None if alarm is None else alarm.alarm
        spool.add_press(digest, message.device, message.press, name)
        if alarm is None:
            return None
        spool.save_alarm(life.ask_cancel(alarm, arrival.received, code, message.press), tell=False)
        self._store_item(spool, alarm, message, arrival)
        press = bodies.Press(message.press.boot, message.press.counter)
        flags = (life.CANCEL_FLAGS[code][0],)
        body = bodies.AlarmRepeat(alarm.alarm, press, ids.Sha256(digest.hex()), arrival.received.at, flags)
        self._queue(spool, alarm, "alarm.repeat", body)
        return alarm.alarm

    def _verdict(self, spool: Writing, device: Device, message: DeviceMessage) -> Verdict:
        """Say what the code in a cancel is. Keys that cannot be opened are no keys: then every code is wrong."""
        alarm = spool.open_alarm(message.device, "real")
        known = None
        if device.codes is not None:
            try:
                known = codes.Codes.open(device.codes, device.device, self._bridge)
            except MessageError as error:
                log.error("codes-not-opened", error=str(error))  # noqa: TRY400 - says enough
        return codes.judge(known, message, 0 if alarm is None else alarm.wrong_codes or 0)

    def _store_item(self, spool: Writing, alarm: Alarm, message: DeviceMessage, arrival: Arrival) -> ids.ItemId:
        name = lineage.item_id(self._bridge, hashlib.sha256(arrival.payload).digest())
        if spool.move_item(name, alarm.alarm):  # taken anew: sealed and told of already
            return name
        readers = self._registry.readers_of_alarm(alarm.case)
        try:
            item, seal = seal_press(
                self._bridge, readers, alarm.case, alarm.alarm, message, arrival.received.at, arrival.payload
            )
        except ReaderError:
            # The alarm stands: she pressed, and whoever watches hears of it. What she sent is opened by nobody yet.
            spool.keep_unsealed(name, alarm.alarm, _relayed(arrival).seal(self._bridge))
            log.error("press-sealed-to-nobody")  # noqa: TRY400 - says enough
            return name
        spool.add_item(alarm.alarm, item)
        spool.queue_statement(seal.id, alarm.alarm, seal.envelope.to_bytes(), item.item)
        return item.item

    def _queue(self, spool: Writing, alarm: Alarm, kind: str, body: bodies.Body) -> None:
        statement = statements.sign(self._bridge, kind, body, case=alarm.case)
        spool.queue_statement(statement.id, alarm.alarm, statement.envelope.to_bytes())

    def _queue_routes(self, spool: Writing, alarm: Alarm, message: DeviceMessage, received: Received) -> None:
        duress_at = received.at if alarm.repeats else None
        what = Dispatch(alarm.alarm, alarm.device, alarm.kind, alarm.raised_at, message.location, duress_at)
        sealed = self._bridge.seal(what.to_bytes())
        for route in self._plan.at_once(alarm.kind):
            outbox.queue(spool, alarm.alarm, route, sealed, received.at_ms)
        turns = self._plan.later(alarm.kind, unix_ms(alarm.raised_at), received.at_ms)
        if alarm.accepted_by is not None:
            turns = [turn for turn in turns if turn.stage is Stage.ALTERNATE]
        outbox.hold(spool, alarm.alarm, turns, sealed)
        for stage in stages_begun(alarm):
            outbox.release_stage(spool, alarm.alarm, stage)

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

    def _refresh_routes(self, spool: Writing, alarm: Alarm, message: DeviceMessage) -> None:
        """Routes that still wait for their turn send the newest position."""
        if message.location is not None:
            what = Dispatch(alarm.alarm, alarm.device, alarm.kind, alarm.raised_at, message.location)
            outbox.refresh(spool, alarm.alarm, self._bridge.seal(what.to_bytes()))

    def _speak(self, device: ids.DeviceId, press: PressId, told: Told, *, life_sign_s: int) -> Spoken:
        topic = down_topic(device)
        said = Downlink(press, told, time.time_ns() // 1_000_000, life_sign_s)
        return Spoken(topic, cose.sign1(self._bridge, said.to_payload(), topic))


def _relayed(arrival: Arrival) -> replication.Relayed:
    received = arrival.received
    return replication.Relayed(
        arrival.topic, ids.Base64(canonical.b64(arrival.payload)), received.at_ms, received.at, received.broker
    )
