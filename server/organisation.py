"""The organisation as each of us may see it: its keys, its people, its teams.

- Staff and vaults see all of it: they wrap keys to named people, and compute for themselves who may sign what.
- A phone sees the services (whose receipts and alarms it checks) and the lead of its own case. Whoever takes it reads
  no other name: not of a colleague, not of a dispatcher, not of an investigator, not of a team.
- A stranger sees the services.
"""

from collections.abc import Iterator

from evidence import ids, keys
from evidence.statements import bodies, event
from evidence.statements.event import Recorded
from evidence.statements.statement import Statement
from evidence.store.journal.journal import SqlJournal
from server.principals import Anyone, Phone, Signer

SERVICES = frozenset({"server", "bridge"})
"""Roles of programs; their labels name no person."""


def shown_to(journal: SqlJournal, who: Anyone | Signer) -> Iterator[tuple[Recorded, Statement]]:
    """Yield the events about log, keys and teams that `who` is shown, in the order of the journal. Blocks."""
    known = not isinstance(who, Anyone | Phone)
    lead = None
    if isinstance(who, Phone):
        case = who.case
        lead = journal.ask(lambda standing: standing.cases[case].body.lead)
    published: set[ids.KeyId] = set()
    for recorded in journal.organisation():
        statement = event.parse(recorded.event).statement
        if known or _is_shown(statement, lead, published):
            yield recorded, statement


def _is_shown(statement: Statement, lead: ids.KeyId | None, published: set[ids.KeyId]) -> bool:
    """Whether somebody who knows no staff but `lead` is shown an event; `published` are the keys shown so far."""
    match statement.body:
        case bodies.LogOpen() | bodies.LogRotate():
            return True
        case bodies.KeyPublish(role=role, sign=sign):
            kid = keys.signing_kid(bytes.fromhex(sign))
            if role not in SERVICES and kid != lead:
                return False
            published.add(kid)
            return True
        case bodies.KeyRetire(kid=kid):
            return kid in published
        case _:
            return False
