"""GET /shifts: which dispatcher began and ended to watch, from the signed statements in the journal."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.statements.facts import Shift
from evidence.statements.standing import Standing
from server.api import PROVEN, V1, problems
from server.auth.dependencies import DispatcherAsking
from server.auth.door import DoorRoute
from server.parts import JournalGiven
from server.problems import general

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/shifts", tags=["shifts"])

MAX_SHIFTS: Final = 1000
"""A year of three dispatchers a day; older ones are asked for by `before`."""


class ShiftOut(BaseModel):
    """One shift; without `ended_at` nobody said that it ended: it runs, or its console went dark."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "shift": "9b" * 16,
                "by": "5f" * 16,
                "label": "Meldkamer 1",
                "began_at": "2026-11-21T22:00:00.000Z",
                "ended_at": None,
            }
        }
    )
    shift: str
    by: str
    label: str
    began_at: str
    ended_at: str | None = None
    taken_over_by: str | None = None
    taken_over_label: str | None = None
    taken_over_at: str | None = None
    alarms: list[str] = []
    """The alarms that were taken over by name."""


class Shifts(BaseModel):
    """Shifts, newest first. The moments are those that the dispatchers' consoles signed."""

    shifts: list[ShiftOut]


def shown(standing: Standing, name: ids.ShiftId, shift: Shift) -> ShiftOut:
    """Return a shift as the page and the command show it."""
    taken = shift.taken_over
    row = ShiftOut(
        shift=name,
        by=shift.by,
        label=standing.certified[shift.by].body.label,
        began_at=shift.began_at,
        ended_at=shift.ended_at,
    )
    if taken is not None:
        row.taken_over_by, row.taken_over_at = taken.by, taken.at
        row.taken_over_label = standing.certified[taken.by].body.label
        row.alarms = list(taken.alarms)
    return row


@router.get("", operation_id="list_shifts", responses=problems(*PROVEN, general.VALIDATION))
async def list_shifts(
    _who: DispatcherAsking,
    journal: JournalGiven,
    before: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")] = None,
) -> Shifts:
    """List who watched when, newest first, at most 1000; `before` goes on from a beginning."""

    def look(standing: Standing) -> list[ShiftOut]:
        rows = [(one.began_at, name, one) for name, one in standing.shifts.items()]
        rows = sorted((row for row in rows if before is None or row[0] < ids.Time(before)), key=lambda row: row[:2])
        return [shown(standing, name, one) for _, name, one in rows[::-1][:MAX_SHIFTS]]

    return Shifts(shifts=await run_in_threadpool(journal.ask, look))
