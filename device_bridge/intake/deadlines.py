"""Deadlines of alarms that nobody accepted: what is due is read from the spool, so that no kill forgets it.

One transaction makes each step durable (alarm, held routes, statement for the journal) before anyone hears of it.
The rules are in `device_bridge.alarm.escalation`.
"""

from typing import Final, Protocol

from device_bridge.alarm import escalation
from device_bridge.alarm.alarm import Alarm, Outcome, RouteReport
from device_bridge.alarm.escalation import Stage
from device_bridge.clock import Step, WallClock
from device_bridge.errors import UnreadableAlarmError
from device_bridge.loops import Loop
from device_bridge.route_codes import RouteCode
from device_bridge.routes import reports
from device_bridge.spool import outbox, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.writing import Writing
from evidence import ids, keys

LATE_S: Final = 0.1
"""A deadline is met this much late at most, however much is written meanwhile."""

LOOK_S: Final = 0.5
"""How often it is looked at the clock, which may have been set, and at who sends first. What is due wakes by itself."""

MAX_STEPS: Final = 100
"""Alarms looked after in one turn; the next turn follows at once."""

TOLD_STEPS: Final = frozenset({"last", "again", "accept-lapse"})
"""Steps after which the device is told how its alarm stands."""

SIREN: Final = "console-siren"
DEVICE: Final = "device"

_NOBODY: Final[dict[Stage, tuple[str, str, RouteCode]]] = {
    Stage.SECOND: ("second-centre", "no second alarm centre is set up", "nobody-second"),
    Stage.LAST: ("on-call", "nobody is set up to be called", "nobody-on-call"),
}


class Surroundings(Protocol):
    """What a step needs to know of the world outside the spool."""

    def consoles(self) -> int:
        """How many consoles are open."""
        ...

    def brokers(self) -> int:
        """How many brokers are connected."""
        ...

    def tell(self, alarm: Alarm) -> None:
        """Tell the device what is to be told about this alarm."""
        ...

    def sends_first(self) -> bool:
        """Whether this bridge acts at once, or gives another the time to."""
        ...


