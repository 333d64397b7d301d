"""The selection of events for a bundle: the granted items, and all that a stranger must see to believe them.

Nothing of another case, no item that was not granted, no grant to somebody else. What was said about a granted item
(amended, disputed, held, asked to be erased, exported before) goes with it: the catalogue says so of each act.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evidence import ids
from evidence.statements import bodies, catalogue
from evidence.statements import event as events
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone


@dataclass(frozen=True)
class Request:
    """Who exports what: the granted items of one case, for one reader."""

    export: ids.ExportId
    case: ids.CaseId
    reader: ids.KeyId
    items: frozenset[ids.ItemId]


@dataclass
class _Chosen:
    """Names by which an event belongs to what was chosen before it."""

    request: Request
    devices: frozenset[ids.DeviceId]
    """Those that added a granted item."""

    names: dict[str, set[str]] = field(default_factory=lambda: {of: set() for of in ("grant", "hold", "erasure")})
    alarms: set[ids.AlarmId] = field(default_factory=set)

    def takes(self, statement: Statement) -> bool:
        company, body = catalogue.ACTS[statement.type].company, statement.body
        if company in {"all", "none"} or statement.case != self.request.case:
            return company == "all"
        if isinstance(body, bodies.AlarmRaise) and body.item in self.request.items:
            self.alarms.add(body.alarm)
        taken = self._is_about(company, body)
        for name in self.names if taken else ():
            self.names[name].add(body.named(name))
        return taken

    def _is_about(self, company: catalogue.Company, body: bodies.Body) -> bool:
        match company:
            case "case":
                return True
            case "item":
                named = {body.named("item"), body.named("amends"), *(body.named("items") or ())}
                return not self.request.items.isdisjoint(named)
            case "reader":
                return bool(body.named("reader") == self.request.reader)
            case "device":
                return body.named("device") in self.devices
            case "alarm":
                return body.named("alarm") in self.alarms
            case _:
                return body.named(company) in self.names[company]


class Read(NamedTuple):
    """An event of the journal with its statement: to parse one is most of what an export costs."""

    recorded: events.Recorded
    statement: Statement


def read(journal: Iterable[events.Recorded]) -> list[Read]:
    """Return the events of a journal with their statements; FormatError when one cannot be read."""
    return [Read(recorded, events.parse(recorded.event).statement) for recorded in journal]


def select(request: Request, journal: Sequence[Read]) -> list[Read]:
    """Return the events of `journal` (in order) that belong in the bundle."""
    chosen = _Chosen(request, _devices_of(request, [statement for _, statement in journal]))
    return [one for one in journal if chosen.takes(one.statement)]


def _devices_of(request: Request, statements: Sequence[Statement]) -> frozenset[ids.DeviceId]:
    added = {one.by for one in statements if isinstance(one.body, bodies.ItemSeal | bodies.ItemOpen)
             and one.body.item in request.items}  # fmt: skip
    enrolled = ((one.by, one.body) for one in statements if isinstance(one.body, bodies.DeviceEnrol))
    return frozenset(body.device for by, body in enrolled if by in added)


def last_numbers(journal: Iterable[Read], buried: Iterable[Tombstone] = ()) -> tuple[bodies.LastNumber, ...]:
    """Return the last number of each key that numbers its statements; `buried` stands for what was erased."""
    statements = (one.statement for one in journal)
    numbered = [(one.by, one.chain.seq, one.id) for one in statements if one.chain is not None]
    numbered += [(one.by, one.seq, one.statement) for one in buried if one.seq is not None]
    last = {by: bodies.LastNumber(by, seq, statement) for by, seq, statement in sorted(numbered)}
    return tuple(last[by] for by in sorted(last))
