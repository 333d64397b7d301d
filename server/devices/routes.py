"""GET /devices: a caseworker's alarm devices, who has them, and the page of each. Dispatchers have no part in it."""

from typing import Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from evidence import ids
from evidence.errors import FormatError
from evidence.statements.facts import Device
from evidence.statements.standing import Standing
from server.alarms.feed import BridgeUnreachableError
from server.alarms.parts import FeedGiven
from server.api import PROVEN, V1, problems
from server.auth.dependencies import CaseworkerAsking
from server.auth.door import DoorRoute
from server.devices.lending import LendingOut, Lendings, lending_of, of_team
from server.parts import JournalGiven
from server.problems import ProblemError, general

router = APIRouter(route_class=DoorRoute, prefix=f"{V1}/devices", tags=["devices"])

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
    lending: LendingOut | None = None


class Missed(BaseModel):
    """A silence beyond the deadline of the device's class."""

    since: str
    seconds: int


class PressOfDevice(BaseModel):
    """An alarm that the device raised, without its position: that is sealed in the case."""

    alarm: str
    kind: Literal["press", "duress", "test", "tamper", "overdue"]
    raised_at: str
    repeats: int
    flags: list[str]
    state: str
    accepted_at: str | None = None
    reason: str | None = None


class DevicePage(BaseModel):
    """All that is known of one device. `live` is false when the bridge did not answer: then the lists are empty."""

    live: bool
    device: AlarmDevice
    test_due: str | None = None
    missed: list[Missed] = []
    presses: list[PressOfDevice] = []


class AlarmDevices(BaseModel):
    """The team's devices. `live` is false when the bridge did not answer: then nothing is known of any."""

    live: bool
    devices: list[AlarmDevice]


@router.get("", operation_id="list_devices", responses=problems(*PROVEN))
async def list_devices(who: CaseworkerAsking, journal: JournalGiven, feed: FeedGiven) -> AlarmDevices:
    """List the alarm devices of the asker's team: silence, battery, tampering and overdue tests are theirs to mend."""

    def look(standing: Standing) -> list[tuple[Device, LendingOut | None]]:
        known = list(standing.devices.values())
        mine = [one for one in known if one.alarm and not one.revoked and standing.on_team(who.kid, one.case)]
        return [(one, lending_of(standing, one.device, ids.now())) for one in mine]

    mine = await run_in_threadpool(journal.ask, look)
    try:
        seen, live = await feed.devices(), True
    except BridgeUnreachableError:
        seen, live = {}, False
    devices = [_device(one, seen.get(one.device), lending, live=live) for one, lending in mine]
    return AlarmDevices(live=live, devices=sorted(devices, key=lambda one: (_ORDER[one.state], one.device)))


@router.get("/lendings", operation_id="list_lendings", responses=problems(*PROVEN))
async def list_lendings(who: CaseworkerAsking, journal: JournalGiven) -> Lendings:
    """List who has the team's alarm devices, those first whose lending should have been looked at again."""
    return Lendings(
        lendings=await run_in_threadpool(journal.ask, lambda standing: of_team(standing, who.kid, ids.now()))
    )


@router.get("/{device}", operation_id="get_device", responses=problems(*PROVEN))
async def get_device(device: str, who: CaseworkerAsking, journal: JournalGiven, feed: FeedGiven) -> DevicePage:
    """Return the page of one alarm device of the asker's team: its state, lending, silences, tests and presses."""

    def look(standing: Standing) -> tuple[Device, LendingOut | None] | None:
        known = standing.devices.get(name)
        if known is None or known.alarm is None or not standing.on_team(who.kid, known.case):
            return None
        return known, lending_of(standing, name, ids.now())

    try:
        name = ids.DeviceId(ids.hex_text(device, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error
    found = await run_in_threadpool(journal.ask, look)
    if found is None:
        raise ProblemError(general.NOT_FOUND)
    try:
        seen, live = await feed.device(name), True
    except BridgeUnreachableError:
        seen, live = {}, False
    shown = _device(found[0], seen.get("device"), found[1], live=live)
    more = {key: seen[key] for key in ("test_due", "missed", "presses") if key in seen}
    return DevicePage.model_validate({**more, "live": live, "device": shown})


def _device(known: Device, seen: dict[str, Any] | None, lending: LendingOut | None, *, live: bool) -> AlarmDevice:
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
            "lending": lending,
        }
    )


_TOLD: Final = frozenset({"state", "since", "reasons", "heard_at", "tested_at", "battery", "firmware", "history"})
"""What the bridge says; whose device it is says the journal."""