class Watch:
    """Owns one loop. `look` is what it does when something is due; tests call it with a clock of their own."""

    def __init__(
        self,
        spool: Spool,
        bridge: keys.BridgeIdentity,
        board: Board,
        around: Surroundings,
        clock: WallClock,
    ) -> None:
        self._spool = spool
        self._bridge = bridge
        self._board = board
        self._around = around
        self._clock = clock
        clock.on_step(self.carry)
        self._told_again = False
        self._unread: set[ids.AlarmId] = set()
        self.loop = Loop("deadlines", self._turn, least_s=LATE_S)
        spool.on_commit(self.loop.wake)

    def start(self) -> None:
        """Take up every deadline of the spool, also those of alarms that an older version stored, and go on."""
        with self._spool.write() as spool:
            for alarm in spool.all_open_alarms():
                spool.save_alarm(alarm)
        self.loop.start()

    def stop(self) -> None:
        """End; deadlines stay in the spool."""
        self.loop.stop()

    @property
    def trouble(self) -> str | None:
        """Say that alarms of this spool cannot be read."""
        unread = len(self._unread)
        return f"{unread} alarm(s) cannot be read; their routes were all told" if unread else None

    def look(self, now_ms: int) -> int:
        """Do everything that is due at `now_ms` (Unix milliseconds); return how many steps that were."""
        steps = self._take_over(now_ms)
        if not self._around.sends_first():
            now_ms -= yielding.HANDOVER_MS
        for name, silent in outbox.alternates_due(self._spool.read(), now_ms):
            steps += self._use_alternate(name, silent)
        for name in self._spool.read().alarms_due(now_ms, MAX_STEPS):
            try:
                steps += self._step(name, now_ms)
            except UnreadableAlarmError:
                self._unread.add(name)
                steps += self._tell_every_route(name)
        return steps

    def _tell_every_route(self, name: ids.AlarmId) -> int:
        """Nobody can see or accept an alarm that cannot be read: all its routes get their turn, and it waits for none.

        What routes send lies sealed beside it. A human who had accepted it would have had the routes forgotten.
        """
        with self._spool.write() as spool:
            released = outbox.release_all(spool, name)
        self._board.announce([name])
        return len(released)

    def _take_over(self, now_ms: int) -> int:
        """Send what another bridge was to send and did not report."""
        if not yielding.due(self._spool.read(), now_ms):
            return 0
        with self._spool.write() as spool:
            taken = yielding.take_over(spool, now_ms)
            spool.count("handover.taken-over", len(taken))
        self._board.announce(taken)
        return len(taken)

    def _turn(self) -> float:
        now_ms = self._clock.look()
        if not self._told_again and self._around.brokers() > 0:
            self._tell_again()
            self._told_again = True
        next_ms = self._spool.read().next_deadline_ms()
        if next_ms is not None and next_ms <= now_ms:
            self.look(now_ms)
            return LATE_S
        return LOOK_S if next_ms is None else min(LOOK_S, (next_ms - now_ms) / 1000)

    def carry(self, step: Step) -> None:
        """Keep every deadline as far away as it was, after the wall clock was set."""
        with self._spool.write() as spool:
            for alarm in spool.all_open_alarms():
                spool.save_alarm(escalation.carried(alarm, step), tell=False)
            outbox.carry(spool, step)
            spool.count("clock.set")

    def _tell_again(self) -> None:
        """A kill between the commit and the word to the device must not leave it waiting; a broker must be there."""
        for alarm in self._spool.read().all_open_alarms():
            if alarm.stage == Stage.LAST and alarm.accepted_by is None:
                self._around.tell(alarm)

    def _use_alternate(self, name: ids.AlarmId, silent: str) -> int:
        with self._spool.write() as spool:
            released = outbox.release_alternate(spool, name, silent)
            if released:
                after_s = str(escalation.ALTERNATE_AFTER_MS // 1000)
                words = f"no answer in {after_s} s: its alternate receiver is tried"
                self._report(spool, name, silent, "failed", words, "alternate-tried", after_s)
        if released:
            self._board.announce([name])
        return len(released)

    def _step(self, name: ids.AlarmId, now_ms: int) -> int:
        with self._spool.write() as spool:
            alarm = spool.alarm(name)
            step = escalation.next_step(alarm)
            if step is None or step[0] > now_ms:
                spool.save_alarm(alarm)  # a human was quicker: the deadline is put right
                return 0
            match step[1]:
                case "lapse":
                    alarm = self._lapse(spool, alarm)
                case "accept-lapse":
                    alarm = self._lapse_acceptance(spool, alarm)
                case "again":
                    alarm = self._again(spool, alarm)
                case stage:
                    alarm = self._escalate(spool, alarm, Stage.SECOND if stage == "second" else Stage.LAST)
            spool.count(f"escalation.{step[1]}")
        if step[1] in TOLD_STEPS:
            self._around.tell(alarm)
        self._board.announce([name])
        return 1

    def _lapse(self, spool: Writing, alarm: Alarm) -> Alarm:
        who = alarm.claim.person.label if alarm.claim is not None else ""
        alarm = escalation.lapse(alarm, ids.now())
        spool.save_alarm(alarm)
        if alarm.escalation is None:
            return alarm
        words = f"the claim of {who} ran out at revision {alarm.revision}"
        return self._siren(spool, alarm, words, "siren-claim-lapsed", who)

    def _lapse_acceptance(self, spool: Writing, alarm: Alarm) -> Alarm:
        who = "" if alarm.accepted_by is None else alarm.accepted_by.label
        alarm = escalation.lapse_acceptance(alarm, ids.now())
        spool.save_alarm(alarm)
        outbox.wake(spool, alarm.alarm)
        after_min = escalation.DISPATCH_WITHIN_MS // 60_000
        words = f"{who} accepted it and dispatched nobody in {after_min} minutes"
        return self._siren(spool, alarm, words, "siren-not-dispatched", who)

    def _again(self, spool: Writing, alarm: Alarm) -> Alarm:
        """Tell everybody again: second centres, people on call, the device, and each console's siren."""
        alarm = escalation.again(alarm, ids.now())
        spool.save_alarm(alarm)
        outbox.tell_again(spool, alarm.alarm)
        alarm = self._report(spool, alarm.alarm, DEVICE, *self._device_outcome(alarm)) or alarm
        words = f"still nobody accepted: everybody is told again (round {alarm.rounds})"
        return self._siren(spool, alarm, words, "siren-again", str(alarm.rounds))

    def _escalate(self, spool: Writing, alarm: Alarm, stage: Stage) -> Alarm:
        after_s = (escalation.due_ms(0, stage)) // 1000
        alarm = escalation.escalate(alarm, 1 if stage is Stage.SECOND else 2, ids.now())
        spool.save_alarm(alarm)
        if not outbox.release_stage(spool, alarm.alarm, stage):
            route, words, code = _NOBODY[stage]
            alarm = self._report(spool, alarm.alarm, route, "failed", words, code) or alarm
        if stage is Stage.LAST:
            alarm = self._report(spool, alarm.alarm, DEVICE, *self._device_outcome(alarm)) or alarm
        return self._siren(spool, alarm, f"nobody accepted within {after_s} s", "siren-not-accepted", str(after_s))

    def _device_outcome(self, alarm: Alarm) -> tuple[Outcome, str, RouteCode]:
        if alarm.silent:
            words = "not told to call 112: somebody may be looking at the device"
            return "failed", words, "device-watched"
        if self._around.brokers() == 0:
            return "failed", "cannot be told to call 112: no broker is connected", "device-no-broker"
        return "delivered", "told to call 112; whether it heard that is not known", "device-told-112"

    def _siren(self, spool: Writing, alarm: Alarm, why: str, code: RouteCode, about: str) -> Alarm:
        if self._around.consoles() > 0:
            return self._report(spool, alarm.alarm, SIREN, "delivered", why, code, about) or alarm
        words = f"{why}; no console listens"
        return self._report(spool, alarm.alarm, SIREN, "failed", words, "siren-unheard") or alarm

    def _report(
        self,
        spool: Writing,
        name: ids.AlarmId,
        route: str,
        outcome: Outcome,
        detail: str,
        code: RouteCode,
        about: str | None = None,
    ) -> Alarm | None:
        report = RouteReport(route, outcome, detail, ids.now(), code, about)
        return reports.record(spool, self._bridge, name, report)
