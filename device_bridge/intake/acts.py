"""Acts of dispatchers on an alarm: statements that they signed, checked here and stored before they count."""

import time
from collections.abc import Callable
from typing import Final

from device_bridge.alarm import life, lineage
from device_bridge.alarm.alarm import Alarm, RouteReport
from device_bridge.errors import ActError
from device_bridge.intake.presses import Intake
from device_bridge.lane.arrivals import Spoken
from device_bridge.registry import Registry
from device_bridge.routes import reports
from device_bridge.spool import outbox, presses, replication, yielding
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.writing import Writing
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements

TOLD_ACTS: Final = frozenset({"accept", "dispatch", "close"})
"""Acts that the device is told about; a claim or a report from the scene is not its business."""


class ActDesk:
    """Takes dispatchers' acts. `tell` hands signed bytes to every broker.

    `ask` asks other bridges what they have, for a moment at most: a close covers what all of them have together.
    """

    def __init__(
        self,
        spool: Spool,
        registry: Registry,
        bridge: keys.BridgeIdentity,
        intake: Intake,
        board: Board,
        tell: Callable[[Spoken], None],
        ask: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask = ask
        self._spool = spool
        self._registry = registry
        self._bridge = bridge
        self._intake = intake
        self._board = board
        self._tell = tell

    def carry_out(self, name: ids.AlarmId, dsse: bytes, expected: int | None = None) -> Alarm:
        """Check, store and announce an act on alarm `name`; the same act again changes nothing.

        `expected` is the alarm's revision that the dispatcher saw.

        Raises:
            FormatError: not a statement.
            ActError: not signed by a dispatcher in service, or about another alarm or case.
            AlarmError: the alarm's state does not allow it (StaleError: the dispatcher saw another revision).
            UnknownAlarmError: there is no such alarm.
        """
        statement = statements.parse(dsse)
        what = life.ACTS.get(statement.type)
        body = statement.body
        if what is None or not isinstance(body, bodies.AlarmAct | bodies.AlarmClose):
            raise ActError("this statement is not an act on an alarm")
        person, public = self._registry.dispatcher(statement.by)
        try:
            statements.verified(statement, {statement.by: public})
        except keys.SignatureError as error:
            raise ActError("the signature does not fit the dispatcher's key") from error
        if body.alarm != name:
            raise ActError("the statement is about another alarm")
        reason = body.reason if isinstance(body, bodies.AlarmClose) else None
        if what == "close":
            self._ask()
        with self._spool.write() as spool:
            alarm = _followed(spool, name)
            if statement.case != alarm.case:
                raise ActError("the statement names another case than the alarm's")
            if not spool.queue_statement(statement.id, name, statement.envelope.to_bytes()):
                return alarm
            life.refuse_stale(alarm, expected)
            now, now_ms = ids.now(), time.time_ns() // 1_000_000
            covers = tuple(sorted(map(lineage.cover, presses.identities(spool, alarm.alarm)))) if spool.shared else None
            alarm = life.act(alarm, what, person, now, now_ms, reason, statement=statement.id, covers=covers)
            spool.tell_peers("act", statement.id, replication.act_body(name, dsse))
            spool.save_alarm(alarm)
            if what != "look":
                self._settle(spool, alarm, now, now_ms)
            spool.count(f"acts.{what}")
        if what in TOLD_ACTS and not alarm.silent:
            self._tell(self._intake.told(alarm))
        self._board.announce([name, alarm.alarm])
        return alarm

    def _settle(self, spool: Writing, alarm: Alarm, now: ids.Time, now_ms: int) -> None:
        """Do what an act means for the routes, and for a close that two pairs of eyes are to look at."""
        reason = None if alarm.closed is None else alarm.closed.reason
        if reason is not None and life.SECOND_LOOK in alarm.flags:
            words = f"closed as {reason}: every desk is asked to look at it too"
            report = RouteReport(life.SECOND_LOOK, "delivered", words, now, "second-look", reason)
            reports.record(spool, self._bridge, alarm.alarm, report)  # in the journal, where her caseworker reads it
        if reason in life.NO_EMERGENCY:
            self._intake.withdraw(spool, alarm, now_ms, first=True)
        if alarm.accepted_by is not None:
            (outbox.rest if alarm.state == "accepted" else outbox.drop_later)(spool, alarm.alarm)
            yielding.drop(spool, alarm.alarm, later_only=alarm.is_open)

    def renew(self, name: ids.AlarmId, who: ids.KeyId) -> Alarm:
        """Let the claim of dispatcher `who` live on: their console is still there.

        Raises:
            ActError: not a dispatcher in service.
            AlarmError: the claim ran out, or is somebody else's.
            UnknownAlarmError: there is no such alarm.
        """
        person, _ = self._registry.dispatcher(who)
        with self._spool.write() as spool:
            alarm = life.renew(spool.alarm(name), person.kid, time.time_ns() // 1_000_000)
            spool.save_alarm(alarm)
        return alarm


def _followed(spool: Writing, name: ids.AlarmId) -> Alarm:
    """Return an alarm, or the one that it was folded into while the dispatcher still had the old one before them."""
    alarm = spool.alarm(name)
    return alarm if alarm.folded_into is None else spool.alarm(alarm.folded_into)
