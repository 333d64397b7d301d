"""Folds of acts about alarms."""

from typing import Final

from evidence.statements import bodies
from evidence.statements.fold.registry import with_case
from evidence.statements.standing import Belongings, Standing
from evidence.statements.statement import Told

QUIET: Final = frozenset({"test", "tamper", "overdue"})
"""Alarms that are no sign of danger by themselves."""


@with_case(bodies.AlarmRaise)
def _alarm_raise(standing: Standing, told: Told[bodies.AlarmRaise]) -> None:
    body = told.body
    standing.reach.keep("alarm", body.alarm, told.case)
    standing.alarms[body.alarm] = told.case
    own = standing.belongings[told.case]
    own.alarms.add(body.alarm)
    if body.kind not in QUIET and (own.alarmed_at is None or own.alarmed_at < body.received_at):
        own.alarmed_at = body.received_at
    _press(own, body)


@with_case(bodies.AlarmRepeat)
def _alarm_repeat(standing: Standing, told: Told[bodies.AlarmRepeat]) -> None:
    body = told.body
    _press(standing.belongings[told.case], body)


def _press(own: Belongings, body: bodies.AlarmRaise | bodies.AlarmRepeat) -> None:
    own.presses.add((body.alarm, body.identity))


@with_case(bodies.AlarmFold)
def _alarm_fold(standing: Standing, told: Told[bodies.AlarmFold]) -> None:
    own, body = standing.belongings[told.case], told.body
    own.folded[body.alarm] = body.into
    moved = {(alarm, press) for alarm, press in own.presses if alarm == body.alarm}
    own.presses -= moved
    own.presses |= {(own.standing_alarm(body.into), press) for _, press in moved}
