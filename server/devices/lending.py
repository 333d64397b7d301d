"""Lendings of alarm devices: who has one, on which basis, and whether somebody looks again in time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from evidence import ids
from evidence.statements.facts import Lending
from evidence.statements.standing import Standing


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


def lending_of(standing: Standing, device: ids.DeviceId, now: ids.Time) -> LendingOut | None:
    """Return the last lending of a device; None if it never was lent."""
    known = standing.lendings.get(device)
    return None if known is None else _shown(standing, device, known, now)


def of_team(standing: Standing, kid: ids.KeyId, now: ids.Time) -> list[LendingOut]:
    """Return the last lending of each device of the cases of `kid`'s team."""
    mine = [
        _shown(standing, device, known, now)
        for device, known in standing.lendings.items()
        if standing.on_team(kid, known.case)
    ]
    return sorted(mine, key=lambda one: (one.returned_at is not None, one.review, one.device))


def _shown(standing: Standing, device: ids.DeviceId, known: Lending, now: ids.Time) -> LendingOut:
    return LendingOut.model_validate(
        {
            "device": device,
            "case": known.case,
            "to": known.body.to,
            "basis": known.body.basis,
            "lent_at": known.lent_at,
            "lent_by": known.by,
            "review": known.review,
            "reviewed_at": known.reviewed_at,
            "overdue": known.returned_at is None and known.review < now,
            "returned_at": known.returned_at,
            "condition": known.condition,
            "in_use": not standing.devices[device].revoked,
        }
    )
