"""GET /devices: a caseworker's alarm devices, who has them, and the page of each. Dispatchers have no part in it."""

from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from evidence import ids
from server.alarms.feed import BridgeUnreachableError
from server.alarms.parts import FeedGiven
from server.api import PROVEN, V1, problems
from server.auth.dependencies import CaseworkerAsking
from server.auth.door import DoorRoute
from server.devices import service
from server.devices.shapes import AlarmDevices, DevicePage, Lendings
from server.parts import JournalGiven

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/devices", tags=["devices"])

_ORDER: Final = {"fault": 0, "unknown": 1, "ready": 2}


@router.get("", operation_id="list_devices", responses=problems(*PROVEN))
async def list_devices(who: CaseworkerAsking, journal: JournalGiven, feed: FeedGiven) -> AlarmDevices:
    """List the alarm devices of the asker's team: silence, battery, tampering and overdue tests are theirs to mend."""
    mine = await run_in_threadpool(service.in_use, journal, who.kid)
    try:
        seen, live = await feed.devices(), True
    except BridgeUnreachableError:
        seen, live = {}, False
    devices = [service.shown(one, seen.get(one[0].device), live=live) for one in mine]
    return AlarmDevices(live=live, devices=sorted(devices, key=lambda one: (_ORDER[one.state], one.device)))


@router.get("/lendings", operation_id="list_lendings", responses=problems(*PROVEN))
async def list_lendings(who: CaseworkerAsking, journal: JournalGiven) -> Lendings:
    """List who has the team's alarm devices, those first whose lending should have been looked at again."""
    return Lendings(
        lendings=await run_in_threadpool(journal.ask, lambda standing: service.of_team(standing, who.kid, ids.now()))
    )


@router.get("/{device}", operation_id="get_device", responses=problems(*PROVEN))
async def get_device(device: str, who: CaseworkerAsking, journal: JournalGiven, feed: FeedGiven) -> DevicePage:
    """Return the page of one alarm device of the asker's team: its state, lending, silences, tests and presses."""
    found = await run_in_threadpool(service.find, journal, device, who.kid)
    try:
        seen, live = await feed.device(found[0].device), True
    except BridgeUnreachableError:
        seen, live = {}, False
    shown = service.shown(found, seen.get("device"), live=live)
    more = {key: seen[key] for key in ("test_due", "missed", "presses") if key in seen}
    return DevicePage.model_validate({**more, "live": live, "device": shown})
