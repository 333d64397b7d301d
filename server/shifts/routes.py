"""GET /shifts: which dispatcher began and ended to watch, from the signed statements in the journal."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from server.api import PROVEN, V1, problems
from server.auth.dependencies import DispatcherAsking
from server.auth.door import DoorRoute
from server.parts import JournalGiven
from server.problems import general
from server.shifts import service
from server.shifts.shapes import Shifts

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/shifts", tags=["shifts"])


@router.get("", operation_id="list_shifts", responses=problems(*PROVEN, general.VALIDATION))
async def list_shifts(
    _who: DispatcherAsking,
    journal: JournalGiven,
    before: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")] = None,
) -> Shifts:
    """List who watched when, newest first, at most 1000; `before` goes on from a beginning."""
    return Shifts(shifts=await run_in_threadpool(journal.ask, lambda standing: service.newest(standing, before)))
