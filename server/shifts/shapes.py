"""The JSON of shifts, for OpenAPI and for the one place that fills it."""

from pydantic import BaseModel, ConfigDict


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
