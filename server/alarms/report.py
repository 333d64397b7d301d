"""GET /alarms/report: presses, tests and batteries between two moments, for dispatchers and caseworkers."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.errors import FormatError
from evidence.statements.standing import Standing
from server.alarms.feed import BridgeUnreachableError
from server.alarms.parts import FeedGiven
from server.api import PROVEN, V1, problems
from server.auth.dependencies import SupervisorAsking
from server.auth.door import DoorRoute
from server.parts import JournalGiven
from server.principals import Caseworker
from server.problems import ProblemError, general

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/alarms", tags=["alarms"])

LONGEST: Final = timedelta(days=32)
"""A month of any length; figures over years come from the spools (`getuige alarms report`)."""

Moment = Annotated[str, Query(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class DeviceDay(BaseModel):
    """One alarm device: its alarms by how they ended, its tests, and how it stood when it was heard last."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "device": "9b" * 16,
                "presses": 2,
                "again": 1,
                "overdue": 0,
                "open": 0,
                "genuine": 1,
                "accidental": 1,
                "test": 0,
                "technical": 0,
                "late": 0,
                "second_looks": 1,
                "tests": 1,
                "tampered": 0,
                "battery": 64,
                "heard_at": "2026-11-21T22:01:00.000Z",
                "tested_at": "2026-11-21T09:00:00.000Z",
            }
        }
    )
    device: str
    presses: int
    again: int
    overdue: int
    open: int
    genuine: int
    accidental: int
    test: int
    technical: int
    late: int
    second_looks: int
    tests: int
    tampered: int
    battery: int | None = None
    heard_at: str | None = None
    tested_at: str | None = None


class DayReport(BaseModel):
    """A row for each device in use that the asker may know of. `live` is false when no bridge answered: no row then."""

    since: str
    until: str
    live: bool
    devices: list[DeviceDay]


@router.get("/report", operation_id="report_alarms", responses=problems(*PROVEN, general.VALIDATION))
async def report_alarms(
    who: SupervisorAsking, journal: JournalGiven, feed: FeedGiven, since: Moment, until: Moment
) -> DayReport:
    """Count the alarms that were raised between two moments (at most 32 days): a caseworker's are those of the team."""
    try:
        first, last = ids.moment_of(since), ids.moment_of(until)
    except FormatError as error:
        raise ProblemError(general.VALIDATION) from error
    if not timedelta(0) < last - first <= LONGEST:
        raise ProblemError(general.VALIDATION)

    def look(standing: Standing) -> set[str]:
        used = [one for one in standing.devices.values() if one.alarm and not one.revoked]
        all_ = not isinstance(who, Caseworker)
        return {one.device for one in used if all_ or standing.on_team(who.kid, one.case)}

    mine = await run_in_threadpool(journal.ask, look)
    try:
        rows, live = await feed.days(ids.Time(since), ids.Time(until)), True
    except BridgeUnreachableError:
        rows, live = {}, False
    devices = [DeviceDay.model_validate(rows[name]) for name in sorted(mine & rows.keys())]
    return DayReport(since=since, until=until, live=live, devices=devices)
