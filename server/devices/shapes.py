"""The JSON of alarm devices and their lendings, for OpenAPI and for the one place that fills it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LendingOut(BaseModel):
    """One lending. `overdue`: the day on which somebody should have looked again has passed; nothing else happens."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "device": "9b" * 16,
                "case": "3c" * 16,
                "to": "client",
                "basis": "AWARE-convenant 12",
                "lent_at": "2026-05-21T10:00:00.000Z",
                "lent_by": "5f" * 16,
                "review": "2026-11-20T10:00:00.000Z",
                "overdue": True,
                "in_use": True,
            }
        }
    )
    device: str
    case: str
    to: Literal["client", "household"]
    basis: str
    lent_at: str
    lent_by: str
    review: str
    reviewed_at: str | None = None
    overdue: bool
    returned_at: str | None = None
    condition: Literal["whole", "damaged", "lost"] | None = None
    in_use: bool
    """Whether the device can raise alarms: only `device.revoke` ends that."""


class Lendings(BaseModel):
    """The team's lendings: overdue reviews first, then by the next review; what came back stands last."""

    lendings: list[LendingOut]


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
