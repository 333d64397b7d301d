"""Dependencies from a request to a principal, which routes name in their signatures.

Each route demands exactly one of the annotated types at the end of this module; a test walks all routes. A phone, a
vault key or a command line signs its requests; a browser has a session, whose unsafe requests must come from our pages.
All of them are coroutines although none waits: FastAPI wakes a thread for every dependency that is not.
"""

import ipaddress
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from evidence import http_signature, ids, keys
from evidence.http_signature import RequestTarget
from evidence.statements.standing import Standing
from server.auth.parts import Gate
from server.auth.sessions import cookie_name, token_of
from server.parts import part_of
from server.principals import (
    Anyone,
    Caseworker,
    Dispatcher,
    Investigator,
    Invitee,
    KeyOwner,
    Phone,
    Reader,
    Signer,
    Uploader,
    Vault,
    identify,
)
from server.problems import ProblemError, general
from server.upload_addresses import is_streamed

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGNED: Final = ("signature-input", "signature")
_NOT_BELIEVED: Final = frozenset({general.UNAUTHENTICATED, general.SIGNATURE, general.SESSION})
"""Refusals of a proof that is none: a guess, a stranger, or a mistake."""


async def admit(request: Request, demand: Callable[..., Any]) -> None:
    """Find out who asks, before a byte of the body is read (`server.auth.door`); the dependencies below say who it was.

    Whoever needs no proof takes from the bucket of its address. So does every proof that does not hold, from another
    bucket: a flood from the address of her home must not keep her, who signs rightly, from being heard.
    """
    if demand is passer_by:
        return
    gate = part_of(request, Gate)
    if demand in {anyone, invitee} or (demand is visitor and not _has_proof(request)):
        gate.anyone_pace.take(_address(request))
        request.state.found = None
        return
    try:
        found = await (_signed_by(request, gate) if _is_signed(request) else _session_of(request, gate))
    except ProblemError as refused:
        if _has_proof(request) and refused.kind in _NOT_BELIEVED:
            gate.stranger_pace.take(_address(request))
        raise
    gate.signer_pace.take(found.kid)
    if _is_signed(request) and not is_streamed(request.method, request.scope["path"]):
        _check_digest(request, await request.body())
    request.state.found = found


async def passer_by(request: Request) -> Anyone:
    """Demand nothing at all: for pages, the public log and the clock, which cost next to nothing."""
    return Anyone(_address(request))


async def anyone(request: Request) -> Anyone:
    """Demand nothing but patience."""
    return Anyone(_address(request))


async def invitee(request: Request) -> Invitee:
    """Demand nothing yet: the body is signed with the key of an open invitation, and the journal checks that."""
    return Invitee(_address(request))


async def signer(request: Request) -> Signer:
    """Demand a signature or a session of a key in force."""
    found: Signer = request.state.found
    return found


async def visitor(request: Request) -> Anyone | Signer:
    """Take a signer for what it is, and everyone else as anyone."""
    found: Signer | None = request.state.found
    return found or Anyone(_address(request))


async def key_owner(request: Request, found: Annotated[Signer, Depends(signer)]) -> KeyOwner:
    """Demand a signature by the key itself, of staff or a vault: a session is not enough, it may be stolen."""
    if not _is_signed(request):
        raise ProblemError(general.UNAUTHENTICATED, reason="this request must be signed; a session is not enough")
    if not isinstance(found, Caseworker | Dispatcher | Investigator | Vault):
        raise ProblemError(general.NOT_FOUND)
    return found


