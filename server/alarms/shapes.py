"""The JSON of alarms, their days and their notes, for OpenAPI and for whoever fills it."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from server.statements.shapes import STATEMENT_EXAMPLE, Dsse
from server.timeline.shapes import WrapOut

EXAMPLE_ALARM: Final = {"alarm": "9b" * 16, "state": "raised", "raised_at": "2026-11-21T22:00:00.000Z"}


class Alarms(BaseModel):
    """Alarms as the bridge tells them (`docs/formats/device.md`), and its health."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"alarms": [{**EXAMPLE_ALARM}], "health": {"ok": True, "troubles": []}}}
    )
    alarms: list[dict[str, Any]]
    health: dict[str, Any]


class Card(BaseModel):
    """The sealed card of an alarm's device: container up to the end of the description, and the desk's wraps."""

    model_config = ConfigDict(json_schema_extra={"example": {"item": "9b" * 16, "head": "Z2V0dWlnZQ==", "wraps": []}})
    item: str
    head: str
    wraps: list[WrapOut]


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


class ClosingNote(BaseModel):
    """A sealed item of the kind `note` (base64), and the dispatcher's `item.seal` about it."""

    container: str = Field(examples=["Z2V0dWlnZS1pdGVtLTEK"])
    statement: Dsse = Field(examples=[STATEMENT_EXAMPLE])
