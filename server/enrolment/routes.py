"""POST /enrolments: a phone introduces its own key, countersigned with the invitation's one-time key.

GET /enrolments/cases/{case}: which public key a case seals to, for whoever seals.
"""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.errors import NotAllowedError
from evidence.statements.standing import Standing
from server.api import PROVEN, V1, WRITING, append, json_body, problems
from server.auth.dependencies import InviteeAsking, SealerAsking
from server.auth.door import DoorRoute
from server.enrolment import case_keys
from server.enrolment.case_keys import CaseKeys
from server.parts import JournalGiven
from server.principals import Caseworker, Phone
from server.problems import ProblemError, domains, general
from server.statements.parts import ReceiptsGiven
from server.statements.shapes import REFUSALS, STATEMENT_EXAMPLE, Dsse, ReceiptAnswer

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/enrolments", tags=["enrolment"])


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
    statement = statements.parse(await request.body())
    if not isinstance(statement.body, bodies.DeviceEnrol):
        raise ProblemError(domains.STATEMENT, reason="only device.enrol is posted here")
    known = await run_in_threadpool(journal.by_statement, statement.id)
    if known is not None:
        response.status_code = 200
        return receipts.of(known)
    try:
        return receipts.of(await append(journal, statement))
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
    return case_keys.of(journal, name, opening=not isinstance(who, Phone))