def check_origin(request: Request, gate: Gate) -> None:
    """Refuse an unsafe request of a browser that does not come from our own pages (RFC 6454, 7)."""
    own = {gate.public_url, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if request.headers.get("origin") not in own:
        raise ProblemError(general.ORIGIN)


def _only(*wanted: type) -> Callable[[Signer], Awaitable[Signer]]:
    """Return a dependency that lets these principals through; everyone else hears that nothing is here."""

    async def demand(found: Annotated[Signer, Depends(signer)]) -> Signer:
        if not isinstance(found, wanted):
            raise ProblemError(general.NOT_FOUND)
        return found

    return demand


def _is_signed(request: Request) -> bool:
    return any(name in request.headers for name in _SIGNED)


def _has_proof(request: Request) -> bool:
    return _is_signed(request) or cookie_name(secure=_is_secure(request)) in request.cookies


def _is_secure(request: Request) -> bool:
    return part_of(request, Gate).is_secure


def _address(request: Request) -> str:
    """Return the peer's address; of IPv6 the first half, for whoever has one such address has the whole /64."""
    host = request.client.host if request.client is not None else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


async def _signed_by(request: Request, gate: Gate) -> Signer:
    streamed = is_streamed(request.method, request.scope["path"])
    target = RequestTarget(
        request.method,
        request.headers.get("host", "").lower(),
        request.scope["raw_path"].decode("ascii", "replace"),
        request.scope["query_string"].decode("ascii", "replace"),
    )
    now = time.time()
    claimed = _Claimed(gate)
    try:
        verify = partial(
            http_signature.verify_request,
            claimed.verifies,
            target,
            request.headers,
            now=now,
            has_body=_brings_body(request),
            streamed=streamed,
        )
        # Waking a thread costs more than a signature; it is worth that only when the journal is across a network.
        if gate.journal.answers_at_once:
            verify()
        else:
            await run_in_threadpool(verify)
    except http_signature.SignatureFormatError as error:
        raise ProblemError(general.UNAUTHENTICATED, reason=str(error)) from error
    except http_signature.ClockError as error:
        server_time = ids.time_of(datetime.fromtimestamp(now, UTC))
        raise ProblemError(general.CLOCK, server_time=server_time) from error
    if claimed.found is None:
        raise ProblemError(general.SIGNATURE)
    return claimed.found


def _brings_body(request: Request) -> bool:
    """Whether a body follows, by the headers (RFC 9112, 6.3)."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0").strip("0") != ""


def _check_digest(request: Request, body: bytes) -> None:
    try:
        if body:
            http_signature.check_digest(request.headers, body)
    except http_signature.DigestError as error:
        raise ProblemError(general.DIGEST) from error


class _Claimed:
    """Looks up, once, whom a key belongs to; `found` is set only when the signature holds."""

    def __init__(self, gate: Gate) -> None:
        self._journal = gate.journal
        self.found: Signer | None = None

    def verifies(self, kid: str, message: bytes, signature: bytes) -> bool:
        who, public = self._journal.ask(lambda standing: _look_up(standing, ids.KeyId(kid)))
        if who is None or public is None:
            return False
        try:
            keys.verify(public, message, signature)
        except keys.SignatureError:
            return False
        self.found = who
        return True


def _look_up(standing: Standing, kid: ids.KeyId) -> tuple[Signer | None, bytes | None]:
    return identify(standing, kid), standing.public_key(kid)


async def _session_of(request: Request, gate: Gate) -> Signer:
    cookie = request.cookies.get(cookie_name(secure=gate.is_secure))
    if cookie is None:
        raise ProblemError(general.UNAUTHENTICATED)
    token = token_of(cookie)
    session = None if token is None else await run_in_threadpool(gate.access.session, token, ids.now())
    if session is None:
        raise ProblemError(general.SESSION)
    if request.method not in SAFE_METHODS:
        check_origin(request, gate)
    kid = session.kid
    found = await run_in_threadpool(gate.journal.ask, lambda standing: identify(standing, kid))
    if found is None:
        raise ProblemError(general.SIGNATURE)
    return found


AnyoneAsking = Annotated[Anyone, Depends(anyone)]
PasserByAsking = Annotated[Anyone, Depends(passer_by)]
VisitorAsking = Annotated[Anyone | Signer, Depends(visitor)]
InviteeAsking = Annotated[Invitee, Depends(invitee)]
SignerAsking = Annotated[Signer, Depends(signer)]

KeyOwnerAsking = Annotated[KeyOwner, Depends(key_owner)]

uploader = _only(Phone, Vault, Caseworker)
UploaderAsking = Annotated[Uploader, Depends(uploader)]

sealer = _only(Phone, Vault, Caseworker)
SealerAsking = Annotated[Phone | Vault | Caseworker, Depends(sealer)]

reader = _only(Vault, Caseworker, Investigator)
ReaderAsking = Annotated[Reader, Depends(reader)]

case_lister = _only(Vault, Caseworker, Investigator, Dispatcher)
CaseListerAsking = Annotated[Reader | Dispatcher, Depends(case_lister)]

staff = _only(Caseworker, Dispatcher, Investigator)
StaffAsking = Annotated[Caseworker | Dispatcher | Investigator, Depends(staff)]

caseworker = _only(Caseworker)
CaseworkerAsking = Annotated[Caseworker, Depends(caseworker)]

dispatcher = _only(Dispatcher)
DispatcherAsking = Annotated[Dispatcher, Depends(dispatcher)]

supervisor = _only(Caseworker, Dispatcher)
SupervisorAsking = Annotated[Caseworker | Dispatcher, Depends(supervisor)]

vault = _only(Vault)
VaultAsking = Annotated[Vault, Depends(vault)]

investigator = _only(Investigator)
InvestigatorAsking = Annotated[Investigator, Depends(investigator)]

PRINCIPALS: Final = frozenset(
    {
        vault,
        supervisor,
        passer_by,
        anyone,
        visitor,
        invitee,
        signer,
        key_owner,
        uploader,
        sealer,
        reader,
        case_lister,
        staff,
        caseworker,
        dispatcher,
        investigator,
    }
)
"""Every dependency that gives a principal; each route has exactly one of them at its top."""
