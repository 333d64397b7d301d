"""The selection of events for a bundle: the granted items, and all that a stranger must see to believe them.

Nothing of another case, no item that was not granted, no grant to somebody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence import ids
from evidence.statements import bodies, catalogue
from evidence.statements import event as events
from evidence.statements.statement import Statement


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
        if isinstance(statement.body, bodies.AlarmRaise) and statement.body.item in request.items:
            alarms.add(statement.body.alarm)
        if _belongs(request, statement, alarms):
            chosen.append(recorded)
    return chosen


def _belongs(request: Request, statement: Statement, alarms: set[ids.AlarmId]) -> bool:
    company, body = catalogue.ACTS[statement.type].company, statement.body
    if company in {"all", "none"} or statement.case != request.case:
        return company == "all"
    if company == "item":
        return not request.items.isdisjoint({getattr(body, "item", None), *getattr(body, "items", ())})
    if company == "reader":
        return bool(getattr(body, "reader", None) == request.reader)
    return company == "case" or getattr(body, "alarm", None) in alarms
