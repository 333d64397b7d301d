"""Signing in: the server proves nothing and learns nothing of the phrase; it hands a locked key to who knows it."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth import service, sessions
from server.auth.dependencies import AnyoneAsking, KeyOwnerAsking, SignerAsking, check_origin
from server.auth.door import DoorRoute
from server.auth.parts import GateGiven
from server.auth.shapes import ChallengeAnswer, ChallengeQuestion, LockedAnswer, SignedChallenge, Who
from server.problems import domains, general

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["auth"])

_SIGN_IN: Final = (general.VALIDATION, general.SIGN_IN)


@router.post("/sign-in/challenge", operation_id="ask_challenge", responses=problems(general.VALIDATION))
async def ask_challenge(question: ChallengeQuestion, _who: AnyoneAsking, gate: GateGiven) -> ChallengeAnswer:
    """Return a challenge for a handle, whether or not the handle exists."""
    return await service.challenge_for(gate, question.handle)


@router.post("/sign-in/locked-key", operation_id="fetch_locked_key", responses=problems(*_SIGN_IN))
async def fetch_locked_key(signed: SignedChallenge, _who: AnyoneAsking, gate: GateGiven) -> LockedAnswer:
    """Hand out a locked key to someone who proves to know its phrase, by the key that the phrase gives."""
    return LockedAnswer(locked=await service.locked_key_of(gate, signed))


@router.post(
    "/sign-in/session",
    operation_id="open_session",
    responses=problems(*_SIGN_IN, general.ORIGIN, *WRITING),
)
async def open_session(
    request: Request, response: Response, signed: SignedChallenge, _who: AnyoneAsking, gate: GateGiven
) -> Who:
    """Open a browser session for someone who proves to hold the staff key itself."""
    if "origin" in request.headers:
        check_origin(request, gate)
    kid = await service.staff_key_of(gate, signed)
    await run_in_threadpool(sessions.open_session, gate.access, kid, response, secure=gate.is_secure)
    return await run_in_threadpool(service.describe, gate, kid)


@router.get("/session", operation_id="who_am_i", responses=problems(*PROVEN))
def who_am_i(who: SignerAsking, gate: GateGiven) -> Who:
    """Say who is asking, and which shared keys are theirs."""
    return service.describe(gate, who.kid)


@router.delete("/session", operation_id="close_session", status_code=204, responses=problems(*PROVEN))
async def close_session(request: Request, _who: SignerAsking, gate: GateGiven) -> Response:
    """End the browser's session."""
    name = sessions.cookie_name(secure=gate.is_secure)
    token = sessions.token_of(request.cookies.get(name, ""))
    if token is not None:
        await run_in_threadpool(gate.access.close_session, token)
    response = Response(status_code=204)
    response.delete_cookie(name, path="/", secure=gate.is_secure, httponly=True, samesite="strict")
    return response


@router.put(
    "/locked-keys/{handle}",
    operation_id="leave_locked_key",
    status_code=204,
    responses=problems(*PROVEN, *WRITING, domains.STATEMENT, general.HANDLE_TAKEN),
    openapi_extra=json_body(
        {"type": "object", "description": "Locked key (docs/formats/keys.md)"},
        {"v": 1, "handle": "caseworker", "kdf": {}, "auth": "…", "locked": "…"},
    ),
)
async def leave_locked_key(request: Request, handle: str, who: KeyOwnerAsking, gate: GateGiven) -> Response:
    """Leave or replace one's own locked key, so that its owner can sign in from another computer.

    Only a request that is signed by the key itself does that, never a session; what was there before is kept.
    """
    await service.keep_locked_key(gate, await request.body(), handle, who.kid)
    return Response(status_code=204)
