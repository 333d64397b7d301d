"""Alarms for dispatchers: the list, the live stream, acts, and the sealed card."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from evidence import canonical, ids
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.facts import Sealed
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.alarms.feed import BridgeFeed, BridgeUnreachableError, Refusal
from server.alarms.parts import CardsGiven, FeedGiven
from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth.dependencies import DispatcherAsking
from server.auth.door import DoorRoute
from server.items.access import openers_of
from server.items.parts import ReadsGiven
from server.items.service import read_prefix
from server.parts import JournalGiven
from server.principals import identify
from server.problems import ProblemError, domains, general
from server.statements.shapes import STATEMENT_EXAMPLE, Dsse
from server.timeline.shapes import WrapOut

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/alarms", tags=["alarms"])

HEARTBEAT_S: Final = 2.0
"""A console shows that it is not live after six seconds: three heartbeats."""

RECHECK_S: Final = 10.0
"""How long a stream may go on after its reader's key was retired."""

_EXAMPLE_ALARM: Final = {"alarm": "9b" * 16, "state": "raised", "raised_at": "2026-11-21T22:00:00.000Z"}


class Alarms(BaseModel):
    """Alarms as the bridge tells them (`docs/formats/device.md`), and its health."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"alarms": [{**_EXAMPLE_ALARM}], "health": {"ok": True, "troubles": []}}}
    )
    alarms: list[dict[str, Any]]
    health: dict[str, Any]


class Card(BaseModel):
    """The sealed card of an alarm's device: container up to the end of the description, and the desk's wraps."""

    model_config = ConfigDict(json_schema_extra={"example": {"item": "9b" * 16, "head": "Z2V0dWlnZQ==", "wraps": []}})
    item: str
    head: str
    wraps: list[WrapOut]


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
    events = _events(journal, feed, who.kid)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.post(
    "/{alarm}/acts",
    operation_id="act_on_alarm",
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE_ALARM}}, "description": "The alarm as it is now"},
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
    raw = await request.body()
    statement = statements.parse(raw)
    if statement.by != who.kid:
        raise ProblemError(domains.SIGNER)
    if statement.body.named("alarm") != alarm:
        raise ProblemError(domains.STATEMENT, reason="the statement is about another alarm")
    try:
        outcome = await feed.act(alarm, raw, if_match)
    except BridgeUnreachableError as error:
        raise ProblemError(domains.BRIDGE) from error
    if isinstance(outcome, Refusal):
        raise _refused(outcome)
    return outcome


@router.post(
    "/{alarm}/lease",
    operation_id="renew_claim",
    status_code=204,
    responses=problems(*PROVEN, domains.NOT_ALLOWED, domains.BRIDGE, domains.BRIDGE_REFUSED),
)
async def renew_claim(alarm: str, who: DispatcherAsking, feed: FeedGiven) -> Response:
    """Let the asker's claim live on for 30 s; a console asks every 10 s. It is no act and is not written down."""
    try:
        ids.hex_text(alarm, 16)
        refusal = await feed.renew(alarm, who.kid)
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error
    except BridgeUnreachableError as error:
        raise ProblemError(domains.BRIDGE) from error
    if refusal is not None:
        raise _refused(refusal)
    return Response(status_code=204)


@router.post("/watching", operation_id="say_watching", status_code=204, responses=problems(*PROVEN))
async def say_watching(who: DispatcherAsking, journal: JournalGiven, feed: FeedGiven) -> Response:
    """Say that the asker's console is awake. It asks every 10 s; after 90 s without, its shift counts as dark."""
    on_shift = await run_in_threadpool(journal.ask, lambda standing: _on_shift(standing, who.kid))
    feed.signed(who.kid, on_shift=on_shift)
    return Response(status_code=204)


def _refused(refusal: Refusal) -> ProblemError:
    """Return the bridge's refusal as ours, with the alarm's present state when that is the reason."""
    kinds = {403: domains.NOT_ALLOWED, 404: general.NOT_FOUND}
    kind = kinds.get(refusal.status, domains.BRIDGE_REFUSED)
    if refusal.alarm is None:
        return ProblemError(kind, reason=refusal.reason)
    state, revision = str(refusal.alarm.get("state", "")), refusal.alarm.get("revision")
    return ProblemError(kind, reason=refusal.reason, state=state, revision=revision if isinstance(revision, int) else 0)


