"""POST /enrolments: a phone introduces its own key, countersigned with the invitation's one-time key.

GET /enrolments/cases/{case}: which public key a case seals to, for whoever seals.
"""

from fastapi import APIRouter, Request, Response

from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth.dependencies import InviteeAsking, SealerAsking
from server.auth.door import DoorRoute
from server.enrolment import service
from server.enrolment.shapes import CaseKeys
from server.parts import JournalGiven
from server.problems import domains
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
    recorded, known = await service.enrol(journal, await request.body())
    if known:
        response.status_code = 200
    return receipts.of(recorded)


@router.get("/cases/{case}", operation_id="get_case_keys", responses=problems(*PROVEN))
def get_case_keys(case: str, who: SealerAsking, journal: JournalGiven) -> CaseKeys:
    """Return the X-Wing key of one's own case and, to staff and vault, the statement that vouches for it.

    An X-Wing key is too long for a QR code. A phone takes it from here when its hash is the one of its invitation, and
    is told no more than that: who leads the case is nothing for whoever holds her phone.
    """
    return service.find_keys(journal, case, who)
