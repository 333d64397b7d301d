"""The JSON of erasures, for OpenAPI and for the one place that fills it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["asked", "waiting", "held", "kept", "lapsed", "cancelled", "executed", "finished"]


class ErasureOut(BaseModel):
    """An erasure as it stands. `due_at`: when it is carried out at the earliest; until then she or her team cancels it.

    `asked`: no caseworker has agreed yet. `waiting`: for its date. `held`, `kept`: a hold, or a claim or inquiry, stops
    it. `lapsed`: too old to be carried out. `executed`: nobody gets the items any more; they are being destroyed.
    `finished`: destroyed, with a proof to fetch.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "erasure": "5e" * 16,
                "state": "waiting",
                "items": ["7e" * 16],
                "asked_at": "2026-11-22T10:00:00.000Z",
                "due_at": "2026-12-06T10:00:00.000Z",
                "lapses_at": "2027-02-20T10:00:00.000Z",
                "executed_at": None,
                "locked_until": None,
            }
        }
    )

    erasure: str
    state: State
    items: list[str]
    asked_at: str
    due_at: str
    lapses_at: str
    executed_at: str | None
    locked_until: str | None


class Erasures(BaseModel):
    """All erasures of a case, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"erasures": []}})

    erasures: list[ErasureOut]
