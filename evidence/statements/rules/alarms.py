"""Rules about alarms: raised, repeated, and acted upon."""

from evidence import ids
from evidence.statements import bodies
from evidence.statements.errors import refuse
from evidence.statements.rules.registry import rule
from evidence.statements.standing import Standing
from evidence.statements.statement import Said


@rule(bodies.AlarmRaise)
def _alarm_raise(standing: Standing, said: Said[bodies.AlarmRaise], _now: ids.Time) -> None:
    body = said.body
    device = standing.devices.get(body.device)
    if body.alarm in standing.alarms:
        refuse("exists", "this alarm exists")
    if device is None or device.alarm is None or device.case != said.case:
        refuse("unknown-device", "this case has no such alarm device")
    _moved(standing, said)


@rule(bodies.AlarmRepeat)
def _alarm_repeat(standing: Standing, said: Said[bodies.AlarmRepeat], _now: ids.Time) -> None:
    _known(standing, said.case, said.body.alarm)
    body = said.body
    if (body.alarm, body.identity) in standing.of(said.case).presses:
        refuse("exists", "this press is in this alarm already")
    _moved(standing, said)


@rule(bodies.AlarmFold)
def _alarm_fold(standing: Standing, said: Said[bodies.AlarmFold], _now: ids.Time) -> None:
    body, own = said.body, standing.of(said.case)
    _known(standing, said.case, body.alarm)
    _known(standing, said.case, body.into)
    if body.alarm in own.folded:
        refuse("exists", "this alarm was folded already")
    if own.standing_alarm(body.into) == body.alarm:
        refuse("folded", "an alarm is folded into another one")


def _acted(
    standing: Standing, said: Said[bodies.AlarmAct | bodies.AlarmClose | bodies.AlarmDeliver], _now: ids.Time
) -> None:
    _known(standing, said.case, said.body.alarm)


rule(bodies.AlarmDeliver)(_acted)
rule(bodies.AlarmAct)(_acted)
rule(bodies.AlarmClose)(_acted)


def _moved(standing: Standing, said: Said[bodies.AlarmRaise] | Said[bodies.AlarmRepeat]) -> None:
    if said.body.moved_from is not None:
        _known(standing, said.case, said.body.moved_from)


def _known(standing: Standing, case: ids.CaseId, alarm: ids.AlarmId) -> None:
    if standing.alarms.get(alarm) != case:
        refuse("unknown-alarm", "this case has no such alarm")
