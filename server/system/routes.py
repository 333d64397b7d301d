"""GET /time, /trust, /health/live, /health/ready and /health/ready/alarms."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.statements import bodies
from server import organisation
from server.api import V1, problems
from server.auth.dependencies import PasserByAsking, VisitorAsking
from server.auth.door import DoorRoute
from server.principals import Anyone, Signer
from server.problems import ProblemError, general
from server.statements.shapes import Dsse
from server.system.parts import OwnState, StateGiven
from server.system.readiness import FOR_ALARMS

router = APIRouter(route_class=DoorRoute, tags=["system"])


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
    """That the server is well; otherwise a problem document has the same members, `trouble` by part."""

    model_config = ConfigDict(json_schema_extra={"example": {"ready": True, "trouble": {}}})
    ready: bool
    trouble: dict[str, str]


@router.get(f"{V1}/time", operation_id="get_time", responses=problems())
async def get_time(_who: PasserByAsking) -> ServerTime:
    """Return the server's time, for a device whose clock is off."""
    return ServerTime(server_time=ids.now())


@router.get(f"{V1}/trust", operation_id="get_trust", responses=problems(general.UNREADY))
async def get_trust(who: VisitorAsking, state: StateGiven) -> TrustAnswer:
    """Return root, log key, policy and certificates; a stranger sees those of services, a phone its lead's too."""
    return await run_in_threadpool(_trust, state, who)


def _trust(state: OwnState, who: Anyone | Signer) -> TrustAnswer:
    opened = state.journal.ask(lambda standing: standing.log)
    if opened is None:
        raise LookupError("a server that runs has an open log")
    shown = [statement for _, statement in organisation.shown_to(state.journal, who)]
    certificates = [one for one in shown if isinstance(one.body, bodies.KeyPublish | bodies.KeyRetire)]
    rotations = [one for one in shown if isinstance(one.body, bodies.LogRotate)]
    return TrustAnswer(
        origin=opened.origin,
        log_vkey=opened.log_vkey,
        root=opened.root.sign,
        root_label=opened.root.label,
        policy=state.policy.read_text(),
        certificates=[Dsse.model_validate(one.envelope.to_json()) for one in certificates],
        rotations=[Dsse.model_validate(one.envelope.to_json()) for one in rotations],
    )


@router.get("/health/live", operation_id="is_alive", responses=problems())
async def is_alive(_who: PasserByAsking) -> dict[str, bool]:
    """Say that the process answers."""
    return {"alive": True}


@router.get(
    "/health/ready",
    operation_id="is_ready",
    responses=problems(general.NOT_READY),
)
async def is_ready(request: Request, _who: PasserByAsking, state: StateGiven) -> Ready:
    """Say that a proxy may send requests here; otherwise which part is not well."""
    return _judged(request, state.trouble())


@router.get(
    "/health/ready/alarms",
    operation_id="is_ready_for_alarms",
    responses=problems(general.NOT_READY),
)
async def is_ready_for_alarms(request: Request, _who: PasserByAsking, state: StateGiven) -> Ready:
    """Say that a proxy may send pages, sign-in and alarms here: a log that stands still stops no desk."""
    return _judged(request, {part: why for part, why in state.trouble().items() if part in FOR_ALARMS})


def _judged(request: Request, trouble: dict[str, str]) -> Ready:
    if request.app.state.draining:
        trouble["server"] = "is stopping; requests go on until it has"
    if trouble:
        raise ProblemError(general.NOT_READY, ready=False, trouble=trouble)
    return Ready(ready=True, trouble={})