@router.get(
    "/{alarm}/card",
    operation_id="get_alarm_card",
    responses=problems(*PROVEN, *WRITING, domains.BLOB_MISSING),
)
async def get_card(alarm: str, who: DispatcherAsking, cards: CardsGiven, feed: FeedGiven, reads: ReadsGiven) -> Card:
    """Hand out the sealed card of an alarm that is not closed. The reading is logged first."""
    known = feed.alarm(alarm)
    if known is None or known.get("card") is None or known.get("state") == "closed":
        raise ProblemError(general.NOT_FOUND)
    case, body, wraps = await run_in_threadpool(_card, cards.journal, str(known["card"]), who.kid)
    prefix = await run_in_threadpool(read_prefix, cards.blobs, body)
    mine = [wrap for wrap in prefix.head.wraps if wrap.to in wraps]
    if not mine:
        raise ProblemError(general.NOT_FOUND)

    def still_allowed(standing: Standing) -> bool:
        return identify(standing, who.kid) == who

    await reads.note(who.kid, case, [body.item], "meta", still_allowed)
    return Card(item=body.item, head=canonical.b64(prefix.to_bytes()), wraps=[WrapOut.of(wrap) for wrap in mine])


def _card(
    journal: SqlJournal, item: str, reader: ids.KeyId
) -> tuple[ids.CaseId, bodies.ItemSeal, frozenset[ids.KeyId]]:
    """Return the card's case, its seal, and the box keys that the reader holds; NOT_FOUND when it was erased."""
    try:
        name = ids.ItemId(ids.hex_text(item, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error

    def look(standing: Standing) -> tuple[Sealed | None, frozenset[ids.KeyId]]:
        return None if name in standing.erased else standing.items.get(name), openers_of(standing, reader)

    sealed, boxes = journal.ask(look)
    if sealed is None or sealed.body is None:
        raise ProblemError(general.NOT_FOUND)
    return sealed.case, sealed.body, boxes


async def _events(journal: SqlJournal, feed: BridgeFeed, kid: ids.KeyId) -> AsyncIterator[bytes]:
    """Yield what is known, then changes, with a heartbeat in every silence."""
    loop = asyncio.get_running_loop()
    changes = aiter(feed.listen())
    coming = asyncio.ensure_future(anext(changes, None))
    console = object()
    await asyncio.sleep(0)  # the listener is registered before the list is read, so that nothing falls between
    try:
        feed.opened(console, kid)
        feed.signed(kid, on_shift=await run_in_threadpool(journal.ask, lambda standing: _on_shift(standing, kid)))
        for alarm in feed.alarms()[::-1]:
            yield _line("alarm", alarm)
        yield _line("health", feed.health())
        yield _line("heartbeat", {"at": ids.now()})
        beat, recheck = loop.time() + HEARTBEAT_S, loop.time() + RECHECK_S
        while True:
            done, _ = await asyncio.wait({coming}, timeout=max(0.0, beat - loop.time()))
            if done:
                message = coming.result()
                if message is None:
                    return
                yield _line(message.name, message.data)
                coming = asyncio.ensure_future(anext(changes, None))
            if loop.time() >= recheck:
                if await run_in_threadpool(journal.ask, lambda standing: standing.role_of(kid)) is None:
                    return
                recheck = loop.time() + RECHECK_S
            if loop.time() >= beat:
                yield _line("heartbeat", {"at": ids.now()})
                beat = loop.time() + HEARTBEAT_S
    finally:
        feed.gone(console)
        coming.cancel()


def _on_shift(standing: Standing, kid: ids.KeyId) -> bool:
    """Whether this dispatcher said that they watch, and not that they stopped."""
    return any(one.by == kid and one.ended_at is None for one in standing.shifts.values())


def _line(name: str, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"event: {name}\ndata: {text}\n\n".encode()
