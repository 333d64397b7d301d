"""Alarm devices of a team: how each stands, who has it, on which basis, and whether somebody looks again in time."""

from typing import Any, Final

from evidence import ids
from evidence.errors import FormatError
from evidence.statements.facts import Device, Lending
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server.devices.shapes import AlarmDevice, LendingOut
from server.problems import ProblemError, general

UNREACHABLE: Final = "bridge-unreachable"

_TOLD: Final = frozenset({"state", "since", "reasons", "heard_at", "tested_at", "battery", "firmware", "history"})
"""What the bridge says; whose device it is says the journal."""

Lent = tuple[Device, LendingOut | None]
"""A device, and its last lending."""


def in_use(journal: SqlJournal, kid: ids.KeyId) -> list[Lent]:
    """Return the alarm devices in use of the cases of `kid`'s team. Blocks."""

    def look(standing: Standing) -> list[Lent]:
        known = list(standing.devices.values())
        mine = [one for one in known if one.alarm and not one.revoked and standing.on_team(kid, one.case)]
        return [(one, lending_of(standing, one.device, ids.now())) for one in mine]

    return journal.ask(look)


def find(journal: SqlJournal, device: str, kid: ids.KeyId) -> Lent:
    """Return an alarm device of a case of `kid`'s team; NOT_FOUND for every other. Blocks."""
    try:
        name = ids.DeviceId(ids.hex_text(device, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error

    def look(standing: Standing) -> Lent | None:
        known = standing.devices.get(name)
        if known is None or known.alarm is None or not standing.on_team(kid, known.case):
            return None
        return known, lending_of(standing, name, ids.now())

    found = journal.ask(look)
    if found is None:
        raise ProblemError(general.NOT_FOUND)
    return found


def shown(lent: Lent, seen: dict[str, Any] | None, *, live: bool) -> AlarmDevice:
    """Return what the journal says of a device, with what the bridge has heard of it."""
    known, lending = lent
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
