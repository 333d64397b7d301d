"""Which events a bundle needs: the granted items, and all that a stranger must see to believe them.

Nothing of another case, no item that was not granted, no grant to somebody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence import ids
from evidence.statements import event as events
from evidence.statements import types
from evidence.statements.statement import Statement

_ORGANISATION = frozenset({"log.open", "log.rotate", "team.open", "key.publish", "key.retire"})
_CASE = frozenset(
    {
        "case.open",
        "device.invite",
        "device.enrol",
        "device.revoke",
        "alarm_device.enrol",
        "alarm_device.lend",
        "alarm_device.review",
        "alarm_device.return",
    }
)


@dataclass(frozen=True)
class Request:
    """Who exports what: the granted items of one case, for one reader."""

    export: ids.ExportId
    case: ids.CaseId
    reader: ids.KeyId
    items: frozenset[ids.ItemId]


def select(request: Request, journal: Iterable[events.Recorded]) -> list[events.Recorded]:
    """Return the events of `journal` (in order) that belong in the bundle."""
    chosen: list[events.Recorded] = []
    alarms: set[ids.AlarmId] = set()
    for recorded in journal:
        statement = events.parse(recorded.event).statement
        if isinstance(statement.body, types.AlarmRaise) and statement.body.item in request.items:
            alarms.add(statement.body.alarm)
        if _belongs(request, statement, alarms):
            chosen.append(recorded)
    return chosen


def _belongs(request: Request, statement: Statement, alarms: set[ids.AlarmId]) -> bool:
    if statement.case != request.case:
        return statement.type in _ORGANISATION
    match statement.body:
        case types.ItemSeal(item=item) | types.ItemOpen(item=item):
            wanted = item in request.items
        case types.Grant(reader=reader):
            wanted = reader == request.reader
        case types.Read(items=items):
            wanted = bool(request.items.intersection(items))
        case (
            types.AlarmRaise(alarm=alarm)
            | types.AlarmRepeat(alarm=alarm)
            | types.AlarmDeliver(alarm=alarm)
            | types.AlarmAct(alarm=alarm)
            | types.AlarmClose(alarm=alarm)
        ):
            wanted = alarm in alarms
        case _:
            wanted = statement.type in _CASE
    return wanted
