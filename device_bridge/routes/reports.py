"""The report of a route: what became of an alarm there, in the alarm itself and as a statement for the journal."""

from dataclasses import replace

from device_bridge.alarm import life
from device_bridge.alarm.alarm import Alarm, RouteReport
from device_bridge.spool.writing import Writing
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements


def record(spool: Writing, bridge: keys.BridgeIdentity, name: ids.AlarmId, outcome: RouteReport) -> Alarm | None:
    """Record in alarm and journal what became of it on a route; None when that was known already."""
    alarm = spool.alarm(name)
    last = next((known for known in alarm.routes if known.route == outcome.route), None)
    outcome = outcome.after(last)
    if last is not None and replace(last, at=outcome.at) == outcome:
        return None
    alarm = life.report(alarm, outcome)
    spool.save_alarm(alarm)
    body = bodies.AlarmDeliver(name, outcome.route, outcome.outcome, outcome.detail, outcome.at)
    statement = statements.sign(bridge, "alarm.deliver", body, case=alarm.case)
    spool.queue_statement(statement.id, name, statement.envelope.to_bytes())
    return alarm
