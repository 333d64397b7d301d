"""Signing in: the server proves nothing and learns nothing of the phrase; it hands a locked key to who knows it."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids, keys
from evidence.errors import EvidenceError
from evidence.keys import LockedKey
from evidence.statements.bodies import KeyShare
from evidence.statements.standing import Standing
from evidence.store.database.access import HandleTakenError, KeptKey
from server.api import PROVEN, V1, WRITING, json_body, problems
from server.auth import challenges, sessions
from server.auth.dependencies import AnyoneAsking, KeyOwnerAsking, SignerAsking, check_origin
from server.auth.door import DoorRoute
from server.auth.parts import Gate, GateGiven
from server.people import person
from server.principals import Caseworker, Dispatcher, Investigator, Signer, identify
from server.problems import ProblemError, domains, general

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["auth"])

MAX_HANDLE: Final = 64
Handle = Annotated[
    str, Field(min_length=1, max_length=MAX_HANDLE, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["caseworker"])
]
"""No control characters: PostgreSQL keeps no NUL in a text, and nobody types the others."""
Signature = Annotated[str, Field(min_length=88, max_length=88, description="Ed25519, base64", examples=["A" * 88])]
Challenge = Annotated[str, Field(min_length=44, max_length=44, description="32 bytes, base64", examples=["A" * 44])]


class ChallengeQuestion(BaseModel):
    """Whose key is asked for."""

    model_config = ConfigDict(extra="forbid")
    handle: Handle


class KdfOut(BaseModel):
    """Argon2id as libsodium names its parameters."""

    alg: str
    opslimit: int
    memlimit: int
    salt: str


class ChallengeAnswer(BaseModel):
    """A challenge to sign, and how the phrase becomes a key. An unknown handle gets one that looks the same."""

    challenge: Challenge
    kdf: KdfOut


class SignedChallenge(BaseModel):
    """A challenge with the signature over its context and itself."""

    model_config = ConfigDict(extra="forbid")
    handle: Handle
    challenge: Challenge
    sig: Signature


class LockedAnswer(BaseModel):
    """The two private seeds under the phrase: nonce and secretbox, base64."""

    locked: str


class Share(BaseModel):
    """The public half of a shared X-Wing key, and its seed, wrapped to whoever signed in."""

    xwing: str
    wrap: str
    suite: Literal[2]


class Who(BaseModel):
    """Who is signed in."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kid": "5f" * 16, "role": "dispatcher", "label": "Meldkamer 1", "shares": []}}
    )
    kid: str
    role: str
    label: str
    shares: list[Share]


_SIGN_IN: Final = (general.VALIDATION, general.SIGN_IN)


@router.post("/sign-in/challenge", operation_id="ask_challenge", responses=problems(general.VALIDATION))
async def ask_challenge(question: ChallengeQuestion, _who: AnyoneAsking, gate: GateGiven) -> ChallengeAnswer:
    """Return a challenge for a handle, whether or not the handle exists."""
    kept = await run_in_threadpool(gate.access.locked_key, question.handle)
    kdf = kept.key.kdf if kept else challenges.no_such_handle(gate.challenge_key, question.handle)
    fresh = challenges.make(gate.challenge_key, question.handle, _now())
    return ChallengeAnswer(
        challenge=canonical.b64(fresh),
        kdf=KdfOut(alg=kdf.alg, opslimit=kdf.opslimit, memlimit=kdf.memlimit, salt=kdf.salt),
    )


@router.post("/sign-in/locked-key", operation_id="fetch_locked_key", responses=problems(*_SIGN_IN))
async def fetch_locked_key(signed: SignedChallenge, _who: AnyoneAsking, gate: GateGiven) -> LockedAnswer:
    """Hand out a locked key to someone who proves to know its phrase, by the key that the phrase gives."""
    kept, challenge, _ = await _checked(gate, signed)
    _verify(bytes.fromhex(kept.key.auth), challenges.AUTH_CONTEXT, challenge, signed.sig)
    return LockedAnswer(locked=kept.key.locked)


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
    kept, challenge, expires = await _checked(gate, signed)

    def look(standing: Standing) -> tuple[Signer | None, bytes | None]:
        return identify(standing, kept.kid), standing.public_key(kept.kid)

    found, public = await run_in_threadpool(gate.journal.ask, look)
    if public is None or not isinstance(found, Caseworker | Dispatcher | Investigator):
        raise ProblemError(general.SIGN_IN)
    _verify(public, challenges.SESSION_CONTEXT, challenge, signed.sig)
    if not await run_in_threadpool(gate.access.spend, challenge, expires, ids.now()):
        raise ProblemError(general.SIGN_IN)
    await run_in_threadpool(sessions.open_session, gate.access, kept.kid, response, secure=gate.is_secure)
    return await run_in_threadpool(gate.journal.ask, lambda standing: _describe(standing, kept.kid))


@router.get("/session", operation_id="who_am_i", responses=problems(*PROVEN))
def who_am_i(who: SignerAsking, gate: GateGiven) -> Who:
    """Say who is asking, and which shared keys are theirs."""
    return gate.journal.ask(lambda standing: _describe(standing, who.kid))


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
    key = LockedKey.from_bytes(await request.body())
    if key.handle != handle or not 1 <= len(handle) <= MAX_HANDLE or not handle.isprintable():
        raise ProblemError(domains.STATEMENT, reason="the handle in the address is another one, or none")
    try:
        await run_in_threadpool(gate.access.keep_locked_key, who.kid, key)
    except HandleTakenError as error:
        raise ProblemError(general.HANDLE_TAKEN) from error
    return Response(status_code=204)


def _describe(standing: Standing, kid: ids.KeyId) -> Who:
    known = person(standing, kid)
    shares = [_share(share) for share in standing.shares.get(kid, ())]
    return Who(kid=kid, role=known.role, label=known.label, shares=shares)


def _share(share: KeyShare) -> Share:
    return Share(xwing=share.xwing, wrap=share.wrap, suite=share.suite)


async def _checked(gate: Gate, signed: SignedChallenge) -> tuple[KeptKey, bytes, ids.Time]:
    """Return the locked key, the challenge and its expiry; SIGN_IN for everything that does not fit."""
    try:
        challenge = canonical.unb64(signed.challenge)
    except EvidenceError as error:
        raise ProblemError(general.SIGN_IN) from error
    expires = challenges.check(gate.challenge_key, signed.handle, challenge, _now())
    kept = await run_in_threadpool(gate.access.locked_key, signed.handle)
    if kept is None or expires is None:
        raise ProblemError(general.SIGN_IN)
    return kept, challenge, expires


def _verify(public: bytes, context: bytes, challenge: bytes, signature: str) -> None:
    try:
        keys.verify(public, context + challenge, canonical.unb64(signature))
    except EvidenceError as error:
        raise ProblemError(general.SIGN_IN) from error


def _now() -> float:
    return datetime.now(UTC).timestamp()
