"""GET /devices: the alarm devices of a caseworker's team, the troubled ones first. Dispatchers have no part in it."""

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence.statements.facts import Device
from evidence.statements.standing import Standing
from server.alarms.feed import BridgeFeed, BridgeUnreachableError
from server.api import PROVEN, V1, problems
from server.auth.asking import CaseworkerAsking
from server.services import services_of

router = APIRouter(prefix=f"{V1}/devices", tags=["devices"])

_ORDER: Final = {"fault": 0, "unknown": 1, "ready": 2}

UNREACHABLE: Final = "bridge-unreachable"


class Change(BaseModel):
    """A moment at which a device's state changed."""

    at: str
    state: Literal["ready", "fault"]
    reasons: list[str]


class AlarmDevice(BaseModel):
    """An alarm device in use: how it stands, since when, and what is wrong (nothing, when it is ready)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "device": "9b" * 16,
                "case": "3c" * 16,
                "profile": "3min",
                "covenant": "AWARE-convenant 12",
                "state": "fault",
                "since": "2026-11-21T22:00:00.000Z",
                "reasons": ["battery"],
                "heard_at": "2026-11-21T22:01:00.000Z",
                "tested_at": "2026-11-14T09:00:00.000Z",
                "battery": 14,
                "firmware": "getuige-reference-1",
                "history": [{"at": "2026-11-21T22:00:00.000Z", "state": "fault", "reasons": ["battery"]}],
            }
        }
    )
    device: str
    case: str
    profile: Literal["20s", "3min", "30min"]
    covenant: str
    state: Literal["ready", "fault", "unknown"]
    since: str | None = None
    reasons: list[str]
    heard_at: str | None = None
    tested_at: str | None = None
    battery: int | None = None
    firmware: str | None = None
    history: list[Change] = []


class AlarmDevices(BaseModel):
    """The team's devices. `live` is false when the bridge did not answer: then nothing is known of any."""

    live: bool
    devices: list[AlarmDevice]


@router.get("", operation_id="list_devices", responses=problems(*PROVEN))
async def list_devices(request: Request, who: CaseworkerAsking) -> AlarmDevices:
    """List the alarm devices of the asker's team: silence, battery, tampering and overdue tests are theirs to mend."""
    feed: BridgeFeed = request.app.state.feed

    def look(standing: Standing) -> list[Device]:
        known = list(standing.devices.values())
        return [one for one in known if one.alarm and not one.revoked and standing.on_team(who.kid, one.case)]

    mine = await run_in_threadpool(services_of(request).journal.ask, look)
    try:
        seen, live = await feed.devices(), True
    except BridgeUnreachableError:
        seen, live = {}, False
    devices = [_device(one, seen.get(one.device), live=live) for one in mine]
    return AlarmDevices(live=live, devices=sorted(devices, key=lambda one: (_ORDER[one.state], one.device)))


def _device(known: Device, seen: dict[str, Any] | None, *, live: bool) -> AlarmDevice:
    """Return what the journal says of a device, with what the bridge has heard of it."""
    if known.alarm is None:
        raise TypeError("a phone is no alarm device")
    told = {name: value for name, value in (seen or {}).items() if name in _TOLD}
    return AlarmDevice.model_validate(
        {
            "state": "unknown",
            "reasons": [] if live else [UNREACHABLE],
            **told,
            "device": known.device,
            "case": known.case,
            "profile": known.alarm.profile,
            "covenant": known.alarm.covenant,
        }
    )


_TOLD: Final = frozenset({"state", "since", "reasons", "heard_at", "tested_at", "battery", "firmware", "history"})
"""What the bridge says; whose device it is says the journal."""
