"""Lists of a case that its events give: phones and alarm devices, and what was granted to whom. Pure.

They are folded from events whose signatures were checked (`server.clients.timeline`), not asked of the server.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from evidence import ids, keys
from evidence.statements import bodies, reader_lists
from server.clients.pins import Certificate
from server.clients.timeline import Moment


@dataclass(frozen=True)
class Enrolled:
    """A phone or alarm device of a case. `events` are those that it signed, as far as this reader sees them."""

    device: ids.DeviceId
    kind: Literal["phone", "alarm device"]
    kid: ids.KeyId
    enrolled_at: ids.Time
    revoked_at: ids.Time | None = None
    events: int = 0
    newest: ids.Time | None = None


@dataclass(frozen=True)
class Granted:
    """What she gave to a reader. `label` is the reader's, as the root certified it; empty when it no longer does."""

    grant: ids.GrantId
    reader: ids.KeyId
    label: str
    purpose: str
    given_at: ids.Time
    expires: ids.Time
    items: tuple[ids.ItemId, ...]
    revoked_at: ids.Time | None = None

    def state(self, now: ids.Time) -> Literal["open", "taken back", "expired"]:
        """Return whether the reader can still fetch what it names."""
        if self.revoked_at is not None:
            return "taken back"
        return "open" if now < self.expires else "expired"


def devices(moments: Iterable[Moment]) -> list[Enrolled]:
    """Return the phones and alarm devices that were ever enrolled, in that order."""
    found: dict[ids.DeviceId, Enrolled] = {}
    by_key: dict[ids.KeyId, ids.DeviceId] = {}
    for moment in moments:
        match moment.act:
            case bodies.DeviceEnrol(device=device, sign=sign) | bodies.AlarmDeviceEnrol(device=device, sign=sign):
                kind: Literal["phone", "alarm device"] = (
                    "phone" if isinstance(moment.act, bodies.DeviceEnrol) else "alarm device"
                )
                kid = keys.signing_kid(bytes.fromhex(sign))
                found[device] = Enrolled(device, kind, kid, moment.received_at)
                by_key[kid] = device
            case bodies.DeviceRevoke(device=device) if device in found:
                found[device] = replace(found[device], revoked_at=moment.received_at)
            case _ if moment.statement is not None and moment.statement.by in by_key:
                one = found[by_key[moment.statement.by]]
                found[one.device] = replace(one, events=one.events + 1, newest=moment.received_at)
    return list(found.values())


def ending(granted: Iterable[Granted], now: ids.Time) -> list[Granted]:
    """Return the grants in force that end within `reader_lists.WARNED_BEFORE`, the first to end first."""
    soon = [one for one in granted if one.state(now) == "open" and reader_lists.ends_within(one.expires, now)]
    return sorted(soon, key=lambda one: one.expires)


def grants(moments: Iterable[Moment], certificates: Mapping[ids.KeyId, Certificate]) -> list[Granted]:
    """Return every grant, oldest first, with the name of its reader."""
    found: dict[ids.GrantId, Granted] = {}
    for moment in moments:
        match moment.act:
            case bodies.Grant() as body:
                certified = certificates.get(body.reader)
                found[body.grant] = Granted(
                    body.grant,
                    body.reader,
                    "" if certified is None else certified.published.label,
                    body.purpose,
                    moment.received_at,
                    body.expires,
                    tuple(one.item for one in body.items),
                )
            case bodies.Revoke(grant=grant) if grant in found:
                found[grant] = replace(found[grant], revoked_at=moment.received_at)
            case _:
                pass
    return list(found.values())
