"""POST /enrolments: a phone introduces its own key, countersigned with the invitation's one-time key."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from evidence.statements import statement as statements
from evidence.statements import types
from evidence.statements.authority import NotAllowedError
from server.api import V1, WRITING, append, json_body, problems
from server.auth.asking import InviteeAsking
from server.problems import ProblemError, domains, general
from server.services import services_of
from server.statements.receipts import Dsse, ReceiptAnswer, answer
from server.statements.routes import REFUSALS, STATEMENT_EXAMPLE

router = APIRouter(prefix=f"{V1}/enrolments", tags=["enrolment"])


@router.post(
    "",
    operation_id="enrol_phone",
    status_code=201,
    responses={
        200: {"model": ReceiptAnswer, "description": "This phone was enrolled before: the same receipt again"},
        **problems(*WRITING, *REFUSALS, general.NOT_FOUND),
    },
    openapi_extra=json_body(Dsse.model_json_schema(), STATEMENT_EXAMPLE),
)
async def enrol(request: Request, response: Response, _who: InviteeAsking) -> ReceiptAnswer:
    """Store a `device.enrol` statement, signed by the phone's new key and by the invitation's."""
    services = services_of(request)
    raw = await request.body()
    statement = statements.parse(raw)
    if not isinstance(statement.body, types.DeviceEnrol):
        raise ProblemError(domains.STATEMENT, reason="only device.enrol is posted here")
    known = await run_in_threadpool(services.journal.by_statement, statement.id)
    if known is not None:
        response.status_code = 200
        return answer(services, known)
    try:
        return answer(services, await append(services, raw))
    except NotAllowedError as error:
        if error.reason in {"invitation", "unknown-case"}:
            raise ProblemError(general.NOT_FOUND) from error  # which invitations exist is nobody's business
        raise
