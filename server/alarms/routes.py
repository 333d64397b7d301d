"""Alarms for dispatchers: the list, the live stream, acts, the sealed card, figures, and a note at the close."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from server.alarms import notes, service, stream
from server.alarms.parts import CardsGiven, FeedGiven
from server.alarms.shapes import EXAMPLE_ALARM, Alarms, Card, ClosingNote, DayReport
from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth.dependencies import DispatcherAsking, SupervisorAsking
from server.auth.door import DoorRoute
from server.enrolment import service as enrolment
from server.enrolment.shapes import CaseKeys
from server.items.parts import ReadsGiven
from server.parts import JournalGiven
from server.problems import domains, general
from server.statements.parts import IntakeGiven
from server.statements.shapes import REFUSALS, STATEMENT_EXAMPLE, Dsse, ReceiptAnswer

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/alarms", tags=["alarms"])

Moment = Annotated[str, Query(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


@router.get("", operation_id="list_alarms", responses=problems(*PROVEN))
async def list_alarms(_who: DispatcherAsking, feed: FeedGiven) -> Alarms:
    """Return the alarms that this server knows of, newest first, and whether the list is live."""
    return Alarms(alarms=feed.alarms(), health=feed.health())


@router.get(
    "/stream",
    operation_id="stream_alarms",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events `alarm`, `health` and `heartbeat` (2 s)"},
        **problems(*PROVEN),
    },
)
async def stream_alarms(who: DispatcherAsking, journal: JournalGiven, feed: FeedGiven) -> StreamingResponse:
    """Stream alarms: all that is known first, then every change; a heartbeat shows that silence is real."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    events = stream.events(journal, feed, who.kid)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.post(
    "/{alarm}/acts",
    operation_id="act_on_alarm",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE_ALARM}}, "description": "The alarm as it is now"},
        **problems(
            *PROVEN,
            domains.STATEMENT,
            domains.SIGNER,
            domains.NOT_ALLOWED,
            domains.BRIDGE,
            domains.BRIDGE_REFUSED,
        ),
    },
    openapi_extra=json_body(Dsse.model_json_schema(), STATEMENT_EXAMPLE),
)
async def act(
    request: Request,
    alarm: str,
    who: DispatcherAsking,
    feed: FeedGiven,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Claim, accept, dispatch, report on scene or close, by a statement of the dispatcher's own key.

    With `If-Match: "<revision>"`, an act that was decided on another state of the alarm than the present one is
    refused with 409, reason `stale`, and the present `state` and `revision`.
    """
    return await service.act(feed, alarm, await request.body(), who, if_match)


@router.post(
    "/{alarm}/lease",
    operation_id="renew_claim",
    status_code=204,
    responses=problems(*PROVEN, domains.NOT_ALLOWED, domains.BRIDGE, domains.BRIDGE_REFUSED),
)
async def renew_claim(alarm: str, who: DispatcherAsking, feed: FeedGiven) -> Response:
    """Let the asker's claim live on for 30 s; a console asks every 10 s. It is no act and is not written down."""
    await service.renew_claim(feed, alarm, who)
    return Response(status_code=204)


@router.post("/watching", operation_id="say_watching", status_code=204, responses=problems(*PROVEN))
async def say_watching(who: DispatcherAsking, journal: JournalGiven, feed: FeedGiven) -> Response:
    """Say that the asker's console is awake. It asks every 10 s; after 90 s without, its shift counts as dark."""
    on_shift = await run_in_threadpool(service.is_on_shift, journal, who.kid)
    feed.signed(who.kid, on_shift=on_shift)
    return Response(status_code=204)


@router.get(
    "/{alarm}/card",
    operation_id="get_alarm_card",
    responses=problems(*PROVEN, *WRITING, domains.BLOB_MISSING),
)
async def get_card(alarm: str, who: DispatcherAsking, cards: CardsGiven, feed: FeedGiven, reads: ReadsGiven) -> Card:
    """Hand out the sealed card of an alarm that is not closed. The reading is logged first."""
    return await service.show_card(cards, feed, reads, alarm, who)


@router.get("/report", operation_id="report_alarms", responses=problems(*PROVEN, general.VALIDATION))
async def report_alarms(
    who: SupervisorAsking, journal: JournalGiven, feed: FeedGiven, since: Moment, until: Moment
) -> DayReport:
    """Count the alarms that were raised between two moments (at most 32 days): a caseworker's are those of the team."""
    return await service.report(journal, feed, who, since, until)


@router.get("/{alarm}/readers", operation_id="list_alarm_readers", responses=problems(*PROVEN, domains.BRIDGE))
def list_readers(alarm: str, who: DispatcherAsking, feed: FeedGiven, journal: JournalGiven) -> CaseKeys:
    """Return the keys that a note about an alarm is sealed to, with the statements that vouch for them.

    To the dispatcher who closed that alarm, and to nobody else.
    """
    return enrolment.keys_of(journal, notes.closed_by(feed, alarm, who), opening=True)


@router.post(
    "/{alarm}/note",
    operation_id="add_closing_note",
    status_code=201,
    responses={
        200: {"model": ReceiptAnswer, "description": "This note was stored before: the same receipt again"},
        **problems(*PROVEN, *WRITING, *REFUSALS, domains.CONTAINER, domains.BRIDGE),
    },
)
async def add_note(
    alarm: str, note: ClosingNote, response: Response, who: DispatcherAsking, feed: FeedGiven, intake: IntakeGiven
) -> ReceiptAnswer:
    """Store a note about an alarm, by the dispatcher who closed it."""
    recorded, known = await notes.add(intake, feed, alarm, note, who)
    if known:
        response.status_code = 200
    return intake.receipts.of(recorded)
