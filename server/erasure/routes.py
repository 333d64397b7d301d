"""GET /cases/{case}/erasures, and the proof of one that was carried out. Asking and cancelling are statements."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from server.api import PROVEN, V1, problems
from server.auth.dependencies import ReaderAsking
from server.auth.door import DoorRoute
from server.erasure import service
from server.erasure.parts import ErasuresGiven
from server.erasure.shapes import Erasures
from server.parts import JournalGiven
from server.problems import domains

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["erasures"])


@router.get("/cases/{case}/erasures", operation_id="list_erasures", responses=problems(*PROVEN))
async def list_erasures(case: str, who: ReaderAsking, journal: JournalGiven) -> Erasures:
    """List what was asked to be erased and how far it is; nothing to readers who do not see the whole case."""
    return Erasures(erasures=await run_in_threadpool(service.of_case, journal, case, who))


@router.get(
    "/cases/{case}/erasures/{erasure}/proof",
    operation_id="get_erasure_proof",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}, "description": "The proof (docs/formats/erasure-proof.md)"},
        **problems(*PROVEN, domains.NOT_INTEGRATED, domains.ERASURE_WAITING),
    },
)
async def get_proof(case: str, erasure: str, who: ReaderAsking, records: ErasuresGiven) -> Response:
    """Return a document by which anyone can check that, and how far, an erasure was carried out."""
    document = await run_in_threadpool(service.proof_of, records, case, erasure, who)
    return Response(document, media_type="application/json", headers={"cache-control": "private, no-store"})
