"""GET /cases/{case}/erasures, and the proof of one that was carried out. Asking and cancelling are statements."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from evidence import ids
from evidence.errors import FormatError
from evidence.statements import retention
from evidence.statements.facts import Erasure
from evidence.statements.rules.erasure import ERASE_DELAY, ERASE_LAPSE
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.api import PROVEN, V1, problems
from server.auth.dependencies import ReaderAsking
from server.auth.door import DoorRoute
from server.erasure import proving
from server.erasure.parts import ErasuresGiven
from server.erasure.shapes import ErasureOut, Erasures, State
from server.items.service import find_view
from server.log.line_of_logs import INTEGRATED_WITHIN_S, NotIntegratedError
from server.parts import JournalGiven
from server.principals import Reader
from server.problems import ProblemError, domains, general

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["erasures"])


@router.get("/cases/{case}/erasures", operation_id="list_erasures", responses=problems(*PROVEN))
async def list_erasures(case: str, who: ReaderAsking, journal: JournalGiven) -> Erasures:
    """List what was asked to be erased and how far it is; nothing to readers who do not see the whole case."""
    view = await run_in_threadpool(find_view, journal, case, who)
    if not view.whole:
        return Erasures(erasures=[])
    name = view.case
    now = ids.now()

    def look(standing: Standing) -> list[ErasureOut]:
        return [_shown(standing, erasure, one, now) for erasure, one in standing.erasures.items() if one.case == name]

    return Erasures(erasures=await run_in_threadpool(journal.ask, look))


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
    name = await run_in_threadpool(_whole_case, records.journal, case, who)
    known = await run_in_threadpool(records.journal.ask, lambda standing: standing.erasures.get(_id(erasure)))
    if known is None or known.case != name:
        raise ProblemError(general.NOT_FOUND)
    if not known.finished:
        raise ProblemError(domains.ERASURE_WAITING)
    try:
        document = await run_in_threadpool(proving.prove, records, name, _id(erasure))
    except NotIntegratedError as error:
        raise ProblemError(domains.NOT_INTEGRATED, {"retry-after": str(INTEGRATED_WITHIN_S)}) from error
    if document is None:
        raise ProblemError(general.NOT_FOUND)
    return Response(document, media_type="application/json", headers={"cache-control": "private, no-store"})


def _whole_case(journal: SqlJournal, case: str, who: Reader) -> ids.CaseId:
    """Return the case if `who` sees all of it; NOT_FOUND otherwise."""
    view = find_view(journal, case, who)
    if not view.whole:
        raise ProblemError(general.NOT_FOUND)
    return view.case


def _id(erasure: str) -> ids.ErasureId:
    try:
        return ids.ErasureId(ids.hex_text(erasure, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error


def _shown(standing: Standing, name: ids.ErasureId, one: Erasure, now: ids.Time) -> ErasureOut:
    return ErasureOut(
        erasure=name,
        state=_state(standing, one, now),
        items=sorted(one.items),
        asked_at=one.requested_at,
        due_at=_after(one.requested_at, ERASE_DELAY),
        lapses_at=_after(one.requested_at, ERASE_LAPSE),
        executed_at=one.executed_at,
        locked_until=one.locked_until,
    )


def _state(standing: Standing, one: Erasure, now: ids.Time) -> State:
    if one.finished:
        return "finished"
    if one.ended:
        return "executed" if one.executed else "cancelled"
    if now > _after(one.requested_at, ERASE_LAPSE):
        return "lapsed"
    if any(retention.is_held(standing, item) for item in one.items):
        return "held"
    if retention.bars_erasure(standing, one.case, now):
        return "kept"
    return "waiting" if one.approved else "asked"


def _after(moment: ids.Time, delay: timedelta) -> ids.Time:
    return ids.time_of(ids.moment_of(moment) + delay)
