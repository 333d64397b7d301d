"""Enrolments of phones, and the keys that whoever seals needs: the case's, her vault's, and those on her lists."""

from collections.abc import Iterator
from typing import Final

from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids
from evidence.errors import FormatError
from evidence.statements import bodies, event, reader_lists
from evidence.statements import statement as statements
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.api import append
from server.enrolment.shapes import CaseKeys
from server.principals import Caseworker, Phone, Vault
from server.problems import ProblemError, domains, general
from server.timeline.shapes import OrganisationEvent

READ_AT_ONCE: Final = 1000
"""Events of one look into the journal."""


async def enrol(journal: SqlJournal, raw: bytes) -> tuple[Recorded, bool]:
    """Append a `device.enrol` statement; say whether it was there before. ProblemError STATEMENT or INVITATION."""
    statement = statements.parse(raw)
    if not isinstance(statement.body, bodies.DeviceEnrol):
        raise ProblemError(domains.STATEMENT, reason="only device.enrol is posted here")
    known = await run_in_threadpool(journal.by_statement, statement.id)
    if known is not None:
        return known, True
    try:
        return await append(journal, statement), False
    except NotAllowedError as error:
        if error.reason in {"invitation", "unknown-case", "invitation-expired"}:
            raise ProblemError(domains.INVITATION) from error  # one answer: which of them exist is nobody's business
        raise


def find_keys(journal: SqlJournal, case: str, who: Phone | Vault | Caseworker) -> CaseKeys:
    """Return the keys of one's own case, to a phone without who vouches for them; NOT_FOUND for others. Blocks."""
    try:
        name = ids.CaseId(ids.hex_text(case, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error

    def is_theirs(standing: Standing) -> bool:
        return standing.on_team(who.kid, name) if isinstance(who, Caseworker) else who.case == name

    if not journal.ask(is_theirs):
        raise ProblemError(general.NOT_FOUND)
    return keys_of(journal, name, opening=not isinstance(who, Phone))


def keys_of(journal: SqlJournal, case: ids.CaseId, *, opening: bool) -> CaseKeys:
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
