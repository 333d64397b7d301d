"""The keys of a case that whoever seals needs: the case's own, her vault's, and those of who stands on her lists."""

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict

from evidence import canonical, ids
from evidence.statements import bodies, event, reader_lists
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.timeline.shapes import OrganisationEvent

READ_AT_ONCE: Final = 1000
"""Events of one look into the journal."""


class CaseKeys(BaseModel):
    """The case's X-Wing public key, its vault's signing key, and its `case.open` (not to a phone).

    `lists` are the standing lists in force and to come (DSSE, base64), `readers` the X-Wing keys of whom they name, by
    key name. A phone is told no certificate: whose keys these are is nothing for whoever holds it.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"xwing": "AAAA", "vault": "bb" * 32, "events": [], "lists": [], "readers": {}}}
    )
    xwing: str
    vault: str
    events: list[OrganisationEvent]
    lists: list[str]
    readers: dict[str, str]


def of(journal: SqlJournal, case: ids.CaseId, *, opening: bool) -> CaseKeys:
    """Return the keys of a case that exists; with `opening` also the statement that vouches for them."""
    answer = journal.ask(lambda standing: _keys_of(standing, case, ids.now()))
    if opening:
        found = _opening(journal, case)
        answer.events = [
            OrganisationEvent(index=one.index, event=canonical.b64(one.event), salt=one.salt.hex()) for one in found
        ]
    return answer


def _keys_of(standing: Standing, case: ids.CaseId, now: ids.Time) -> CaseKeys:
    known = standing.cases[case].body
    current = reader_lists.in_force(standing.lists.get(case, ()), now)
    wanted = [
        one
        for one in standing.list_statements.get(case, ())
        if isinstance(one.body, bodies.ListSet) and (one.body == current or one.body.since > now)
    ]
    newest = standing.list_statements.get(case, ())[-1:]  # also when it has ended: then nothing else is in force
    lists = [*wanted, *(one for one in newest if one not in wanted)]
    named = {row.reader for one in lists if isinstance(one.body, bodies.ListSet) for row in one.body.readers}
    keys: dict[str, str] = {
        kid: standing.certified[kid].body.xwing or "" for kid in sorted(named) if standing.on_team(kid, case)
    }  # who left, or is excluded, has none
    return CaseKeys(
        xwing=known.xwing,
        vault=known.vault,
        events=[],
        lists=[canonical.b64(one.envelope.to_bytes()) for one in lists],
        readers=keys,
    )


def _opening(journal: SqlJournal, case: ids.CaseId) -> Iterator[Recorded]:
    """Yield the opening of a case; no more is read than that takes."""
    for one in _events_of(journal, case):
        if isinstance(event.parse(one.event).statement.body, bodies.CaseOpen):
            yield one
            return


def _events_of(journal: SqlJournal, case: ids.CaseId) -> Iterator[Recorded]:
    after = -1
    while more := journal.read(after=after, limit=READ_AT_ONCE, case=case):
        yield from more
        after = more[-1].index
