"""GET /time, /trust, /health/live and /health/ready."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from evidence import ids
from evidence.bundle.checking import trust
from evidence.statements import bodies, event
from evidence.statements.statement import Statement
from server.api import V1, problems
from server.auth.dependencies import PasserByAsking, VisitorAsking
from server.principals import Anyone
from server.problems import general
from server.services import Services, services_of
from server.statements.shapes import Dsse

router = APIRouter(tags=["system"])


class ServerTime(BaseModel):
    """The server's clock."""

    model_config = ConfigDict(json_schema_extra={"example": {"server_time": "2026-11-21T22:00:00.000Z"}})
    server_time: str


class TrustAnswer(BaseModel):
    """What this server says about its anchors. A client believes its own pinned ones, and compares.

    `origin` and `log_vkey` are those of the log that the journal opened with; `rotations` lead to the one that grows.
    """

    origin: str
    log_vkey: str
    root: str
    root_label: str
    policy: str
    certificates: list[Dsse]
    rotations: list[Dsse]


class Ready(BaseModel):
    """Whether the server takes statements; `trouble` names what is not well, also when it still does."""

    model_config = ConfigDict(json_schema_extra={"example": {"ready": True, "trouble": {}}})
    ready: bool
    trouble: dict[str, str]


@router.get(f"{V1}/time", operation_id="get_time", responses=problems())
async def get_time(_who: PasserByAsking) -> ServerTime:
    """Return the server's time, for a device whose clock is off."""
    return ServerTime(server_time=ids.now())


@router.get(f"{V1}/trust", operation_id="get_trust", responses=problems(general.UNREADY))
async def get_trust(request: Request, who: VisitorAsking) -> TrustAnswer:
    """Return root, log key, policy and the root's certificates; a stranger sees those of services only, no names."""
    return await run_in_threadpool(_trust, services_of(request), known=not isinstance(who, Anyone))


def _trust(services: Services, *, known: bool) -> TrustAnswer:
    opened = services.journal.ask(lambda standing: standing.log)
    if opened is None:
        raise LookupError("a server that runs has an open log")
    statements = [event.parse(one.event).statement for one in services.journal.organisation()]
    shown = [one for one in statements if _is_certificate(one) and (known or _is_service(one))]
    return TrustAnswer(
        origin=opened.origin,
        log_vkey=opened.log_vkey,
        root=opened.root.sign,
        root_label=opened.root.label,
        policy=(services.layout.trust / trust.POLICY).read_text(),
        certificates=[Dsse.model_validate(one.envelope.to_json()) for one in shown],
        rotations=[
            Dsse.model_validate(one.envelope.to_json()) for one in statements if isinstance(one.body, bodies.LogRotate)
        ],
    )


def _is_certificate(statement: Statement) -> bool:
    return isinstance(statement.body, bodies.KeyPublish | bodies.KeyRetire)


def _is_service(statement: Statement) -> bool:
    body = statement.body
    return isinstance(body, bodies.KeyRetire) or (
        isinstance(body, bodies.KeyPublish) and body.role in {"server", "bridge"}
    )


@router.get("/health/live", operation_id="is_alive", responses=problems())
async def is_alive(_who: PasserByAsking) -> dict[str, bool]:
    """Say that the process answers."""
    return {"alive": True}


@router.get(
    "/health/ready",
    operation_id="is_ready",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Statements are not taken now"}, **problems()},
)
async def is_ready(request: Request, _who: PasserByAsking) -> Any:  # noqa: ANN401 - a response, for the status code
    """Say whether statements are taken, and what is not well."""
    trouble = services_of(request).trouble()
    if request.app.state.draining:
        trouble["server"] = "is stopping; requests go on until it has"
    ready = trouble.keys().isdisjoint({"journal", "server"})
    return JSONResponse({"ready": ready, "trouble": trouble}, 200 if ready else 503)
