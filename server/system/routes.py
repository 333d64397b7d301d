"""GET /time, /trust, /health/live, /health/ready and /health/ready/alarms."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from evidence import ids
from server.api import V1, problems
from server.auth.dependencies import PasserByAsking, VisitorAsking
from server.auth.door import DoorRoute
from server.problems import ProblemError, general
from server.system import service
from server.system.parts import StateGiven
from server.system.readiness import FOR_ALARMS
from server.system.shapes import Ready, ServerTime, TrustAnswer

router = APIRouter(route_class=DoorRoute, tags=["system"])


@router.get(f"{V1}/time", operation_id="get_time", responses=problems())
async def get_time(_who: PasserByAsking) -> ServerTime:
    """Return the server's time, for a device whose clock is off."""
    return ServerTime(server_time=ids.now())


@router.get(f"{V1}/trust", operation_id="get_trust", responses=problems(general.UNREADY))
async def get_trust(who: VisitorAsking, state: StateGiven) -> TrustAnswer:
    """Return root, log key, policy and certificates; a stranger sees those of services, a phone its lead's too."""
    return await run_in_threadpool(service.trust_of, state, who)


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
