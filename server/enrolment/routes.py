"""POST /enrolments: a phone introduces its own key, countersigned with the invitation's one-time key.

GET /enrolments/cases/{case}: which public key a case seals to, for whoever seals.
"""

from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids
from evidence.errors import FormatError
from evidence.statements import bodies, event, reader_lists
from evidence.statements import statement as statements
from evidence.statements.errors import NotAllowedError
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.api import PROVEN, V1, WRITING, append, json_body, problems
from server.auth.dependencies import InviteeAsking, SealerAsking
from server.auth.door import DoorRoute
from server.parts import JournalGiven
from server.principals import Caseworker, Phone
from server.problems import ProblemError, domains, general
from server.statements.parts import ReceiptsGiven
from server.statements.shapes import REFUSALS, STATEMENT_EXAMPLE, Dsse, ReceiptAnswer
from server.timeline.shapes import OrganisationEvent

READ_AT_ONCE: Final = 1000
"""Events of one look into the journal."""

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/enrolments", tags=["enrolment"])


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


@router.post(
    "",
    operation_id="enrol_phone",
    status_code=201,
    responses={
        200: {"model": ReceiptAnswer, "description": "This phone was enrolled before: the same receipt again"},
        **problems(*WRITING, *REFUSALS, domains.INVITATION),
    },
    openapi_extra=json_body(Dsse.model_json_schema(), STATEMENT_EXAMPLE),
)
async def enrol(
    request: Request, response: Response, _who: InviteeAsking, journal: JournalGiven, receipts: ReceiptsGiven
) -> ReceiptAnswer:
    """Store a `device.enrol` statement, signed by the phone's new key and by the invitation's."""
    raw = await request.body()
    statement = statements.parse(raw)
    if not isinstance(statement.body, bodies.DeviceEnrol):
        raise ProblemError(domains.STATEMENT, reason="only device.enrol is posted here")
    known = await run_in_threadpool(journal.by_statement, statement.id)
    if known is not None:
        response.status_code = 200
        return receipts.of(known)
    try:
        return receipts.of(await append(journal, raw))
    except NotAllowedError as error:
        if error.reason in {"invitation", "unknown-case", "invitation-expired"}:
            raise ProblemError(domains.INVITATION) from error  # one answer: which of them exist is nobody's business
        raise


@router.get("/cases/{case}", operation_id="get_case_keys", responses=problems(*PROVEN))
def get_case_keys(case: str, who: SealerAsking, journal: JournalGiven) -> CaseKeys:
    """Return the X-Wing key of one's own case and, to staff and vault, the statement that vouches for it.

    An X-Wing key is too long for a QR code. A phone takes it from here when its hash is the one of its invitation, and
    is told no more than that: who leads the case is nothing for whoever holds her phone.
    """
    try:
        name = ids.CaseId(ids.hex_text(case, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error

    def is_theirs(standing: Standing) -> bool:
        return standing.on_team(who.kid, name) if isinstance(who, Caseworker) else who.case == name

    if not journal.ask(is_theirs):
        raise ProblemError(general.NOT_FOUND)
    answer = journal.ask(lambda standing: _keys_of(standing, name, ids.now()))
    if not isinstance(who, Phone):
        found = _opening(journal, name)
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
