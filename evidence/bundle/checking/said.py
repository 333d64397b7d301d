"""The words about the items of a bundle: corrected, disputed, held, asked to be erased, exported before.

It changes no verdict on what was sealed. Whoever reads an item must know it all the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from evidence import ids
from evidence.bundle.checking.journal_part import JournalPart
from evidence.bundle.checking.names import SHOWN, Owner, Tally
from evidence.bundle.checking.report import Findings
from evidence.statements import bodies
from evidence.statements import event as events


@dataclass(frozen=True)
class _Teller:
    part: JournalPart
    items: frozenset[ids.ItemId]
    findings: Findings

    def tell(self, event: events.Event, code: str, about: str = "", **values: object) -> None:
        who = self.part.who(event.statement.by)
        self.findings.note(code, about, who=who, when=event.received_at, **values)

    def here(self, named: Iterable[ids.ItemId]) -> str:
        return ", ".join(item[:SHOWN] for item in named if item in self.items)

    def amended(self, event: events.Event, body: bodies.ItemAmend) -> None:
        hers = self.part.standing.role_of(event.statement.by) == "vault"
        self.tell(event, "item-amended" if hers else "item-added-to", body.amends, by=body.item)

    def disputed(self, event: events.Event, body: bodies.Dispute) -> None:
        self.tell(event, "item-disputed", body.device[:SHOWN], since=body.since, until=body.until)

    def held(self, event: events.Event, body: bodies.HoldPlace) -> None:
        if body.hold in self.part.standing.holds:
            self.tell(event, "item-held", self.here(body.items), ground=body.ground)

    def erasure_asked(self, event: events.Event, body: bodies.EraseRequest) -> None:
        if not self.part.standing.erasures[body.erasure].ended:
            self.tell(event, "item-erasure-asked", self.here(body.items))

    def glass_broken(self, event: events.Event, body: bodies.BreakGlass) -> None:
        self.tell(event, "item-glass-broken", body.item, reason=body.reason)

    def rescued(self, event: events.Event, body: bodies.RescueUse) -> None:
        asked = next((one.statement for one in self.part.listed if one.statement.id == body.agrees), None)
        if asked is not None:
            self.tell(event, "case-rescued", asker=self.part.who(asked.by), until=body.until, reason=body.reason)

    def revoked(self, event: events.Event, _body: bodies.Revoke) -> None:
        self.tell(event, "grant-revoked")


_TELLS: Final[dict[type[bodies.Body], Callable[[_Teller, events.Event, Any], None]]] = {
    bodies.ItemAmend: _Teller.amended,
    bodies.Dispute: _Teller.disputed,
    bodies.HoldPlace: _Teller.held,
    bodies.EraseRequest: _Teller.erasure_asked,
    bodies.BreakGlass: _Teller.glass_broken,
    bodies.RescueUse: _Teller.rescued,
    bodies.Revoke: _Teller.revoked,
}


def tell(part: JournalPart, export: bodies.Export, findings: Findings) -> None:
    """Say it beside the items."""
    teller = _Teller(part, frozenset(export.items), findings)
    trusted = [event for event in part.listed if part.trusted(event)]
    for event in trusted:
        one = _TELLS.get(type(event.statement.body))
        if one is not None:
            one(teller, event, event.statement.body)
    before: Counter[Owner] = Counter(
        part.who(event.statement.by) for event in trusted if isinstance(event.statement.body, bodies.Export)
    )
    if before:
        findings.note("exported-before", exports=Tally.of(before))
